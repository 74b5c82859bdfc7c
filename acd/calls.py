"""Queued calls from joining to leaving: the half of the dispatcher that knows callers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acd import events as ev
from acd.announcer import Announcer
from acd.arrivals import Arrivals
from acd.callbacks import Callbacks
from acd.dialling import Dialling
from acd.offers import Offers
from acd.ticket import OUT_OF_THE_ROOM, Place, Ticket
from acd.timers import Timer
from acd.waiting import Waiting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from acd.agent import Agent
    from acd.effects import Box
    from acd.floor import Floor, Outbox
    from acd.model import OfferRules, QueueConfig
    from acd.timers import Timers


class Calls:
    """Hands events and timers to the parts that know what to do. After each of them call :meth:`settle`."""

    def __init__(self, floor: Floor, timers: Timers, out: Outbox) -> None:
        self._floor = floor
        self.waiting = Waiting(floor, timers, out)
        self.offers = Offers(self.waiting, floor, timers, out)
        self._dialling = Dialling(self.waiting, self.offers, floor, out)
        self._callbacks = Callbacks(self.waiting, self.offers, self._dialling, out)
        self._arrivals = Arrivals(self.waiting, self.offers, self._callbacks, floor, out)
        self._announcer = Announcer(self.waiting, out)

    def receive(
        self,
        event: ev.CallEvent | ev.CallbackEvent | ev.CallbacksPaused | ev.QueueClosing | ev.WaitEstimated | ev.Restarted,
        now: float,
    ) -> None:
        match event:
            case ev.CallJoined():
                self._arrivals.join(event, now)
            case ev.CallLeft(call, reason):
                self._arrivals.leave(call, reason, now)
            case ev.CallChanged():
                self._arrivals.change(event, now)
            case ev.CallPicked():
                self._arrivals.pick(event, now)
            case ev.CallAway(call):
                self._arrivals.away(call, now)
            case ev.CallReturned(call):
                self._arrivals.back(call, now)
            case ev.OfferAnswered(offer):
                self._answered(offer, now)
            case ev.OfferFailed(offer, reason):
                self.offers.failed(offer, reason, now)
            case ev.ConversationEnded(call, by):
                self._arrivals.conversation_ended(call, by, now)
            case ev.CallbacksPaused(queue, until):
                self._callbacks.pause(queue, until, now)
            case ev.QueueClosing(queue, closing):
                self._arrivals.closing_soon(queue, now, closing=closing)
            case ev.WaitEstimated(estimates):
                for call, p50, p80, spread in estimates:
                    self._estimated(call, (p50, p80, spread), now)
            case ev.Restarted(resume_within):
                self._arrivals.restarted(resume_within, now)
            case _:
                self._callbacks.receive(event, now)

    def _answered(self, offer_id: int, now: float) -> None:
        offer = self.offers.offers.get(offer_id)
        ticket = None if offer is None or offer.answered else self.waiting.tickets[offer.call]
        if ticket is not None and ticket.place is Place.CALLBACK_OFFERED:
            self._dialling.agent_answered(offer_id, ticket, now)
        else:
            self.offers.answered(offer_id, now)

    def _estimated(self, call: str, estimate: tuple[float, float, float], now: float) -> None:
        ticket = self.waiting.tickets.get(call)
        if ticket is not None and ticket.place not in OUT_OF_THE_ROOM:
            ticket.estimate, ticket.estimated_at = estimate, now
            self._dialling.soon(ticket, now)
            self._announcer.estimated(ticket, now)

    def settle(self, now: float) -> None:
        """Offer callers to idle agents, and keep agents for customers whose turn it is to be called back."""
        for pairing in self.offers.decide(now):
            if pairing.ticket.takes_one:
                self._dialling.reserve(pairing, now)
            else:
                self.offers.offer(pairing, now)
        self.offers.settled()

    def fire(self, timer: Timer, key: str, now: float) -> None:
        if timer is Timer.RING:
            self.offers.timed_out(int(key), now)
            return
        ticket = self.waiting.tickets[key]
        match timer:
            case Timer.RELAX:
                self.waiting.relax(ticket, now)
            case Timer.MAX_WAIT:
                self.waiting.time_out(ticket, now)
            case Timer.OVERFLOW:
                self.waiting.overflow(ticket, now)
            case Timer.CAP:
                self.waiting.cap(ticket, now)
            case Timer.RING_MORE:
                self.waiting.ring_more(ticket, now)
            case Timer.ANNOUNCE:
                self._announcer.announce(ticket, now)
            case Timer.COMFORT:
                self._announcer.comfort(ticket, now)
            case Timer.OFFER_CALLBACK:
                self._announcer.offer_callback(ticket, now)
            case Timer.RETRY:
                self._dialling.due(ticket, now)
            case Timer.DIAL:
                self._dialling.timed_out(ticket, now)
            case Timer.EXPIRE:
                self._dialling.expire(ticket, now)

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

    def refuses(self, event: ev.CallJoined, now: float) -> bool:
        return self._arrivals.refuses(event, now)

    def ahead_of(self, call: str) -> int | None:
        ticket = self.waiting.tickets.get(call)
        return None if ticket is None or ticket.place in OUT_OF_THE_ROOM else self.waiting.room.ahead_of(ticket)

    def expected(self, call: str, now: float) -> Box | None:
        ticket = self.waiting.tickets.get(call)
        return None if ticket is None else self._announcer.expected(ticket, now)

    # --- configuration, writing down and reading back

    def configure(self, queues: Iterable[QueueConfig], rules: OfferRules) -> None:
        """Every waiting ticket is out of the room afterwards: call :meth:`place_all` or :meth:`restore` next."""
        self.waiting.configure(queues)
        self.offers.configure(rules)

    def plain(self) -> dict[str, Any]:
        waiting = self.waiting
        return {
            "closing": sorted(waiting.closing),
            "tickets": [waiting.tickets[call].plain() for call in sorted(waiting.tickets)],
            "highest": dict(sorted(waiting.highest.items())),
            "paused": dict(sorted(waiting.paused.items())),
            "ending": sorted(waiting.ending),
            "paces": waiting.paces.plain(),
            "returning": self._arrivals.returning.plain(),
            **self.offers.plain(),
        }

    def rename_customers(self, names: Mapping[str, str]) -> None:
        self._arrivals.returning.rename(names)

    def restore(self, plain: Mapping[str, Any], shift: float) -> None:
        waiting = self.waiting
        # what agents may do depends on their state as well, which was not known when this was configured
        waiting.configure(tuple(waiting.queues.values()), plain["closing"])
        waiting.highest = dict(plain["highest"])
        waiting.paused = {queue: until + shift for queue, until in plain["paused"].items()}
        waiting.ending = set(plain.get("ending", ()))
        waiting.paces.restore(plain["paces"])
        self._arrivals.returning.restore(plain["returning"], shift)
        self.offers.restore(plain, shift)
        waiting.restore(Ticket.from_plain(ticket, shift) for ticket in plain["tickets"])
