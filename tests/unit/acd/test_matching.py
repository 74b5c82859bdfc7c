from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from acd.matching import Group, match
from acd.model import QueueConfig, Strategy
from acd.room import Ladder
from acd.skills import EVERYBODY
from acd.strategies import RANKS, Cursor, Fit, choose
from acd.ticket import Ticket

NOW = 1000.0


@dataclass(frozen=True)
class Someone:
    id: str
    idle_since: float = 0.0
    load: int = 0


def pick(strategy: Strategy, *idle: tuple[Someone, Fit], failures: dict[str, int] | None = None) -> list[str]:
    forwards = choose(strategy, idle, failures or {})
    assert choose(strategy, reversed(idle), failures or {}) == forwards
    return forwards


def test_every_strategy_has_a_rank() -> None:
    assert set(RANKS) == set(Strategy)


def test_longest_idle_is_who_waits_longest() -> None:
    assert pick(Strategy.LONGEST_IDLE, (Someone("a", 5.0), Fit(1, 0, 0)), (Someone("b", 3.0), Fit(1, 1, 9))) == ["b"]


def test_fewest_calls_then_narrowest_then_longest_idle() -> None:
    rank = Strategy.FEWEST_CALLS
    assert pick(rank, (Someone("a", load=2), Fit(1, 0, 0)), (Someone("b", load=1), Fit(1, 1, 9))) == ["b"]
    assert pick(rank, (Someone("a"), Fit(1, 0, 100)), (Someone("b"), Fit(1, 1, 0))) == ["b"]
    assert pick(rank, (Someone("a", 2.0), Fit(1, 0, 0)), (Someone("b", 1.0), Fit(1, 1, 0))) == ["b"]


def test_top_down_is_by_position() -> None:
    assert pick(Strategy.TOP_DOWN, (Someone("a"), Fit(1, 1, 0)), (Someone("b"), Fit(1, 0, 9))) == ["b"]


def test_a_lower_tier_comes_first_whatever_the_strategy() -> None:
    for strategy in Strategy:
        front, back = Someone("z", 9.0, 9), Someone("a", 0.0, 0)
        assert pick(strategy, (back, Fit(2, 0, 0)), (front, Fit(1, 9, 99)))[0] == "z"


def test_ties_end_with_the_id() -> None:
    for strategy in Strategy:
        assert pick(strategy, (Someone("b"), Fit(1, 0, 0)), (Someone("a"), Fit(1, 0, 0)))[0] == "a"


def test_who_failed_this_caller_comes_after_all_others_and_then_longest_ago_first() -> None:
    a, b, c = ((Someone(name), Fit(1, i, 0)) for i, name in enumerate("abc"))
    assert pick(Strategy.TOP_DOWN, a, b, c, failures={"a": 1}) == ["b"]
    assert pick(Strategy.TOP_DOWN, a, b, c, failures={"a": 3, "b": 1, "c": 2}) == ["b"]


def test_ring_all_takes_everybody() -> None:
    assert pick(Strategy.RING_ALL, (Someone("a"), Fit(1, 1, 0)), (Someone("b"), Fit(1, 0, 9))) == ["b", "a"]


def test_round_robin_goes_on_after_the_last_one_and_comes_round() -> None:
    idle = [(Someone(name), Fit(1, i, 0)) for i, name in enumerate("abc")]
    cursor: Cursor | None = None
    turns = []
    for _ in range(7):
        (chosen,) = choose(Strategy.ROUND_ROBIN, idle, {}, cursor)
        cursor = ("abc".index(chosen), chosen)
        turns.append(chosen)
    assert "".join(turns) == "abcabca"


# --- the decision as a whole, against a naive one

QUEUES = [
    QueueConfig("long", strategy=Strategy.LONGEST_IDLE),
    QueueConfig("few", strategy=Strategy.FEWEST_CALLS, priority=5, ageing=2),
    QueueConfig("all", strategy=Strategy.RING_ALL),
    QueueConfig("top", strategy=Strategy.TOP_DOWN, ageing=0, priority=990),
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
            ticket.place_in(queue, Ladder(queue, (0.0,), (EVERYBODY,)))
            tickets.append(ticket)
        can = [(i, agent) for i, agent in enumerate(staff) if draw(st.booleans())]
        fits = [(agent, Fit(draw(st.integers(1, 2)), i, draw(st.integers(0, 1)))) for i, agent in can]
        groups.append(Group(queue, sorted(tickets, key=lambda t: t.order), fits))
    return groups


def points(queue: QueueConfig, ticket: Ticket) -> float:
    return queue.priority + ticket.priority + queue.ageing * (NOW - ticket.since)


@given(floors())
def test_each_caller_in_turn_takes_from_what_is_left(groups: list[Group]) -> None:
    pairings, _ = match(groups, {}, NOW)
    everyone = [(group, ticket) for group in groups for ticket in group.callers]
    everyone.sort(key=lambda pair: (-points(pair[0].queue, pair[1]), pair[1].order))
    expected, taken = [], set[str]()
    for group, ticket in everyone:
        free = [pair for pair in group.idle if pair[0].id not in taken]
        chosen = choose(group.queue.strategy, free, ticket.failures)
        if chosen:
            taken.update(chosen)
            expected.append((ticket.call, tuple(chosen)))
    assert [(p.ticket.call, p.agents) for p in pairings] == expected


@given(floors(), st.randoms(use_true_random=False))
def test_the_result_does_not_depend_on_the_order_of_input(groups: list[Group], random: object) -> None:
    shuffled = [Group(g.queue, g.callers, tuple(reversed(g.idle))) for g in groups]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert [(p.ticket.call, p.agents) for p in match(shuffled, {}, NOW)[0]] == [
        (p.ticket.call, p.agents) for p in match(groups, {}, NOW)[0]
    ]


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
