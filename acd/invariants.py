"""What always holds between two calls of the dispatcher, worked out anew from the configuration.

For tests, simulations and soak runs: every function raises AssertionError with a sentence. Nothing here uses the lines
and caches that the dispatcher decides by.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from acd.agent import State, Status
from acd.effects import Journal
from acd.skills import bind, holds
from acd.ticket import CALLED_BACK, OUT_OF_THE_ROOM, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from acd.agent import Agent
    from acd.dispatcher import Dispatcher
    from acd.effects import Effect
    from acd.model import QueueConfig
    from acd.ticket import Ticket


#: Points closer than this are equal.
_ROUNDING = 1e-6


def check(dispatcher: Dispatcher) -> None:
    """Everything that can be told from the state alone."""
    one_place_for_agents(dispatcher)
    one_place_for_calls(dispatcher)
    nobody_is_called_back_twice(dispatcher)
    time_sheets_add_up(dispatcher)
    nobody_idle_while_somebody_waits(dispatcher)
    nobody_waits_for_nobody(dispatcher)
    nobody_rings_for_a_queue_they_left(dispatcher)
    deadlines_are_those_of_the_state(dispatcher)
    positions_follow_the_order(dispatcher)


def may_serve(dispatcher: Dispatcher, agent: Agent, ticket: Ticket, *, ever: bool = False) -> bool:
    """Whether the agent's queues and skills suffice for this caller now (``ever``: at the last step of the ladder)."""
    queue = dispatcher.queue(ticket.queue)
    if agent.removed or queue.id in agent.left or not holds(bind(ticket.needs, ticket.variables), agent.skills):
        return False
    needs = [queue.needs, *(s.needs for s in queue.relax if ever or ticket.since + s.after <= dispatcher.now)]
    if _works_for(agent, queue) and any(holds(bind(step, ticket.variables), agent.skills) for step in needs):
        return True
    known = {}
    if queue.overflow:
        known = {queue.id: queue for queue in dispatcher.config.queues if queue.id not in dispatcher.closing}
    helped = [
        known[step.also]
        for step in queue.overflow
        if step.also in known and (ever or ticket.since + step.after <= dispatcher.now)
    ]
    return any(_works_for(agent, also) and holds(bind(also.needs, ticket.variables), agent.skills) for also in helped)


def _works_for(agent: Agent, queue: QueueConfig) -> bool:
    """Whether the agent is one of the queue's and has not left it."""
    listed = not queue.agents or agent.id in {member.agent for member in queue.agents}
    return listed and queue.id not in agent.left


def one_place_for_agents(dispatcher: Dispatcher) -> None:
    phones: dict[str, str] = {}
    for agent in dispatcher.agents.values():
        offer = None if agent.offer is None else dispatcher.offers.get(agent.offer)
        held = None if agent.call is None else dispatcher.tickets[agent.call].held
        if agent.state in (State.OFFERED, State.TALKING):
            assert offer is not None, f"{agent.id} is {agent.state} without an offer"
            assert (offer.agent, offer.call) == (agent.id, agent.call), f"{agent.id} holds somebody else's offer"
            assert offer.answered == (agent.state is State.TALKING), f"{agent.id}: {agent.state} and the offer differ"
        elif agent.state is State.RESERVED:
            assert held == agent.id, f"{agent.id} is reserved for nobody"
            assert offer is None or offer.answered, f"{agent.id} rings and is reserved"
        else:
            assert agent.offer is None, f"{agent.id} is {agent.state} with an offer"
            assert agent.call is None, f"{agent.id} is {agent.state} with a call"
        clocks = [at for at in (agent.wrap_up_until, agent.wrap_up_limit) if at is not None]
        assert not clocks or agent.state is State.WRAP_UP, f"{agent.id}: wrap-up clock of somebody {agent.state}"
        assert clocks == sorted(clocks), f"{agent.id}: wrap-up beyond its limit"
        if agent.state is State.OFFERED or (agent.state is State.RESERVED and offer is None):
            willing = agent.status is Status.AVAILABLE and agent.reachable and not agent.busy
            assert willing, f"{agent.id} is {agent.state} although {agent.status}, busy or unreachable"
        if agent.status is not Status.LOGGED_OUT:
            other = phones.setdefault(agent.phone, agent.id)
            assert other == agent.id, f"{agent.id} and {other} are both logged in at {agent.phone}"


