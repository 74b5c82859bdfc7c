"""Each strategy by example and as a property against all candidates: alone, under tiers, in any order of input."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.model import QueueConfig, Spare, Strategy
from acd.strategies import KEYS, NAMED, RANKS, Choice, Fit, Moment, choose

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from acd.strategies import Candidate, Cursor

S = Strategy
NOTHING = Spare.NOTHING


@dataclass(frozen=True)
class Someone:
    id: str
    idle_since: float = 0.0
    load: int = 0
    talk_load: float = 0.0
    occupied: float = 0.0

    def occupancy(self, now: float) -> float:
        return self.occupied


@dataclass(frozen=True)
class Somebody:
    """A caller."""

    failures: Mapping[str, int] = field(default_factory=dict)
    agent: str = ""


def queue(strategy: Strategy, **more: Any) -> QueueConfig:
    return QueueConfig("q", strategy=strategy, **more)


def pick(
    strategy: Strategy, *idle: Candidate, failures: Mapping[str, int] | None = None, asked_for: str = "", **more: Any
) -> str:
    """The ids of the chosen, best first; the same one for the reversed input."""
    caller, moment = Somebody(failures or {}, asked_for), Moment(queue(strategy), **more)
    forwards = choose(idle, caller, moment)
    assert choose(tuple(reversed(idle)), caller, moment) == forwards
    return "".join(forwards.agents)


def test_every_strategy_has_a_rank_and_names_for_its_parts() -> None:
    assert set(RANKS) == set(KEYS) == set(Strategy)
    for strategy in Strategy:
        (key,) = choose([(Someone("a"), Fit(1, 0, 0))], Somebody(), Moment(queue(strategy))).compared
        assert len(key) == len(KEYS[strategy]) + 1
        assert key[-1] == "a"


# --- one example each: "b" is the better one, whatever the ids and the breadth say

ANY = Fit(1, 0, 0)
BETTER: list[tuple[Strategy, Candidate, Candidate]] = [
    (S.LONGEST_IDLE, (Someone("a", 5.0), ANY), (Someone("b", 3.0), Fit(1, 1, 9))),
    (S.FEWEST_CALLS, (Someone("a", load=2), ANY), (Someone("b", load=1), Fit(1, 1, 9))),
    (S.LEAST_TALK, (Someone("a", talk_load=60.0, load=1), ANY), (Someone("b", talk_load=50.0, load=9), ANY)),
    (S.LEAST_OCCUPIED, (Someone("a", occupied=0.8), ANY), (Someone("b", occupied=0.7, talk_load=900.0), ANY)),
    (S.TOP_DOWN, (Someone("a"), Fit(1, 1, 0)), (Someone("b"), Fit(1, 0, 9))),
    (S.ROUND_ROBIN, (Someone("a"), Fit(1, 1, 0)), (Someone("b"), Fit(1, 0, 9))),
    (S.MOST_SKILLED, (Someone("a"), Fit(1, 0, 0, 80)), (Someone("b"), Fit(1, 1, 9, 90))),
    (S.LEAST_SKILLED, (Someone("a"), Fit(1, 0, 0, 90)), (Someone("b"), Fit(1, 1, 9, 80))),
    (S.RING_PROGRESSIVELY, (Someone("a"), Fit(1, 1, 0)), (Someone("b"), Fit(1, 0, 9))),
]


@pytest.mark.parametrize(("strategy", "worse", "better"), BETTER, ids=lambda x: x if isinstance(x, str) else "")
def test_the_strategy_decides(strategy: Strategy, worse: Candidate, better: Candidate) -> None:
    assert pick(strategy, worse, better) == "b"


@pytest.mark.parametrize(("strategy", "worse", "better"), BETTER, ids=lambda x: x if isinstance(x, str) else "")
def test_a_lower_tier_comes_before_the_strategy(strategy: Strategy, worse: Candidate, better: Candidate) -> None:
    agent, fit = better
    behind = Fit(2, fit.position, fit.breadth, fit.skill)
    assert pick(strategy, worse, (agent, behind)) == "a"


#: Strategies that leave something open; chance and the round do not.
WITH_TIES = sorted(set(Strategy) - {S.RANDOM, S.WEIGHTED, S.ROUND_ROBIN})


@pytest.mark.parametrize("strategy", WITH_TIES)
def test_equals_are_ordered_by_breadth_then_idle_time_then_id(strategy: Strategy) -> None:
    assert pick(strategy, (Someone("a"), Fit(1, 0, 100)), (Someone("b"), Fit(1, 0, 0)))[0] == "b"
    assert pick(strategy, (Someone("a", 2.0), ANY), (Someone("b", 1.0), ANY))[0] == "b"
    assert pick(strategy, (Someone("b"), ANY), (Someone("a"), ANY))[0] == "a"


def test_ring_all_takes_everybody_in_order() -> None:
    assert pick(S.RING_ALL, (Someone("a"), Fit(1, 1, 0)), (Someone("b"), Fit(1, 0, 9))) == "ba"
    assert pick(S.RING_ALL, (Someone("a"), Fit(2, 0, 0)), (Someone("b"), Fit(1, 9, 9))) == "ba"


# --- what comes before every strategy


@pytest.mark.parametrize("strategy", Strategy)
def test_the_order_of_what_comes_before_the_strategy(strategy: Strategy) -> None:
    """Each of these beats all that follow it, in every strategy."""
    plain, weak = Someone("a"), Fit(3, 9, 9, 0, 2)
    strong = Fit(1, 0, 0, 100, 0)
    assert pick(strategy, (plain, strong), (Someone("b"), weak), failures={"a": 1})[0] == "b"
    assert pick(strategy, (plain, strong), (Someone("b"), weak), asked_for="b")[0] == "b"
    assert pick(strategy, (plain, Fit(1, 0, 0, 100, 1)), (Someone("b"), Fit(3, 9, 9)))[0] == "b"
    assert pick(strategy, (plain, Fit(2, 0, 0, 100)), (Someone("b"), Fit(1, 9, 9)))[0] == "b"


def test_who_failed_this_caller_comes_after_all_others_and_then_longest_ago_first() -> None:
    a, b, c = ((Someone(name), Fit(1, i, 0)) for i, name in enumerate("abc"))
    assert pick(S.TOP_DOWN, a, b, c, failures={"a": 1}) == "b"
    assert pick(S.TOP_DOWN, a, b, c, failures={"a": 3, "b": 1, "c": 2}) == "b"


def test_the_agent_asked_for_who_failed_is_not_asked_again_before_others() -> None:
    a, b = (Someone("a"), ANY), (Someone("b"), ANY)
    assert pick(S.TOP_DOWN, a, b, asked_for="a", failures={"a": 1}) == "b"


def spared(strategy: Strategy, spare: Spare | None, skills: int = 2) -> str:
    """Whether the call goes to "a", by the strategy the better one but with more skills to spare, or to "b"."""
    a, b = (Someone("a", 1.0), Fit(1, 0, 0, 90, 0, skills)), (Someone("b", 2.0, 9, 9.0, 0.9), Fit(1, 1, 0, 80, 0, 1))
    return choose([a, b], Somebody(), Moment(queue(strategy, spare=spare))).agents[0]


@pytest.mark.parametrize("strategy", [S.LONGEST_IDLE, S.FEWEST_CALLS, S.LEAST_TALK, S.LEAST_OCCUPIED])
def test_the_narrowest_skills_come_first_where_work_is_evened_out(strategy: Strategy) -> None:
    assert spared(strategy, None) == "b"
    assert spared(strategy, Spare.NOTHING) == "a"
    assert spared(strategy, None, skills=1) == "a"


@pytest.mark.parametrize("strategy", [S.TOP_DOWN, S.ROUND_ROBIN, S.MOST_SKILLED, S.RING_PROGRESSIVELY])
def test_a_strategy_that_names_an_order_spares_nothing_unless_told_to(strategy: Strategy) -> None:
    assert spared(strategy, None) == "a"
    assert spared(strategy, Spare.SKILLS) == "b"


def test_sparing_is_weaker_than_the_tier() -> None:
    a, b = (Someone("a"), Fit(1, 0, 0, spare=5)), (Someone("b"), Fit(2, 0, 0))
    assert pick(S.LONGEST_IDLE, a, b) == "a"


# --- memory and chance


def test_round_robin_goes_on_after_the_last_one_and_comes_round() -> None:
    idle = [(Someone(name), Fit(1, i, 0)) for i, name in enumerate("abc")]
    cursor: Cursor | None = None
    turns = ""
    for _ in range(7):
        chosen = pick(S.ROUND_ROBIN, *idle, cursor=cursor)
        cursor = ("abc".index(chosen), chosen)
        turns += chosen
    assert turns == "abcabca"


def draws(config: QueueConfig, idle: Sequence[Candidate], number: int) -> Counter[str]:
    return Counter(choose(idle, Somebody(), Moment(config, number=n)).agents[0] for n in range(number))


def test_random_is_even_and_each_seed_is_another_sequence() -> None:
    idle = [(Someone(name), Fit(1, i, 0)) for i, name in enumerate("abcd")]
    counted = draws(queue(S.RANDOM), idle, 4000)
    assert all(900 < counted[name] < 1100 for name in "abcd"), counted  # 3.6 standard deviations

    def sequence(seed: int) -> list[str]:
        config = queue(S.RANDOM, seed=seed)
        return [choose(idle, Somebody(), Moment(config, number=n)).agents[0] for n in range(40)]

    assert sequence(1) == sequence(1)
    assert sequence(1) != sequence(2)


def test_random_among_some_is_as_even_as_among_all() -> None:
    """Chance is per agent: who is not there changes nothing between those who are."""
    idle = [(Someone(name), Fit(1, i, 0)) for i, name in enumerate("bd")]
    counted = draws(queue(S.RANDOM), idle, 4000)
    assert 1880 < counted["b"] < 2120, counted


def test_weighted_chooses_as_often_as_the_weights_say() -> None:
    idle = [(Someone(name), Fit(1, i, 0)) for i, name in enumerate("abc")]
    counted = draws(queue(S.WEIGHTED, weights={"a": 3.0, "c": 0.0}), idle, 4000)
    assert 2890 < counted["a"] < 3110, counted  # 3 to 1
    assert counted["c"] == 0


def test_who_has_no_weight_is_chosen_when_nobody_else_is_there() -> None:
    config = queue(S.WEIGHTED, weights={"a": 0.0, "b": 0.0})
    idle = [(Someone(name), ANY) for name in "ba"]
    assert choose(idle, Somebody(), Moment(config)).agents == ("a",)


def test_chance_stays_inside_the_tier() -> None:
    idle = [(Someone(name), Fit(1 + (name == "c"), 0, 0)) for name in "abc"]
    for strategy in (S.RANDOM, S.WEIGHTED):
        assert draws(queue(strategy, weights={"c": 1e9}), idle, 200).keys() == {"a", "b"}


# --- properties

VALUE: dict[Strategy, Callable[[Someone, Fit], float]] = {
    S.LONGEST_IDLE: lambda agent, fit: agent.idle_since,
    S.FEWEST_CALLS: lambda agent, fit: agent.load,
    S.LEAST_TALK: lambda agent, fit: agent.talk_load,
    S.LEAST_OCCUPIED: lambda agent, fit: agent.occupied,
    S.TOP_DOWN: lambda agent, fit: fit.position,
    S.ROUND_ROBIN: lambda agent, fit: 0,
    S.RANDOM: lambda agent, fit: 0,
    S.WEIGHTED: lambda agent, fit: 0,
    S.MOST_SKILLED: lambda agent, fit: -fit.skill,
    S.LEAST_SKILLED: lambda agent, fit: fit.skill,
    S.RING_ALL: lambda agent, fit: fit.position,
    S.RING_PROGRESSIVELY: lambda agent, fit: fit.position,
}
few = st.integers(0, 3)
fits = st.builds(Fit, st.integers(1, 2), few, few, few, st.integers(0, 1))


@st.composite
def floors(draw: st.DrawFn) -> list[tuple[Someone, Fit]]:
    number = draw(st.integers(1, 30))
    people = [Someone(f"a{i:02}", draw(few), draw(few), draw(few), draw(few)) for i in range(number)]
    return [(someone, draw(fits)) for someone in people]


@given(floors(), st.sampled_from(Strategy), st.integers(0, 99), st.randoms(use_true_random=False))
def test_nobody_is_better_than_the_chosen_one(
    idle: list[tuple[Someone, Fit]], strategy: Strategy, number: int, random: Any
) -> None:
    moment = Moment(queue(strategy), number=number, cursor=(1, "a01"))
    choice = choose(idle, Somebody(), moment)
    shuffled = list(idle)
    random.shuffle(shuffled)
    assert choose(shuffled, Somebody(), moment) == choice
    by_id = {agent.id: (agent, fit) for agent, fit in idle}
    agent, fit = by_id[choice.agents[0]]
    best = (fit.unpreferred, fit.tier, VALUE[strategy](agent, fit))
    for other, its_fit in idle:
        assert best <= (its_fit.unpreferred, its_fit.tier, VALUE[strategy](other, its_fit))
    assert len(choice.agents) == (len(idle) if strategy is S.RING_ALL else 1)
    consistent(choice, len(idle))


def consistent(choice: Choice, candidates: int) -> None:
    """What the record says of the candidates agrees with what was chosen."""
    assert len(choice.compared) == min(candidates, NAMED)
    assert all(one < other for one, other in pairwise(choice.compared))
    named = [key[-1] for key in choice.compared]
    assert named[: len(choice.agents)] == list(choice.agents[:NAMED])
