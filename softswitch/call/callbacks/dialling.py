"""Callbacks: dialling those who ordered one when their turn has come.

Whoever ordered a callback keeps the ticket, so the distributor goes on knowing it by the call in which it was ordered.
Dialling makes a new call whose caller's leg is the one we dial; after the greeting it goes the way of every caller,
with the queue as its first stop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd.events import (
    CallbackAnswered,
    CallbackCancelled,
    CallbackDialled,
    CallbackFailed,
    CallJoined,
    CallLeft,
    FailReason,
    LeaveReason,
)
from acd.skills import parse
from acd.ticket import CALLED_BACK, LISTENING, Place
from ivr.customers import CUSTOMER_ID
from ivr.events import Started
from ivr.nodes import Flow as IvrFlow
from ivr.nodes import Menu
from ivr.session import Session
from ivr.targets import HANGUP, Target
from softswitch.call.callbacks.memory import Memory
from softswitch.call.model import Call, Caller, Role, Stage
from softswitch.call.queues.customers import can_be_called, customer_in, is_never_called
from softswitch.call.ringing.dialling import Failure
from softswitch.call.stages import Input
from softswitch.speech import phrases

if TYPE_CHECKING:
    from collections.abc import Callable

    from acd.dispatcher import Dispatcher
    from acd.effects import DialCallback
    from acd.ticket import Ticket
    from sip.message import Response
    from softswitch.call.control import CallControl
    from softswitch.call.model import Leg
    from softswitch.call.ringing.dialling import Attempt
    from softswitch.call.settings import Settings
    from softswitch.config import Config, Queue
    from softswitch.config.words.waiting import OfferCallback
    from softswitch.ports import Campaigns, Clock

REASONS = {
    Failure.BUSY: FailReason.BUSY,
    Failure.REJECTED: FailReason.REJECTED,
    Failure.NO_ANSWER: FailReason.NO_ANSWER,
    Failure.UNREACHABLE: FailReason.UNREACHABLE,
}
GREETING = Target("menu", "callback-greeting")


class Callbacks:
    """Everybody who is being called back."""

    def __init__(
        self,
        control: CallControl,
        config: Config,
        dispatcher: Dispatcher,
        flow: IvrFlow,
        *,
        clock: Clock,
        new_call_id: Callable[[], str],
        campaigns: Campaigns | None = None,
    ) -> None:
        self._control = control
        self._config = config
        self._dispatcher = dispatcher
        self._flow = flow
        self._clock = clock
        self._new_call_id = new_call_id
        self._campaigns = campaigns
        self._former: dict[str, Queue] = {}  # queues that there were before a reload: they are served to the end
        self._calls: dict[str, str] = {}  # ticket → the call that calls back
        self._held: dict[str, DialCallback] = {}  # by ticket: the customer still hears that the order was taken
        self._reported: set[str] = set()  # calls of which the distributor has been told how they went

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        known = self._former | dict(self._config.queues)
        wanted = {ticket.queue for ticket in self._dispatcher.tickets.values()}
        wanted |= {call.queue for call in self._control.calls.values() if call.queue is not None}
        gone = wanted - settings.config.queues.keys()
        self._former = {name: words for name, words in known.items() if name in gone}
        self._config, self._flow = settings.config, settings.flow

    def __len__(self) -> int:
        return len(self._calls) + len(self._held) + len(self._reported)

    # ------------------------------------------------------------------------------------------------ ordered
    def abandoned(self, call: Call, since: float, now: float) -> None:
        """The caller hung up while waiting; who waited long enough is called back all the same, in the old place."""
        queue = call.queue or ""
        offer = self._offer(queue)
        number = call.caller.phone or call.caller.number
        if offer is None or offer.abandoned_after is None or now - since < offer.abandoned_after or call.ticket:
            return
        known, customer = self._config, customer_in(call)
        if customer and self._has_ordered(customer, queue):
            return
        if not can_be_called(number, offer.numbers, phones=known.phones, trunks=known.trunks, never=offer.never):
            return
        ticket = self._new_call_id()
        merits = self._control.queues.merits(call)
        joined = CallJoined(
            ticket,
            queue,
            language=call.language,
            priority=merits.priority,
            needs=parse(merits.needs),
            preferred=parse(merits.prefer),
            variables=merits.variables,
            waiting_since=since,
            customer=customer,
            agent=self._control.queues.own_agent(call),
            number=number,
            about=Memory.of_call(call).pairs(),
        )
        self._control.note("callback.ordered", call, now, queue=queue, number=number, ticket=ticket)
        self._control.queues.receive(joined, now)

    def about(self, call: Call, queue: str) -> tuple[tuple[str, str], ...]:
        """What is to be known of a caller of *queue* whom the end of the switch may cut off, see `cut_off`."""
        offer = self._offer(queue)
        return () if offer is None or offer.abandoned_after is None else Memory.of_call(call).pairs()

    def cut_off(self, now: float) -> list[tuple[str, CallJoined]]:
        """By their calls, orders for those who waited when the switch was killed and have waited long enough by now."""
        known = self._config
        orders: list[tuple[str, CallJoined]] = []
        for ticket in sorted(self._dispatcher.tickets.values(), key=lambda ticket: (ticket.since, ticket.call)):
            offer = self._offer(ticket.queue)
            number = Memory.of_ticket(ticket).number or ticket.customer.removeprefix("phone:")
            if ticket.place not in LISTENING or ticket.number or offer is None or offer.abandoned_after is None:
                continue
            if now - ticket.since < offer.abandoned_after or self._has_ordered(ticket.customer, ticket.queue):
                continue
            if not can_be_called(number, offer.numbers, phones=known.phones, trunks=known.trunks, never=offer.never):
                continue
            order = CallJoined(
                self._new_call_id(),
                ticket.queue,
                priority=ticket.priority,
                needs=ticket.needs,
                preferred=ticket.preferred,
                variables=tuple(sorted(ticket.variables.items())),
                waiting_since=ticket.since,
                customer=ticket.customer,
                number=number,
                about=tuple(ticket.about.items()),
            )
            orders.append((ticket.call, order))
        return orders

    def _has_ordered(self, customer: str, queue: str) -> bool:
        tickets = self._dispatcher.tickets.values()
        return any(t.customer == customer and t.queue == queue and t.place in CALLED_BACK for t in tickets)

    def _words(self, queue: str) -> Queue | None:
        """None: a queue of before a restart, which the file no longer has."""
        return self._config.queues.get(queue) or self._former.get(queue)

    def _offer(self, queue: str) -> OfferCallback | None:
        words = self._words(queue)
        return None if words is None else words.offer_callback

    def over(self, ticket: str, now: float) -> None:
        """The distributor will not want it dialled again."""
        self._held.pop(ticket, None)
        self.unused(ticket, now)

    # ------------------------------------------------------------------------------------------------ dialling
    def find(self, ticket: str) -> Call | None:
        """The call that calls back the customer of *ticket*."""
        return self._control.calls.get(self._calls.get(ticket, ""))

    def open(self, ticket: str, now: float) -> Call | None:
        """As `find`, opened when there is none yet; None when the distributor has no such callback."""
        known = self.find(ticket)
        waiting = self._dispatcher.tickets.get(ticket)
        if known is not None or waiting is None or not waiting.number:
            return known
        number, queue, memory = waiting.number, waiting.queue, Memory.of_ticket(waiting)
        language = waiting.variables.get("language") or self._config.server.language
        phone = number if number in self._config.phones else None
        caller = Caller(number, memory.name, phone=phone, trunk=None if phone else memory.trunk or None)
        session = self._session(waiting)
        asked = self._control.reconfiguring.settings.config  # a queue that is no more is known to its callbacks only
        config = asked if queue in asked.queues else self._config
        call = Call(self._new_call_id(), caller, f"callback:{queue}", language, 0, session, config)
        call.stage, call.queue, call.ticket = Stage.CALLING_BACK, queue, ticket
        self._control.calls[call.call] = call
        self._calls[ticket] = call.call
        self._control.note(
            "call.started",
            call,
            now,
            caller=number,
            name=caller.name,
            dialled=call.dialled,
            phone=phone,
            trunk=caller.trunk,
            language=language,
            customer_id=memory.known.get(CUSTOMER_ID),
            callback_of=ticket,
        )
        return call

    def _session(self, ticket: Ticket) -> Session:
        """As every caller's, with what the caller brought when the order was given."""
        campaigns = self._campaigns
        session = Session(
            self._session_flow(ticket.queue),
            self._clock.local,
            forced_hours=self._control.forcing.at,
            messages=None if campaigns is None else campaigns.messages,
            rollouts=None if campaigns is None else campaigns.percents,
        )
        progress = session.progress
        progress.priority, progress.needs, progress.prefer = ticket.priority, str(ticket.needs), str(ticket.preferred)
        return session

    def _session_flow(self, queue: str) -> IvrFlow:
        """The whole flow, and the greeting of this queue's callbacks."""
        words, flow = self._words(queue), self._flow
        offer, label = self._offer(queue), "" if words is None else words.label
        greeting = Menu(
            GREETING.name,
            say=(phrases.callback_greeting((offer.company if offer else "") or label),),
            keys={"1": Target("queue", queue)},
            retries=1,
            when_no_input=HANGUP,
        )
        return IvrFlow({**flow.nodes, GREETING: greeting}, flow.language, flow.step_limit, flow.prompt_limit)

    def unused(self, ticket: str, now: float) -> None:
        """An agent was rung for the customer in vain: unless others are, nothing goes on and the call is over."""
        if ticket in self._calls:
            self._control.later(now, lambda at: self._close_unused(ticket, at))

    def _close_unused(self, ticket: str, now: float) -> None:
        call, known = self.find(ticket), self._dispatcher.tickets.get(ticket)
        rests = known is None or known.place in (Place.CALLBACK, Place.CALLED_AGAIN)
        if call is not None and call.stage is Stage.CALLING_BACK and rests:
            self._reported.add(call.call)
            self._control.endings.call_over(call, now, by="switch", cause="callback-no-agent")

    def dial(self, effect: DialCallback, now: float) -> None:
        """The customer's turn has come. Who still listens to the confirmation is dialled after it."""
        control = self._control
        ordering = control.calls.get(effect.call)
        if ordering is not None and control.orders.ordered(ordering):
            self._held[effect.call] = effect
            return
        ticket, offer = self._dispatcher.tickets.get(effect.call), self._offer(effect.queue)
        if ticket is not None and offer is not None and is_never_called(ticket.number, offer.never):
            control.queues.receive(CallbackCancelled(effect.call, "never called"), now)
            return
        call = self.open(effect.call, now)
        if call is None:
            return
        if effect.agent is not None:
            control.offers.agent_waits(call, effect.agent, now)
        attempt = self._ring(call, now)
        if isinstance(attempt, Failure):
            control.later(now, lambda at: self._unanswered(call, attempt, at), call=call.call)
        else:
            call.attempt = attempt.attempt

    def _ring(self, call: Call, now: float) -> Attempt | Failure:
        rang: list[float] = []

        def ringing(attempt: Attempt, leg: Leg, response: Response, at: float) -> None:
            if not rang and response.status > 100:
                rang.append(at)
                self._control.queues.receive(CallbackDialled(call.ticket), at)

        def answered(attempt: Attempt, leg: Leg, at: float) -> None:
            self._answered(call, leg, at)

        def failed(attempt: Attempt, failure: Failure, at: float) -> None:
            self._unanswered(call, failure, at)

        name = call.queue or ""
        words, offer = self._words(name), self._offer(name)
        memory = Memory.of_ticket(self._dispatcher.tickets.get(call.ticket))
        label, dialling = (words.label if words is not None else "") or name, self._control.dialling
        if call.caller.phone is None:
            return dialling.ring_number(
                call,
                call.caller.number,
                (offer.trunk if offer is not None else None) or self._own_trunk(memory.trunk),
                Role.CALLER,
                display=(offer.company if offer is not None else "") or label,
                caller=Caller(memory.dialled),
                on_ringing=ringing,
                on_answer=answered,
                on_failure=failed,
                now=now,
            )
        return dialling.ring(
            call,
            call.caller.phone,
            Role.CALLER,
            display=label,
            number=memory.dialled or name,
            on_ringing=ringing,
            on_answer=answered,
            on_failure=failed,
            now=now,
        )

    def _own_trunk(self, trunk: str) -> str:
        """The trunk by which the customer came, when calls go out through it too."""
        own = self._config.trunks.get(trunk)
        return "" if own is None or own.host is None else trunk

    def stop(self, ticket: str, now: float) -> None:
        """The distributor gives this try up."""
        self._held.pop(ticket, None)
        if (call := self.find(ticket)) is not None:
            self._reported.add(call.call)
            self._control.endings.call_over(call, now, by="switch", cause="callback-stopped")

    # ------------------------------------------------------------------------------------------------ what happens
    def _answered(self, call: Call, leg: Leg, now: float) -> None:
        control = self._control
        call.attempt = None
        if call.call not in control.calls or not control.advance(call, Input.CUSTOMER_ANSWERED):
            control.legs.hang_up(leg, now)
            return
        call.a_leg = leg.leg
        control.note("call.answered", call, now)
        offer = self._offer(call.queue or "")
        entry = GREETING if offer is None or offer.greeting else Target("queue", call.queue or "")
        if entry is GREETING:  # it lasts longer than a telephone rings
            control.queues.receive(CallbackDialled(call.ticket), now)
        if call.call in control.calls:
            memory, caller = Memory.of_ticket(self._dispatcher.tickets.get(call.ticket)), call.caller
            known = {**memory.known, "ani": caller.number, "did": memory.dialled, "name": caller.name}
            control.menus.receive(call, Started(entry, call.language, variables=known), now)

    def _unanswered(self, call: Call, failure: Failure, now: float) -> None:
        call.attempt = None
        if call.call in self._control.calls:
            self._report(call, CallbackFailed(call.ticket, REASONS[failure]), now)
            cause = f"callback-{failure.name.lower().replace('_', '-')}"
            self._control.endings.call_over(call, now, by="phone", cause=cause)

    def is_expected(self, call: Call) -> bool:
        """Whether the distributor has a place for this call, and waits to hear of the customer."""
        return bool(call.ticket) and call.call not in self._reported

    def in_queue(self, call: Call, now: float) -> bool:
        """The customer is on the line and wants to talk; False when that is known already."""
        if not self.is_expected(call):
            return False
        self._report(call, CallbackAnswered(call.ticket), now)
        return True

    def ended(self, call: Call, now: float) -> None:
        """The call is over. A customer who did not come as far as the queue has not been reached."""
        if call.ticket:
            self._calls.pop(call.ticket, None)
            self._report(call, CallbackFailed(call.ticket, FailReason.NO_ANSWER), now)
            self._reported.discard(call.call)
        elif (effect := self._held.pop(call.call, None)) is not None:
            self._control.later(now, lambda at: self.dial(effect, at))
        if self._rests_beside(call):
            self._control.queues.receive(CallLeft(call.queued_as), now)  # in vain: is still to be called back

    def served(self, call: Call, now: float) -> None:
        """Somebody talks with the caller, whom no queue sent: an order that rests beside the call is done."""
        if self._rests_beside(call):
            self._control.queues.receive(CallLeft(call.queued_as, LeaveReason.SERVED), now)

    def _rests_beside(self, call: Call) -> bool:
        """Whether an order waits for what becomes of the call, which no queue has at present."""
        known = self._dispatcher.tickets.get(call.queued_as)
        elsewhere = known is None or known.place is Place.CALLED_AGAIN
        return elsewhere and self._dispatcher.order_of(call.queued_as) is not None

    def _report(self, call: Call, event: CallbackAnswered | CallbackFailed, now: float) -> None:
        if call.call not in self._reported:
            self._reported.add(call.call)
            self._control.queues.receive(event, now)
