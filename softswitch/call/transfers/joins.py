"""Replaces: the two calls of one phone are joined, or another device of a phone takes its call over (RFC 3891).

An attended transfer (REFER with Replaces) moves a party of one conversation into the call of the caller, and the
sender's two legs end. While the second party has not answered it is a blind transfer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd.events import EndedBy
from rtp.lanes import NoPortLeft
from rtp.legs import Silence
from rtp.sdp import SdpError
from sip.errors import ParseError
from sip.refer import replaces_of
from softswitch.call.model import Role, Stage

if TYPE_CHECKING:
    from sip.flow import Flow
    from sip.message import Request
    from sip.refer import DialogId
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call, Caller, Leg


class Joins:
    """Conversations that are not in the call any more in which the distributor began them."""

    def __init__(self, control: CallControl) -> None:
        self._control = control
        self._heirs: dict[str, str] = {}  # the distributor's name of a conversation → the call that has it now

    def __len__(self) -> int:
        return len(self._heirs)

    def ended(self, call: Call) -> None:
        """The call is over, and a conversation that it had with it."""
        if self._heirs.get(call.queued_as) == call.call:
            del self._heirs[call.queued_as]

    def forget(self, call: str) -> None:
        """Nothing of *call* can be relied on any more."""
        self._heirs = {ticket: heir for ticket, heir in self._heirs.items() if heir != call}

    # ------------------------------------------------------------------------------------------------ attended
    def attended(self, call: Call, leg: Leg, replaces: DialogId, subscription: str, now: float) -> int:
        control = self._control
        usage = control.sip.usage_of(replaces)
        second_leg = None if usage is None else control.legs.of_usage(usage)
        second = None if second_leg is None else control.calls.get(second_leg.call)
        if second_leg is None or second is None or second is call:
            return 481
        if second_leg.phone != leg.phone or control.transfers.sending(second) is not None:
            return 403
        if second_leg.leg not in (second.a_leg, second.b_leg):
            return 481  # has sent that party on already, and is about to hang up
        if second.stage is not Stage.TALKING:
            return self._not_answered_yet(call, leg, second, second_leg, subscription, now)
        status = self.join(call, leg, second, second_leg, now)
        if not status:
            control.sip.tell_referrer(subscription, 200, last=True, now=now)
        return status

    def _not_answered_yet(
        self, call: Call, leg: Leg, second: Call, second_leg: Leg, subscription: str, now: float
    ) -> int:
        """The sender does not wait for the second party: the caller does, from now on, with the sender's age."""
        control = self._control
        target = second.session.progress.node
        if second_leg.leg != second.a_leg or target is None:
            return 480
        age = control.queues.since(second)
        control.endings.call_over(second, now, by="phone", cause="transfer")
        call.waiting_since = age if target.kind == "queue" else None
        return control.transfers.send(call, leg, target, second.dialled, subscription, now)

    def join(self, call: Call, leg: Leg, second: Call, second_leg: Leg, now: float) -> int:
        """Whom the sender talks with in *call* and in *second* talk with each other; the status if they cannot, or 0.

        The call goes on in which the sender was called: that of the caller. The other is over.
        """
        control, referring = self._control, leg
        if leg.leg != call.b_leg and second_leg.leg == second.b_leg:
            call, leg, second, second_leg = second, second_leg, call, leg
        if leg.leg == call.a_leg:
            if call.agent is not None:
                return 403
            control.transfers.turn_round(call)
        caller = control.legs.get(call.a_leg)
        moving = control.legs.get(second.b_leg if second_leg.leg == second.a_leg else second.a_leg)
        if caller is None or moving is None:
            return 481
        by, agent, offer = control.transfers.name(call, leg), None, None
        control.keyed.abandon(call, now)
        control.keyed.abandon(second, now)
        control.holds.forget(call, now)
        control.holds.forget(second, now)
        if call.agent is not None:
            control.queues.conversation_ended(call, EndedBy.AGENT, now)
        if second.agent is not None and moving.leg == second.b_leg:
            agent, offer, second.agent = second.agent, second.offer, None
            self._heirs.pop(call.queued_as, None)
            call.adopted, call.queue = second.queued_as, second.queue
            self._heirs[call.adopted] = call.call
        call.agent, call.offer = agent, offer
        control.legs.part(caller)
        control.legs.part(moving)
        second.a_leg, second.b_leg = 0, None
        moving.call, moving.role = call.call, Role.AGENT if agent is not None else Role.PHONE
        control.note("call.parted", call, now, by="agent" if by != leg.phone else "phone", cause="transfer")
        control.connect(call, caller, moving, now, agent=agent, queue=second.queue if agent else None)
        control.note(
            "call.transferred",
            call,
            now,
            kind="attended",
            by=by,
            to=agent or moving.phone or second.dialled,
            from_leg=leg.leg,
            to_leg=moving.leg,
            consult=second.call,
        )
        # the call that was named is over at once, the other when its phone has been told
        control.legs.hang_up(second_leg if referring is leg else leg, now)
        referring.call = call.call
        control.legs.hear(referring, Silence())
        control.transfers.let_go(referring, now)
        control.endings.call_over(second, now, by="phone", cause="transfer")
        return 0

    def heir(self, ticket: str) -> Call | None:
        """The call that has the conversation which the distributor knows as *ticket*."""
        return self._control.calls.get(self._heirs.get(ticket, ""))

    # ------------------------------------------------------------------------------------------------ taken over
    def taken_over(self, usage: str, request: Request, flow: Flow, caller: Caller, now: float) -> bool:
        """An INVITE with Replaces (RFC 3891), by which another device of a phone takes its call over, is answered here.

        False when the INVITE has none.
        """
        control = self._control
        try:
            replaces = replaces_of(request)
        except ParseError as error:
            control.sip.reject(usage, error.status, now=now)
            return True
        if replaces is None:
            return False
        found = control.sip.usage_of(replaces)
        old = None if found is None else control.legs.of_usage(found)
        call = None if old is None else control.calls.get(old.call)
        if old is None or call is None or not old.answered:
            control.sip.reject(usage, 481, now=now)
        elif old.phone is None or caller.phone != old.phone:
            control.sip.reject(usage, 403, now=now)
        elif replaces.early_only:
            control.sip.reject(usage, 486, now=now)
        elif call.stage is not Stage.TALKING or old.leg not in (call.a_leg, call.b_leg):
            control.sip.reject(usage, 603, now=now)
        else:
            self._swap(usage, request, flow, call, old, now)
        return True

    def _swap(self, usage: str, request: Request, flow: Flow, call: Call, old: Leg, now: float) -> None:
        control = self._control
        try:
            leg = control.legs.open_incoming(usage, call.call, request, flow, old.phone, now)
        except SdpError as error:
            control.sip.reject(usage, error.status, now=now)
            return
        except NoPortLeft:
            control.sip.reject(usage, 503, now=now)
            return
        control.keyed.abandon(call, now)
        leg.role = old.role
        other = control.legs.get(call.b_leg if old.leg == call.a_leg else call.a_leg)
        if old.leg == call.a_leg:
            call.a_leg = leg.leg
        else:
            call.b_leg = leg.leg
        control.holds.forget(call, now)
        control.legs.answer(leg, now)
        control.legs.hang_up(old, now)
        if other is not None:
            control.legs.bridge(leg, other)
        control.note("leg.replaced", call, now, from_leg=old.leg, to_leg=leg.leg, phone=old.phone)