def time_sheets_add_up(dispatcher: Dispatcher) -> None:
    for agent in dispatcher.agents.values():
        assert (agent.sheet is None) == (agent.status is Status.LOGGED_OUT), f"{agent.id}: time sheet of {agent.status}"
        if agent.sheet is not None:
            spent = agent.sheet.until(dispatcher.now)
            assert sum(spent.values()) == agent.sheet.logged_in(dispatcher.now), f"{agent.id}: {spent} do not add up"
            assert agent.sheet.activity == agent.activity, f"{agent.id}: the time sheet says {agent.sheet.activity}"
            assert 0 <= agent.occupancy(dispatcher.now) <= 1, f"{agent.id} is occupied more than all the time"


def one_place_for_calls(dispatcher: Dispatcher) -> None:
    held = [offer for ticket in dispatcher.tickets.values() for offer in ticket.offers]
    assert sorted(held) == sorted(dispatcher.offers), "offers and tickets differ"
    for call, ticket in dispatcher.tickets.items():
        offers = [dispatcher.offers[offer] for offer in ticket.offers]
        assert ticket.call == call
        assert ticket.place is not Place.GONE, f"{call} is gone but kept"
        assert all(offer.call == call for offer in offers), f"{call} holds somebody else's offer"
        for offer in offers:
            assert dispatcher.agents[offer.agent].offer == offer.id, f"{offer.agent} does not know offer {offer.id}"
        answered = sum(offer.answered for offer in offers)
        assert ticket.held is None or dispatcher.agents[ticket.held].call == call, (
            f"{ticket.held} is not kept for {call}"
        )
        assert ticket.place is Place.DIALLING or ticket.held is None, f"{ticket.held} is kept for {call}, not dialled"
        assert ticket.number or ticket.place not in CALLED_BACK, f"{call} is to be called back nowhere"
        assert bool(ticket.beside) == (ticket.place is Place.CALLED_AGAIN), (
            f"{call} is {ticket.place}, {ticket.beside!r}"
        )
        match ticket.place:
            case Place.WAITING:
                assert not offers, f"{call} waits with an offer"
                assert not ticket.expired, f"{call} waits for ever"
            case Place.AWAY | Place.CALLBACK | Place.CALLED_AGAIN:
                assert not offers, f"{call} is {ticket.place} with an offer"
            case Place.DIALLING:
                on_the_line = [offer.agent for offer in offers]
                assert on_the_line in ([], [ticket.held]), f"{call} is dialled for {ticket.held}, not for {on_the_line}"
                assert answered == len(offers), f"{call} is dialled and offered"
            case Place.OFFERED | Place.CALLBACK_OFFERED:
                assert offers, f"{call} is offered to nobody"
                assert not answered, f"{call} was answered and is still offered"
                assert len(offers) == 1 or ticket.rings_several, f"{call} is offered to several agents"
            case Place.TALKING:
                assert (len(offers), answered) == (1, 1), f"{call} talks to {len(offers)} agents"


def nobody_is_called_back_twice(dispatcher: Dispatcher) -> None:
    """Nor while on the line in the queue where the order is."""
    orders: set[tuple[str, str]] = set()
    on_the_line = {(t.customer, t.queue) for t in dispatcher.tickets.values() if t.place not in CALLED_BACK}
    for call, ticket in dispatcher.tickets.items():
        if ticket.customer and ticket.place in CALLED_BACK:
            assert (ticket.customer, ticket.queue) not in orders, f"{ticket.customer} has two orders in {ticket.queue}"
            orders.add((ticket.customer, ticket.queue))
            rests = ticket.place is Place.CALLED_AGAIN
            assert rests or (ticket.customer, ticket.queue) not in on_the_line, f"{call} is called while on the line"


