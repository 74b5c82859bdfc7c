"""Customers who have hung up and keep their place: the order, the dialling, and what becomes of it.

With the customer first, an idle agent is kept as soon as it is the customer's turn, or the number is dialled a little
before an agent is expected; with the agent first, the agent is rung like for any caller and holds the line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd import effects as fx
from acd import events as ev
from acd.decisions import decision
from acd.ticket import CALLED_BACK, LISTENING, Place, Ticket, Turn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acd.floor import Floor, Outbox
    from acd.matching import Pairing
    from acd.model import CallbackPolicy
    from acd.offers import Offers
    from acd.waiting import Waiting


def is_due(estimate: tuple[float, float, float], setup: float) -> bool:
    """Whether to dial although no agent is idle: one is to be expected before the customer answers.

    ``estimate``: P50, P80 and spread of the wait still to come; ``setup``: seconds that customers usually take to
    answer. Together with those for whom an agent was kept first, 97 % of who answer have an agent within two seconds;
    with P50 in place of P80 it would be 90 % on middling floors (``python -m bench.callbacks``).
    """
    return estimate[1] <= setup


class Callbacks:
    def __init__(self, waiting: Waiting, offers: Offers, floor: Floor, out: Outbox) -> None:
        self._waiting = waiting
        self._offers = offers
        self._floor = floor
        self._out = out

    def receive(self, event: ev.CallbackEvent, now: float) -> None:
        ticket = self._waiting.tickets.get(event.call)
        if isinstance(event, ev.CallbackAnswered):
            self._answered(event.call, ticket, now)
        elif ticket is not None:
            match event:
                case ev.CallbackRequested(number=number, about=about):
                    self._order(ticket, number, about, now)
                case ev.CallbackDialled():
                    self._rings(ticket, now)
                case ev.CallbackFailed(reason=reason):
                    self._failed(ticket, reason.value, now)
                case ev.CallbackCancelled():
                    self._cancel(ticket, now)

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
            self.give_up(other, "absorbed", now)
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
            self._stop(ordered, fx.WithdrawReason.CALLER_CHANGED, now)
            ordered.due_at = None
            self._waiting.turn(ordered, Turn.CALL_AGAIN, now)
        ordered.beside = live
        self._out.journal("called_again", now, call=ordered.call, queue=ordered.queue, by=live)

    def _stop(self, ticket: Ticket, reason: fx.WithdrawReason, now: float) -> None:
        """Stop ringing; a try that was under way does not count."""
        if ticket.place is Place.DIALLING:
            if ticket.dial_until is not None:
                self._out.put(fx.StopDialling(ticket.call, ticket.queue))
                ticket.tries -= 1
            self._offers.release(ticket, now)
            self._waiting.turn(ticket, Turn.NOT_REACHED, now)
        elif ticket.place is Place.CALLBACK_OFFERED:
            self._offers.withdraw(ticket, reason, now)
            self._waiting.turn(ticket, Turn.LAST_OFFER_OVER, now)

    def served(self, call: str, now: float) -> None:
        """The customer has talked with somebody in this call."""
        for ordered in self._waiting.orders_of(call):
            self.give_up(ordered, "served", now)

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
            self.give_up(other, "absorbed", now)
        if answered:
            self._try_again(ticket, "hung_up", now)
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
            self._try_again(ticket, "hung_up", now)
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
            self.give_up(ticket, "expired", now)

    # --- dialling

    def reserve(self, pairing: Pairing, now: float) -> None:
        """It is the customer's turn and this agent is idle: keep the agent, and dial unless that is done already."""
        ticket, agent = pairing.ticket, self._floor.agents[pairing.agents[0]]
        self._out.journal(
            "reserved",
            now,
            call=ticket.call,
            queue=ticket.queue,
            agent=agent.id,
            standing=ticket.standing(now),
            band=ticket.band,
            step=ticket.step,
            candidates=pairing.candidates,
            **decision(pairing, self._waiting.room, self._floor, now),
        )
        dialled = ticket.place is Place.DIALLING
        if not dialled:
            self._waiting.turn(ticket, Turn.DIAL, now)
        self._offers.reserve(ticket, agent, now)
        if not dialled:
            self._dial(ticket, None, now)

    def agent_answered(self, offer: int, ticket: Ticket, now: float) -> None:
        """The agent is on the line first."""
        self._offers.hold(offer, now)
        self._dial(ticket, ticket.held, now)

    def soon(self, ticket: Ticket, now: float) -> None:
        """There is a new estimate: dial if an agent is to be expected within the time that answering takes."""
        policy = self._waiting.callback_policy(ticket)
        if (
            ticket.place is Place.CALLBACK
            and ticket.due_at is None
            and not ticket.agent_first
            and ticket.estimate is not None
            and is_due(ticket.estimate, policy.setup)
        ):
            self._waiting.turn(ticket, Turn.DIAL, now)
            self._dial(ticket, None, now)

    def _dial(self, ticket: Ticket, agent: str | None, now: float) -> None:
        ring_timeout = self._waiting.callback_policy(ticket).ring_timeout
        ticket.tries += 1
        ticket.dial_until = now + ring_timeout
        self._waiting.arm(ticket)
        self._out.journal("dial", now, call=ticket.call, queue=ticket.queue, agent=agent, tries=ticket.tries)
        self._out.put(fx.DialCallback(ticket.call, ticket.queue, ticket.number, agent, ring_timeout))

    def _rings(self, ticket: Ticket, now: float) -> None:
        if ticket.place is Place.DIALLING:
            ticket.dial_until = now + self._waiting.callback_policy(ticket).ring_timeout
            self._waiting.arm(ticket)

    def _answered(self, call: str, ticket: Ticket | None, now: float) -> None:
        if ticket is None or ticket.place in (Place.CALLBACK, Place.CALLBACK_OFFERED):
            self._out.put(fx.StopDialling(call, "" if ticket is None else ticket.queue))
        elif ticket.place is Place.DIALLING:
            ticket.joined_at = now
            if ticket.offers:
                self._offers.connect_held(ticket, now)
                return
            held = ticket.held
            self._waiting.lift(ticket)
            ticket.urgent = True
            self._waiting.turn(ticket, Turn.REACHED, now)
            self._waiting.place(ticket, now)
            if held is not None:
                self._offers.ring(ticket, self._floor.agents[held], now, reserved=True)

    def timed_out(self, ticket: Ticket, now: float) -> None:
        self._out.put(fx.StopDialling(ticket.call, ticket.queue))
        self._failed(ticket, ev.FailReason.NO_ANSWER.value, now)

    def _failed(self, ticket: Ticket, reason: str, now: float) -> None:
        if ticket.place is Place.DIALLING:
            self._offers.release(ticket, now)
            self._waiting.turn(ticket, Turn.NOT_REACHED, now)
            self._try_again(ticket, reason, now)

    def _try_again(self, ticket: Ticket, reason: str, now: float) -> None:
        """After a while, unless it was tried often enough."""
        policy = self._waiting.callback_policy(ticket)
        self._out.journal("not_reached", now, call=ticket.call, queue=ticket.queue, reason=reason, tries=ticket.tries)
        if ticket.tries >= policy.tries:
            self.give_up(ticket, "not_reached", now)
        elif ticket.expires_at is not None and ticket.expires_at <= now:
            self.give_up(ticket, "expired", now)
        else:
            ticket.due_at = now + policy.retry_after[min(max(ticket.tries, 1), len(policy.retry_after)) - 1]
            ticket.due_at = max(ticket.due_at, self._waiting.paused.get(ticket.queue, now))
            self._waiting.room.update(ticket)
            self._waiting.arm(ticket)

    def due(self, ticket: Ticket, now: float) -> None:
        """The time after a failed try is over, or the pause of all."""
        ticket.due_at = None
        self._waiting.room.update(ticket)
        self._waiting.arm(ticket)

    # --- the end

    def expire(self, ticket: Ticket, now: float) -> None:
        self.give_up(ticket, "expired", now)

    def _cancel(self, ticket: Ticket, now: float) -> None:
        if ticket.place in CALLED_BACK:
            self.give_up(ticket, "cancelled", now)
        else:
            ticket.number = ""  # on the line again; a hang-up is one now

    def give_up(self, ticket: Ticket, how: str, now: float) -> None:
        """The customer will not be called (any more)."""
        if ticket.place is Place.DIALLING:
            if ticket.dial_until is not None:
                self._out.put(fx.StopDialling(ticket.call, ticket.queue))
            self._offers.release(ticket, now)
        self._offers.withdraw(ticket, fx.WithdrawReason.CALLER_GONE, now)
        ticket.beside = ""
        self._waiting.over(ticket, how, now)
        self._waiting.turn(ticket, Turn.GIVE_UP, now)
