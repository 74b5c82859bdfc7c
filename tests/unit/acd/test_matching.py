from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from acd.matching import Group, Pairing, match
from acd.model import QueueConfig, Strategy
from acd.room import Ladder
from acd.skills import EVERYBODY
from acd.strategies import Fit, Moment, choose
from acd.ticket import Ticket, decision_key
from tests.unit.acd.test_strategies import Someone

if TYPE_CHECKING:
    from acd.strategies import Candidate

NOW = 1000.0


# --- the decision as a whole, against a naive one

QUEUES = [
    QueueConfig("long", strategy=Strategy.LONGEST_IDLE),
    QueueConfig("few", strategy=Strategy.FEWEST_CALLS, priority=5, ageing=2),
    QueueConfig("all", strategy=Strategy.RING_ALL),
    QueueConfig("top", strategy=Strategy.TOP_DOWN, ageing=0, priority=990),
    QueueConfig("strict", strategy=Strategy.RANDOM, band=1, priority_cap=985),
    QueueConfig("one by one", strategy=Strategy.RING_PROGRESSIVELY, band=1),
]


@st.composite
def floors(draw: st.DrawFn) -> list[Group]:
    several = st.integers(0, 3)
    staff = [Someone(f"agent{i}", float(draw(several)), draw(several)) for i in range(draw(st.integers(0, 6)))]
    failed = st.dictionaries(st.sampled_from([a.id for a in staff] or ["nobody"]), st.integers(1, 3))
    groups = []
    for n in range(draw(st.integers(1, 4))):
        queue = draw(st.sampled_from(QUEUES))
        tickets = []
        for i in range(draw(several)):
            since = float(draw(st.integers(0, 20)))
            ticket = Ticket(f"call{n}-{i}", queue.id, since, since, 10.0 * draw(several), failures=draw(failed))
            ticket.place_in(queue, Ladder(queue, (0.0,), (EVERYBODY,)), NOW)
            tickets.append(ticket)
        can = [(i, agent) for i, agent in enumerate(staff) if draw(st.booleans())]
        fits = [(agent, Fit(draw(st.integers(1, 2)), i, draw(st.integers(0, 1)))) for i, agent in can]
        groups.append(Group(queue, sorted(tickets, key=lambda t: t.order), fits))
    return groups


def points(queue: QueueConfig, ticket: Ticket) -> tuple[int, float]:
    """Band and standing by the definition."""
    uncapped = queue.priority + ticket.priority + queue.ageing * (NOW - ticket.since)
    return queue.band, uncapped if queue.priority_cap is None else min(uncapped, queue.priority_cap)


def pairs(pairings: list[Pairing]) -> list[tuple[str, tuple[str, ...]]]:
    return [(pairing.ticket.call, pairing.agents) for pairing in pairings]


@given(floors())
def test_each_caller_in_turn_takes_from_what_is_left(groups: list[Group]) -> None:
    """And whoever was moved afterwards made room for somebody who else would have got nobody."""
    pairings, _ = match(groups, {}, NOW)
    assert [p.ticket for p in pairings] == sorted((p.ticket for p in pairings), key=lambda t: decision_key(t, NOW))
    by_call = {ticket.call: group for group in groups for ticket in group.callers}
    taken = set[str]()
    for pairing in pairings:
        free = [candidate for candidate in by_call[pairing.ticket.call].idle if candidate[0].id not in taken]
        if pairing.moved_for is None and all(p.moved_for is None for p in pairings):
            assert pairing.agents == choose(free, pairing.ticket, Moment(pairing.queue, NOW, pairing.number)).agents
            assert pairing.candidates == len(free)
        taken.update(pairing.agents)
    assert [p.number for p in pairings] == [1 + sum(len(p.agents) for p in pairings[:i]) for i in range(len(pairings))]


@given(floors(), st.randoms(use_true_random=False))
def test_the_result_does_not_depend_on_the_order_of_input(groups: list[Group], random: object) -> None:
    shuffled = [Group(g.queue, g.callers, tuple(reversed(g.idle))) for g in groups]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert match(shuffled, {}, NOW) == match(groups, {}, NOW)


@given(floors())
def test_nobody_is_overtaken_and_nobody_is_left_idle(groups: list[Group]) -> None:
    pairings, _ = match(groups, {}, NOW)
    taken = {agent: p for p in pairings for agent in p.agents}
    matched = {p.ticket.call for p in pairings}
    assert sum(len(p.agents) for p in pairings) == len(taken)
    for group in groups:
        for ticket in group.callers:
            for agent, _ in group.idle if ticket.call not in matched else []:
                assert agent.id in taken, f"{agent.id} is idle"
                winner = taken[agent.id]
                assert points(winner.queue, winner.ticket) >= points(group.queue, ticket)


