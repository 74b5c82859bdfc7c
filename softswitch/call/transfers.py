"""Transfers: who talks with a caller sends them on, to anybody whom the sender could have dialled.

A blind transfer (REFER) puts the caller into the flow at the new target: queues, phones, menus and numbers outside
take them as they take every caller, and everything that is known of the call goes with them. Until somebody has the
caller, the sender's leg is kept: if the target fails, the two talk again, and a sender who has hung up is rung.

An attended transfer (REFER with Replaces) joins the two calls of one phone. A party of a conversation moves into the
caller's call, and the sender's two legs end. While the second party has not answered it is a blind transfer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acd.events import EndedBy
from ivr.events import Moved
from ivr.nodes import Result
from ivr.targets import Target
from rtp.lanes import NoPortLeft
from rtp.legs import Silence
from rtp.sdp import SdpError
from sip.errors import ParseError
from sip.refer import parse_refer, replaces_of, target_dialog_of
from softswitch.call.admission import Refusal
from softswitch.call.model import Caller, Role, Stage
from softswitch.call.stages import Input as StageInput
from softswitch.call.timers import Timers
from softswitch.call.transfer_states import TRANSITIONS, Action, Input, State

if TYPE_CHECKING:
    from sip.flow import Flow
    from sip.message import Request
    from sip.refer import DialogId, Refer
    from softswitch.call.admission import Admission
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call, Leg
    from softswitch.call.routing import Router
    from softswitch.call.settings import Settings
    from softswitch.config import Config

#: Seconds that a phone has to hang up by itself once it has been told that the transfer is done.
GRACE = 2.0
_STATUS = {Result.BUSY: 486, Result.REJECTED: 603, Result.FULL: 486}


@dataclass(slots=True)
class Transfer:
    """One blind transfer under way. `leg` is the sender's, `agent` the one who sends, `queue` where the caller was, and
    `since` when the wait there began."""

    call: Call
    leg: Leg
    by: str
    to: str
    subscription: str
    agent: str | None
    offer: int | None
    queue: str | None
    since: float | None
    state: State = State.TRYING
    result: Result | None = None


class Transfers:
    """All transfers under way, and the legs of senders who are about to hang up."""

    def __init__(self, control: CallControl, config: Config, router: Router, admission: Admission) -> None:
        self._control = control
        self._config = config
        self._router = router
        self._admission = admission
        self._by_call: dict[str, Transfer] = {}
        self._leaving: Timers[int] = Timers()
        self._heirs: dict[str, str] = {}  # the distributor's name of a conversation → the call that has it now

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        self._config = settings.config

    def __len__(self) -> int:
        return len(self._by_call) + len(self._leaving) + len(self._heirs)

    # ------------------------------------------------------------------------------------------------ wished
    def referred(self, transaction: str, request: Request, flow: Flow, leg: Leg | None, now: float) -> None:
        """A REFER, in a call (*leg* is its sender's) or outside of one. Raises ParseError."""
        control = self._control
        refer = parse_refer(request)
        if leg is None:
            leg = self._named(transaction, request, now)
        elif leg.phone is not None and flow.remote[0] != leg.candidate_ips[0]:
            leg = self._proven(transaction, request, leg, now)
        if leg is None:
            return
        call = control.calls.get(leg.call)
        if call is None or leg.phone is None or not self._may_send(call, leg, request, refer):
            control.sip.respond(transaction, 403, now=now)
            return
        subscription = control.sip.accept_refer(transaction, flow, subscribe=refer.subscribe, now=now)
        control.sip.tell_referrer(subscription, 100, now=now)
        status = self._start(call, leg, refer, subscription, now)
        if status:
            control.sip.tell_referrer(subscription, status, last=True, now=now)
            control.note(
                "call.transfer_failed", call, now, by=self._name(call, leg), to=refer.target.user, status=status
            )

    def _named(self, transaction: str, request: Request, now: float) -> Leg | None:
        """The leg that a REFER outside of calls speaks of (Target-Dialog), if it is its sender's."""
        control = self._control
        user = self._admission.authenticate(request, now)
        if isinstance(user, Refusal):
            control.sip.respond(transaction, user.status, headers=user.headers, now=now)
            return None
        dialog = target_dialog_of(request)
        usage = None if dialog is None else control.sip.usage_of(dialog)
        leg = None if usage is None else control.legs.of_usage(usage)
        if leg is None or leg.phone != user:
            control.sip.respond(transaction, 403, now=now)
            return None
        return leg

    def _proven(self, transaction: str, request: Request, leg: Leg, now: float) -> Leg | None:
        """*leg*, when a REFER that comes from elsewhere than its call did has the phone's password."""
        user = self._admission.authenticate(request, now)
        if user == leg.phone:
            return leg
        status, headers = (user.status, user.headers) if isinstance(user, Refusal) else (403, ())
        self._control.sip.respond(transaction, status, headers=headers, now=now)
        return None

    def _may_send(self, call: Call, leg: Leg, request: Request, refer: Refer) -> bool:
        """Only our own phones send people on, out of a conversation, and to our own numbers."""
        if call.stage is not Stage.TALKING or call.call in self._by_call or leg.leg not in (call.a_leg, call.b_leg):
            return False
        if leg.leg == call.a_leg and call.agent is not None:
            return False  # a caller does not dispose of the agent
        ours = {"", self._config.sip.domain, self._config.sip.external_address, leg.local_ip, request.uri.host}
        return refer.target.host.strip("[]") in ours

    def _start(self, call: Call, leg: Leg, refer: Refer, subscription: str, now: float) -> int:
        """The status to tell the sender, or 0 when that comes later."""
        if refer.replaces is not None:
            return self._attended(call, leg, refer.replaces, subscription, now)
        return self._blind(call, leg, refer.target.user or "", subscription, now)

    # ------------------------------------------------------------------------------------------------ blind
    def _blind(self, call: Call, leg: Leg, dialled: str, subscription: str, now: float) -> int:
        target = self.target(dialled, leg, now)
        if target is None:
            return 404
        return self.send(call, leg, target, dialled, subscription, now)

    def target(self, dialled: str, leg: Leg, now: float) -> Target | None:
        """What the sender would reach by dialling it; or an agent by id, or a queue by its name or number."""
        if leg.phone is None:
            return None
        if (place := self._control.parking.find(dialled)) is not None:
            return place
        if (phone := self._control.queues.phone_of(dialled)) is not None:
            return Target("phone", phone)
        for name, queue in self._config.queues.items():
            if dialled in (name, queue.number):
                return Target("queue", name)
        found = self._router.find(dialled, Caller(leg.phone, phone=leg.phone), now)
        return None if found is None else found.target

    def send(self, call: Call, leg: Leg, target: Target, to: str, subscription: str, now: float) -> int:
        """Send whoever talks with the party of *leg* to *target*; the status of what forbids it, or 0."""
        control = self._control
        control.keyed.abandon(call, now)
        if leg.leg == call.a_leg:
            self._turn_round(call)
        caller = control.legs.get(call.a_leg)
        if caller is None or not control.advance(call, StageInput.SENT_ON):
            return 481
        by = self._name(call, leg)
        age = control.queues.since(call)
        self._by_call[call.call] = Transfer(call, leg, by, to, subscription, call.agent, call.offer, call.queue, age)
        role = "phone" if call.agent is None else "agent"
        call.agent = call.offer = call.b_leg = None
        call.label = self.label(call)
        control.holds.forget(call, now)
        control.prompts.forget(leg.leg)
        control.prompts.forget(caller.leg)
        control.legs.part(caller)
        control.legs.hear(leg, Silence())
        control.note("call.transferring", call, now, kind="blind", by=by, to=to, target=str(target), from_leg=leg.leg)
        control.note("call.parted", call, now, by=role, cause="transfer")
        control.menus.receive(call, Moved(target), now)
        return 0

    def _turn_round(self, call: Call) -> None:
        """The one who called sends the called one on: who stays is the caller from now on."""
        sender, other = self._control.legs.get(call.a_leg), self._control.legs.get(call.b_leg)
        if sender is None or other is None:
            return
        call.a_leg, call.b_leg = other.leg, sender.leg
        sender.role, other.role = Role.PHONE, Role.CALLER
        phone = None if other.phone is None else self._control.phones[other.phone]
        number = other.phone or call.dialled
        call.caller = Caller(number, "" if phone is None else phone.name, phone=other.phone, trunk=other.trunk)

    def label(self, call: Call) -> str:
        """Of the queue that the caller came from."""
        queue = self._config.queues.get(call.queue or "")
        return "" if queue is None else queue.label or call.queue or ""

    def _name(self, call: Call, leg: Leg) -> str:
        return (call.agent if leg.leg == call.b_leg else None) or leg.phone or ""

    # ------------------------------------------------------------------------------------------------ how it goes
    def sending(self, call: Call) -> Transfer | None:
        """The transfer that is under way of *call*."""
        return self._by_call.get(call.call)

    def took(self, call: Call, now: float) -> None:
        """Somebody, or some service, has the caller."""
        self._run(call, Input.TOOK, now)

    def recall(self, transfer: Transfer, now: float) -> None:
        """Nobody wanted the caller where *transfer* has brought them: whoever sent them there is rung."""
        transfer.state, transfer.result, transfer.agent = State.RECALLING, None, None
        self._by_call[transfer.call.call] = transfer
        self._carry_out(transfer, Action.RECALL, now)

    def returned(self, call: Call, result: Result, now: float) -> bool:
        """The target gives the caller back; True when a transfer takes them."""
        transfer = self._by_call.get(call.call)
        if transfer is None:
            return False
        transfer.result = result
        if transfer.state is State.RECALLING and transfer.since is None:
            del self._by_call[call.call]
            return False
        self._run(call, Input.REFUSED, now)
        return True

    def lost(self, leg: Leg, now: float) -> bool:
        """*leg* is gone; True when it was a sender's."""
        self._leaving.set(leg.leg, None)
        transfer = self._by_call.get(leg.call)
        if transfer is None or transfer.leg is not leg:
            return False
        self._run(transfer.call, Input.REFERRER_GONE, now)
        self._control.parking.sender_gone(transfer.call, now)
        return True

    def ended(self, call: Call, now: float) -> None:
        """The call is over, whoever ended it: nobody of it stays on the line."""
        self._run(call, Input.CALLER_GONE, now)
        if self._heirs.get(call.queued_as) == call.call:
            del self._heirs[call.queued_as]
        for leg in self._control.legs.of_call(call.call):
            if leg.leg in self._leaving:
                self._leaving.set(leg.leg, None)
                self._control.legs.hang_up(leg, now)

    def forget(self, call: str) -> None:
        """Nothing of *call* can be relied on any more."""
        self._by_call.pop(call, None)
        self._heirs = {ticket: heir for ticket, heir in self._heirs.items() if heir != call}

    def next_deadline(self) -> float | None:
        return self._leaving.next_deadline()

    def handle_timeout(self, now: float) -> None:
        """Phones that have been told and do not hang up."""
        while (handle := self._leaving.pop_due(now)) is not None:
            if (leg := self._control.legs.get(handle)) is not None:
                self._control.legs.hang_up(leg, now)

    def _run(self, call: Call, event: Input, now: float) -> None:
        transfer = self._by_call.get(call.call)
        transition = None if transfer is None else TRANSITIONS.get((transfer.state, event))
        if transfer is None or transition is None:
            return
        transfer.state, actions = transition
        if transfer.state is State.OVER:
            del self._by_call[call.call]
        for action in actions:
            self._carry_out(transfer, action, now)

    def _carry_out(self, transfer: Transfer, action: Action, now: float) -> None:
        control, call = self._control, transfer.call
        match action:
            case Action.FREE_AGENT:
                if transfer.agent is not None and control.queues.is_talking(call):
                    by = EndedBy.CALLER if call.stage is Stage.ENDED else EndedBy.AGENT
                    control.queues.conversation_ended(call, by, now)
            case Action.TELL_DONE:
                control.sip.tell_referrer(transfer.subscription, 200, last=True, now=now)
                control.note(
                    "call.transferred",
                    call,
                    now,
                    kind="blind",
                    by=transfer.by,
                    to=transfer.to,
                    from_leg=transfer.leg.leg,
                    to_leg=call.b_leg,
                )
            case Action.TELL_FAILED:
                status = 487 if transfer.result is None else _STATUS.get(transfer.result, 480)
                control.sip.tell_referrer(transfer.subscription, status, last=True, now=now)
                control.note("call.transfer_failed", call, now, by=transfer.by, to=transfer.to, status=status)
            case Action.LET_GO:
                self._let_go(transfer.leg, now)
            case Action.GIVE_BACK:
                self._give_back(transfer, now)
            case Action.RECALL:
                self._recall(transfer, now)
            case Action.FALL_BACK:
                call.waiting_since = transfer.since
                control.menus.receive(call, Moved(Target("queue", transfer.queue or "")), now)

    def _let_go(self, leg: Leg, now: float) -> None:
        if leg.home:
            self._control.legs.hang_up(leg, now)  # goes home
        elif not leg.ended:
            self._leaving.set(leg.leg, now + GRACE)

    def _give_back(self, transfer: Transfer, now: float) -> None:
        """The two talk again, as if nothing had been."""
        control, call = self._control, transfer.call
        caller = control.legs.get(call.a_leg)
        if caller is None or not control.advance(call, StageInput.COME_BACK):
            return
        agent = transfer.agent
        if agent is not None and control.queues.is_talking(call):
            call.agent, call.offer = agent, transfer.offer
        elif agent is not None:
            # the queue that did not take the caller has ended the conversation: it is one of the phone's own now
            transfer.leg.role = Role.PHONE
            control.occupied(transfer.leg, now)
        control.connect(call, caller, transfer.leg, now, agent=call.agent, queue=call.queue)

    def _recall(self, transfer: Transfer, now: float) -> None:
        call, phone = transfer.call, transfer.leg.phone or ""
        self._control.note("call.recalled", call, now, phone=phone)
        self._control.menus.receive(call, Moved(Target("phone", phone)), now)

    # ------------------------------------------------------------------------------------------------ attended
    def _attended(self, call: Call, leg: Leg, replaces: DialogId, subscription: str, now: float) -> int:
        control = self._control
        usage = control.sip.usage_of(replaces)
        second_leg = None if usage is None else control.legs.of_usage(usage)
        second = None if second_leg is None else control.calls.get(second_leg.call)
        if second_leg is None or second is None or second is call:
            return 481
        if second_leg.phone != leg.phone or second.call in self._by_call:
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
        return self.send(call, leg, target, second.dialled, subscription, now)

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
            self._turn_round(call)
        caller = control.legs.get(call.a_leg)
        moving = control.legs.get(second.b_leg if second_leg.leg == second.a_leg else second.a_leg)
        if caller is None or moving is None:
            return 481
        by, agent, offer = self._name(call, leg), None, None
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
        self._let_go(referring, now)
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
