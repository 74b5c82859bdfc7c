"""Queued calls while they wait: their place in the room, their timers, and the ways out without an agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd import effects as fx
from acd.announcements import after_a_gap
from acd.model import CallbackPolicy
from acd.pace import Paces
from acd.room import WaitingRoom
from acd.ticket import CALLED_BACK, LISTENING, OUT_OF_THE_ROOM, Exit, Place, Step, Ticket, Turn
from acd.timers import Timer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acd.agent import Agent
    from acd.floor import Floor, Outbox
    from acd.model import QueueConfig
    from acd.room import Ladder
    from acd.timers import Timers

#: What the end of a callback is called outside, by the way in which the ticket ended.
_RESULTS = {
    "expired": fx.CallbackResult.EXPIRED,
    "cancelled": fx.CallbackResult.CANCELLED,
    "absorbed": fx.CallbackResult.CANCELLED,
    "exit": fx.CallbackResult.CANCELLED,
    "served": fx.CallbackResult.SERVED,
}


class Waiting:
    """All tickets and queues. Only :meth:`turn` moves a ticket from one place to another."""

    def __init__(self, floor: Floor, timers: Timers, out: Outbox) -> None:
        self.tickets: dict[str, Ticket] = {}
        self.queues: dict[str, QueueConfig] = {}
        self.closing: set[str] = set()  # removed from the configuration, but somebody is still in it
        self.called_back: set[str] = set()  # calls of customers who are to be called back
        self.paused: dict[str, float] = {}  # queue → nobody is called back before
        self.ending: set[str] = set()  # queues whose hours are about to end
        self.room = WaitingRoom()
        self.paces = Paces()
        self.highest: dict[str, float] = {}  # priority that a caller ever brought, by queue
        self._floor = floor
        self._timers = timers
        self._out = out

    def place(self, ticket: Ticket, now: float) -> None:
        """Put a caller into the room: on arrival, after a lost leg, and when the queues were reconfigured."""
        ticket.step = self.room.ladder(ticket).step_at(ticket.since, now)
        if ticket.place is Place.CALLBACK and self.paused.get(ticket.queue, now) > now:
            ticket.due_at = max(ticket.due_at or now, self.paused[ticket.queue])
        self.room.place(ticket, now)
        self.highest[ticket.queue] = max(self.highest.get(ticket.queue, 0.0), ticket.priority)
        self._listen(ticket, now)

    def lift(self, ticket: Ticket) -> None:
        """Take a caller out of the room to change what the place depends on; :meth:`place` follows."""
        self.room.remove(ticket)

    def turn(self, ticket: Ticket, turn: Turn, now: float) -> bool:
        """Move a ticket on; False if that means nothing where it is."""
        steps = ticket.handle(turn)
        if steps is None:
            return False
        if ticket.place in CALLED_BACK:
            self.called_back.add(ticket.call)
        else:
            self.called_back.discard(ticket.call)
        for step in steps:
            match step:
                case Step.STOP_WAITING:
                    self.room.remove(ticket)
                case Step.WAIT_AGAIN:
                    ticket.exit = None
                    self._out.journal("returned", now, call=ticket.call, queue=ticket.queue)
                    self.place(ticket, now)
                case Step.LISTEN_AGAIN:
                    self.room.update(ticket)
                    self._listen(ticket, now)
                case Step.NO_MORE_OFFERS:
                    pass
        self._settle(ticket)
        return True

    def _settle(self, ticket: Ticket) -> None:
        """Bring the lines and timers up to where the ticket is now; forget it if it is gone."""
        if ticket.place is Place.GONE:
            self.tickets.pop(ticket.call, None)
            self.forget_drained(ticket.queue)
        elif ticket.ladder is not None:
            self.room.update(ticket)
        self.arm(ticket)

    def _listen(self, ticket: Ticket, now: float) -> None:
        """Somebody is on the line (again): carry out what fell due before."""
        queue = self.queues[ticket.queue]
        policy = queue.announce
        ticket.announce_at = after_a_gap(ticket.announce_at, policy.every, now)
        ticket.comfort_at = after_a_gap(ticket.comfort_at, policy.comfort, now)
        if ticket.offer_callback_at is not None:
            ticket.offer_callback_at = max(ticket.offer_callback_at, now)
        if ticket.place in (Place.WAITING, Place.OFFERED) and not ticket.urgent:
            overflow = overflow_after(queue)
            if ticket.exit is not None:
                self._leave_by(ticket.exit, ticket, now)
            elif queue.max_wait is not None and ticket.joined_at + queue.max_wait <= now:
                self.time_out(ticket, now)
            elif overflow is not None and ticket.joined_at + overflow <= now:
                self.overflow(ticket, now)
            elif ticket.place is Place.WAITING and queue.when_empty is not None and self._nobody_serves(ticket):
                self._nobody_left(ticket, now)
        self.arm(ticket)

    def arm(self, ticket: Ticket) -> None:
        """Set the timers of a caller from what the ticket says."""
        at: dict[Timer, float | None] = {}
        if ticket.ladder is not None:
            after = ticket.ladder.after[ticket.step + 1 :]
            at[Timer.RELAX] = ticket.since + after[0] if after else None
            at[Timer.CAP] = None if ticket.capped else ticket.capped_at
            at[Timer.RING_MORE] = ticket.more_at
            match ticket.place:
                case Place.WAITING | Place.OFFERED:
                    self._arm_listening(ticket, at)
                case Place.CALLBACK:
                    at[Timer.RETRY] = ticket.due_at
                    at[Timer.EXPIRE] = ticket.expires_at
                case Place.CALLBACK_OFFERED:
                    at[Timer.EXPIRE] = ticket.expires_at
                case Place.DIALLING:
                    at[Timer.DIAL] = ticket.dial_until
        for timer in _TIMERS:
            self._timers.set(timer, ticket.call, at.get(timer))

    def _arm_listening(self, ticket: Ticket, at: dict[Timer, float | None]) -> None:
        queue = self.queues[ticket.queue]
        if ticket.exit is None and not ticket.urgent:  # who was called back is not sent away again
            overflow = overflow_after(queue)
            at[Timer.MAX_WAIT] = None if queue.max_wait is None else ticket.joined_at + queue.max_wait
            at[Timer.OVERFLOW] = None if overflow is None else ticket.joined_at + overflow
        at[Timer.ANNOUNCE] = ticket.announce_at
        at[Timer.COMFORT] = ticket.comfort_at
        at[Timer.OFFER_CALLBACK] = ticket.offer_callback_at

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

    def offer_callback(self, ticket: Ticket, now: float) -> None:
        """At once, to somebody who has not been offered one yet."""
        policy = self.queues[ticket.queue].callback
        if policy is not None and ticket.place in LISTENING and not ticket.callback_offered:
            ticket.offer_callback_at = now
            self.arm(ticket)

    def orders_of(self, call: str) -> list[Ticket]:
        """The callbacks that rest because their customer has called again in this call: one of each queue."""
        found = (self.tickets[order] for order in sorted(self.called_back))
        return [ticket for ticket in found if call and ticket.beside == call]

    def order_of(self, call: str) -> Ticket | None:
        """The first of them."""
        return next(iter(self.orders_of(call)), None)

    def callback_policy(self, ticket: Ticket) -> CallbackPolicy:
        return self.queues[ticket.queue].callback or CallbackPolicy()

    # --- ways out

    def over(self, ticket: Ticket, how: str, now: float, **more: object) -> None:
        """Write down that a ticket ends. The callback that it held is over with it."""
        if ticket.place in LISTENING:
            self.paces.waited(ticket.queue, now - ticket.since, hung_up=how == "abandoned")
        waited = {} if ticket.place is Place.TALKING else {"waited": now - ticket.since}
        self._out.journal(
            "call_over",
            now,
            call=ticket.call,
            queue=ticket.queue,
            how=how,
            customer=ticket.customer,
            **waited,
            **more,
        )
        if ticket.ordered_at is not None:
            result = _RESULTS.get(how, fx.CallbackResult.FAILED)
            if ticket.place is Place.TALKING:
                result = fx.CallbackResult.SERVED
            self._out.put(fx.CallbackOver(ticket.call, ticket.queue, result))
            self._out.journal(
                "callback_over",
                now,
                call=ticket.call,
                queue=ticket.queue,
                result=result.value,
                tries=ticket.tries,
                ordered_at=ticket.ordered_at,
            )

    def time_out(self, ticket: Ticket, now: float) -> None:
        self._leave_by(Exit.TIMED_OUT, ticket, now)

    def overflow(self, ticket: Ticket, now: float) -> None:
        self._leave_by(Exit.OVERFLOW, ticket, now)

    def _leave_by(self, way: Exit, ticket: Ticket, now: float) -> None:
        """The caller has waited long enough; while somebody rings, only that may still come to something."""
        ticket.exit = way
        queue, since = self.queues[ticket.queue], ticket.since
        if ticket.place is Place.WAITING and way is Exit.TIMED_OUT:
            self.over(ticket, way.value, now)
            self._out.put(fx.QueueTimedOut(ticket.call, ticket.queue, queue.when_timed_out, since))
        elif ticket.place is Place.WAITING:
            self.over(ticket, way.value, now)
            self._out.put(fx.QueueOverflowed(ticket.call, ticket.queue, overflow_target(queue), since))
        self.turn(ticket, Turn.TIME_OUT if way is Exit.TIMED_OUT else Turn.OVERFLOW, now)

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
            leaves = self.queues[ticket.queue].when_empty is not None and not ticket.urgent
            if ladder is None or ticket.place is not Place.WAITING or not leaves:
                continue
            if id(ladder) not in hopeless:
                hopeless[id(ladder)] = self.hopeless(ladder)
            if hopeless[id(ladder)]:
                self._nobody_left(ticket, now)

    def hopeless(self, ladder: Ladder) -> bool:
        """Nobody who could ever serve these callers is logged in."""
        return not self._floor.somebody(self.room.ever(ladder))

    def _nobody_serves(self, ticket: Ticket) -> bool:
        assert ticket.ladder is not None
        return self.hopeless(ticket.ladder)

    # --- configuration

    def configure(self, queues: Iterable[QueueConfig], closing: Iterable[str] = ()) -> None:
        """Take over the queues; one that is gone from them (or named as ``closing``) stays until the last call has
        left it.

        Ends with every waiting ticket out of the room: call :meth:`place_all` (or place them yourself) next.
        """
        used = {ticket.queue for ticket in self.tickets.values()}
        wanted = {queue.id: queue for queue in queues}
        self.closing = (used - wanted.keys()) | set(closing)
        self.queues = wanted | {queue: self.queues[queue] for queue in sorted(self.closing - wanted.keys())}
        self.highest = {queue: priority for queue, priority in self.highest.items() if queue in self.queues}
        self.paused = {queue: until for queue, until in self.paused.items() if queue in self.queues}
        self.ending &= self.queues.keys()
        self.paces.forget(self.queues)
        for ticket in self.tickets.values():
            ticket.ladder = ticket.line = None
        self.room.configure(self.queues.values(), self._floor.agents, self.closing)

    def place_all(self, now: float) -> None:
        for call in sorted(self.tickets):
            ticket = self.tickets.get(call)
            if ticket is not None and ticket.place not in OUT_OF_THE_ROOM:
                self.place(ticket, now)

    def restore(self, tickets: Iterable[Ticket]) -> None:
        for ticket in tickets:
            self.tickets[ticket.call] = ticket
            if ticket.place in CALLED_BACK:
                self.called_back.add(ticket.call)
            if ticket.place not in OUT_OF_THE_ROOM:
                self.room.place(ticket, None)
                self.arm(ticket)
        self.room.settled()

    def forget_drained(self, queue: str) -> None:
        """A removed queue disappears when the last call has left it."""
        if queue in self.closing and all(ticket.queue != queue for ticket in self.tickets.values()):
            self.closing.discard(queue)
            del self.queues[queue]


_TIMERS = (
    Timer.RELAX,
    Timer.CAP,
    Timer.RING_MORE,
    Timer.MAX_WAIT,
    Timer.OVERFLOW,
    Timer.ANNOUNCE,
    Timer.COMFORT,
    Timer.OFFER_CALLBACK,
    Timer.RETRY,
    Timer.EXPIRE,
    Timer.DIAL,
)


def overflow_after(queue: QueueConfig) -> float | None:
    """Seconds in this queue after which a caller leaves it for another target; the age from before does not count, or
    two queues that overflow into each other would bounce a caller for ever."""
    last = queue.overflow[-1] if queue.overflow else None
    return None if last is None or last.to is None else last.after


def overflow_target(queue: QueueConfig) -> str:
    target = queue.overflow[-1].to if queue.overflow else None
    return target or ""