@given(floors())
def test_no_agent_whom_a_ringing_of_all_lacks_goes_to_a_later_caller(groups: list[Group]) -> None:
    pairings, _ = match(groups, {}, NOW)
    for group in groups if len(pairings) > 1 else []:
        served = [i for i, pairing in enumerate(pairings) if pairing.ticket in group.callers]
        if group.queue.strategy is Strategy.RING_ALL and served:
            later = {agent for pairing in pairings[served[0] + 1 :] for agent in pairing.agents}
            assert later.isdisjoint(agent.id for agent, _ in group.idle)


def test_nobody_makes_room_at_the_cost_of_an_earlier_caller_for_whom_all_ring() -> None:
    everybody, third = QueueConfig("everybody", strategy=Strategy.RING_ALL), QueueConfig("third")
    a, b, c = ("a", 1.0), ("b", 2.0), ("c", 3.0)
    groups = [
        Group(ENGLISH, [waits("first", ENGLISH, 1.0)], can(a, b)),
        Group(everybody, [waits("second", everybody, 2.0)], can(a, c)),
        Group(third, [waits("third", third, 3.0)], can(a)),
    ]
    assert pairs(match(groups, {}, NOW)[0]) == [("first", ("a",)), ("second", ("c",))]


@given(floors())
def test_as_many_callers_are_served_as_can_be(groups: list[Group]) -> None:
    """By the greatest matching of callers and agents, found one augmenting path after the other (Kuhn)."""
    groups = [group for group in groups if group.queue.strategy is not Strategy.RING_ALL]
    holder: dict[str, tuple[str, list[str]]] = {}

    def seat(call: str, agents: list[str], tried: set[str]) -> bool:
        for agent in agents:
            if agent not in tried:
                tried.add(agent)
                if agent not in holder or seat(*holder[agent], tried):
                    holder[agent] = (call, agents)
                    return True
        return False

    for group in groups:
        for ticket in group.callers:
            seat(ticket.call, [agent.id for agent, _ in group.idle], set())
    pairings, _ = match(groups, {}, NOW)
    assert len(pairings) == len(holder)


def waits(call: str, queue: QueueConfig, since: float) -> Ticket:
    ticket = Ticket(call, queue.id, since, since, 0.0)
    ticket.place_in(queue, Ladder(queue, (0.0,), (EVERYBODY,)), NOW)
    return ticket


ENGLISH, POLISH = QueueConfig("english"), QueueConfig("polish")


def can(*agents: tuple[str, float]) -> list[Candidate]:
    return [(Someone(name, idle_since), Fit(1, i, 0)) for i, (name, idle_since) in enumerate(agents)]


def test_a_caller_moves_to_another_agent_to_make_room_for_who_would_get_nobody() -> None:
    both, one = ("both", 1.0), ("one", 2.0)
    groups = [
        Group(ENGLISH, [waits("first", ENGLISH, 1.0)], can(both, one)),
        Group(POLISH, [waits("second", POLISH, 2.0)], can(both)),
    ]
    pairings, _ = match(groups, {}, NOW)
    assert pairs(pairings) == [("first", ("one",)), ("second", ("both",))]
    assert [p.moved_for for p in pairings] == ["second", None]


def test_several_move_when_one_alone_would_not_do() -> None:
    a, b, c = ("a", 1.0), ("b", 2.0), ("c", 3.0)
    third = QueueConfig("third")
    groups = [
        Group(ENGLISH, [waits("first", ENGLISH, 1.0)], can(b, c)),
        Group(POLISH, [waits("second", POLISH, 2.0)], can(a, b)),
        Group(third, [waits("third", third, 3.0), waits("fourth", third, 4.0)], can(a)),
    ]
    pairings, _ = match(groups, {}, NOW)
    assert pairs(pairings) == [("first", ("c",)), ("second", ("b",)), ("third", ("a",))]
    assert [p.moved_for for p in pairings] == ["third", "third", None]


def test_the_cursor_moves_with_each_decision_and_only_changes_are_told() -> None:
    round_robin = QueueConfig("round", strategy=Strategy.ROUND_ROBIN)
    callers = [waits("first", round_robin, 1.0), waits("second", round_robin, 2.0)]
    group = Group(round_robin, callers, can(("a", 1.0), ("b", 2.0)))
    pairings, moved = match([group, Group(ENGLISH, [], [])], {"round": (0, "a"), "other": (1, "x")}, NOW)
    assert pairs(pairings) == [("first", ("b",)), ("second", ("a",))]
    assert moved == {}, "came round to where it was"
    assert match([Group(round_robin, callers[:1], group.idle)], {"round": (0, "a")}, NOW)[1] == {"round": (1, "b")}
