"""Transfers: who talks with a caller sends them on, to anybody whom the sender could have dialled.

The caller comes into the flow at the new target: queues, phones, menus and numbers outside take them as they take every
caller, and everything that is known of the call goes with them. Until somebody has the caller, the sender's leg is
kept: if the target fails, the two talk again, and a sender who has hung up is rung.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acd.events import EndedBy
from ivr.events import Moved
from ivr.nodes import Result
from ivr.targets import Target
from rtp.legs import Silence
from softswitch.call.model import Caller, Role, Stage
from softswitch.call.stages import Input as StageInput
from softswitch.call.timers import Timers
from softswitch.call.transfers.states import TRANSITIONS, Action, Input, State

if TYPE_CHECKING:
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

    def __init__(self, control: CallControl, config: Config, router: Router) -> None:
        self._control = control
        self._config = config
        self._router = router
        self._by_call: dict[str, Transfer] = {}
        self._leaving: Timers[int] = Timers()

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        self._config = settings.config

    def __len__(self) -> int:
        return len(self._by_call) + len(self._leaving)

    # ------------------------------------------------------------------------------------------------ wished
    def target(self, dialled: str, leg: Leg, now: float) -> Target | None:
        """What the sender would reach by dialling it; or an agent by id, or a queue by its name or number."""
        if leg.phone is None:
            return None
        if (place := self._control.parking.find(dialled)) is not None:
            return place
        if (phone := self._control.workplaces.phone_of(dialled)) is not None:
            return Target("phone", phone)
        for name, queue in self._config.queues.items():
            if dialled in (name, queue.number):
                return Target("queue", name)
        found = self._router.find(dialled, Caller(leg.phone, phone=leg.phone), now)
        known = self._control.reconfiguring.settings.flow
        return None if found is None or known.find(found.target) is None else found.target

    def send(self, call: Call, leg: Leg, target: Target, to: str, subscription: str, now: float) -> int:
        """Send whoever talks with the party of *leg* to *target*; the status of what forbids it, or 0."""
        control = self._control
        control.keyed.abandon(call, now)
        if leg.leg == call.a_leg:
            self.turn_round(call)
        caller = control.legs.get(call.a_leg)
        if caller is None or not control.advance(call, StageInput.SENT_ON):
            return 481
        by = self.name(call, leg)
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

    def turn_round(self, call: Call) -> None:
        """The one who called sends the called one on: who stays is the caller from now on."""
        sender, other = self._control.legs.get(call.a_leg), self._control.legs.get(call.b_leg)
        if sender is None or other is None:
            return
        call.a_leg, call.b_leg = other.leg, sender.leg
        sender.role, other.role = Role.PHONE, Role.CALLER
        phone = None if other.phone is None else self._control.phones.get(other.phone)
        number = other.phone or call.dialled
        call.caller = Caller(number, "" if phone is None else phone.name, phone=other.phone, trunk=other.trunk)

    def label(self, call: Call) -> str:
        """Of the queue that the caller came from."""
        queue = self._config.queues.get(call.queue or "")
        return "" if queue is None else queue.label or call.queue or ""

    def name(self, call: Call, leg: Leg) -> str:
        """Who sends: the agent, else the phone."""
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
        for leg in self._control.legs.of_call(call.call):
            if leg.leg in self._leaving:
                self._leaving.set(leg.leg, None)
                self._control.legs.hang_up(leg, now)

    def forget(self, call: str) -> None:
        """Nothing of *call* can be relied on any more."""
        self._by_call.pop(call, None)

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
                self.let_go(transfer.leg, now)
            case Action.GIVE_BACK:
                self._give_back(transfer, now)
            case Action.RECALL:
                self._recall(transfer, now)
            case Action.FALL_BACK:
                call.waiting_since = transfer.since
                control.menus.receive(call, Moved(Target("queue", transfer.queue or "")), now)

    def let_go(self, leg: Leg, now: float) -> None:
        """A sender has no caller any more: the phone hangs up by itself, or we do after a while."""
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
            control.occupancy.opened(transfer.leg, now)
        control.connect(call, caller, transfer.leg, now, agent=call.agent, queue=call.queue)

    def _recall(self, transfer: Transfer, now: float) -> None:
        call, phone = transfer.call, transfer.leg.phone or ""
        self._control.note("call.recalled", call, now, phone=phone)
        self._control.menus.receive(call, Moved(Target("phone", phone)), now)
