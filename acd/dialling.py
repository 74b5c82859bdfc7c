"""Dialling customers who are to be called back: when, for which agent, and again after a try that failed.

With the customer first, an idle agent is kept as soon as it is the customer's turn, or the number is dialled a little
before an agent is expected; with the agent first, the agent is rung like for any caller and holds the line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd import effects as fx
from acd import events as ev
from acd.decisions import decision
from acd.ticket import Place, Ticket, Turn

if TYPE_CHECKING:
    from acd.floor import Floor, Outbox
    from acd.matching import Pairing
    from acd.offers import Offers
    from acd.waiting import Waiting


def is_due(estimate: tuple[float, float, float], setup: float) -> bool:
    """Whether to dial although no agent is idle: one is to be expected before the customer answers.

    ``estimate``: P50, P80 and spread of the wait still to come; ``setup``: seconds that customers usually take to
    answer. Together with those for whom an agent was kept first, 97 % of who answer have an agent within two seconds;
    with P50 in place of P80 it would be 90 % on middling floors (``python -m bench.callbacks``).
    """
    return estimate[1] <= setup


class Dialling:
    def __init__(self, waiting: Waiting, offers: Offers, floor: Floor, out: Outbox) -> None:
        self._waiting = waiting
        self._offers = offers
        self._floor = floor
        self._out = out

    # --- when

    def reserve(self, pairing: Pairing, now: float) -> None:
        """It is the customer's turn and this agent is idle: keep the agent, and dial unless that is done already."""
        ticket, agent = pairing.ticket, self._floor.agents[pairing.agents[0]]
        self._out.journal(
            "reserved",
            now,
            call=ticket.call,
            queue=ticket.queue,
            agent=agent.id,
            standing=ticket.standing(now),
            band=ticket.band,
            step=ticket.step,
            candidates=pairing.candidates,
            **decision(pairing, self._waiting.room, self._floor, now),
        )
        dialled = ticket.place is Place.DIALLING
        if not dialled:
            self._waiting.turn(ticket, Turn.DIAL, now)
        self._offers.reserve(ticket, agent, now)
        if not dialled:
            self._dial(ticket, None, now)

    def agent_answered(self, offer: int, ticket: Ticket, now: float) -> None:
        """The agent is on the line first."""
        self._offers.hold(offer, now)
        self._dial(ticket, ticket.held, now)

    def soon(self, ticket: Ticket, now: float) -> None:
        """There is a new estimate: dial if an agent is to be expected within the time that answering takes."""
        policy = self._waiting.callback_policy(ticket)
        if (
            ticket.place is Place.CALLBACK
            and ticket.due_at is None
            and not ticket.agent_first
            and ticket.estimate is not None
            and is_due(ticket.estimate, policy.setup)
        ):
            self._waiting.turn(ticket, Turn.DIAL, now)
            self._dial(ticket, None, now)

    def _dial(self, ticket: Ticket, agent: str | None, now: float) -> None:
        ring_timeout = self._waiting.callback_policy(ticket).ring_timeout
        ticket.tries += 1
        ticket.dial_until = now + ring_timeout
        self._waiting.arm(ticket)
        self._out.journal("dial", now, call=ticket.call, queue=ticket.queue, agent=agent, tries=ticket.tries)
        self._out.put(fx.DialCallback(ticket.call, ticket.queue, ticket.number, agent, ring_timeout))

    def rings(self, ticket: Ticket, now: float) -> None:
        if ticket.place is Place.DIALLING:
            ticket.dial_until = now + self._waiting.callback_policy(ticket).ring_timeout
            self._waiting.arm(ticket)

    def answered(self, call: str, ticket: Ticket | None, now: float) -> None:
        if ticket is None or ticket.place in (Place.CALLBACK, Place.CALLBACK_OFFERED):
            self._out.put(fx.StopDialling(call, "" if ticket is None else ticket.queue))
        elif ticket.place is Place.DIALLING:
            ticket.joined_at = now
            if ticket.offers:
                self._offers.connect_held(ticket, now)
                return
            held = ticket.held
            self._waiting.lift(ticket)
            ticket.urgent = True
            self._waiting.turn(ticket, Turn.REACHED, now)
            self._waiting.place(ticket, now)
            if held is not None:
                self._offers.ring(ticket, self._floor.agents[held], now, reserved=True)

    def timed_out(self, ticket: Ticket, now: float) -> None:
        self._out.put(fx.StopDialling(ticket.call, ticket.queue))
        self.failed(ticket, ev.FailReason.NO_ANSWER.value, now)

    def failed(self, ticket: Ticket, reason: str, now: float) -> None:
        if ticket.place is Place.DIALLING:
            self._offers.release(ticket, now)
            self._waiting.turn(ticket, Turn.NOT_REACHED, now)
            self.try_again(ticket, reason, now)

    def try_again(self, ticket: Ticket, reason: str, now: float) -> None:
        """After a while, unless it was tried often enough."""
        policy = self._waiting.callback_policy(ticket)
        self._out.journal("not_reached", now, call=ticket.call, queue=ticket.queue, reason=reason, tries=ticket.tries)
        if ticket.tries >= policy.tries:
            self.give_up(ticket, "not_reached", now)
        elif ticket.expires_at is not None and ticket.expires_at <= now:
            self.give_up(ticket, "expired", now)
        else:
            ticket.due_at = now + policy.retry_after[min(max(ticket.tries, 1), len(policy.retry_after)) - 1]
            ticket.due_at = max(ticket.due_at, self._waiting.paused.get(ticket.queue, now))
            self._waiting.room.update(ticket)
            self._waiting.arm(ticket)

    def due(self, ticket: Ticket, now: float) -> None:
        """The time after a failed try is over, or the pause of all."""
        ticket.due_at = None
        self._waiting.room.update(ticket)
        self._waiting.arm(ticket)

    # --- the end

    def stop(self, ticket: Ticket, reason: fx.WithdrawReason, now: float) -> None:
        """Stop ringing; a try that was under way does not count."""
        if ticket.place is Place.DIALLING:
            if ticket.dial_until is not None:
                self._out.put(fx.StopDialling(ticket.call, ticket.queue))
                ticket.tries -= 1
            self._offers.release(ticket, now)
            self._waiting.turn(ticket, Turn.NOT_REACHED, now)
        elif ticket.place is Place.CALLBACK_OFFERED:
            self._offers.withdraw(ticket, reason, now)
            self._waiting.turn(ticket, Turn.LAST_OFFER_OVER, now)

    def expire(self, ticket: Ticket, now: float) -> None:
        self.give_up(ticket, "expired", now)

    def give_up(self, ticket: Ticket, how: str, now: float) -> None:
        """The customer will not be called (any more)."""
        if ticket.place is Place.DIALLING:
            if ticket.dial_until is not None:
                self._out.put(fx.StopDialling(ticket.call, ticket.queue))
            self._offers.release(ticket, now)
        self._offers.withdraw(ticket, fx.WithdrawReason.CALLER_GONE, now)
        ticket.beside = ""
        self._waiting.over(ticket, how, now)
        self._waiting.turn(ticket, Turn.GIVE_UP, now)
