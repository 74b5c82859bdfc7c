"""Offers: ringing the agents whom the distributor chose, telling them who it is, and putting the caller through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd.effects import WithdrawReason
from acd.events import FailReason, OfferAnswered, OfferFailed
from rtp.legs import Tone
from softswitch.call.agents.whisper import Whispers
from softswitch.call.model import Role
from softswitch.call.ringing.dialling import ANSWERED_ELSEWHERE, Attempt, Failure
from softswitch.call.ringing.display import announced, shown
from softswitch.call.stages import Input
from softswitch.speech import phrases

if TYPE_CHECKING:
    from acd.effects import Connect, OfferCall
    from sip.message import Response
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call, Leg
    from softswitch.call.settings import Settings
    from softswitch.config import Config

_FAIL_REASON = {
    Failure.BUSY: FailReason.BUSY,
    Failure.REJECTED: FailReason.REJECTED,
    Failure.NO_ANSWER: FailReason.NO_ANSWER,  # the phone gave up by itself before our ring timeout
    Failure.UNREACHABLE: FailReason.UNREACHABLE,
}


def auto_answer(domain: str) -> tuple[tuple[str, str], ...]:
    """What asks telephones to answer by themselves: no header is understood by all of them (RFC 5373 is by few)."""
    return (
        ("Call-Info", f"<sip:{domain}>;answer-after=0"),
        ("Alert-Info", f"<http://{domain}>;info=alert-autoanswer;delay=0"),
    )


class Offers:
    """Every agent who is rung, or has answered and does not talk yet."""

    def __init__(self, control: CallControl, config: Config) -> None:
        self._control = control
        self._config = config
        self._attempts: dict[int, int] = {}  # offer → attempt that rings
        self._answered: dict[int, Leg] = {}  # offer → agent's leg between its answer and the connection
        self._told: set[int] = set()  # legs of agents who know already whom they will talk with
        self.whispers = Whispers(control, config)

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        self._config = settings.config
        self.whispers.reconfigure(settings, now)

    def __len__(self) -> int:
        return len(self._attempts) + len(self._answered) + len(self._told) + len(self.whispers)

    def offer(self, call: Call, offer: OfferCall, now: float) -> None:
        """Ring the agent, who has answered already when staying on the line; the caller goes on hearing music."""
        control = self._control
        label = self._config.queues[offer.queue].label or offer.queue
        number = offer.offer

        def ringing(attempt: Attempt, leg: Leg, response: Response, at: float) -> None:
            pass

        def answered(attempt: Attempt, leg: Leg, at: float) -> None:
            self._attempts.pop(number, None)
            self._answered[number] = leg
            control.queues.receive(OfferAnswered(number), at)

        def failed(attempt: Attempt, failure: Failure, at: float) -> None:
            self._attempts.pop(number, None)
            control.queues.receive(OfferFailed(number, _FAIL_REASON[failure]), at)
            control.callbacks.unused(offer.call, at)

        waiting = control.staying.take(offer.agent, offer.phone, call)
        if waiting is not None:
            self._answered[number] = waiting
            control.queues.receive(OfferAnswered(number), now)
            return
        attempt = control.dialling.ring(
            call,
            offer.phone,
            Role.AGENT,
            display=shown(call, self._config.display, label=label),
            headers=self._headers(call, offer, label),
            on_ringing=ringing,
            on_answer=answered,
            on_failure=failed,
            now=now,
        )
        if isinstance(attempt, Failure):
            control.queues.receive(OfferFailed(number, _FAIL_REASON[attempt]), now)
            control.callbacks.unused(offer.call, now)
        else:
            self._attempts[number] = attempt.attempt

    def _headers(self, call: Call, offer: OfferCall, label: str) -> tuple[tuple[str, str], ...]:
        """A telephone that is to answer by itself need not choose how to ring."""
        domain = self._config.sip.domain
        if self._answers_itself(offer.queue, offer.agent):
            return (*auto_answer(domain), *self._control.verifying.headers(call, offer.queue))
        headers = announced(call, self._config.display, domain, label=label)
        return (*headers, *self._control.verifying.headers(call, offer.queue))

    def _answers_itself(self, queue: str, agent: str) -> bool:
        known = self._config.agents.get(agent)
        return self._config.queues[queue].auto_answer or (known is not None and known.auto_answer)

    def withdraw(self, offer: int, reason: WithdrawReason, now: float) -> None:
        """Stop ringing, or hang up on an agent who has answered."""
        elsewhere = ANSWERED_ELSEWHERE if reason is WithdrawReason.ANSWERED_ELSEWHERE else ""
        self._control.dialling.cancel(self._attempts.pop(offer, None), now, reason=elsewhere)
        leg = self._answered.pop(offer, None)
        if leg is not None:
            self._control.legs.hang_up(leg, now, reason=elsewhere)

    def connect(self, call: Call, connect: Connect, now: float) -> None:
        """Put the caller through, after the agent has been told who it is."""
        leg = self._answered.get(connect.offer)
        if leg is None:
            return
        tone = not leg.home and self._answers_itself(connect.queue, connect.agent)
        question = self._control.verifying.question(call, connect.queue)
        if question is None and (leg.leg in self._told or not self.whispers.wanted(connect.queue, tone=tone)):
            self._join(call, connect, now)
            return

        def told(at: float) -> None:
            self._join(call, connect, at)

        if leg.leg in self._told or not self.whispers.wanted(connect.queue, tone=tone):
            self.whispers.ask(leg, connect.agent, (question,) if question is not None else (), now, told)
        else:
            self.whispers.tell(leg, connect.agent, connect.queue, connect.waited, now, told, question)

    def _join(self, call: Call, connect: Connect, now: float) -> None:
        control = self._control
        leg = self._answered.pop(connect.offer, None)
        caller = control.legs.get(call.a_leg)
        if leg is None:
            return
        self._told.discard(leg.leg)
        if call.call not in control.calls or caller is None or not control.advance(call, Input.CONNECT):
            control.legs.hang_up(leg, now)
            control.queues.receive(OfferFailed(connect.offer, FailReason.DROPPED), now)  # unless it knows already
            return
        control.waiting.over(call)
        call.agent, call.offer, call.waiting_since = connect.agent, connect.offer, None
        control.connect(call, caller, leg, now, agent=connect.agent, queue=connect.queue, waited=connect.waited)

    def agent_waits(self, call: Call, agent: str, now: float) -> None:
        """The agent has answered and the customer is being dialled for them: they hear what comes, then ringback."""
        leg = next((leg for leg in self._answered.values() if leg.call == call.call), None)
        if leg is None or call.queue is None:
            return
        known = self._config.agents.get(agent)
        language = (known.language if known is not None else None) or self._config.server.language
        prompt = phrases.whisper_callback(self._config.queues[call.queue].label or call.queue)
        self._told.add(leg.leg)
        control = self._control
        control.prompts.say_to(leg, (prompt,), language, now, lambda at: control.legs.hear(leg, Tone("ringback")))

    def caller_gone(self, call: Call, now: float) -> None:
        """Nobody is left to be put through: agents who have answered are hung up on."""
        for offer, leg in list(self._answered.items()):
            if leg.call == call.call:
                del self._answered[offer]
                self._control.legs.hang_up(leg, now)

    def leg_over(self, leg: Leg) -> None:
        """*leg* is gone, whoever's it was."""
        self._told.discard(leg.leg)
        self.whispers.forget(leg.leg)

    def lost(self, leg: Leg, now: float) -> bool:
        """An agent's leg ended between its answer and the connection; True when it was such a leg."""
        offer = next((offer for offer, answered in self._answered.items() if answered is leg), None)
        if offer is None:
            return False
        del self._answered[offer]
        self._control.queues.receive(OfferFailed(offer, FailReason.DROPPED), now)
        if (call := self._control.calls.get(leg.call)) is not None:
            self._control.waiting.agent_lost(call, now)
        return True
