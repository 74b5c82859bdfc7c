"""Queued calls while they wait: their place in the room, their timers, and the ways out without an agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd import effects as fx
from acd.announcements import next_announcement
from acd.room import WaitingRoom
from acd.ticket import Place, Step, Ticket, Turn
from acd.timers import Timer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acd.agent import Agent
    from acd.floor import Floor, Outbox
    from acd.model import QueueConfig
    from acd.room import Ladder
    from acd.timers import Timers


class Waiting:
    """All tickets and queues. Only :meth:`turn` moves a ticket from one place to another."""

    def __init__(self, floor: Floor, timers: Timers, out: Outbox) -> None:
        self.tickets: dict[str, Ticket] = {}
        self.queues: dict[str, QueueConfig] = {}
        self.closing: set[str] = set()  # removed from the configuration, but somebody is still in it
        self.room = WaitingRoom()
        self._floor = floor
        self._timers = timers
        self._out = out

    def place(self, ticket: Ticket, now: float) -> None:
        """Put a caller into the room: on arrival, after a lost leg, and when the queues were reconfigured."""
        ladder = self.room.ladder(ticket)
        ticket.step = ladder.step_at(ticket.since, now)
        self.room.place(ticket, now)
        queue = self.queues[ticket.queue]
        if ticket.announce_at is not None and ticket.announce_at < now:
            ticket.announce_at = next_announcement(queue.announce, ticket.announce_at, now)
        if queue.max_wait is not None and ticket.joined_at + queue.max_wait <= now and not ticket.expired:
            self.time_out(ticket, now)
        elif (
            ticket.place is Place.WAITING
            and queue.when_empty is not None
            and not self._floor.somebody(self.room.ever(ladder))
        ):
            self._nobody_left(ticket, now)
        else:
            self.arm(ticket)

    def arm(self, ticket: Ticket) -> None:
        """Set the timers of a caller from what the ticket says."""
        relax = max_wait = announce = cap = more = None
        if ticket.ladder is not None:
            after = ticket.ladder.after[ticket.step + 1 :]
            relax = ticket.since + after[0] if after else None
            limit = self.queues[ticket.queue].max_wait
            max_wait = None if limit is None or ticket.expired else ticket.joined_at + limit
            announce = ticket.announce_at
            cap = None if ticket.capped else ticket.capped_at
            more = ticket.more_at
        self._timers.set(Timer.RELAX, ticket.call, relax)
        self._timers.set(Timer.MAX_WAIT, ticket.call, max_wait)
        self._timers.set(Timer.ANNOUNCE, ticket.call, announce)
        self._timers.set(Timer.CAP, ticket.call, cap)
        self._timers.set(Timer.RING_MORE, ticket.call, more)

    def turn(self, ticket: Ticket, turn: Turn, now: float) -> None:
        for step in ticket.handle(turn):
            match step:
                case Step.STOP_WAITING:
                    self.room.remove(ticket)
                    self.arm(ticket)
                case Step.WAIT_AGAIN:
                    ticket.expired = False
                    self._out.journal("returned", now, call=ticket.call, queue=ticket.queue)
                    self.place(ticket, now)
                case Step.NO_MORE_OFFERS:
                    ticket.expired = True
                    self.arm(ticket)
        if ticket.place is Place.GONE:
            self.tickets.pop(ticket.call, None)
            self._forget_drained(ticket.queue)
        elif ticket.ladder is not None:
            self.room.update(ticket)
            self.arm(ticket)

    def relax(self, ticket: Ticket, now: float) -> None:
        """More agents may serve this caller from now on, whoever rings at the moment."""
        assert ticket.ladder is not None
        ticket.step = ticket.ladder.step_at(ticket.since, now)
        self._out.journal("relaxed", now, call=ticket.call, queue=ticket.queue, step=ticket.step)
        self.room.update(ticket)
        self.arm(ticket)

    def cap(self, ticket: Ticket, now: float) -> None:
        """The caller has all the points that the queue gives."""
        self.room.cap(ticket)
        self.arm(ticket)

    def ring_more(self, ticket: Ticket, now: float) -> None:
        """One more agent may ring for this caller."""
        ticket.more_at = None
        self.room.update(ticket)
        self.arm(ticket)

    def may_serve(self, agent: Agent, ticket: Ticket) -> bool:
        """Whether the agent's queues and skills suffice for this waiting caller now."""
        return ticket.ladder is not None and agent.id in self.room.now(ticket.ladder, ticket.step)

    # --- ways out

    def over(self, ticket: Ticket, how: str, now: float) -> None:
        self._out.journal("call_over", now, call=ticket.call, queue=ticket.queue, how=how, waited=now - ticket.since)

    def time_out(self, ticket: Ticket, now: float) -> None:
        if ticket.place is Place.WAITING:
            self.over(ticket, "timed_out", now)
            target = self.queues[ticket.queue].when_timed_out
            self._out.put(fx.QueueTimedOut(ticket.call, ticket.queue, target, ticket.since))
        self.turn(ticket, Turn.TIME_OUT, now)

    def _nobody_left(self, ticket: Ticket, now: float) -> None:
        self.over(ticket, "empty", now)
        target = self.queues[ticket.queue].when_empty
        self._out.put(fx.QueueEmpty(ticket.call, ticket.queue, target, ticket.since))
        self.turn(ticket, Turn.NOBODY_LEFT, now)

    def leave_empty_queues(self, now: float) -> None:
        """Whoever could serve some callers has logged out: let them go on to the queue's ``when_empty``."""
        hopeless: dict[int, bool] = {}
        for call in sorted(self.tickets):
            ticket = self.tickets[call]
            ladder = ticket.ladder
            if ladder is None or ticket.place is not Place.WAITING or self.queues[ticket.queue].when_empty is None:
                continue
            if id(ladder) not in hopeless:
                hopeless[id(ladder)] = self.hopeless(ladder)
            if hopeless[id(ladder)]:
                self._nobody_left(ticket, now)

    def hopeless(self, ladder: Ladder) -> bool:
        """Nobody who could ever serve these callers is logged in."""
        return not self._floor.somebody(self.room.ever(ladder))

    # --- configuration

    def configure(self, queues: Iterable[QueueConfig]) -> None:
        """Take over the queues; one that is gone from them stays until the last call has left it.

        Ends with every waiting ticket out of the room: call :meth:`place_all` (or place them yourself) next.
        """
        used = {ticket.queue for ticket in self.tickets.values()}
        wanted = {queue.id: queue for queue in queues}
        self.closing = used - wanted.keys()
        self.queues = wanted | {queue: self.queues[queue] for queue in sorted(self.closing)}
        for ticket in self.tickets.values():
            ticket.ladder = ticket.line = None
        self.room.configure(self.queues.values(), self._floor.agents)

    def place_all(self, now: float) -> None:
        for call in sorted(self.tickets):
            ticket = self.tickets.get(call)
            if ticket is not None and ticket.place is not Place.TALKING:
                self.place(ticket, now)

    def _forget_drained(self, queue: str) -> None:
        """A removed queue disappears with the last call in it."""
        if queue in self.closing and all(ticket.queue != queue for ticket in self.tickets.values()):
            self.closing.discard(queue)
            del self.queues[queue]
