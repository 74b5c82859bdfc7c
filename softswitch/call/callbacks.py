"""Callbacks: dialling those who ordered one when their turn has come.

Whoever ordered a callback keeps the ticket, so the distributor goes on knowing it by the call in which it was ordered.
Dialling makes a new call whose caller's leg is the one we dial; after the greeting it goes the way of every caller,
with the queue as its first stop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acd.events import (
    CallbackAnswered,
    CallbackDialled,
    CallbackFailed,
    CallbackRequested,
    CallJoined,
    FailReason,
)
from acd.skills import parse
from acd.ticket import Place
from ivr.events import Started
from ivr.nodes import Flow as IvrFlow
from ivr.nodes import Menu
from ivr.session import Session
from ivr.targets import HANGUP, Target
from softswitch.call.customers import can_be_called, customer_of
from softswitch.call.dialling import Failure
from softswitch.call.model import Call, Caller, Role, Stage
from softswitch.call.stages import Input
from softswitch.speech import phrases

if TYPE_CHECKING:
    from collections.abc import Callable

    from acd.dispatcher import Dispatcher
    from acd.effects import DialCallback
    from sip.message import Response
    from softswitch.call.control import CallControl
    from softswitch.call.dialling import Attempt
    from softswitch.call.model import Leg
    from softswitch.call.settings import Settings
    from softswitch.config import Config
    from softswitch.messages import Request
    from softswitch.ports import Clock

REASONS = {
    Failure.BUSY: FailReason.BUSY,
    Failure.REJECTED: FailReason.REJECTED,
    Failure.NO_ANSWER: FailReason.NO_ANSWER,
    Failure.UNREACHABLE: FailReason.UNREACHABLE,
}
GREETING = Target("menu", "callback-greeting")


@dataclass(frozen=True, slots=True)
class Order:
    """What the distributor does not know about somebody who ordered a callback; lost in a restart and not missed."""

    name: str = ""
    language: str = ""
    trunk: str | None = None
    dialled: str = ""


class Callbacks:
    """Everybody who is being called back, and what we remember of those who will be."""

    def __init__(
        self,
        control: CallControl,
        config: Config,
        dispatcher: Dispatcher,
        flow: IvrFlow,
        *,
        clock: Clock,
        new_call_id: Callable[[], str],
    ) -> None:
        self._control = control
        self._config = config
        self._dispatcher = dispatcher
        self._flow = flow
        self._clock = clock
        self._new_call_id = new_call_id
        self._orders: dict[str, Order] = {}  # by ticket
        self._calls: dict[str, str] = {}  # ticket → the call that calls back
        self._held: dict[str, DialCallback] = {}  # by ticket: the customer still hears that the order was taken
        self._reported: set[str] = set()  # calls of which the distributor has been told how they went

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        self._config, self._flow = settings.config, settings.flow

    def __len__(self) -> int:
        return len(self._calls) + len(self._held) + len(self._reported)

    # ------------------------------------------------------------------------------------------------ ordered
    def remember(self, call: Call) -> None:
        """Somebody has ordered a callback."""
        self._orders[call.queued_as] = _order(call)

    def expect(self, ticket: str, request: Request) -> None:
        """*ticket* is that of somebody who has asked out of hours."""
        self._orders[ticket] = Order(request.name, request.language, request.trunk or None, request.dialled)

    def abandoned(self, call: Call, since: float, now: float) -> None:
        """The caller hung up while waiting; who waited long enough is called back all the same, in the old place."""
        queue = call.queue or ""
        offer = self._config.queues[queue].offer_callback
        number = call.caller.phone or call.caller.number
        if offer is None or offer.abandoned_after is None or now - since < offer.abandoned_after or call.ticket:
            return
        known = self._config
        if not can_be_called(number, offer.numbers, phones=known.phones, trunks=known.trunks, never=offer.never):
            return
        ticket = self._new_call_id()
        self._orders[ticket] = _order(call)
        progress = call.session.progress
        joined = CallJoined(
            ticket,
            queue,
            language=call.language,
            priority=call.priority + progress.priority,
            needs=parse(progress.needs),
            preferred=parse(progress.prefer),
            waiting_since=since,
            customer=customer_of(call.caller),
        )
        self._control.note("callback.ordered", call, now, queue=queue, number=number, ticket=ticket)
        self._control.queues.receive_together((joined, CallbackRequested(ticket, number)), now)

    def over(self, ticket: str, now: float) -> None:
        """The distributor will not want it dialled again."""
        self._orders.pop(ticket, None)
        self._held.pop(ticket, None)
        self.unused(ticket, now)

    # ------------------------------------------------------------------------------------------------ dialling
    def find(self, ticket: str) -> Call | None:
        """The call that calls back the customer of *ticket*."""
        return self._control.calls.get(self._calls.get(ticket, ""))

    def open(self, ticket: str, now: float) -> Call | None:
        """As `find`, opened when there is none yet; None when the distributor has no such callback."""
        known = self.find(ticket)
        waiting, order = self._dispatcher.tickets.get(ticket), self._orders.get(ticket, Order())
        if known is not None or waiting is None or not waiting.number:
            return known
        number, queue = waiting.number, waiting.queue
        language = order.language or waiting.variables.get("language") or self._config.server.language
        phone = number if number in self._config.phones else None
        caller = Caller(number, order.name, phone=phone, trunk=None if phone else order.trunk)
        session = Session(self._session_flow(queue), self._clock.local, forced_hours=self._control.forcing.at)
        call = Call(self._new_call_id(), caller, f"callback:{queue}", language, 0, session, self._config)
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
            callback_of=ticket,
        )
        return call

    def _session_flow(self, queue: str) -> IvrFlow:
        """The whole flow, and the greeting of this queue's callbacks."""
        words, flow = self._config.queues[queue], self._flow
        offer = words.offer_callback
        greeting = Menu(
            GREETING.name,
            say=(phrases.callback_greeting((offer.company if offer else "") or words.label),),
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
        if call is not None and call.stage is Stage.CALLING_BACK and (known is None or known.place is Place.CALLBACK):
            self._reported.add(call.call)
            self._control.endings.call_over(call, now, by="switch", cause="callback-no-agent")

    def dial(self, effect: DialCallback, now: float) -> None:
        """The customer's turn has come. Who still listens to the confirmation is dialled after it."""
        control = self._control
        ordering = control.calls.get(effect.call)
        if ordering is not None and control.orders.ordered(ordering):
            self._held[effect.call] = effect
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

        queue, order = self._config.queues[call.queue or ""], self._orders.get(call.ticket, Order())
        label, dialling = queue.label or call.queue or "", self._control.dialling
        if call.caller.phone is None:
            offer = queue.offer_callback
            return dialling.ring_number(
                call,
                call.caller.number,
                (offer.trunk if offer is not None else None) or self._own_trunk(order),
                Role.CALLER,
                display=(offer.company if offer is not None else "") or label,
                caller=Caller(order.dialled),
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
            number=order.dialled or call.queue or "",
            on_ringing=ringing,
            on_answer=answered,
            on_failure=failed,
            now=now,
        )

    def _own_trunk(self, order: Order) -> str:
        """The trunk by which the customer came, when calls go out through it too."""
        own = self._config.trunks.get(order.trunk or "")
        return "" if own is None or own.host is None or order.trunk is None else order.trunk

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
        offer = self._config.queues[call.queue or ""].offer_callback
        entry = GREETING if offer is None or offer.greeting else Target("queue", call.queue or "")
        if entry is GREETING:  # it lasts longer than a telephone rings
            control.queues.receive(CallbackDialled(call.ticket), now)
        if call.call in control.calls:
            control.menus.receive(call, Started(entry, call.language), now)

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

    def _report(self, call: Call, event: CallbackAnswered | CallbackFailed, now: float) -> None:
        if call.call not in self._reported:
            self._reported.add(call.call)
            self._control.queues.receive(event, now)


def _order(call: Call) -> Order:
    return Order(call.caller.name, call.language, call.caller.trunk, call.dialled)
