"""Queued calls: joining, waiting, being offered, talking, leaving. The half of the dispatcher that knows callers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acd import effects as fx
from acd import events as ev
from acd.agent import Agent, Input, State, Status
from acd.announcements import first_announcement, next_announcement, what_to_say
from acd.limits import Refusal, refusal
from acd.matching import Group, match
from acd.room import WaitingRoom
from acd.ticket import Place, Step, Ticket, Turn
from acd.timers import Timer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from acd.floor import Floor, Outbox
    from acd.matching import Pairing
    from acd.model import OfferRules, QueueConfig
    from acd.room import Ladder, Line
    from acd.strategies import Cursor, Fit, Idle
    from acd.timers import Timers


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


class Calls:
    """All tickets and offers. Every method leaves a consistent state; :meth:`settle` then makes the new offers."""

    def __init__(self, floor: Floor, timers: Timers, out: Outbox) -> None:
        self.tickets: dict[str, Ticket] = {}
        self.offers: dict[int, Offer] = {}
        self.queues: dict[str, QueueConfig] = {}
        self.closing: set[str] = set()  # removed from the configuration, but somebody is still in it
        self._floor = floor
        self._timers = timers
        self._out = out
        self._room = WaitingRoom()
        self._cursors: dict[str, Cursor] = {}
        self._last_offer = 0
        self._rules: OfferRules

    # --- joining, waiting and leaving

    def join(self, event: ev.CallJoined, now: float) -> None:
        if event.call in self.tickets:
            self.leave(event.call, ev.LeaveReason.TRANSFERRED.value, now)
        since = now if event.waiting_since is None else min(event.waiting_since, now)
        queue = None if event.queue in self.closing else self.queues.get(event.queue)
        if queue is None:
            self._refuse(Refusal.EMPTY, event.call, event.queue, None, since, now)
            return
        variables = dict(event.variables) | ({"language": event.language} if event.language else {})
        ticket = Ticket(event.call, queue.id, since, now, event.priority, event.needs, variables)
        ladder = self._room.ladder(ticket)
        refused = refusal(
            queue,
            hopeless=lambda: self._hopeless(ladder),
            waiting=self._room.count(queue.id),
            somebody_idle=lambda: not self._floor.idle.isdisjoint(self._room.now(ladder, ladder.step_at(since, now))),
        )
        if refused is not None:
            target = queue.when_full if refused is Refusal.FULL else queue.when_empty
            self._refuse(refused, event.call, queue.id, target, since, now)
            return
        self.tickets[event.call] = ticket
        ticket.announce_at = first_announcement(queue.announce, now)
        self._out.journal("queued", now, call=event.call, queue=queue.id, since=since)
        self._wait(ticket, now)

    def _refuse(self, why: Refusal, call: str, queue: str, target: str | None, since: float, now: float) -> None:
        effect = fx.QueueFull if why is Refusal.FULL else fx.QueueEmpty
        self._out.journal("call_over", now, call=call, queue=queue, how=why.value, waited=0.0)
        self._out.put(effect(call, queue, target, since))

    def _wait(self, ticket: Ticket, now: float) -> None:
        """Put a caller into the room: on arrival, after a lost leg, and when the queues were reconfigured."""
        ladder = self._room.ladder(ticket)
        ticket.step = ladder.step_at(ticket.since, now)
        self._room.place(ticket)
        queue = self.queues[ticket.queue]
        if ticket.announce_at is not None and ticket.announce_at < now:
            ticket.announce_at = next_announcement(queue.announce, ticket.announce_at, now)
        if queue.max_wait is not None and ticket.joined_at + queue.max_wait <= now and not ticket.expired:
            self._time_out(ticket, now)
        elif (
            ticket.place is Place.WAITING
            and queue.when_empty is not None
            and not self._floor.somebody(self._room.ever(ladder))
        ):
            self._nobody_left(ticket, now)
        else:
            self._arm(ticket)

    def _arm(self, ticket: Ticket) -> None:
        """Set the timers of a caller from what the ticket says."""
        relax = max_wait = announce = None
        if ticket.ladder is not None:
            after = ticket.ladder.after[ticket.step + 1 :]
            relax = ticket.since + after[0] if after else None
            limit = self.queues[ticket.queue].max_wait
            max_wait = None if limit is None or ticket.expired else ticket.joined_at + limit
            announce = ticket.announce_at
        self._timers.set(Timer.RELAX, ticket.call, relax)
        self._timers.set(Timer.MAX_WAIT, ticket.call, max_wait)
        self._timers.set(Timer.ANNOUNCE, ticket.call, announce)

    def _turn(self, ticket: Ticket, turn: Turn, now: float) -> None:
        for step in ticket.handle(turn):
            match step:
                case Step.STOP_WAITING:
                    self._room.remove(ticket)
                    self._arm(ticket)
                case Step.WAIT_AGAIN:
                    ticket.expired = False
                    self._out.journal("returned", now, call=ticket.call, queue=ticket.queue)
                    self._wait(ticket, now)
                case Step.NO_MORE_OFFERS:
                    ticket.expired = True
                    self._arm(ticket)
        if ticket.place is Place.GONE:
            self.tickets.pop(ticket.call, None)
            self._forget_drained(ticket.queue)
        elif ticket.ladder is not None:
            self._room.update(ticket)

    def leave(self, call: str, how: str, now: float) -> None:
        ticket = self.tickets.get(call)
        if ticket is None:
            return
        if ticket.place is Place.TALKING:
            hung_up = how == ev.LeaveReason.ABANDONED.value
            by = ev.EndedBy.CALLER if hung_up else ev.EndedBy.SWITCH
            self._conversation_over(ticket, by, "served" if hung_up else how, now)
            return
        self._withdraw(ticket, fx.WithdrawReason.CALLER_GONE, now)
        self._over(ticket, how, now)
        self._turn(ticket, Turn.LEAVE, now)

    def _time_out(self, ticket: Ticket, now: float) -> None:
        if ticket.place is Place.WAITING:
            self._over(ticket, "timed_out", now)
            target = self.queues[ticket.queue].when_timed_out
            self._out.put(fx.QueueTimedOut(ticket.call, ticket.queue, target, ticket.since))
        self._turn(ticket, Turn.TIME_OUT, now)

    def _nobody_left(self, ticket: Ticket, now: float) -> None:
        self._over(ticket, "empty", now)
        target = self.queues[ticket.queue].when_empty
        self._out.put(fx.QueueEmpty(ticket.call, ticket.queue, target, ticket.since))
        self._turn(ticket, Turn.NOBODY_LEFT, now)

    def _over(self, ticket: Ticket, how: str, now: float) -> None:
        self._out.journal("call_over", now, call=ticket.call, queue=ticket.queue, how=how, waited=now - ticket.since)

    def leave_empty_queues(self, now: float) -> None:
        """Whoever could serve some callers has logged out: let them go on to the queue's ``when_empty``."""
        hopeless: dict[int, bool] = {}
        for call in sorted(self.tickets):
            ticket = self.tickets[call]
            ladder = ticket.ladder
            if ladder is None or ticket.place is not Place.WAITING or self.queues[ticket.queue].when_empty is None:
                continue
            if id(ladder) not in hopeless:
                hopeless[id(ladder)] = self._hopeless(ladder)
            if hopeless[id(ladder)]:
                self._nobody_left(ticket, now)

    def _hopeless(self, ladder: Ladder) -> bool:
        """Nobody who could ever serve these callers is logged in."""
        return not self._floor.somebody(self._room.ever(ladder))

    def _relax(self, ticket: Ticket, now: float) -> None:
        """More agents may serve this caller from now on, whoever rings at the moment."""
        assert ticket.ladder is not None
        ticket.step = ticket.ladder.step_at(ticket.since, now)
        self._out.journal("relaxed", now, call=ticket.call, queue=ticket.queue, step=ticket.step)
        self._room.update(ticket)
        self._arm(ticket)

    def _announce(self, ticket: Ticket, now: float) -> None:
        ahead = self._room.ahead_of(ticket)
        kind = what_to_say(ticket.told, ahead)
        if kind is not None:
            ticket.told = ahead
            self._out.journal("announced", now, call=ticket.call, queue=ticket.queue, ahead=ahead)
            self._out.put(fx.AnnouncePosition(ticket.call, ticket.queue, ahead, kind))
        if ticket.announce_at is not None:
            ticket.announce_at = next_announcement(self.queues[ticket.queue].announce, ticket.announce_at, now)
        self._arm(ticket)

    # --- offers and conversations

    def settle(self, now: float) -> None:
        """Offer what can be offered. Only pairs of which one side is new can fit: the others were looked at before."""
        if (self._floor.freed or self._room.anything_new) and self._floor.idle:
            groups = [
                Group(line.queue, line.callers, idle) for line in self._room.lines() if (idle := self._new_pairs(line))
            ]
            pairings, cursors = match(groups, self._cursors, now)
            self._cursors |= cursors
            for pairing in pairings:
                self._offer(pairing, now)
        self._floor.freed.clear()
        self._room.settled()

    def _new_pairs(self, line: Line) -> list[tuple[Idle, Fit]]:
        few = self._floor.idle if self._room.has_grown(line) else self._floor.freed
        if len(few) <= len(line.fits):
            return [(self._floor.agents[agent], line.fits[agent]) for agent in few if agent in line.fits]
        return [(self._floor.agents[agent], fit) for agent, fit in line.fits.items() if agent in few]

    def _offer(self, pairing: Pairing, now: float) -> None:
        ticket, queue = pairing.ticket, pairing.queue
        for agent_id in pairing.agents:
            agent = self._floor.agents[agent_id]
            self._last_offer += 1
            offer = Offer(self._last_offer, ticket.call, agent_id, now + queue.ring_timeout)
            self.offers[offer.id] = offer
            self._timers.set(Timer.RING, _ring_key(offer.id), offer.expires_at)
            ticket.offers.append(offer.id)
            self._turn(ticket, Turn.OFFER, now)
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
                step=ticket.step,
                candidates=pairing.candidates,
            )
            self._out.put(fx.OfferCall(offer.id, ticket.call, agent_id, agent.phone, queue.id, queue.ring_timeout))
            self._floor.sync(agent, now)

    def answered(self, offer_id: int, now: float) -> None:
        offer = self.offers.get(offer_id)
        if offer is None:
            self._out.put(fx.WithdrawOffer(offer_id, "", "", fx.WithdrawReason.OVER))
            return
        if offer.answered:
            return
        offer.answered = True
        self._timers.set(Timer.RING, _ring_key(offer_id), None)
        ticket, agent = self.tickets[offer.call], self._floor.agents[offer.agent]
        waited = now - ticket.since
        self._out.journal("connect", now, offer=offer_id, call=ticket.call, agent=agent.id, waited=waited)
        self._out.put(fx.Connect(offer_id, ticket.call, agent.id, ticket.queue, waited))
        ticket.offers.remove(offer_id)
        self._withdraw(ticket, fx.WithdrawReason.ANSWERED_ELSEWHERE, now)
        ticket.offers.append(offer_id)
        self._turn(ticket, Turn.ANSWER, now)
        agent.handle(Input.ANSWER, now)
        self._floor.sync(agent, now)

    def _withdraw(self, ticket: Ticket, reason: fx.WithdrawReason, now: float) -> None:
        """Stop all offers of a caller; the agents are free at once."""
        for offer_id in list(ticket.offers):
            self._withdraw_offer(self.offers[offer_id], reason, now)
        ticket.offers.clear()

    def _withdraw_offer(self, offer: Offer, reason: fx.WithdrawReason, now: float) -> None:
        self._out.journal("offer_over", now, offer=offer.id, call=offer.call, agent=offer.agent, how=reason.value)
        self._out.put(fx.WithdrawOffer(offer.id, offer.call, offer.agent, reason))
        self._close_offer(offer, Input.OFFER_OVER, now)

    def _close_offer(self, offer: Offer, over: Input, now: float, *, wrap_up: float = 0.0) -> Agent:
        del self.offers[offer.id]
        self._timers.set(Timer.RING, _ring_key(offer.id), None)
        agent = self._floor.agents[offer.agent]
        agent.offer = agent.call = None
        agent.handle(over, now, wrap_up=wrap_up)
        self._floor.sync(agent, now)
        return agent

    def failed(self, offer_id: int, reason: ev.FailReason, now: float) -> None:
        """An offer came to nothing: the agent rests, the caller keeps the place and is offered to the next one."""
        offer = self.offers.get(offer_id)
        if offer is None:
            return
        self._out.journal("offer_over", now, offer=offer_id, call=offer.call, agent=offer.agent, how=reason.value)
        ticket = self.tickets[offer.call]
        ticket.failures[offer.agent] = max(ticket.failures.values(), default=0) + 1
        ticket.offers.remove(offer_id)
        agent = self._floor.agents[offer.agent]
        self._floor.missed(agent, reason, self._rules, now)
        self._close_offer(offer, Input.LEG_LOST if offer.answered else Input.OFFER_OVER, now)
        self._floor.forget_removed(agent)
        if offer.answered:
            self._turn(ticket, Turn.LEG_LOST, now)
        else:
            self._offer_gone(ticket, now)

    def _offer_gone(self, ticket: Ticket, now: float) -> None:
        """One of a caller's offers is over; if it was the last one, the caller waits again."""
        if not ticket.offers:
            self._turn(ticket, Turn.LAST_OFFER_OVER, now)
            if ticket.expired:
                self._time_out(ticket, now)

    def conversation_ended(self, call: str, by: ev.EndedBy, now: float) -> None:
        ticket = self.tickets.get(call)
        if ticket is None:
            return
        if ticket.place is Place.TALKING:
            self._conversation_over(ticket, by, "served", now)
        elif by is ev.EndedBy.CALLER:
            self.leave(call, ev.LeaveReason.ABANDONED.value, now)

    def _conversation_over(self, ticket: Ticket, by: ev.EndedBy, how: str, now: float) -> None:
        offer = self.offers[ticket.offers[0]]
        agent = self._floor.agents[offer.agent]
        self._out.journal("call_over", now, call=ticket.call, queue=ticket.queue, how=how, by=by.value, agent=agent.id)
        wrap_up = self.queues[ticket.queue].wrap_up or 0.0
        if wrap_up > 0 and agent.status is not Status.LOGGED_OUT:
            self._close_offer(offer, Input.CALL_ENDED, now, wrap_up=wrap_up)
        else:
            self._close_offer(offer, Input.CALL_ENDED_NO_WRAP_UP, now)
        self._floor.forget_removed(agent)
        ticket.offers.clear()
        self._turn(ticket, Turn.CALL_ENDED, now)

    def withdraw_from(self, agent: Agent, now: float, *, moved: bool = False) -> None:
        """Take a ringing offer from an agent who cannot or does not want to take it any more."""
        willing = agent.status is Status.AVAILABLE and agent.reachable and not agent.busy and not moved
        if agent.state is State.OFFERED and not willing and agent.offer is not None:
            offer = self.offers[agent.offer]
            ticket = self.tickets[offer.call]
            ticket.offers.remove(offer.id)
            self._withdraw_offer(offer, fx.WithdrawReason.AGENT_GONE, now)
            self._offer_gone(ticket, now)

    # --- timers

    def fire(self, timer: Timer, key: str, now: float) -> None:
        match timer:
            case Timer.RING:
                offer = self.offers[int(key)]
                self._out.put(fx.WithdrawOffer(offer.id, offer.call, offer.agent, fx.WithdrawReason.TIMEOUT))
                self.failed(offer.id, ev.FailReason.NO_ANSWER, now)
            case Timer.RELAX:
                self._relax(self.tickets[key], now)
            case Timer.MAX_WAIT:
                self._time_out(self.tickets[key], now)
            case Timer.ANNOUNCE:
                self._announce(self.tickets[key], now)

    # --- configuration, writing down and reading back

    def configure(self, queues: Iterable[QueueConfig], rules: OfferRules) -> None:
        """Take over the queues; one that is gone from them stays until the last call has left it.

        Ends with every waiting ticket out of the room: call :meth:`place_all` (or :meth:`restore`) next.
        """
        self._rules = rules
        used = {ticket.queue for ticket in self.tickets.values()}
        wanted = {queue.id: queue for queue in queues}
        self.closing = used - wanted.keys()
        self.queues = wanted | {queue: self.queues[queue] for queue in sorted(self.closing)}
        self._cursors = {queue: cursor for queue, cursor in self._cursors.items() if queue in self.queues}
        for ticket in self.tickets.values():
            ticket.ladder = ticket.line = None
        self._room.configure(self.queues.values(), self._floor.agents)

    def place_all(self, now: float) -> None:
        for call in sorted(self.tickets):
            ticket = self.tickets.get(call)
            if ticket is not None and ticket.place is not Place.TALKING:
                self._wait(ticket, now)

    def ahead_of(self, call: str) -> int | None:
        ticket = self.tickets.get(call)
        return None if ticket is None or ticket.place is Place.TALKING else self._room.ahead_of(ticket)

    def plain(self) -> dict[str, Any]:
        return {
            "closing": sorted(self.closing),
            "tickets": [self.tickets[call].plain() for call in sorted(self.tickets)],
            "offers": [offer.plain() for _, offer in sorted(self.offers.items())],
            "cursors": {queue: list(cursor) for queue, cursor in sorted(self._cursors.items())},
            "last_offer": self._last_offer,
        }

    def restore(self, plain: Mapping[str, Any], shift: float) -> None:
        self.closing = set(plain["closing"])
        self._last_offer = plain["last_offer"]
        self._cursors = {queue: (position, agent) for queue, (position, agent) in plain["cursors"].items()}
        for offer in (Offer(**{**o, "expires_at": o["expires_at"] + shift}) for o in plain["offers"]):
            self.offers[offer.id] = offer
            self._timers.set(Timer.RING, _ring_key(offer.id), None if offer.answered else offer.expires_at)
        for ticket in (Ticket.from_plain(t, shift) for t in plain["tickets"]):
            self.tickets[ticket.call] = ticket
            if ticket.place is not Place.TALKING:
                self._room.place(ticket)
                self._arm(ticket)
        self._room.settled()

    def _forget_drained(self, queue: str) -> None:
        """A removed queue disappears with the last call in it."""
        if queue in self.closing and all(ticket.queue != queue for ticket in self.tickets.values()):
            self.closing.discard(queue)
            del self.queues[queue]


def _ring_key(offer: int) -> str:
    return f"{offer:012d}"
