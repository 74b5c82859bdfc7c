"""Queues: what the distributor wants done, carried out on legs; what legs do, told to the distributor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd.agent import Status
from acd.effects import (
    AgentStateChanged,
    AnnouncePosition,
    Connect,
    Journal,
    OfferCall,
    QueueEmpty,
    QueueFull,
    QueueTimedOut,
    WithdrawOffer,
    WithdrawReason,
)
from acd.events import (
    CallJoined,
    CallLeft,
    ConversationEnded,
    EndedBy,
    FailReason,
    LeaveReason,
    OfferAnswered,
    OfferFailed,
)
from ivr.events import Returned
from ivr.nodes import Result
from rtp.legs import Music
from softswitch.call.dialling import ANSWERED_ELSEWHERE, Attempt, Failure
from softswitch.call.model import Role, Stage
from softswitch.call.stages import Input
from softswitch.speech.phrases import position

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acd.dispatcher import Dispatcher
    from acd.effects import Effect
    from acd.events import Event
    from sip.message import Response
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call, Leg
    from softswitch.config import Queue

_FAIL_REASON = {
    Failure.BUSY: FailReason.BUSY,
    Failure.REJECTED: FailReason.REJECTED,
    Failure.NO_ANSWER: FailReason.REJECTED,  # the phone itself gave up before our ring timeout: "not now"
    Failure.UNREACHABLE: FailReason.UNREACHABLE,
}


class Queues:
    """The ACD's side of every call."""

    def __init__(self, control: CallControl, dispatcher: Dispatcher, queues: Mapping[str, Queue]) -> None:
        self._control = control
        self._dispatcher = dispatcher
        self._queues = queues
        self._attempts: dict[int, int] = {}  # offer → attempt that rings
        self._answered: dict[int, Leg] = {}  # offer → agent's leg between its answer and the connection
        self._draining = False
        self._agents_at: dict[str, str] = {}  # phone → who is logged in there

    # ------------------------------------------------------------------------------------------------ told
    def receive(self, event: Event, now: float) -> None:
        self._dispatcher.receive(event, now)
        self._drain(now)

    def next_deadline(self) -> float | None:
        return self._dispatcher.next_deadline()

    def handle_timeout(self, now: float) -> None:
        self._dispatcher.handle_timeout(now)
        self._drain(now)

    def join(self, call: Call, leg: Leg, queue: str, now: float) -> None:
        """The caller enters *queue* and hears its music."""
        if not self._control.advance(call, Input.ENTER_QUEUE):
            return
        call.queue = queue
        call.language = call.session.progress.language or call.language
        self._control.legs.hear(leg, Music(self._queues[queue].music), detect_inband=False)
        self.receive(CallJoined(call.call, queue, language=call.language, priority=call.priority), now)

    def left(self, call: Call, now: float) -> None:
        """The caller hung up while waiting."""
        self.receive(CallLeft(call.call, LeaveReason.ABANDONED), now)

    def conversation_ended(self, call: Call, by: EndedBy, now: float) -> None:
        self.receive(ConversationEnded(call.call, by), now)

    def agent_lost(self, call: Call, reason: FailReason, now: float) -> None:
        """The agent who talked with the caller is gone; the caller waits on and hears the music again."""
        offer, call.offer, call.agent = call.offer, None, None
        leg = self._control.legs.get(call.a_leg)
        if leg is not None and call.queue is not None:
            self._control.legs.hear(leg, Music(self._queues[call.queue].music))
        if offer is not None:
            self.receive(OfferFailed(offer, reason), now)

    def agent_at(self, phone: str | None) -> str | None:
        """Who is logged in at *phone*."""
        return None if phone is None else self._agents_at.get(phone)

    def is_logged_in(self, agent: str) -> bool:
        return agent in self._agents_at.values()

    def is_reachable(self, agent: str) -> bool:
        """Whether the distributor takes the agent's phone to be there."""
        return self._dispatcher.agents[agent].reachable

    def adopt(self, now: float) -> None:
        """The distributor comes from before a restart: learn from it who sits where; their phones are asked soon."""
        for agent in self._dispatcher.agents.values():
            self._agent_moved(agent.id, agent.status, agent.phone, now)
        for phone in self._agents_at:
            self._control.qualifier.watch(phone, now, soon=True)

    def _agent_moved(self, agent: str, status: Status, phone: str, now: float) -> None:
        left = [place for place, who in self._agents_at.items() if who == agent]
        if status is not Status.LOGGED_OUT:
            left = [place for place in left if place != phone]
        for place in left:
            del self._agents_at[place]
            self._control.qualifier.unwatch(place, now)
        if status is not Status.LOGGED_OUT and phone and self._agents_at.get(phone) != agent:
            self._agents_at[phone] = agent
            self._control.qualifier.watch(phone, now)

    # ------------------------------------------------------------------------------------------------ wanted
    def _drain(self, now: float) -> None:
        if self._draining:
            return  # the loop below takes what was added
        self._draining = True
        try:
            while effects := self._dispatcher.effects():
                for effect in effects:
                    with self._control.contain(getattr(effect, "call", None), now):
                        self._carry_out(effect, now)
        finally:
            self._draining = False

    def _carry_out(self, effect: Effect, now: float) -> None:
        control = self._control
        match effect:
            case Journal(record):
                # the record keeps its own clock beside the wall time, so that it can be replayed to the bit
                data = {name: value for name, value in record.items() if name != "kind"}
                control.journal_line(f"acd.{record['kind']}", record.get("call"), record["at"], data)
            case OfferCall():
                self._offer(effect, now)
            case WithdrawOffer(offer, _, _, reason):
                self._withdraw(offer, reason, now)
            case Connect():
                self._connect(effect, now)
            case AnnouncePosition(call_id, _, ahead, _):
                if (call := control.calls.get(call_id)) is not None:
                    self._announce(call, ahead, now)
            case QueueTimedOut(call_id):
                self._give_back(call_id, Result.TIMED_OUT, now)
            case QueueFull(call_id):
                self._give_back(call_id, Result.FULL, now)
            case QueueEmpty(call_id):
                self._give_back(call_id, Result.EMPTY, now)
            case AgentStateChanged(agent=agent, status=status, phone=phone):
                self._agent_moved(agent, status, phone, now)

    def _offer(self, offer: OfferCall, now: float) -> None:
        control = self._control
        call = control.calls.get(offer.call)
        if call is None:
            return
        label = self._queues[offer.queue].label or offer.queue
        number = offer.offer

        def ringing(attempt: Attempt, leg: Leg, response: Response, at: float) -> None:
            pass  # the caller goes on hearing music

        def answered(attempt: Attempt, leg: Leg, at: float) -> None:
            self._attempts.pop(number, None)
            self._answered[number] = leg
            self.receive(OfferAnswered(number), at)

        def failed(attempt: Attempt, failure: Failure, at: float) -> None:
            self._attempts.pop(number, None)
            self.receive(OfferFailed(number, _FAIL_REASON[failure]), at)

        attempt = control.dialling.ring(
            call,
            offer.phone,
            Role.AGENT,
            display=f"{label}: {call.caller.name or call.caller.number}",
            on_ringing=ringing,
            on_answer=answered,
            on_failure=failed,
            now=now,
        )
        if isinstance(attempt, Failure):
            self.receive(OfferFailed(number, _FAIL_REASON[attempt]), now)
        else:
            self._attempts[number] = attempt.attempt

    def _withdraw(self, offer: int, reason: WithdrawReason, now: float) -> None:
        elsewhere = ANSWERED_ELSEWHERE if reason is WithdrawReason.ANSWERED_ELSEWHERE else ""
        self._control.dialling.cancel(self._attempts.pop(offer, None), now, reason=elsewhere)
        leg = self._answered.pop(offer, None)
        if leg is not None:
            self._control.legs.hang_up(leg, now, reason=elsewhere)

    def _connect(self, connect: Connect, now: float) -> None:
        control = self._control
        call = control.calls.get(connect.call)
        leg = self._answered.pop(connect.offer, None)
        caller = None if call is None else control.legs.get(call.a_leg)
        if call is None or caller is None or leg is None or not control.advance(call, Input.CONNECT):
            if leg is not None:
                control.legs.hang_up(leg, now)
            return
        call.agent, call.offer = connect.agent, connect.offer
        control.connect(call, caller, leg, now, agent=connect.agent, queue=connect.queue, waited=connect.waited)

    def leg_lost(self, leg: Leg, now: float) -> bool:
        """An agent's leg ended between its answer and the connection; True when it was such a leg."""
        offer = next((offer for offer, answered in self._answered.items() if answered is leg), None)
        if offer is None:
            return False
        del self._answered[offer]
        self.receive(OfferFailed(offer, FailReason.DROPPED), now)
        return True

    def _announce(self, call: Call, ahead: int, now: float) -> None:
        """Position, then music from where it was."""
        if call.stage is not Stage.QUEUED or call.queue is None:
            return
        music = Music(self._queues[call.queue].music)

        def finished(at: float) -> None:
            leg = self._control.legs.get(call.a_leg)
            if leg is not None and call.stage is Stage.QUEUED:
                self._control.legs.hear(leg, music)

        self._control.prompts.say(call, (position(ahead),), call.language, now, finished)

    def _give_back(self, call_id: str, result: Result, now: float) -> None:
        call = self._control.calls.get(call_id)
        if call is not None and self._control.advance(call, Input.RETURN):
            self._control.prompts.stop(call)
            self._control.menus.receive(call, Returned(result), now)
