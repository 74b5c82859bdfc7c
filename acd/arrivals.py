"""Callers who join a queue, step aside, are changed, and leave by their own or outside will."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd import effects as fx
from acd import events as ev
from acd.announcements import FRESH, first_announcement
from acd.limits import Refusal, refusal
from acd.returning import Remembered, Returning
from acd.ticket import CALLED_BACK, LISTENING, OUT_OF_THE_ROOM, Place, Ticket, Turn

if TYPE_CHECKING:
    from acd.callbacks import Callbacks
    from acd.floor import Floor, Outbox
    from acd.model import QueueConfig
    from acd.offers import Offers
    from acd.waiting import Waiting


class Arrivals:
    def __init__(self, waiting: Waiting, offers: Offers, callbacks: Callbacks, floor: Floor, out: Outbox) -> None:
        self.returning = Returning()
        self._waiting = waiting
        self._offers = offers
        self._callbacks = callbacks
        self._floor = floor
        self._out = out

    # --- joining

    def join(self, event: ev.CallJoined, now: float) -> None:
        waiting = self._waiting
        before = waiting.tickets.get(event.call)
        if before is not None and before.beside == before.call:
            self._join_again(before, event, now)
            return
        if before is not None:
            self._leave(before, ev.LeaveReason.TRANSFERRED, now)
        since = now if event.waiting_since is None else min(event.waiting_since, now)
        promised = bool(event.number)
        queue = None if event.queue in waiting.closing and not promised else waiting.queues.get(event.queue)
        if queue is None:
            self._refuse(Refusal.EMPTY, event, None, since, now)
            return
        back = self.returning.recall(event.customer, queue.id, now)
        ordered = self._callbacks.of_customer(event.customer, queue.id, event.call)
        if back is not None and back.since is not None:
            since = min(since, back.since)
        if ordered is not None:
            since = min(since, ordered.since)
        ticket = Ticket(
            event.call,
            queue.id,
            since,
            now,
            event.priority,
            event.needs,
            dict(event.variables) | ({"language": event.language} if event.language else {}),
            preferred=event.preferred,
            agent=event.agent or ("" if back is None else back.agent),
            customer=event.customer,
            about=dict(event.about),
            came_from=tuple(name for name in event.came_from if name != queue.id),
        )
        refused = None if promised else self._refusal(queue, ticket, now)
        if refused is not None:
            target = queue.when_full if refused is Refusal.FULL else queue.when_empty
            self._refuse(refused, event, target, since, now)
            return
        self.returning.forget(event.customer, queue.id)
        waiting.tickets[event.call] = ticket
        if ordered is not None and not promised:
            self._callbacks.absorb(ordered, ticket.call, now)
        _plan_what_is_said(ticket, queue, now)
        self._out.journal(
            "queued",
            now,
            call=event.call,
            queue=queue.id,
            since=since,
            customer=event.customer,
            resumed=back is not None,
            agent=ticket.agent,
        )
        if promised:
            self._callbacks.take(ticket, event.number, event.about, now)
        else:
            waiting.place(ticket, now)
            self._offer_at_once(ticket, now)

    def _join_again(self, ticket: Ticket, event: ev.CallJoined, now: float) -> None:
        """A customer who answered a callback and was sent elsewhere: nobody took them there, and the promise holds."""
        waiting, left = self._waiting, ticket.queue
        queue = waiting.queues.get(event.queue)
        if queue is None or (queue.id != left and queue.id in waiting.closing):
            self._refuse(Refusal.EMPTY, event, None, ticket.since, now)
            return
        ticket.priority, ticket.needs, ticket.preferred = event.priority, event.needs, event.preferred
        ticket.variables = {**ticket.variables, **dict(event.variables)}
        if queue.id != left:
            self._into(ticket, queue, now)
        self._callbacks.come_back(ticket, now)
        waiting.forget_drained(left)

    def refuses(self, event: ev.CallJoined, now: float) -> bool:
        """Whether the queue would not take this caller now. Asking changes nothing."""
        queue = None if event.queue in self._waiting.closing else self._waiting.queues.get(event.queue)
        if queue is None:
            return True
        variables = dict(event.variables) | ({"language": event.language} if event.language else {})
        since = min(now, now if event.waiting_since is None else event.waiting_since)
        newcomer = Ticket(event.call, queue.id, since, now, event.priority, event.needs, variables)
        return self._refusal(queue, newcomer, now) is not None

    def _refusal(self, queue: QueueConfig, ticket: Ticket, now: float) -> Refusal | None:
        waiting, room = self._waiting, self._waiting.room
        ladder = room.ladder(ticket)
        step = ladder.step_at(ticket.since, now)
        return refusal(
            queue,
            hopeless=lambda: waiting.hopeless(ladder),
            waiting=lambda: sum(t.queue == queue.id and t.place in LISTENING for t in waiting.tickets.values()),
            somebody_idle=lambda: not self._floor.idle.isdisjoint(room.now(ladder, step)),
            expected=lambda: self._expected(ticket, now),
        )

    def _expected(self, ticket: Ticket, now: float) -> float | None:
        """Median wait of somebody who comes now; None: nobody is there, so nothing is known."""
        waiting, room = self._waiting, self._waiting.room
        ahead, last = room.ahead_of_newcomer(ticket, now)
        ladder = room.ladder(ticket)
        there = sum(self._floor.agents[agent].serves for agent in room.now(ladder, ladder.step_at(ticket.since, now)))
        if not there:
            return None
        told = None if last is None else waiting.tickets[last]
        if told is not None and told.estimate is not None and told.estimated_at is not None:
            old = now - told.estimated_at
            if old <= FRESH:
                return max(0.0, told.estimate[0] - old) + waiting.paces.of(ticket.queue).handling / there
        return waiting.paces.expected(ticket.queue, ahead, there)

    def _refuse(self, why: Refusal, event: ev.CallJoined, target: str | None, since: float, now: float) -> None:
        effect = fx.QueueFull if why is Refusal.FULL else fx.QueueEmpty
        self._out.journal(
            "call_over", now, call=event.call, queue=event.queue, how=why.value, waited=0.0, customer=event.customer
        )
        if event.number:
            self._out.put(fx.CallbackOver(event.call, event.queue, fx.CallbackResult.FAILED))
            return
        self._out.put(effect(event.call, event.queue, target, since))

    def _offer_at_once(self, ticket: Ticket, now: float) -> None:
        """A callback, to somebody who has come now and would have a long wait, or none that ends before the queue
        closes."""
        policy = self._waiting.queues[ticket.queue].callback
        if policy is None or ticket.place not in LISTENING:
            return
        long = policy.ahead is not None and self._waiting.room.ahead_of(ticket) >= policy.ahead
        if long or ticket.queue in self._waiting.ending:
            self._waiting.offer_callback(ticket, now)

    # --- while waiting

    def closing_soon(self, queue: str, now: float, *, closing: bool) -> None:
        """The hours of the queue are about to end, or that is over."""
        waiting = self._waiting
        if queue not in waiting.queues or closing == (queue in waiting.ending):
            return
        waiting.ending ^= {queue}
        for call in sorted(waiting.tickets) if closing else ():
            if waiting.tickets[call].queue == queue:
                waiting.offer_callback(waiting.tickets[call], now)

    def away(self, call: str, now: float) -> None:
        ticket = self._waiting.tickets.get(call)
        if ticket is not None and ticket.place in (Place.WAITING, Place.OFFERED):
            self._stop_ringing(ticket, fx.WithdrawReason.CALLER_AWAY, now)
            self._waiting.turn(ticket, Turn.GO_AWAY, now)
            self._out.journal("away", now, call=call, queue=ticket.queue)

    def back(self, call: str, now: float) -> None:
        ticket = self._waiting.tickets.get(call)
        if ticket is not None and ticket.place is Place.AWAY:
            self._out.journal("back", now, call=call, queue=ticket.queue)
            self._waiting.turn(ticket, Turn.RETURN, now)

    def change(self, event: ev.CallChanged, now: float) -> None:
        waiting = self._waiting
        ticket = waiting.tickets.get(event.call)
        if ticket is None or ticket.place in OUT_OF_THE_ROOM:
            return
        moves = event.queue is not None and event.queue != ticket.queue
        if moves and (event.queue not in waiting.queues or event.queue in waiting.closing):
            return
        left = ticket.queue
        waiting.lift(ticket)
        ticket.priority = ticket.priority if event.priority is None else event.priority
        ticket.needs = ticket.needs if event.needs is None else event.needs
        ticket.preferred = ticket.preferred if event.preferred is None else event.preferred
        if event.variables is not None:
            ticket.variables = {**ticket.variables, **dict(event.variables)}
        if moves and event.queue is not None:
            self._into(ticket, waiting.queues[event.queue], now)
        self._out.journal(
            "changed",
            now,
            call=ticket.call,
            queue=ticket.queue,
            priority=ticket.priority,
            moved_from=left if moves else None,
        )
        if moves:
            self._out.put(fx.CallMoved(ticket.call, ticket.queue, left))
        waiting.place(ticket, now)
        if moves:
            self._callbacks.moved(ticket, now)
            self._offer_at_once(ticket, now)
            if ticket.place in (Place.OFFERED, Place.CALLBACK_OFFERED):
                self._offers.withdraw(ticket, fx.WithdrawReason.CALLER_CHANGED, now)
                waiting.turn(ticket, Turn.LAST_OFFER_OVER, now)
            waiting.forget_drained(left)
        if ticket.place is not Place.GONE:
            self._offers.withdraw_unfit(ticket, now)

    def pick(self, event: ev.CallPicked, now: float) -> None:
        ticket, agent = self._waiting.tickets.get(event.call), self._floor.agents.get(event.agent)
        waits = ticket is not None and ticket.place in (Place.WAITING, Place.OFFERED)
        if ticket is not None and waits and agent is not None and not agent.removed:
            self._offers.pick(ticket, agent, now)

    def _into(self, ticket: Ticket, queue: QueueConfig, now: float) -> None:
        """Nothing of the queue so far counts but the age: what was said of the place there is true no more."""
        if ticket.due_at is not None and ticket.due_at == self._waiting.paused.get(ticket.queue):
            ticket.due_at = None
        ticket.came_from = (*(name for name in ticket.came_from if name not in (queue.id, ticket.queue)), ticket.queue)
        ticket.queue, ticket.joined_at, ticket.exit = queue.id, now, None
        ticket.told = ticket.told_box = ticket.estimate = ticket.estimated_at = None
        _plan_what_is_said(ticket, queue, now)

    # --- leaving

    def leave(self, call: str, reason: ev.LeaveReason, now: float) -> None:
        ticket = self._waiting.tickets.get(call)
        hung_up = reason is ev.LeaveReason.ABANDONED
        if ticket is None:
            if hung_up:
                self._callbacks.line_free(call, now)
            elif reason is ev.LeaveReason.SERVED:
                self._callbacks.served(call, now)
        elif ticket.beside == call:
            if reason is ev.LeaveReason.SERVED:
                self._callbacks.served(call, now)
            elif reason is not ev.LeaveReason.TRANSFERRED:
                self._callbacks.not_taken(ticket, now)
        elif ticket.number and ticket.place in LISTENING and reason is ev.LeaveReason.TRANSFERRED:
            self._callbacks.sent_on(ticket, now)
        else:
            self._leave(ticket, reason, now)

    def _leave(self, ticket: Ticket, reason: ev.LeaveReason, now: float) -> None:
        hung_up = reason is ev.LeaveReason.ABANDONED
        if ticket.place in CALLED_BACK and reason is not ev.LeaveReason.TRANSFERRED:
            return
        if ticket.place is Place.TALKING:
            by = ev.EndedBy.CALLER if hung_up else ev.EndedBy.SWITCH
            self._conversation_over(ticket, by, "served" if hung_up else reason.value, now)
            return
        if ticket.place in CALLED_BACK:
            self._callbacks.cancel(ticket, now)
            return
        if hung_up and ticket.number:
            self._callbacks.hung_up(ticket, now)
            return
        if hung_up:
            self._remember(ticket, ticket.since, now)
        self._stop_ringing(ticket, fx.WithdrawReason.CALLER_GONE, now)
        self._waiting.over(ticket, reason.value, now)
        self._waiting.turn(ticket, Turn.LEAVE, now)
        if hung_up:
            self._callbacks.line_free(ticket.call, now)

    def conversation_ended(self, call: str, by: ev.EndedBy, now: float) -> None:
        ticket = self._waiting.tickets.get(call)
        if ticket is None:
            return
        if ticket.place is Place.TALKING:
            self._conversation_over(ticket, by, "served", now)
        elif by is ev.EndedBy.CALLER:
            self.leave(call, ev.LeaveReason.ABANDONED, now)

    def _conversation_over(self, ticket: Ticket, by: ev.EndedBy, how: str, now: float) -> None:
        if how != ev.LeaveReason.TRANSFERRED.value:  # whom an agent sends on is not to come back to the same agent
            self._remember(ticket, None, now)
        self._offers.conversation_over(ticket, by, how, now)
        self._callbacks.served(ticket.call, now)

    def restarted(self, resume_within: float, now: float) -> None:
        """No leg is left: callers are remembered as if they had hung up, customers are still to be called back."""
        tickets = self._waiting.tickets
        promised = {call for call in tickets if tickets[call].number and tickets[call].place is not Place.TALKING}
        for call in [*sorted(tickets.keys() - promised), *sorted(promised)]:
            ticket = tickets.get(call)
            if ticket is None:
                continue  # it was one with another order
            if ticket.place in CALLED_BACK:
                self._callbacks.restarted(ticket, now)
            elif ticket.place is Place.TALKING:
                self._remember(ticket, ticket.since, now, resume_within)
                self._offers.conversation_over(ticket, ev.EndedBy.SWITCH, "restart", now)
            elif ticket.number:
                self._callbacks.restarted(ticket, now)
            else:
                self._remember(ticket, ticket.since, now, resume_within)
                self._stop_ringing(ticket, fx.WithdrawReason.CALLER_GONE, now)
                self._waiting.over(ticket, "restart", now)
                self._waiting.turn(ticket, Turn.LEAVE, now)

    def _remember(self, ticket: Ticket, since: float | None, now: float, at_least: float = 0.0) -> None:
        """Who was cut off while waiting may go on in any of the queues of this wait."""
        known = self._waiting.queues
        chosen = self._offers.offers[ticket.offers[0]].agent if ticket.offers else ticket.agent
        before = ticket.came_from if since is not None else ()
        queues = (ticket.queue, *(name for name in before if name in known))
        for queue in queues:
            until = now + max(known[queue].resume_within, at_least)
            self.returning.remember(ticket.customer, queue, Remembered(until, since, chosen, queues), now)

    def _stop_ringing(self, ticket: Ticket, reason: fx.WithdrawReason, now: float) -> None:
        self._offers.withdraw(ticket, reason, now)


def _plan_what_is_said(ticket: Ticket, queue: QueueConfig, now: float) -> None:
    """To somebody who has come to *queue* now."""
    after = None if queue.callback is None else queue.callback.after
    ticket.announce_at = first_announcement(queue.announce, now)
    ticket.comfort_at = now + queue.announce.comfort if queue.announce.comfort else None
    ticket.offer_callback_at = None if after is None else now + after
    ticket.callback_offered = False
