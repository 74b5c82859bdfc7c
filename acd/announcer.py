"""What waiting callers are told, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd import effects as fx
from acd.announcements import next_announcement, what_to_say

if TYPE_CHECKING:
    from acd.floor import Outbox
    from acd.ticket import Ticket
    from acd.waiting import Waiting


class Announcer:
    def __init__(self, waiting: Waiting, out: Outbox) -> None:
        self._waiting = waiting
        self._out = out

    def announce(self, ticket: Ticket, now: float) -> None:
        ahead = self._waiting.room.ahead_of(ticket)
        kind = what_to_say(ticket.told, ahead)
        if kind is not None:
            ticket.told = ahead
            self._out.journal("announced", now, call=ticket.call, queue=ticket.queue, ahead=ahead)
            self._out.put(fx.AnnouncePosition(ticket.call, ticket.queue, ahead, kind))
        if ticket.announce_at is not None:
            policy = self._waiting.queues[ticket.queue].announce
            ticket.announce_at = next_announcement(policy, ticket.announce_at, now)
        self._waiting.arm(ticket)
