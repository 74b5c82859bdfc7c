"""What goes wrong in one call ends that call, on record, and no other (a supervisor's habit)."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from acd.events import CallLeft, LeaveReason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from softswitch.call.control import CallControl

log = logging.getLogger(__name__)

CAUSE = "internal-error"


class Containment:
    """Used around everything that is done for one call."""

    def __init__(self, control: CallControl) -> None:
        self._control = control

    @contextmanager
    def __call__(self, call: str | None, now: float) -> Iterator[list[Exception]]:
        """Carry on whatever the block raises: *call*, if it is one's, is over then. Afterwards the list tells."""
        trouble: list[Exception] = []
        try:
            yield trouble
        except Exception as error:
            trouble.append(error)
            log.exception("internal error%s", "" if call is None else f": call {call} is ended")
            if call is not None:
                self.end(call, now)

    def end(self, call_id: str, now: float) -> None:
        """End a call whose data cannot be relied on: the regular way as far as that goes, then what is left of it."""
        control = self._control
        call = control.calls.get(call_id)
        if call is not None:
            self._try(lambda: control.endings.call_over(call, now, by="switch", cause=CAUSE, status=500))
        self._try(lambda: control.dialling.cancel_all(call_id, now))
        ticket = call_id if call is None else call.queued_as
        self._try(lambda: control.queues.receive(CallLeft(ticket, LeaveReason.EXIT), now))
        for leg in control.legs.of_call(call_id):
            if not leg.answered:
                self._try(lambda leg=leg: control.sip.reject(leg.usage, 500, now=now))  # type: ignore[misc]
            self._try(lambda leg=leg: control.legs.hang_up(leg, now))  # type: ignore[misc]
            if leg.call == call_id:  # else it went home
                self._try(lambda leg=leg: control.legs.drop(leg, now))  # type: ignore[misc]
        control.keyed.forget(call_id)
        control.transfers.forget(call_id)
        control.joins.forget(call_id)
        if call is not None and call_id in control.calls:
            control.prompts.stop(call)
            control.prompts.over(call)
            control.desks.forget(call)
            self._try(lambda: control.menus.forget(call, now))
            control.waiting.over(call)
            control.orders.forget(call)
            self._try(lambda: control.holds.forget(call, now))
            control.session_timers.set(call_id, None)
            self._try(lambda: control.note("call.ended", call, now, by="switch", cause=CAUSE))
            control.calls.pop(call_id, None)
            self._try(lambda: control.callbacks.ended(call, now))

    def _try(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception:
            log.exception("internal error while a call was ended")