def nobody_idle_while_somebody_waits(dispatcher: Dispatcher) -> None:
    """No agent is idle who may serve a caller on the line, or a customer whose callback is due or being dialled without
    anybody being kept for it. Who is kept for a customer is not idle, but reserved."""
    idle = [agent for agent in dispatcher.agents.values() if agent.takes_offers]
    for ticket in dispatcher.tickets.values():
        for agent in idle:
            if ticket.wants_offers:
                fits = may_serve(dispatcher, agent, ticket)
                assert not fits, f"{agent.id} is idle while {ticket.call} waits in {ticket.queue}"


def nobody_rings_for_a_queue_they_left(dispatcher: Dispatcher) -> None:
    for offer in dispatcher.offers.values():
        agent, ticket = dispatcher.agents[offer.agent], dispatcher.tickets[offer.call]
        fits = offer.answered or offer.picked or may_serve(dispatcher, agent, ticket)
        assert fits, f"{agent.id} rings for {offer.call} of {ticket.queue} and may not serve it"


def nobody_waits_for_nobody(dispatcher: Dispatcher) -> None:
    there = [agent for agent in dispatcher.agents.values() if agent.status is not Status.LOGGED_OUT]
    for ticket in dispatcher.tickets.values():
        leaves = dispatcher.queue(ticket.queue).when_empty is not None and not ticket.urgent
        if ticket.place is Place.WAITING and leaves:
            hope = any(may_serve(dispatcher, agent, ticket, ever=True) for agent in there)
            assert hope, f"{ticket.call} waits although nobody who could serve it is logged in"


def deadlines_are_those_of_the_state(dispatcher: Dispatcher) -> None:
    due = [offer.expires_at for offer in dispatcher.offers.values() if not offer.answered]
    for agent in dispatcher.agents.values():
        due += [at for at in (agent.wrap_up_until, agent.resting_until) if at is not None]
    known = {queue.id for queue in dispatcher.config.queues} - dispatcher.closing
    for ticket in dispatcher.tickets.values():
        if ticket.place in OUT_OF_THE_ROOM:
            continue
        queue = dispatcher.queue(ticket.queue)
        steps = [s.after for s in queue.relax] + [s.after for s in queue.overflow if s.also in known]
        due += [at for after in steps if (at := ticket.since + after) > dispatcher.now]
        due += [ticket.more_at] if ticket.more_at is not None else []
        due += [ticket.capped_at] if ticket.capped_at is not None and not ticket.capped else []
        due += _deadlines_of_place(ticket, queue)
    earliest = min(due, default=None)
    assert dispatcher.next_deadline() == earliest, f"deadline {dispatcher.next_deadline()} instead of {earliest}"
    assert earliest is None or earliest >= dispatcher.now, f"deadline {earliest} is past at {dispatcher.now}"


def _deadlines_of_place(ticket: Ticket, queue: QueueConfig) -> list[float]:
    due: list[float | None] = []
    match ticket.place:
        case Place.WAITING | Place.OFFERED:
            due = [ticket.announce_at, ticket.comfort_at, ticket.offer_callback_at]
            if not ticket.expired and not ticket.urgent:
                stays = [queue.max_wait, *(step.after for step in queue.overflow if step.to is not None)]
                due += [ticket.joined_at + stay for stay in stays if stay is not None]
        case Place.CALLBACK:
            due = [ticket.due_at, ticket.expires_at]
        case Place.CALLBACK_OFFERED:
            due = [ticket.expires_at]
        case Place.DIALLING:
            assert ticket.dial_until is not None, f"{ticket.call} is dialled for ever"
            due = [ticket.dial_until]
    return [at for at in due if at is not None]


def positions_follow_the_order(dispatcher: Dispatcher) -> None:
    for queue in dispatcher.config.queues:
        waiting = dispatcher.waiting(queue.id)
        for first, second in pairwise(waiting):
            assert not _before(dispatcher, second, first), f"{first.call} stands before {second.call} in {queue.id}"
        assert [dispatcher.ahead_of(ticket.call) for ticket in waiting] == list(range(len(waiting)))


