"""Queued calls from joining to leaving: the half of the dispatcher that knows callers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acd import events as ev
from acd.announcer import Announcer
from acd.arrivals import Arrivals
from acd.offers import Offers
from acd.ticket import Place, Ticket
from acd.timers import Timer
from acd.waiting import Waiting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from acd.agent import Agent
    from acd.floor import Floor, Outbox
    from acd.model import OfferRules, QueueConfig
    from acd.timers import Timers


class Calls:
    """Hands events and timers to the parts that know what to do. After each of them call ``offers.settle``."""

    def __init__(self, floor: Floor, timers: Timers, out: Outbox) -> None:
        self._floor = floor
        self.waiting = Waiting(floor, timers, out)
        self.offers = Offers(self.waiting, floor, timers, out)
        self._arrivals = Arrivals(self.waiting, self.offers, floor, out)
        self._announcer = Announcer(self.waiting, out)

    def receive(self, event: ev.CallEvent, now: float) -> None:
        match event:
            case ev.CallJoined():
                self._arrivals.join(event, now)
            case ev.CallLeft(call, reason):
                self._arrivals.leave(call, reason.value, now)
            case ev.OfferAnswered(offer):
                self.offers.answered(offer, now)
            case ev.OfferFailed(offer, reason):
                self.offers.failed(offer, reason, now)
            case ev.ConversationEnded(call, by):
                self._arrivals.conversation_ended(call, by, now)

    def fire(self, timer: Timer, key: str, now: float) -> None:
        match timer:
            case Timer.RING:
                self.offers.timed_out(int(key), now)
            case Timer.RELAX:
                self.waiting.relax(self.waiting.tickets[key], now)
            case Timer.MAX_WAIT:
                self.waiting.time_out(self.waiting.tickets[key], now)
            case Timer.ANNOUNCE:
                self._announcer.announce(self.waiting.tickets[key], now)
            case Timer.CAP:
                self.waiting.cap(self.waiting.tickets[key], now)
            case Timer.RING_MORE:
                self.waiting.ring_more(self.waiting.tickets[key], now)

    def place_all(self, now: float) -> None:
        """Everybody waits by the new configuration, and who may not serve a caller any more stops ringing."""
        self.waiting.place_all(now)
        for agent in sorted(self._floor.agents):
            self.offers.withdraw_from(self._floor.agents[agent], now)

    def agent_changed(self, agent: Agent, now: float) -> None:
        """The agent's skills or queues are others now."""
        self.waiting.room.refit(agent.id)
        self._floor.freed |= self._floor.idle & {agent.id}
        self.offers.withdraw_from(agent, now)
        self.waiting.leave_empty_queues(now)

    def ahead_of(self, call: str) -> int | None:
        ticket = self.waiting.tickets.get(call)
        return None if ticket is None or ticket.place is Place.TALKING else self.waiting.room.ahead_of(ticket)

    # --- configuration, writing down and reading back

    def configure(self, queues: Iterable[QueueConfig], rules: OfferRules) -> None:
        """Every waiting ticket is out of the room afterwards: call ``waiting.place_all`` or :meth:`restore` next."""
        self.waiting.configure(queues)
        self.offers.configure(rules)

    def plain(self) -> dict[str, Any]:
        waiting = self.waiting
        return {
            "closing": sorted(waiting.closing),
            "tickets": [waiting.tickets[call].plain() for call in sorted(waiting.tickets)],
            **self.offers.plain(),
        }

    def restore(self, plain: Mapping[str, Any], shift: float) -> None:
        waiting = self.waiting
        # what agents may do depends on their state as well, which was not known when this was configured
        waiting.configure(tuple(waiting.queues.values()))
        waiting.closing = set(plain["closing"])
        self.offers.restore(plain, shift)
        for ticket in (Ticket.from_plain(t, shift) for t in plain["tickets"]):
            waiting.tickets[ticket.call] = ticket
            if ticket.place is not Place.TALKING:
                waiting.room.place(ticket, None)
                waiting.arm(ticket)
        waiting.room.settled()
