"""What waiting callers are told, and when. Nothing here holds up an offer: the effects are words for the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acd import effects as fx
from acd.announcements import (
    BOXES,
    FRESH,
    Word,
    next_announcement,
    position_can_grow,
    what_to_say,
    what_to_say_of_the_wait,
)
from acd.ticket import Place

if TYPE_CHECKING:
    from acd.effects import Box
    from acd.floor import Outbox
    from acd.model import QueueConfig
    from acd.ticket import Ticket
    from acd.waiting import Waiting


class Announcer:
    def __init__(self, waiting: Waiting, out: Outbox) -> None:
        self._waiting = waiting
        self._out = out

    def announce(self, ticket: Ticket, now: float) -> None:
        """Position and wait, as far as they are worth saying."""
        queue = self._waiting.queues[ticket.queue]
        said = self._position(ticket, queue, now) | self._wait(ticket, queue, now)
        if said:
            self._out.journal("announced", now, call=ticket.call, queue=ticket.queue, **said)
        if ticket.announce_at is not None:
            ticket.announce_at = next_announcement(queue.announce, ticket.announce_at, now)
        self._waiting.arm(ticket)

    def comfort(self, ticket: Ticket, now: float) -> None:
        every = self._waiting.queues[ticket.queue].announce.comfort
        self._out.put(fx.AnnounceComfort(ticket.call, ticket.queue))
        self._out.journal("announced", now, call=ticket.call, queue=ticket.queue, comfort=True)
        ticket.comfort_at = now + every if every > 0 else None
        self._waiting.arm(ticket)

    def offer_callback(self, ticket: Ticket, now: float) -> None:
        """The caller has waited long enough for that, or will have to."""
        queue = self._waiting.queues[ticket.queue]
        ticket.offer_callback_at = None
        if not ticket.callback_offered and self._callback(ticket, queue):
            self._out.journal("announced", now, call=ticket.call, queue=ticket.queue, callback=True)
        self._waiting.arm(ticket)

    def estimated(self, ticket: Ticket, now: float) -> None:
        """There is a new estimate: too long a wait is a reason to offer a callback."""
        queue = self._waiting.queues[ticket.queue]
        expected = None if queue.callback is None else queue.callback.expected
        too_long = expected is not None and ticket.estimate is not None and ticket.estimate[1] > expected
        if too_long and ticket.place in (Place.WAITING, Place.OFFERED) and not ticket.callback_offered:
            self.offer_callback(ticket, now)

    def _position(self, ticket: Ticket, queue: QueueConfig, now: float) -> dict[str, Any]:
        if not queue.announce.position or self._may_be_overtaken(ticket, queue, now):
            return {}
        ahead = self._waiting.room.ahead_of(ticket)
        kind = what_to_say(ticket.told, ahead)
        if kind is None:
            return {}
        ticket.told = ahead
        self._out.put(fx.AnnouncePosition(ticket.call, ticket.queue, ahead, kind))
        return {"ahead": ahead}

    def _may_be_overtaken(self, ticket: Ticket, queue: QueueConfig, now: float) -> bool:
        highest = max(queue.highest_priority, self._waiting.highest.get(queue.id, 0.0))
        own = ticket.priority
        if queue.callback is not None:
            highest += max(0.0, queue.callback.priority)
        if queue.priority_cap is not None:
            room = queue.priority_cap - queue.priority
            highest, own = min(highest, room), min(own + queue.ageing * (now - ticket.since), room)
            return position_can_grow(priority=own, highest=highest, ageing=0.0, waited=0.0)
        return position_can_grow(priority=own, highest=highest, ageing=queue.ageing, waited=now - ticket.since)

    def expected(self, ticket: Ticket, now: float) -> Box | None:
        """The box in which a customer who has just ordered a callback may expect it; None: nothing to be relied on."""
        word, box = self._word(ticket, self._waiting.queues[ticket.queue], now)
        return BOXES[box][0] if word is Word.NUMBER and ticket.due_at is None else None

    def _word(self, ticket: Ticket, queue: QueueConfig, now: float) -> tuple[Word, int]:
        if not queue.announce.wait or ticket.estimate is None or ticket.estimated_at is None:
            return Word.NOTHING, 0
        old = now - ticket.estimated_at
        if old > FRESH:
            return Word.NOTHING, 0
        _, p80, spread = ticket.estimate
        return what_to_say_of_the_wait(ticket.told_box, max(0.0, p80 - old), spread, queue.announce.max_spread)

    def _wait(self, ticket: Ticket, queue: QueueConfig, now: float) -> dict[str, Any]:
        word, box = self._word(ticket, queue, now)
        match word:
            case Word.NUMBER:
                kind = fx.AnnouncementKind.FIRST if ticket.told_box is None else fx.AnnouncementKind.UPDATE
                ticket.told_box = box
                self._out.put(fx.AnnounceWait(ticket.call, ticket.queue, BOXES[box][0], kind))
                return {"box": BOXES[box][0]}
            case Word.COMFORT:
                self._out.put(fx.AnnounceComfort(ticket.call, ticket.queue))
                return {"comfort": True, "callback": self._callback(ticket, queue)}
        return {}

    def _callback(self, ticket: Ticket, queue: QueueConfig) -> bool:
        """Whether a callback was offered: not to somebody who has been promised one."""
        if queue.callback is None or ticket.number or self._waiting.order_of(ticket.call) is not None:
            return False
        ticket.callback_offered = True
        self._out.put(fx.OfferCallback(ticket.call, ticket.queue, queue.callback.key))
        return True
