"""A number erased while the switch runs: what it knows in memory goes first, then what is on the disk."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from softswitch.erasure import apart
from softswitch.erasure.eraser import Erased, Place, lists_with, new_name
from softswitch.erasure.export import listed
from softswitch.erasure.forms import forms_of
from softswitch.erasure.rewriting import customer_names

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from acd.dispatcher import Dispatcher
    from softswitch.call.callbacks.desk import CallbackDesk
    from softswitch.call.control import CallControl
    from softswitch.campaigns.contacts import Contacts
    from softswitch.config import Config
    from softswitch.erasure.forms import Forms
    from softswitch.erasure.traces import Traces
    from softswitch.voicemail.boxes import Boxes
    from softswitch.voicemail.mailroom import Mailroom

ERASED = "customer.erased"


class InUse(Exception):
    """The switch has to do with this customer just now; the message says how."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Of the running switch. `snapshot` has the distributor's state written down; `kept` returns when everything so
    far is on disk."""

    config: Callable[[], Config]
    control: CallControl
    dispatcher: Dispatcher
    callbacks: CallbackDesk
    boxes: Boxes
    mailroom: Mailroom
    contacts: Contacts
    snapshot: Callable[[], None]
    wall: Callable[[], float]
    note: Callable[[str, Mapping[str, object]], None]
    kept: Callable[[], Awaitable[None]]


class ErasureDesk:
    """One number at a time."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._turn = asyncio.Lock()

    async def export(self, written: str, *, by: str) -> dict[str, Any]:
        """All that is known of a number. Raises NotErasable, NotErased."""
        parts = self._parts
        config = parts.config()
        forms = forms_of(written, config.plan)
        await parts.kept()
        document, lines = await apart.export(Place.of(config), forms, parts.wall())
        parts.note("customer.exported", {"by": by, "lines": lines})
        return document | {"lists": listed(config, forms)}

    async def erase(self, written: str, *, by: str, dry_run: bool = False) -> dict[str, Any]:
        """What was erased, counted. Raises NotErasable, InUse, NotErased and OSError."""
        parts = self._parts
        config = parts.config()
        forms = forms_of(written, config.plan)
        async with self._turn:
            await parts.kept()
            if dry_run:
                counted = await apart.erase(Place.of(config), forms, "", dry_run=True)
                return replace(counted, lists=lists_with(config, forms)).plain()
            self._demand_no_call(forms)
            traces, name = await apart.find(Place.of(config), forms), new_name()
            messages, requests = self._leave(forms, traces, name, by)
            self._demand_no_call(forms)
            self._demand_unknown(forms, traces)
            parts.snapshot()
            parts.note("customer.erasing", {"by": by})
            await parts.kept()
            done = await apart.erase(Place.of(config), forms, name)
            done = replace(
                done,
                messages=done.messages + messages,
                requests=done.requests + requests,
                lists=lists_with(config, forms),
            )
            self._tell(done, by)
            await parts.kept()
            return done.plain()

    def _tell(self, done: Erased, by: str) -> None:
        counted = {name: value for name, value in done.plain().items() if isinstance(value, int)}
        self._parts.note(ERASED, {"by": by, "name": done.name, **counted})

    def _leave(self, forms: Forms, traces: Traces, name: str, by: str) -> tuple[int, int]:
        """Callbacks, messages, wishes, and who may come back: what is in memory."""
        parts = self._parts
        orders = [
            one["id"]
            for one in parts.callbacks.listed()
            if forms.are(one["number"]) or one["id"].rpartition("~")[2] in traces.calls
        ]
        for order in orders:
            if (request := parts.boxes.request(order)) is not None:  # no letter about it: it would tell the number
                parts.boxes.remove_request(request)
                parts.note("callback_request.withdrawn", {"request": order, "by": by})
            if order in parts.dispatcher.tickets:
                parts.callbacks.cancel(order, by=by)
        left = [m for m in parts.boxes.all() if forms.are(m.number) or m.call in traces.calls]
        for message in left:
            parts.mailroom.forget(message, "erased", by=by)
        parts.contacts.erase(forms.number)
        parts.dispatcher.rename_customers({forms.number: name, **customer_names(traces, name)})
        return len(left), len(orders)

    def _demand_no_call(self, forms: Forms) -> None:
        for call in self._parts.control.calls.values():
            if any(map(forms.are, (call.caller.number, call.caller.raw, call.dialled))):
                raise InUse(f"{forms.number} is in a call now ({call.call}): erase it when that is over")

    def _demand_unknown(self, forms: Forms, traces: Traces) -> None:
        dispatcher = self._parts.dispatcher
        waits = any(t.call in traces.calls or t.customer in traces.ids for t in dispatcher.tickets.values())
        if waits or forms.inside(json.dumps(dispatcher.snapshot(), ensure_ascii=False)):
            raise InUse(f"the distributor has to do with {forms.number} now: erase it a minute later")
