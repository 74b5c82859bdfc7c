"""Callers who join a queue, and callers who leave it by their own or outside will."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd import effects as fx
from acd import events as ev
from acd.announcements import first_announcement
from acd.limits import Refusal, refusal
from acd.ticket import Place, Ticket, Turn

if TYPE_CHECKING:
    from acd.floor import Floor, Outbox
    from acd.offers import Offers
    from acd.waiting import Waiting


class Arrivals:
    def __init__(self, waiting: Waiting, offers: Offers, floor: Floor, out: Outbox) -> None:
        self._waiting = waiting
        self._offers = offers
        self._floor = floor
        self._out = out

    def join(self, event: ev.CallJoined, now: float) -> None:
        waiting, room = self._waiting, self._waiting.room
        if event.call in waiting.tickets:
            self.leave(event.call, ev.LeaveReason.TRANSFERRED.value, now)
        since = now if event.waiting_since is None else min(event.waiting_since, now)
        queue = None if event.queue in waiting.closing else waiting.queues.get(event.queue)
        if queue is None:
            self._refuse(Refusal.EMPTY, event.call, event.queue, None, since, now)
            return
        variables = dict(event.variables) | ({"language": event.language} if event.language else {})
        ticket = Ticket(event.call, queue.id, since, now, event.priority, event.needs, variables)
        ticket.preferred, ticket.agent = event.preferred, event.agent
        ladder = room.ladder(ticket)
        refused = refusal(
            queue,
            hopeless=lambda: waiting.hopeless(ladder),
            waiting=room.count(queue.id),
            somebody_idle=lambda: not self._floor.idle.isdisjoint(room.now(ladder, ladder.step_at(since, now))),
        )
        if refused is not None:
            target = queue.when_full if refused is Refusal.FULL else queue.when_empty
            self._refuse(refused, event.call, queue.id, target, since, now)
            return
        waiting.tickets[event.call] = ticket
        ticket.announce_at = first_announcement(queue.announce, now)
        self._out.journal("queued", now, call=event.call, queue=queue.id, since=since)
        waiting.place(ticket, now)

    def _refuse(self, why: Refusal, call: str, queue: str, target: str | None, since: float, now: float) -> None:
        effect = fx.QueueFull if why is Refusal.FULL else fx.QueueEmpty
        self._out.journal("call_over", now, call=call, queue=queue, how=why.value, waited=0.0)
        self._out.put(effect(call, queue, target, since))

    def leave(self, call: str, how: str, now: float) -> None:
        ticket = self._waiting.tickets.get(call)
        if ticket is None:
            return
        if ticket.place is Place.TALKING:
            hung_up = how == ev.LeaveReason.ABANDONED.value
            by = ev.EndedBy.CALLER if hung_up else ev.EndedBy.SWITCH
            self._offers.conversation_over(ticket, by, "served" if hung_up else how, now)
            return
        self._offers.withdraw(ticket, fx.WithdrawReason.CALLER_GONE, now)
        self._waiting.over(ticket, how, now)
        self._waiting.turn(ticket, Turn.LEAVE, now)

    def conversation_ended(self, call: str, by: ev.EndedBy, now: float) -> None:
        ticket = self._waiting.tickets.get(call)
        if ticket is None:
            return
        if ticket.place is Place.TALKING:
            self._offers.conversation_over(ticket, by, "served", now)
        elif by is ev.EndedBy.CALLER:
            self.leave(call, ev.LeaveReason.ABANDONED.value, now)