def nobody_is_overtaken(dispatcher: Dispatcher, effects: Iterable[Effect]) -> None:
    """No agent was offered a caller while an earlier one, whom the agent could serve, is left waiting.

    ``effects`` are those of one ``receive`` or one ``handle_timeout``; looked at right after it.
    """
    left = [ticket for ticket in dispatcher.tickets.values() if ticket.wants_offers]
    for served, agent in _decided(dispatcher, effects):
        for ticket in left:
            if ticket is not served and may_serve(dispatcher, agent, ticket):
                earlier = _before(dispatcher, ticket, served)
                assert not earlier, f"{ticket.call} was overtaken by {served.call} at {agent.id}"


def _decided(dispatcher: Dispatcher, effects: Iterable[Effect]) -> Iterator[tuple[Ticket, Agent]]:
    """Whom agents were chosen for: by an offer, or to be kept for a customer, and the offer follows from that. What
    somebody decided by hand is in no order."""
    for effect in effects:
        if not isinstance(effect, Journal):
            continue
        record = effect.record
        offered = record["kind"] == "offer" and record["offer"] in dispatcher.offers
        offered = offered and not record.get("reserved") and not record.get("picked")
        kept = record["kind"] == "reserved" and dispatcher.agents[record["agent"]].call == record["call"]
        if offered or kept:
            yield dispatcher.tickets[record["call"]], dispatcher.agents[record["agent"]]


def overtaking_is_bounded(dispatcher: Dispatcher, effects: Iterable[Effect]) -> None:
    """Nobody is overtaken by a caller of the same ageing and band who came later by more than the difference of their
    priorities divided by the ageing. Told from arrivals and priorities alone, not from points at this moment.

    ``effects`` as for :func:`nobody_is_overtaken`.
    """
    left = [ticket for ticket in dispatcher.tickets.values() if ticket.wants_offers]
    for served, agent in _decided(dispatcher, effects):
        if served.urgent:
            continue
        its = dispatcher.queue(served.queue)
        for ticket in left:
            queue = dispatcher.queue(ticket.queue)
            alike = (queue.ageing, queue.band, queue.priority_cap) == (its.ageing, its.band, its.priority_cap)
            if ticket is not served and alike and queue.ageing and may_serve(dispatcher, agent, ticket):
                more = its.priority + _own(served, its) - queue.priority - _own(ticket, queue)
                head_start = more / queue.ageing if queue.priority_cap is None else max(0.0, more) / queue.ageing
                later = served.since - ticket.since
                assert later <= head_start + _ROUNDING, (
                    f"{served.call} came {later:g} s after {ticket.call} and was served first at {agent.id}; "
                    f"the priorities allow {head_start:g} s"
                )


def _before(dispatcher: Dispatcher, one: Ticket, other: Ticket) -> bool:
    """Whether *one* must be served before *other*: a higher band, more points, or as many and a longer wait."""
    if one.urgent != other.urgent:
        return one.urgent
    higher = dispatcher.queue(one.queue).band - dispatcher.queue(other.queue).band
    if higher:
        return higher > 0
    more = _points(dispatcher, one) - _points(dispatcher, other)
    if abs(more) > _ROUNDING:
        return more > 0
    alike = _own(one, dispatcher.queue(one.queue)) == _own(other, dispatcher.queue(other.queue))
    equal = alike or (_at_the_cap(dispatcher, one) and _at_the_cap(dispatcher, other))
    return one.queue == other.queue and equal and one.since < other.since


def _points(dispatcher: Dispatcher, ticket: Ticket) -> float:
    cap = dispatcher.queue(ticket.queue).priority_cap
    points = _uncapped(dispatcher, ticket)
    return points if cap is None else min(points, cap)


def _uncapped(dispatcher: Dispatcher, ticket: Ticket) -> float:
    queue = dispatcher.queue(ticket.queue)
    return queue.priority + _own(ticket, queue) + queue.ageing * (dispatcher.now - ticket.since)


def _own(ticket: Ticket, queue: QueueConfig) -> float:
    """Points that the caller brought, and those of whoever has hung up to be called back."""
    back = queue.callback is not None and ticket.place in CALLED_BACK
    return ticket.priority + (queue.callback.priority if back and queue.callback is not None else 0.0)


def _at_the_cap(dispatcher: Dispatcher, ticket: Ticket) -> bool:
    cap = dispatcher.queue(ticket.queue).priority_cap
    return cap is not None and _uncapped(dispatcher, ticket) > cap + _ROUNDING
