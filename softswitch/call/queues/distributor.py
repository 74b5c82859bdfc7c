"""Queues: what the distributor wants done, carried out on legs; what legs do, told to the distributor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acd.effects import (
    AgentStateChanged,
    AnnounceComfort,
    AnnouncePosition,
    AnnounceWait,
    CallbackOver,
    CallMoved,
    Connect,
    DialCallback,
    Journal,
    OfferCall,
    OfferCallback,
    QueueEmpty,
    QueueFull,
    QueueOverflowed,
    QueueTimedOut,
    StopDialling,
    WithdrawOffer,
)
from acd.events import CallChanged, CallJoined, CallLeft, CallPicked, ConversationEnded, LeaveReason, OfferFailed
from acd.skills import parse, variables
from acd.ticket import OUT_OF_THE_ROOM, Place
from ivr.events import Requeued, Returned
from ivr.nodes import Queue, Result
from ivr.targets import Target
from softswitch.call.model import Stage
from softswitch.call.queues.brought import brought, change
from softswitch.call.queues.customers import customer_in
from softswitch.call.stages import Input
from softswitch.speech import phrases

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from acd.dispatcher import Dispatcher
    from acd.effects import Box, Effect
    from acd.events import EndedBy, Event, FailReason
    from acd.model import QueueConfig
    from ivr.progress import Progress
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call, Leg

_RESULT = {
    QueueTimedOut: Result.TIMED_OUT,
    QueueFull: Result.FULL,
    QueueEmpty: Result.EMPTY,
    QueueOverflowed: Result.OVERFLOWED,
}


@dataclass(frozen=True, slots=True)
class Merits:
    """Points and skills that a call brings along; ``variables`` are those that skills are asked for by."""

    priority: float
    needs: str
    prefer: str
    variables: tuple[tuple[str, str], ...]


class Queues:
    """The ACD's side of every call."""

    def __init__(self, control: CallControl, dispatcher: Dispatcher) -> None:
        self._control = control
        self._dispatcher = dispatcher
        self._draining = False

    # ------------------------------------------------------------------------------------------------ told
    def receive(self, event: Event, now: float) -> None:
        if isinstance(event, CallChanged):
            self._keep(event, now)
        self._dispatcher.receive(event, now)
        self._drain(now)

    def next_deadline(self) -> float | None:
        return self._dispatcher.next_deadline()

    def handle_timeout(self, now: float) -> None:
        self._dispatcher.handle_timeout(now)
        self._drain(now)

    def join(self, call: Call, leg: Leg, queue: str, now: float, *, silently: bool = False) -> None:
        """The caller enters *queue* and hears its music; who was only aside has the old place.

        Who has an earlier place is told so, unless *silently*.
        """
        control = self._control
        aside = call.stage is Stage.ASIDE
        if self.is_talking(call) and self._dispatcher.refuses(self._joined(call, queue), now):
            # an agent sends the caller on: their conversation is given up only for a queue that takes the caller
            control.later(now, lambda at: control.menus.receive(call, Returned(Result.FULL), at), call=call.call)
            return
        if not control.advance(call, Input.ENTER_QUEUE):
            return
        back = aside and control.waiting.is_home(call, queue)
        if aside and not back:
            self._keep_age(call)
        if not (back or control.callbacks.is_expected(call)):
            call.queue = queue  # others have their place, which an operator may have moved meanwhile
        here = call.queue or queue
        control.waiting.begin(call, leg)
        self._follow(call, queue, here, now)
        if back:
            control.waiting.back(call, now, silently=silently)
        elif not control.callbacks.in_queue(call, now):
            call.came_from = () if call.waiting_since is None else call.came_from
            self.receive(self._joined(call, queue), now)
            ticket = self._dispatcher.tickets.get(call.queued_as)
            if ticket is not None and ticket.queue == queue:
                call.came_from = (*call.came_from, queue)
            if ticket is not None and call.waiting_since is None and ticket.since < now:
                control.waiting.announce(call, phrases.resumed(), now)  # called before, and was cut off

    def merits(self, call: Call) -> Merits:
        """What the call brings along into a queue."""
        known = brought(call)
        return Merits(known.priority, known.needs, known.prefer, self.mentioned(call.session.progress))

    def own_agent(self, call: Call) -> str:
        """Who is asked first for this caller in every queue, as a list says; empty: nobody in particular."""
        agent = call.session.progress.public.get("agent", "")
        return agent if agent in self._dispatcher.agents else ""

    def _keep(self, event: CallChanged, now: float) -> None:
        ticket = self._dispatcher.tickets.get(event.call)
        call = self._call_of(event.call, now)
        if call is not None and ticket is not None and ticket.place not in OUT_OF_THE_ROOM:
            change(call, event)

    def mentioned(self, known: Progress, queues: Iterable[QueueConfig] | None = None) -> tuple[tuple[str, str], ...]:
        """The variables of the call that say which agents serve it, in whatever queue it comes to; the others are no
        business of the distributor. *queues*: those that there are, or will be."""
        asked = [parse(known.needs), parse(known.prefer)]
        for words in self._dispatcher.config.queues if queues is None else queues:
            asked += [words.needs, words.preferred, *(step.needs for step in words.relax)]
        mentioned = sorted(frozenset().union(*map(variables, asked)) - {"language"})
        return tuple((name, known.public[name]) for name in mentioned if name in known.public)

    def know_again(self, call: Call, before: Merits, now: float) -> None:
        """The caller, who has the place of before, may bring other things along now."""
        after, known = self.merits(call), self._dispatcher.tickets.get(call.queued_as)
        variables = (("language", call.language), *after.variables)
        fresh = tuple(pair for pair in variables if known is None or known.variables.get(pair[0]) != pair[1])
        if known is None or (before == after and not fresh):
            return
        changed = CallChanged(
            known.call,
            priority=None if after.priority == before.priority else after.priority,
            needs=None if after.needs == before.needs else parse(after.needs),
            preferred=None if after.prefer == before.prefer else parse(after.prefer),
            variables=fresh or None,
        )
        self.receive(changed, now)

    def prepare(self, queues: Iterable[QueueConfig], now: float) -> None:
        """There will be these *queues*: they may ask about what no queue has asked about so far."""
        there = tuple(queues)
        for call in list(self._control.calls.values()):
            ticket = self._dispatcher.tickets.get(call.queued_as)
            if ticket is not None and ticket.place not in OUT_OF_THE_ROOM:
                known = self.mentioned(call.session.progress, there)
                if fresh := tuple(pair for pair in known if ticket.variables.get(pair[0]) != pair[1]):
                    self.receive(CallChanged(ticket.call, variables=fresh), now)

    def _joined(self, call: Call, queue: str) -> CallJoined:
        merits = self.merits(call)
        return CallJoined(
            call.queued_as,
            queue,
            language=call.language,
            priority=merits.priority,
            needs=parse(merits.needs),
            preferred=parse(merits.prefer),
            waiting_since=call.waiting_since,
            came_from=() if call.waiting_since is None else tuple(dict.fromkeys(call.came_from)),
            customer=customer_in(call),
            agent=self.own_agent(call),
            variables=merits.variables,
            about=self._control.callbacks.about(call, queue),
        )

    def _keep_age(self, call: Call) -> None:
        ticket = self._dispatcher.tickets.get(call.queued_as)
        if ticket is not None:
            call.waiting_since = ticket.since

    def leave_place(self, call: Call, now: float) -> None:
        """Somebody else has the caller, who was aside: the place is free."""
        if call.stage is Stage.ASIDE:
            self._keep_age(call)
            self._control.advance(call, Input.LEAVE_PLACE)
            kept = self._control.waiting.has_place(call)
            self._control.waiting.over(call)
            if kept:
                self.receive(CallLeft(call.queued_as, LeaveReason.EXIT), now)

    def take_back(self, call: Call, event: Event, now: float) -> None:
        """*event* ends the ticket of a caller who is still there; the next time they join with the age of before."""
        self._keep_age(call)
        self._control.waiting.over(call)
        self.receive(event, now)

    def left(self, call: Call, now: float, *, hung_up: bool = True) -> None:
        """The caller hung up while waiting, or was sent away; who ordered a callback keeps the place."""
        control = self._control
        control.offers.caller_gone(call, now)
        control.waiting.over(call)
        if control.orders.ordered(call):
            return
        ticket = self._dispatcher.tickets.get(call.queued_as)
        promised = ticket is not None and bool(ticket.number)  # a callback, before
        self.receive(CallLeft(call.queued_as, LeaveReason.ABANDONED if hung_up else LeaveReason.EXIT), now)
        if ticket is not None and hung_up and not promised:
            control.callbacks.abandoned(call, ticket.since, now)

    def conversation_ended(self, call: Call, by: EndedBy, now: float) -> None:
        self.receive(ConversationEnded(call.queued_as, by), now)

    def agent_lost(self, call: Call, reason: FailReason, now: float) -> None:
        """The agent who talked with the caller is gone; the caller waits on and hears the music again."""
        offer, call.offer, call.agent = call.offer, None, None
        leg = self._control.legs.get(call.a_leg)
        if leg is not None and call.queue is not None:
            self._control.waiting.begin(call, leg)
        if offer is not None:
            self.receive(OfferFailed(offer, reason), now)

    @property
    def paused(self) -> Mapping[str, float]:
        """Queues whose customers are not called back at present, and until when."""
        return self._dispatcher.paused

    @property
    def ending(self) -> frozenset[str]:
        """Queues that are about to close, as far as the distributor knows."""
        return self._dispatcher.ending

    def since(self, call: Call) -> float | None:
        """When the wait of a caller who waits or talks began; None when the distributor does not have them."""
        ticket = self._dispatcher.tickets.get(call.queued_as)
        return None if ticket is None else ticket.since

    def expected(self, call: Call, now: float) -> Box | None:
        """When the callback is to be expected that the caller has just ordered, as the box of a wait; None: nobody can
        tell, or the queue tells nobody."""
        return self._dispatcher.expected(call.queued_as, now)

    def tickets(self) -> list[str]:
        """Everybody whom the distributor has, by the calls in which they came."""
        return list(self._dispatcher.tickets)

    def has(self, ticket: str) -> bool:
        """Whether the distributor knows *ticket*: somebody who waits, talks, or is to be called back."""
        return ticket in self._dispatcher.tickets

    def is_talking(self, call: Call) -> bool:
        """Whether the distributor takes the caller to be talking with an agent."""
        ticket = self._dispatcher.tickets.get(call.queued_as)
        return ticket is not None and ticket.place is Place.TALKING

    def picked(self, call: Call, agent: str, now: float) -> bool:
        """This agent is to have the caller, out of all order; whether the agent rings now, or has answered."""
        self.receive(CallPicked(call.queued_as, agent), now)
        ticket = self._dispatcher.tickets.get(call.queued_as)
        ringing = [] if ticket is None else [self._dispatcher.offers[offer] for offer in ticket.offers]
        return any(offer.agent == agent and offer.picked for offer in ringing)

    # ------------------------------------------------------------------------------------------------ wanted
    def _drain(self, now: float) -> None:
        if self._draining:
            return  # the loop below takes what was added
        self._draining = True
        try:
            while effects := self._dispatcher.effects():
                for effect in effects:
                    call = self._call_of(getattr(effect, "call", None), now)
                    with self._control.contain(None if call is None else call.call, now):
                        self._carry_out(effect, call, now)
        finally:
            self._draining = False

    def _call_of(self, ticket: str | None, now: float) -> Call | None:
        """The call that the distributor means. Of a callback it is the one that calls back."""
        if ticket is None:
            return None
        control = self._control
        own = control.calls.get(ticket)
        if own is not None and own.stage is not Stage.ENDED and not control.orders.ordered(own):
            return own
        return control.joins.heir(ticket) or control.callbacks.find(ticket)

    def _carry_out(self, effect: Effect, call: Call | None, now: float) -> None:
        control = self._control
        match effect:
            case Journal(record):
                # the record keeps its own clock beside the wall time, so that it can be replayed to the bit
                data = {name: value for name, value in record.items() if name != "kind"}
                control.journal_line(f"acd.{record['kind']}", record.get("call"), record["at"], data)
            case OfferCall():
                call = call or control.callbacks.open(effect.call, now)
                if call is not None:
                    control.offers.offer(call, effect, now)
            case WithdrawOffer(offer, ticket, _, reason):
                control.offers.withdraw(offer, reason, now)
                control.callbacks.unused(ticket, now)
            case DialCallback():
                control.callbacks.dial(effect, now)
            case StopDialling(ticket):
                control.callbacks.stop(ticket, now)
            case CallbackOver(ticket):
                control.callbacks.over(ticket, now)
            case AgentStateChanged(agent=agent, status=status, phone=phone):
                control.workplaces.moved(agent, status, phone, now)
            case _ if call is None:
                pass  # the caller is gone; the distributor will be told
            case Connect():
                control.offers.connect(call, effect, now)
            case AnnouncePosition(_, _, ahead, _):
                control.waiting.announce(call, phrases.position(ahead), now)
            case AnnounceWait(_, _, box, _):
                control.waiting.announce(call, phrases.wait(box), now)
            case AnnounceComfort():
                control.waiting.comfort(call, now)
            case OfferCallback(_, _, key):
                control.waiting.offer_callback(call, key, now)
            case CallMoved(_, queue, left):
                call.queue, call.came_from = queue, (*call.came_from, queue)
                control.waiting.moved(call)
                self._follow(call, left, queue, now)
            case QueueTimedOut() | QueueFull() | QueueEmpty() | QueueOverflowed():
                call.waiting_since = effect.waiting_since
                self.give_back(call, _RESULT[type(effect)], now)

    def _follow(self, call: Call, left: str, queue: str, now: float) -> None:
        """Let the IVR know that the place which it takes to be in *left* is in *queue*."""
        before, after = Target(Queue.kind, left), Target(Queue.kind, queue)
        known = call.session.flow.find(after) is not None or call.stage is Stage.QUEUED
        if before != after and known:  # otherwise it learns so when the caller comes back
            self._control.menus.receive(call, Requeued(before, after), now)

    def give_back(self, call: Call, result: Result, now: float) -> None:
        """The queue does not have the caller any longer: back to the IVR, which knows what comes next."""
        control = self._control
        if call.stage is Stage.ASIDE:
            control.waiting.lose_place(call, result)
        elif control.advance(call, Input.RETURN):
            control.waiting.over(call)
            control.prompts.stop(call)
            control.menus.receive(call, Returned(result), now)
