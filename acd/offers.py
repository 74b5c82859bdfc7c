"""Offers and conversations: who is rung for whom, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acd import effects as fx
from acd import events as ev
from acd.agent import Agent, Input, State, Status
from acd.decisions import decision
from acd.matching import Group, match
from acd.model import OfferRules
from acd.ticket import Place, Turn
from acd.timers import Timer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acd.floor import Floor, Outbox
    from acd.matching import Pairing
    from acd.room import Line
    from acd.strategies import Candidate, Cursor
    from acd.ticket import Ticket
    from acd.timers import Timers
    from acd.waiting import Waiting


@dataclass(slots=True)
class Offer:
    """One ringing of one agent for one caller; kept while they talk, because the leg may still be lost."""

    id: int
    call: str
    agent: str
    expires_at: float
    answered: bool = False

    def plain(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


class Offers:
    """All offers. Every method leaves a consistent state; :meth:`settle` then makes the new ones."""

    def __init__(self, waiting: Waiting, floor: Floor, timers: Timers, out: Outbox) -> None:
        self.offers: dict[int, Offer] = {}
        self.rules = OfferRules()
        self._waiting = waiting
        self._floor = floor
        self._timers = timers
        self._out = out
        self._cursors: dict[str, Cursor] = {}
        self._last_offer = 0

    def settle(self, now: float) -> None:
        """Offer what can be offered. Only pairs of which one side is new can fit: the others were looked at before."""
        room = self._waiting.room
        if (self._floor.freed or room.anything_new) and self._floor.idle:
            groups = [Group(line.queue, line.callers, idle) for line in room.lines() if (idle := self._new_pairs(line))]
            pairings, cursors = match(groups, self._cursors, now, number=self._last_offer + 1)
            self._cursors |= cursors
            for pairing in pairings:
                self._offer(pairing, now)
        self._floor.freed.clear()
        room.settled()

    def _new_pairs(self, line: Line) -> list[Candidate]:
        few = self._floor.idle if self._waiting.room.has_grown(line) else self._floor.freed
        if len(few) <= len(line.fits):
            return [(self._floor.agents[agent], line.fits[agent]) for agent in few if agent in line.fits]
        return [(self._floor.agents[agent], fit) for agent, fit in line.fits.items() if agent in few]

    def _offer(self, pairing: Pairing, now: float) -> None:
        ticket, queue = pairing.ticket, pairing.queue
        why = decision(pairing, self._waiting.room, self._floor, now)
        ticket.rung(now)
        for agent_id in pairing.agents:
            agent = self._floor.agents[agent_id]
            self._last_offer += 1
            offer = Offer(self._last_offer, ticket.call, agent_id, now + queue.ring_timeout)
            self.offers[offer.id] = offer
            self._timers.set(Timer.RING, ring_key(offer.id), offer.expires_at)
            ticket.offers.append(offer.id)
            self._waiting.turn(ticket, Turn.OFFER, now)
            agent.offer, agent.call = offer.id, ticket.call
            agent.handle(Input.OFFER, now)
            self._out.journal(
                "offer",
                now,
                offer=offer.id,
                call=ticket.call,
                agent=agent_id,
                queue=queue.id,
                standing=ticket.standing(now),
                band=ticket.band,
                step=ticket.step,
                candidates=pairing.candidates,
                decision=pairing.number,
                **why,
            )
            why = {}
            self._out.put(fx.OfferCall(offer.id, ticket.call, agent_id, agent.phone, queue.id, queue.ring_timeout))
            self._floor.sync(agent, now)
        self._waiting.arm(ticket)

    # --- what becomes of an offer

    def answered(self, offer_id: int, now: float) -> None:
        offer = self.offers.get(offer_id)
        if offer is None:
            self._out.put(fx.WithdrawOffer(offer_id, "", "", fx.WithdrawReason.OVER))
            return
        if offer.answered:
            return
        offer.answered = True
        self._timers.set(Timer.RING, ring_key(offer_id), None)
        ticket, agent = self._waiting.tickets[offer.call], self._floor.agents[offer.agent]
        waited = now - ticket.since
        self._out.journal("connect", now, offer=offer_id, call=ticket.call, agent=agent.id, waited=waited)
        self._out.put(fx.Connect(offer_id, ticket.call, agent.id, ticket.queue, waited))
        ticket.offers.remove(offer_id)
        self.withdraw(ticket, fx.WithdrawReason.ANSWERED_ELSEWHERE, now)
        ticket.offers.append(offer_id)
        self._waiting.turn(ticket, Turn.ANSWER, now)
        agent.handle(Input.ANSWER, now)
        self._floor.sync(agent, now)

    def timed_out(self, offer_id: int, now: float) -> None:
        offer = self.offers[offer_id]
        self._out.put(fx.WithdrawOffer(offer.id, offer.call, offer.agent, fx.WithdrawReason.TIMEOUT))
        self.failed(offer.id, ev.FailReason.NO_ANSWER, now)

    def failed(self, offer_id: int, reason: ev.FailReason, now: float) -> None:
        """An offer came to nothing: the agent rests, the caller keeps the place and is offered to the next one."""
        offer = self.offers.get(offer_id)
        if offer is None:
            return
        self._out.journal("offer_over", now, offer=offer_id, call=offer.call, agent=offer.agent, how=reason.value)
        ticket = self._waiting.tickets[offer.call]
        ticket.failures[offer.agent] = max(ticket.failures.values(), default=0) + 1
        ticket.offers.remove(offer_id)
        agent = self._floor.agents[offer.agent]
        self._floor.missed(agent, reason, self.rules, now)
        self._close(offer, Input.LEG_LOST if offer.answered else Input.OFFER_OVER, now)
        self._floor.forget_removed(agent)
        if offer.answered:
            self._waiting.turn(ticket, Turn.LEG_LOST, now)
        else:
            self._gone(ticket, now)

    def withdraw(self, ticket: Ticket, reason: fx.WithdrawReason, now: float) -> None:
        """Stop all offers of a caller; the agents are free at once."""
        for offer_id in list(ticket.offers):
            self._withdraw(self.offers[offer_id], reason, now)
        ticket.offers.clear()

    def withdraw_from(self, agent: Agent, now: float, *, moved: bool = False) -> None:
        """Take a ringing offer from an agent who cannot, does not want to or may not take it any more."""
        if agent.state is not State.OFFERED or agent.offer is None:
            return
        offer = self.offers[agent.offer]
        ticket = self._waiting.tickets[offer.call]
        if moved or not agent.willing or not self._waiting.may_serve(agent, ticket):
            ticket.offers.remove(offer.id)
            self._withdraw(offer, fx.WithdrawReason.AGENT_GONE, now)
            self._gone(ticket, now)

    def _withdraw(self, offer: Offer, reason: fx.WithdrawReason, now: float) -> None:
        self._out.journal("offer_over", now, offer=offer.id, call=offer.call, agent=offer.agent, how=reason.value)
        self._out.put(fx.WithdrawOffer(offer.id, offer.call, offer.agent, reason))
        self._close(offer, Input.OFFER_OVER, now)

    def _close(
        self,
        offer: Offer,
        over: Input,
        now: float,
        *,
        wrap_up: float | None = 0.0,
        wrap_up_limit: float | None = None,
    ) -> None:
        del self.offers[offer.id]
        self._timers.set(Timer.RING, ring_key(offer.id), None)
        agent = self._floor.agents[offer.agent]
        agent.offer = agent.call = None
        agent.handle(over, now, wrap_up=wrap_up, wrap_up_limit=wrap_up_limit)
        self._floor.sync(agent, now)

    def _gone(self, ticket: Ticket, now: float) -> None:
        """One of a caller's offers is over; if it was the last one, the caller waits again."""
        if not ticket.offers:
            self._waiting.turn(ticket, Turn.LAST_OFFER_OVER, now)
            if ticket.expired:
                self._waiting.time_out(ticket, now)

    # --- conversations

    def conversation_over(self, ticket: Ticket, by: ev.EndedBy, how: str, now: float) -> None:
        assert ticket.place is Place.TALKING
        offer = self.offers[ticket.offers[0]]
        agent = self._floor.agents[offer.agent]
        self._out.journal("call_over", now, call=ticket.call, queue=ticket.queue, how=how, by=by.value, agent=agent.id)
        wrap_up, limit = agent.wrap_up(self._waiting.queues[ticket.queue], now)
        if wrap_up != 0 and agent.status is not Status.LOGGED_OUT:
            self._close(offer, Input.CALL_ENDED, now, wrap_up=wrap_up, wrap_up_limit=limit)
        else:
            self._close(offer, Input.CALL_ENDED_NO_WRAP_UP, now)
        self._floor.forget_removed(agent)
        ticket.offers.clear()
        self._waiting.turn(ticket, Turn.CALL_ENDED, now)

    # --- configuration, writing down and reading back

    def configure(self, rules: OfferRules) -> None:
        self.rules = rules
        self._cursors = {queue: cursor for queue, cursor in self._cursors.items() if queue in self._waiting.queues}

    def plain(self) -> dict[str, Any]:
        return {
            "offers": [offer.plain() for _, offer in sorted(self.offers.items())],
            "cursors": {queue: list(cursor) for queue, cursor in sorted(self._cursors.items())},
            "last_offer": self._last_offer,
        }

    def restore(self, plain: Mapping[str, Any], shift: float) -> None:
        self._last_offer = plain["last_offer"]
        self._cursors = {queue: (position, agent) for queue, (position, agent) in plain["cursors"].items()}
        for offer in (Offer(**{**o, "expires_at": o["expires_at"] + shift}) for o in plain["offers"]):
            self.offers[offer.id] = offer
            self._timers.set(Timer.RING, ring_key(offer.id), None if offer.answered else offer.expires_at)


def ring_key(offer: int) -> str:
    return f"{offer:012d}"
