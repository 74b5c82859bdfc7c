"""Customers who have hung up and keep their place: their orders, and what becomes of them while they are on the line.

How and when they are dialled is in `acd.dialling`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd import effects as fx
from acd import events as ev
from acd.ticket import CALLED_BACK, LISTENING, Place, Ticket, Turn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acd.dialling import Dialling
    from acd.floor import Outbox
    from acd.model import CallbackPolicy
    from acd.offers import Offers
    from acd.waiting import Waiting


class Callbacks:
    def __init__(self, waiting: Waiting, offers: Offers, dialling: Dialling, out: Outbox) -> None:
        self._waiting = waiting
        self._offers = offers
        self._dialling = dialling
        self._out = out

    def receive(self, event: ev.CallbackEvent, now: float) -> None:
        ticket = self._waiting.tickets.get(event.call)
        if isinstance(event, ev.CallbackAnswered):
            self._dialling.answered(event.call, ticket, now)
        elif ticket is not None:
            match event:
                case ev.CallbackRequested(number=number, about=about):
                    self._order(ticket, number, about, now)
                case ev.CallbackDialled():
                    self._dialling.rings(ticket, now)
                case ev.CallbackFailed(reason=reason):
                    self._dialling.failed(ticket, reason.value, now)
                case ev.CallbackCancelled():
                    self.cancel(ticket, now)

    def pause(self, queue: str, until: float | None, now: float) -> None:
        """Nobody is dialled before ``until``; None: from now on they are. Nobody's time runs out meanwhile."""
        before = self._waiting.paused.pop(queue, None)
        if queue not in self._waiting.queues:
            return
        if until is not None and until > now:
            self._waiting.paused[queue] = until
        end = now if until is None else max(until, now)
        longer = end - (now if before is None else max(before, now))
        for ticket in self._ordered(queue):
            if ticket.expires_at is not None:
                ticket.expires_at += longer
            if ticket.place is Place.CALLBACK_OFFERED and end > now:
                self._offers.withdraw(ticket, fx.WithdrawReason.CALLER_CHANGED, now)
                self._waiting.turn(ticket, Turn.LAST_OFFER_OVER, now)
            if ticket.place is Place.CALLBACK and (end > now or ticket.due_at == before):
                retry = now if ticket.due_at is None or ticket.due_at == before else ticket.due_at
                ticket.due_at = None if max(retry, end) <= now else max(retry, end)
                self._waiting.room.update(ticket)
            self._waiting.arm(ticket)

    def _expires_at(self, policy: CallbackPolicy, queue: str, now: float) -> float | None:
        """Of a callback that is ordered now."""
        if policy.expires_after is None:
            return None
        return max(now, self._waiting.paused.get(queue, now)) + policy.expires_after

    # --- the order

    def of_customer(self, customer: str, queue: str, call: str) -> Ticket | None:
        """The callback that this customer, who calls in ``call``, has ordered from this queue; None also if another
        call of theirs stands for it."""
        if not customer:
            return None
        for ticket in self._ordered(queue):
            if ticket.customer == customer:
                taken = ticket.beside != call and ticket.beside in self._waiting.tickets
                return None if taken else ticket
        return None

    def _ordered(self, queue: str) -> list[Ticket]:
        tickets = [self._waiting.tickets[call] for call in sorted(self._waiting.called_back)]
        return [ticket for ticket in tickets if ticket.queue == queue]

    def take(self, ticket: Ticket, number: str, about: Iterable[tuple[str, str]], now: float) -> None:
        """An order of somebody who is not on the line; a ticket that nobody has seen yet, for which there is always
        room. If the customer is in the queue at this moment, it rests."""
        self._order(ticket, number, about, now)

    def moved(self, ticket: Ticket, now: float) -> None:
        """The ticket has its place in another queue now: as if its customer had joined or ordered there."""
        if ticket.place in CALLED_BACK:
            same = self._same(ticket, ticket.number)
            self._grow_older(ticket, same, now)
            self._unite(ticket, same, now)
        elif ticket.place in LISTENING:
            ordered = self.of_customer(ticket.customer, ticket.queue, ticket.call)
            if ordered is not None:
                self._grow_older(ticket, [ordered], now)
                self.absorb(ordered, ticket.call, now)

    def _same(self, ticket: Ticket, number: str) -> list[Ticket]:
        """The other orders of this customer in this queue."""
        return [
            other
            for other in self._ordered(ticket.queue)
            if other is not ticket
            and (other.number == number or (ticket.customer and other.customer == ticket.customer))
        ]

    def _grow_older(self, ticket: Ticket, same: list[Ticket], now: float) -> None:
        """As old as the oldest of those whose place it takes."""
        since = min([ticket.since, *(other.since for other in same)])
        if since < ticket.since:
            self._waiting.lift(ticket)
            ticket.since = since
            self._waiting.place(ticket, now)

    def _unite(self, ticket: Ticket, same: list[Ticket], now: float) -> None:
        """The orders of a customer are one; it rests while the customer is on the line."""
        beside = next((other.beside for other in same if other.beside not in ("", ticket.call)), "")
        for other in same:
            self._dialling.give_up(other, "absorbed", now)
        self._rest_while_live(ticket, beside, now)

    def _rest_while_live(self, ordered: Ticket, beside: str, now: float) -> None:
        """If the customer waits or talks here in another call, or is known to be on the line in *beside*."""
        if ordered.place not in CALLED_BACK:
            return
        live = [
            other
            for other in self._waiting.tickets.values()
            if other.queue == ordered.queue
            and ordered.customer
            and other.customer == ordered.customer
            and (other.place in LISTENING or other.place is Place.TALKING)
        ]
        if live:
            first = min(live, key=lambda other: other.call)
            if first.place in LISTENING:
                self._grow_older(first, [ordered], now)
            beside = first.call
        if beside:
            self.absorb(ordered, beside, now)

    def _order(self, ticket: Ticket, number: str, about: Iterable[tuple[str, str]], now: float) -> None:
        if ticket.place in (Place.TALKING, Place.DIALLING, Place.CALLED_AGAIN):
            return
        policy = self._waiting.callback_policy(ticket)
        same = self._same(ticket, number)
        if ticket.ladder is not None:
            self._waiting.lift(ticket)
        ticket.since = min([ticket.since, *(other.since for other in same)])
        ticket.number, ticket.ordered_at = number, now
        ticket.about = dict(about) or ticket.about
        ticket.expires_at = self._expires_at(policy, ticket.queue, now)
        ticket.tries, ticket.due_at, ticket.exit, ticket.urgent = 0, None, None, False
        if ticket.place is not Place.CALLBACK_OFFERED:
            self._offers.withdraw(ticket, fx.WithdrawReason.CALLER_GONE, now)
        self._out.journal(
            "callback_ordered", now, call=ticket.call, queue=ticket.queue, customer=ticket.customer, since=ticket.since
        )
        self._keep(ticket, now)
        self._unite(ticket, same, now)

    def _keep(self, ticket: Ticket, now: float) -> None:
        """From the line to the list, in the same place; the ticket is lifted out of the room."""
        ticket.ladder = None
        self._waiting.turn(ticket, Turn.ORDER_CALLBACK, now)
        self._waiting.place(ticket, now)

    def absorb(self, ordered: Ticket, live: str, now: float) -> None:
        """The customer calls again: the call takes the place of the order, which rests until it is over."""
        if ordered.place is not Place.CALLED_AGAIN:
            self._dialling.stop(ordered, fx.WithdrawReason.CALLER_CHANGED, now)
            ordered.due_at = None
            self._waiting.turn(ordered, Turn.CALL_AGAIN, now)
        ordered.beside = live
        self._out.journal("called_again", now, call=ordered.call, queue=ordered.queue, by=live)

    def served(self, call: str, now: float) -> None:
        """The customer has talked with somebody in this call."""
        for ordered in self._waiting.orders_of(call):
            self._dialling.give_up(ordered, "served", now)

    def line_free(self, call: str, now: float) -> None:
        """This call is over. Who called again in it, and was not served, is still to be called back, in the old place;
        who calls again has not lost interest, so the time in which that can be done begins anew."""
        for ordered in self._waiting.orders_of(call):
            self._free(ordered, now)
            self._rest_while_live(ordered, "", now)

    def _free(self, ordered: Ticket, now: float) -> None:
        by, ordered.beside = ordered.beside, ""
        ordered.expires_at = self._expires_at(self._waiting.callback_policy(ordered), ordered.queue, now)
        self._waiting.turn(ordered, Turn.LINE_FREE, now)
        self._out.journal("line_free", now, call=ordered.call, queue=ordered.queue, by=by)
        self._waiting.place(ordered, now)

    def hung_up(self, ticket: Ticket, now: float) -> None:
        """Somebody who was promised a callback has hung up while waiting: the promise holds.

        Who had answered the callback has to be dialled again: a try that failed.
        """
        answered = ticket.urgent
        self._offers.withdraw(ticket, fx.WithdrawReason.CALLER_GONE, now)
        self._waiting.lift(ticket)
        policy = self._waiting.callback_policy(ticket)
        if ticket.ordered_at is None:
            ticket.ordered_at = now
            ticket.expires_at = self._expires_at(policy, ticket.queue, now)
        ticket.exit, ticket.urgent = None, False
        self._out.journal("callback_kept", now, call=ticket.call, queue=ticket.queue, answered=answered)
        self._keep(ticket, now)
        for other in self._waiting.orders_of(ticket.call):
            self._dialling.give_up(other, "absorbed", now)
        if answered:
            self._dialling.try_again(ticket, "hung_up", now)
        self._rest_while_live(ticket, "", now)

    def sent_on(self, ticket: Ticket, now: float) -> None:
        """A customer who answered the callback, and waits, has been sent elsewhere: the order rests meanwhile."""
        self._offers.withdraw(ticket, fx.WithdrawReason.CALLER_GONE, now)
        self._waiting.turn(ticket, Turn.SEND_ON, now)
        ticket.beside, ticket.exit = ticket.call, None
        self._out.journal("sent_on", now, call=ticket.call, queue=ticket.queue)

    def come_back(self, ticket: Ticket, now: float) -> None:
        """Nobody took the customer there: in the queue again, as if they had never left it."""
        ticket.beside = ""
        self._waiting.turn(ticket, Turn.COME_BACK, now)
        self._out.journal("rejoined", now, call=ticket.call, queue=ticket.queue)
        self._waiting.place(ticket, now)
        self.moved(ticket, now)

    def not_taken(self, ticket: Ticket, now: float) -> None:
        """A customer who was sent elsewhere has hung up there: as if in the queue."""
        answered, ticket.urgent = ticket.urgent, False
        self._free(ticket, now)
        if answered:
            self._dialling.try_again(ticket, "hung_up", now)
        self._rest_while_live(ticket, "", now)

    def restarted(self, ticket: Ticket, now: float) -> None:
        """Legs are lost."""
        if ticket.place is Place.DIALLING:
            self._offers.release(ticket, now)
            ticket.tries -= 1
            self._waiting.turn(ticket, Turn.NOT_REACHED, now)
        elif ticket.place is Place.CALLBACK_OFFERED:
            self._offers.withdraw(ticket, fx.WithdrawReason.AGENT_GONE, now)
            self._waiting.turn(ticket, Turn.LAST_OFFER_OVER, now)
        elif ticket.place is Place.CALLED_AGAIN:
            ticket.tries -= ticket.urgent
            ticket.urgent = False
            self.line_free(ticket.beside, now)
        elif ticket.place is not Place.CALLBACK:
            answered, ticket.urgent = ticket.urgent, False
            self.hung_up(ticket, now)
            ticket.tries -= answered
        if ticket.place is Place.CALLBACK and self._waiting.paused.get(ticket.queue, now) > now:
            ticket.due_at = max(ticket.due_at or now, self._waiting.paused[ticket.queue])
            self._waiting.room.update(ticket)
            self._waiting.arm(ticket)
        if ticket.place in CALLED_BACK and ticket.expires_at is not None and ticket.expires_at <= now:
            self._dialling.give_up(ticket, "expired", now)

    def cancel(self, ticket: Ticket, now: float) -> None:
        if ticket.place in CALLED_BACK:
            self._dialling.give_up(ticket, "cancelled", now)
        else:
            ticket.number = ""  # on the line again; a hang-up is one now
