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
from acd.ticket import Turn
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
    connected_at: float | None = None
    picked: bool = False  # by hand: nobody asks whether the agent may serve the caller

    def plain(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any], shift: float) -> Offer:
        connected_at = None if plain["connected_at"] is None else plain["connected_at"] + shift
        return cls(**{**plain, "expires_at": plain["expires_at"] + shift, "connected_at": connected_at})


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

    def decide(self, now: float) -> list[Pairing]:
        """What can be offered. Only pairs of which one side is new can fit: the others were looked at before.

        Carry out all of them, then call :meth:`settled`.
        """
        room = self._waiting.room
        if not (self._floor.freed or room.anything_new) or not self._floor.idle:
            return []
        groups = [Group(line.queue, line.callers, idle) for line in room.lines() if (idle := self._new_pairs(line))]
        pairings, cursors = match(groups, self._cursors, now, number=self._last_offer + 1)
        self._cursors |= cursors
        return pairings

    def settled(self) -> None:
        """Everything new has been looked at."""
        self._floor.freed.clear()
        self._waiting.room.settled()

    def _new_pairs(self, line: Line) -> list[Candidate]:
        few = self._floor.idle if self._waiting.room.has_grown(line) else self._floor.freed
        if len(few) <= len(line.fits):
            return [(self._floor.agents[agent], line.fits[agent]) for agent in few if agent in line.fits]
        return [(self._floor.agents[agent], fit) for agent, fit in line.fits.items() if agent in few]

    def offer(self, pairing: Pairing, now: float) -> None:
        ticket = pairing.ticket
        why = decision(pairing, self._waiting.room, self._floor, now)
        ticket.rung(now)
        for agent in pairing.agents:
            self.ring(
                ticket,
                self._floor.agents[agent],
                now,
                candidates=pairing.candidates,
                decision=pairing.number,
                **why,
            )
            why = {}
        self._waiting.arm(ticket)

    def ring(self, ticket: Ticket, agent: Agent, now: float, **why: Any) -> None:
        """Offer a caller to an agent; ``why`` is written down."""
        queue = self._waiting.queues[ticket.queue]
        self._last_offer += 1
        offer = Offer(self._last_offer, ticket.call, agent.id, now + queue.ring_timeout)
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
            agent=agent.id,
            queue=queue.id,
            standing=ticket.standing(now),
            band=ticket.band,
            step=ticket.step,
            **why,
        )
        self._out.put(fx.OfferCall(offer.id, ticket.call, agent.id, agent.phone, queue.id, queue.ring_timeout))
        self._floor.sync(agent, now)

    def pick(self, ticket: Ticket, agent: Agent, now: float) -> None:
        """Ring this agent and nobody else for the caller, if the agent is free or rings for the caller anyway."""
        rings = agent.state is State.OFFERED and agent.call == ticket.call
        if not rings and not (agent.willing and agent.state is State.IDLE):
            return
        others = [self.offers[offer] for offer in ticket.offers if self.offers[offer].agent != agent.id]
        ticket.picked, ticket.more_at = True, None
        if rings:
            self._waiting.room.update(ticket)
        else:
            self._floor.rested(agent)
            self.ring(ticket, agent, now, picked=True)
        assert agent.offer is not None
        self.offers[agent.offer].picked = True
        for offer in others:
            ticket.offers.remove(offer.id)
            self._withdraw(offer, fx.WithdrawReason.CALLER_CHANGED, now)
        self._waiting.arm(ticket)

    # --- what becomes of an offer

    def answered(self, offer_id: int, now: float) -> None:
        offer = self.offers.get(offer_id)
        if offer is None:
            self._out.put(fx.WithdrawOffer(offer_id, "", "", fx.WithdrawReason.OVER))
            return
        if offer.answered:
            return
        ticket, agent = self._waiting.tickets[offer.call], self._floor.agents[offer.agent]
        self._keep_only(offer, ticket, now)
        self._connect(offer, ticket, now)
        self._waiting.turn(ticket, Turn.ANSWER, now)
        agent.handle(Input.ANSWER, now)
        self._floor.sync(agent, now)

    def hold(self, offer_id: int, now: float) -> None:
        """The agent has answered for a customer who is not on the line yet."""
        offer = self.offers[offer_id]
        ticket, agent = self._waiting.tickets[offer.call], self._floor.agents[offer.agent]
        self._keep_only(offer, ticket, now)
        self._waiting.turn(ticket, Turn.ANSWER, now)
        ticket.held = agent.id
        self._waiting.room.update(ticket)
        agent.handle(Input.HOLD, now)
        self._floor.sync(agent, now)

    def connect_held(self, ticket: Ticket, now: float) -> None:
        """The customer whom an agent waited for on the line is there."""
        offer = self.offers[ticket.offers[0]]
        agent = self._floor.agents[offer.agent]
        self._connect(offer, ticket, now)
        self._waiting.turn(ticket, Turn.CONNECT, now)
        agent.handle(Input.CONNECT, now)
        self._floor.sync(agent, now)

    def _keep_only(self, offer: Offer, ticket: Ticket, now: float) -> None:
        """This offer was answered first: stop the others."""
        offer.answered = True
        self._timers.set(Timer.RING, ring_key(offer.id), None)
        ticket.offers.remove(offer.id)
        self.withdraw(ticket, fx.WithdrawReason.ANSWERED_ELSEWHERE, now)
        ticket.offers.append(offer.id)

    def _connect(self, offer: Offer, ticket: Ticket, now: float) -> None:
        # A customer who was called back has waited since answering; the time before was not spent on the line.
        waited = now - (ticket.since if ticket.ordered_at is None else ticket.joined_at)
        offer.connected_at = now
        self._waiting.paces.waited(ticket.queue, waited, hung_up=False)
        self._out.journal(
            "connect",
            now,
            offer=offer.id,
            call=ticket.call,
            agent=offer.agent,
            waited=waited,
            since=ticket.since,
            callback=ticket.ordered_at is not None,
        )
        self._out.put(fx.Connect(offer.id, ticket.call, offer.agent, ticket.queue, waited))

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
            ticket.held = None
            if offer.connected_at is not None:
                ticket.joined_at += now - offer.connected_at  # talking was not waiting
            self._waiting.turn(ticket, Turn.LEG_LOST, now)
        elif not ticket.offers:
            self._waiting.turn(ticket, Turn.LAST_OFFER_OVER, now)

    def withdraw(self, ticket: Ticket, reason: fx.WithdrawReason, now: float) -> None:
        """Stop all offers of a caller; the agents are free at once."""
        for offer_id in list(ticket.offers):
            self._withdraw(self.offers[offer_id], reason, now)
        ticket.offers.clear()

    def withdraw_unfit(self, ticket: Ticket, now: float) -> None:
        """The caller was changed: stop ringing and keeping agents who may not serve any more."""
        for agent_id in [self.offers[offer].agent for offer in ticket.offers] + [ticket.held or ""]:
            agent = self._floor.agents.get(agent_id)
            if agent is not None and not self._suits(agent, ticket):
                self._take_from(agent, ticket, fx.WithdrawReason.CALLER_CHANGED, now)

    def withdraw_from(self, agent: Agent, now: float, *, moved: bool = False) -> None:
        """Take a call from an agent who cannot, does not want to or may not take it any more, unless they talk."""
        if agent.call is None or agent.state not in (State.OFFERED, State.RESERVED):
            return
        ticket = self._waiting.tickets[agent.call]
        if moved or not agent.willing or not self._suits(agent, ticket):
            self._take_from(agent, ticket, fx.WithdrawReason.AGENT_GONE, now)

    def _suits(self, agent: Agent, ticket: Ticket) -> bool:
        """Whether the agent may go on ringing, or being kept, for the caller."""
        picked = agent.offer is not None and self.offers[agent.offer].picked
        return picked or self._waiting.may_serve(agent, ticket)

    def _take_from(self, agent: Agent, ticket: Ticket, reason: fx.WithdrawReason, now: float) -> None:
        if agent.offer is None:
            self.release(ticket, now)
        elif not self.offers[agent.offer].answered:
            ticket.offers.remove(agent.offer)
            self._withdraw(self.offers[agent.offer], reason, now)
            if not ticket.offers:
                self._waiting.turn(ticket, Turn.LAST_OFFER_OVER, now)

    def reserve(self, ticket: Ticket, agent: Agent, now: float) -> None:
        """Keep an idle agent for a customer who is being called back."""
        ticket.held = agent.id
        agent.call = ticket.call
        agent.handle(Input.RESERVE, now)
        self._waiting.room.update(ticket)
        self._floor.sync(agent, now)

    def release(self, ticket: Ticket, now: float) -> None:
        """Nobody is kept for the customer any more; an agent who was on the line is hung up on."""
        if ticket.offers:
            self.withdraw(ticket, fx.WithdrawReason.CALLER_GONE, now)
        elif ticket.held is not None:
            agent = self._floor.agents[ticket.held]
            self._out.journal("released", now, call=ticket.call, agent=agent.id)
            agent.call = None
            agent.handle(Input.RELEASE, now)
            self._floor.sync(agent, now)
            self._floor.forget_removed(agent)
        ticket.held = None
        self._waiting.room.update(ticket)

    def _withdraw(self, offer: Offer, reason: fx.WithdrawReason, now: float) -> None:
        self._out.journal("offer_over", now, offer=offer.id, call=offer.call, agent=offer.agent, how=reason.value)
        self._out.put(fx.WithdrawOffer(offer.id, offer.call, offer.agent, reason))
        self._close(offer, Input.RELEASE if offer.answered else Input.OFFER_OVER, now)
        self._floor.forget_removed(self._floor.agents[offer.agent])

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

    # --- conversations

    def conversation_over(self, ticket: Ticket, by: ev.EndedBy, how: str, now: float) -> None:
        offer = self.offers[ticket.offers[0]]
        agent = self._floor.agents[offer.agent]
        self._waiting.over(ticket, how, now, by=by.value, agent=agent.id)
        wrap_up, limit = agent.wrap_up(self._waiting.queues[ticket.queue], now)
        if agent.removed:  # has no limits of his or her own any more, and will do no wrap-up
            wrap_up = 0.0
        if offer.connected_at is not None:
            self._waiting.paces.served(ticket.queue, now - offer.connected_at + (wrap_up or 0.0))
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
        for offer in (Offer.from_plain(plain, shift) for plain in plain["offers"]):
            self.offers[offer.id] = offer
            self._timers.set(Timer.RING, ring_key(offer.id), None if offer.answered else offer.expires_at)


def ring_key(offer: int) -> str:
    return f"{offer:012d}"
