"""What operators may do to those who wait: change, move and send on one of them, several, or a whole queue."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from acd.events import CallChanged
from acd.skills import EVERYBODY, SkillSyntaxError, parse
from acd.ticket import Place
from ivr.targets import Target, TargetError
from softswitch.admin.protocol import AdminError, Code
from softswitch.admin.requests import Args, Many, Text, listed, read
from softswitch.call.sending import agent_meant, send_on

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from acd.dispatcher import Dispatcher
    from acd.skills import Expression
    from acd.ticket import Ticket
    from softswitch.call.control import CallControl
    from softswitch.config import Config


class ChangeCall(Args):
    """A waiting caller; ``call`` may be the beginning of the id. At least one of the others but ``only_in``, which
    names the queue where the caller has to be still."""

    call: Many
    queue: Text | None = None
    priority: Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)] | None = None
    needs: Annotated[str, Field(max_length=1000)] | None = None
    preferred: Annotated[str, Field(max_length=1000)] | None = None
    to: Text | None = None
    only_in: Text | None = None
    by: Annotated[str, Field(max_length=100)] = ""


class Callers:
    """The verbs about callers. *settle* is called after a change, for what it makes the switch send."""

    def __init__(
        self,
        control: CallControl,
        dispatcher: Dispatcher,
        config: Config,
        *,
        now: Callable[[], float],
        settle: Callable[[], None],
    ) -> None:
        self._control = control
        self._dispatcher = dispatcher
        self._config = config
        self._now = now
        self._settle = settle

    def reconfigure(self, config: Config) -> None:
        """From now on there are the queues of *config*."""
        self._config = config

    def verbs(self) -> dict[str, Callable[[Mapping[str, Any]], Any]]:
        return {"call.change": self.change, "calls.change": self.change_several}

    # --- looking
    def all_shown(self) -> list[dict[str, Any]]:
        """Everybody who waits, or is to be called back, by queues and in their order."""
        tickets = [t for queue in self._dispatcher.config.queues for t in self._dispatcher.waiting(queue.id)]
        return [self._shown(ticket) for ticket in tickets]

    def shown(self, call: str) -> dict[str, Any] | None:
        """One of them, or somebody who talks already; None: no such caller is in a queue."""
        ticket = self._dispatcher.tickets.get(call)
        return None if ticket is None else self._shown(ticket)

    def _shown(self, ticket: Ticket) -> dict[str, Any]:
        """``version`` is another one after every change of what can be changed."""
        call = self._control.calls.get(ticket.call)
        own = {
            "queue": ticket.queue,
            "priority": ticket.priority,
            "needs": "" if ticket.needs == EVERYBODY else str(ticket.needs),
            "prefer": "" if ticket.preferred == EVERYBODY else str(ticket.preferred),
        }
        return {
            "call": ticket.call,
            **own,
            "ahead": self._dispatcher.ahead_of(ticket.call),
            "state": ticket.place.value,
            "waited": round(self._now() - ticket.since, 3),
            "caller": ticket.number or (call.caller.number if call is not None else ticket.customer),
            "name": call.caller.name if call is not None else ticket.about.get("name", ""),
            "language": ticket.variables.get("language", ""),
            "offered_to": [self._dispatcher.offers[offer].agent for offer in ticket.offers],
            "version": hashlib.blake2b(json.dumps(own).encode(), digest_size=6).hexdigest(),
        }

    # --- changing
    def change(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """A waiting caller gets another priority, queue or needs, and is sorted anew at once; or is sent on."""
        wanted = read(ChangeCall, args)
        ticket = self._waiting(wanted.call)
        self._check(wanted)
        return self._change(ticket, wanted)

    def change_several(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """The same for several: ``call`` is "queue:NAME" (all who wait there, in their order) or ids with commas.

        What is not possible for one of them is told, and done for the others.
        """
        wanted = read(ChangeCall, args)
        self._check(wanted)
        done: dict[str, Any] = {"changed": [], "refused": []}
        for call in self._several(wanted):
            try:
                done["changed"].append(self._change(self._waiting(call), wanted))
            except AdminError as error:
                done["refused"].append({"call": call, "why": str(error)})
        return done

    def _several(self, wanted: ChangeCall) -> list[str]:
        kind, _, name = wanted.call.partition(":")
        if kind != "queue":
            return [each.strip() for each in wanted.call.split(",") if each.strip()]
        self._check_queue(name)
        return [ticket.call for ticket in self._dispatcher.waiting(name)]

    def _check(self, wanted: ChangeCall) -> None:
        if wanted.queue is not None:
            self._check_queue(wanted.queue)
        if not wanted.model_dump(include={"queue", "priority", "needs", "preferred", "to"}, exclude_none=True):
            raise AdminError(Code.BAD_REQUEST, "say what is to change: queue, priority, needs, preferred, or to")
        if wanted.to is not None:
            if wanted.model_dump(include={"queue", "priority", "needs", "preferred"}, exclude_none=True):
                raise AdminError(Code.BAD_REQUEST, "who is sent on leaves the queue: nothing else can be changed")
            self._target(wanted.to)

    def _check_queue(self, name: str) -> None:
        if name not in self._config.queues:
            raise AdminError(Code.NOT_FOUND, f"there is no queue {name}; {listed(self._config.queues)}")

    def _target(self, text: str) -> Target:
        try:
            target = Target.parse(text)
        except TargetError as error:
            raise AdminError(Code.BAD_REQUEST, str(error)) from None
        if self._control.reconfiguring.settings.flow.find(target) is None:
            raise AdminError(Code.NOT_FOUND, f"there is no {target.kind} {target.name}")
        return target

    def _change(self, ticket: Ticket, wanted: ChangeCall) -> dict[str, Any]:
        now, before = self._now(), {"queue": ticket.queue, "priority": ticket.priority}
        if wanted.only_in not in (None, ticket.queue):
            raise AdminError(Code.REFUSED, f"{ticket.call} is in queue {ticket.queue}, not in {wanted.only_in}")
        if wanted.queue in self._dispatcher.closing:
            raise AdminError(Code.REFUSED, f"queue {wanted.queue} is being closed")
        if wanted.to is not None:
            self._check_agent(self._target(wanted.to), now)
        change = CallChanged(
            ticket.call, wanted.queue, wanted.priority, _expression(wanted.needs), _expression(wanted.preferred)
        )
        data = {"verb": "call.change", **wanted.model_dump(exclude_none=True), "call": ticket.call}
        self._control.journal_line("admin.changed", ticket.call, now, data)
        sent = True
        with self._control.contain(None, now) as trouble:
            if wanted.to is None:
                self._control.queues.receive(change, now)
            else:
                sent = self._send(ticket.call, self._target(wanted.to), now)
        self._control.on_changed(now)
        self._settle()
        if trouble:
            raise AdminError(Code.INTERNAL, "internal error; the log says more")
        after = self._dispatcher.tickets.get(ticket.call)
        if not sent or (wanted.to is None and after is not None and not _as_wanted(after, wanted)):
            raise AdminError(Code.REFUSED, f"{ticket.call} could not be changed and waits on as before")
        return {
            "call": ticket.call,
            "before": before,
            "queue": None if after is None else after.queue,
            "priority": None if after is None else after.priority,
            "ahead": self._dispatcher.ahead_of(ticket.call),
            "to": wanted.to,
        }

    def _check_agent(self, target: Target, now: float) -> None:
        """Who cannot be rung now is not picked for anybody."""
        agent = agent_meant(self._control, target, now)
        if agent and (why := self._control.availability.agent(agent, now)):
            raise AdminError(Code.REFUSED, f"{agent} cannot be rung: {why}")

    def _send(self, ticket: str, target: Target, now: float) -> bool:
        call = next((call for call in self._control.calls.values() if call.queued_as == ticket), None)
        return call is not None and send_on(self._control, call, target, now)

    def _waiting(self, beginning: str) -> Ticket:
        """The caller meant by the beginning of an id, as people copy what fits on their screen."""
        found = [t for call, t in sorted(self._dispatcher.tickets.items()) if call.startswith(beginning)]
        found = [ticket for ticket in found if ticket.call == beginning] or found
        if not found:
            raise AdminError(Code.NOT_FOUND, f"no caller whose id begins with {beginning} is in a queue")
        if len(found) > 1:
            raise AdminError(Code.BAD_REQUEST, f"{len(found)} callers have ids that begin with {beginning}: write more")
        if found[0].place is Place.TALKING:
            raise AdminError(Code.REFUSED, f"{found[0].call} talks with an agent already")
        return found[0]


def _as_wanted(ticket: Ticket, wanted: ChangeCall) -> bool:
    return wanted.queue in (None, ticket.queue) and wanted.priority in (None, ticket.priority)


def _expression(text: str | None) -> Expression | None:
    if text is None:
        return None
    try:
        return parse(text)
    except SkillSyntaxError as error:
        raise AdminError(Code.BAD_REQUEST, str(error)) from None
