"""How legs and calls end, and what that means for everybody else in the call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd.events import EndedBy, FailReason
from ivr.events import HungUp, Returned
from ivr.labels import LABEL, PATH
from ivr.nodes import Result
from sip.events import EndCause
from softswitch.call.model import Stage
from softswitch.call.ringing.dialling import Failure
from softswitch.call.ringing.display import MARK
from softswitch.call.stages import Input

if TYPE_CHECKING:
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call, Leg

#: An agent of whom nothing was heard and who hangs up within so many seconds of the answer has not served the caller.
SERVED_AFTER = 2.0


class Endings:
    """Each leg and each call ends once, whoever ends it and whatever crosses on the wire."""

    def __init__(self, control: CallControl) -> None:
        self._control = control

    def leg_over(
        self,
        leg: Leg,
        now: float,
        *,
        by: str,
        cause: str,
        failure: Failure = Failure.UNREACHABLE,
        q850: int | None = None,
        hang_up: bool = False,
    ) -> None:
        """*leg* is gone (or must go, with *hang_up*); what that means depends on whose it is."""
        control = self._control
        stay = control.staying.leaves(leg) if leg.home else None
        try:
            self._leg_over(leg, now, by=by, cause=cause, failure=failure, q850=q850, hang_up=hang_up)
        finally:
            if stay is not None:
                with control.contain(stay.call.call, now):
                    control.staying.left(stay, now, hung_up=cause == EndCause.REMOTE, cause=cause)

    def _leg_over(
        self, leg: Leg, now: float, *, by: str, cause: str, failure: Failure, q850: int | None, hang_up: bool
    ) -> None:
        control = self._control
        attempt = control.dialling.of(leg)
        call = control.calls.get(leg.call)
        if hang_up:
            control.legs.hang_up(leg, now)
        else:
            control.legs.drop(leg, now)
        if attempt is not None:
            control.dialling.failed(attempt, leg, failure, now)
        elif call is not None and leg.leg == call.a_leg:
            self.call_over(call, now, by="caller" if by != "switch" else by, cause=cause, q850=q850, caller_gone=True)
        elif any(part.lost(leg, now) for part in (control.offers, control.keyed, control.transfers, control.find_me)):
            pass
        elif call is not None and leg.leg == call.b_leg:
            self._peer_gone(call, leg, now, by=by, cause=cause)

    def _peer_gone(self, call: Call, peer: Leg, now: float, *, by: str, cause: str) -> None:
        """Whom the caller talked with has hung up: back to the IVR, which knows what comes next.

        An agent whose phone is gone without a goodbye, or who was gone before a word was said, has not served the
        caller: they wait again, in their old place.
        """
        control = self._control
        was_agent = call.agent is not None
        call.b_leg = None
        control.holds.forget(call, now)
        dropped = not peer.audible and now - call.connected_at < SERVED_AFTER
        if was_agent and (dropped or cause != EndCause.REMOTE) and control.advance(call, Input.AGENT_LOST):
            control.note("call.parted", call, now, by="agent", cause=cause)
            control.queues.agent_lost(call, FailReason.DROPPED if dropped else FailReason.UNREACHABLE, now)
            return
        if not control.advance(call, Input.PEER_GONE):
            return
        call.ended_by = "agent" if was_agent else by
        control.note("call.parted", call, now, by=call.ended_by, cause=cause)
        if was_agent:
            call.agent = call.offer = None
            control.queues.conversation_ended(call, EndedBy.AGENT, now)
        control.menus.receive(call, Returned(Result.ENDED), now)
        call.ended_by = ""  # a flow that goes on is ended by somebody else

    def call_over(
        self,
        call: Call,
        now: float,
        *,
        by: str,
        cause: str,
        status: int = 480,
        q850: int | None = None,
        caller_gone: bool = False,
    ) -> None:
        """End everything that belongs to *call*, once."""
        control = self._control
        stage = call.stage
        if not control.advance(call, Input.CALLER_GONE if caller_gone else Input.END):
            return
        control.keyed.abandon(call, now)
        control.transfers.ended(call, now)
        control.joins.ended(call)
        control.staying.ends(call)
        control.prompts.stop(call)
        control.desks.stop(call, now)
        caller = control.legs.get(call.a_leg)
        answered = caller.answered if caller is not None else None
        if caller is not None:
            if caller.answered:
                control.legs.hang_up(caller, now)
            else:
                control.sip.reject(caller.usage, status, now=now)
                control.legs.drop(caller, now)
        if stage in (Stage.QUEUED, Stage.ASIDE):
            control.queues.left(call, now, hung_up=caller_gone or stage is Stage.QUEUED)
        other = control.legs.get(call.b_leg)
        if other is not None:
            control.legs.hang_up(other, now)
        if stage is Stage.TALKING and call.agent is not None:
            control.queues.conversation_ended(call, EndedBy.CALLER if by == "caller" else EndedBy.SWITCH, now)
        control.orders.forget(call)
        control.holds.forget(call, now)
        control.menus.receive(call, HungUp(), now)
        control.session_timers.set(call.call, None)
        by = call.ended_by or by
        sip_status = 487 if cause == "cancelled" else status if answered is False else None
        known = call.session.progress.public
        chosen = {name: known.get(name) or None for name in (MARK, LABEL, PATH)}
        control.note("call.ended", call, now, by=by, cause=cause, sip_status=sip_status, q850=q850, **chosen)
        del control.calls[call.call]
        control.callbacks.ended(call, now)
