"""Virtual days against the formulas of queueing theory, and against the rules of the configuration."""

from __future__ import annotations

import math
from typing import Any

import pytest

from acd.erlang import ErlangA, ErlangC
from acd.model import AcdConfig, AgentConfig, OverflowStep, QueueConfig
from acd.people import Kind
from acd.samples import Lognormal
from acd.skills import parse
from softswitch.simulation.day import DayResult, QueueDay, play
from softswitch.simulation.demand import Callers, Demand, Exponential, Fixed, Interval

HOUR = 3600.0
RATE, TALK = 100 / 1800, 180.0


def staff(count: int) -> tuple[AgentConfig, ...]:
    return tuple(AgentConfig(f"a{i}", position=i) for i in range(count))


def demand(calls: float = 100.0, hours: float = 10.0, talk: float = TALK, patience: float = math.inf) -> Demand:
    """So many calls in half an hour."""
    spans = (Interval(0.0, hours * HOUR, calls * hours * 2),)
    waits = Fixed(patience) if patience == math.inf else Exponential(patience)
    return Demand({"q": Callers(spans, Exponential(talk), waits)})


def one(result: DayResult) -> QueueDay:
    return result.queues["q"]


def within_error(seen: list[float], expected: float, *, errors: float = 2.6) -> bool:
    """Whether the mean over days lies within 99 % of what is expected."""
    mean = sum(seen) / len(seen)
    variance = sum((x - mean) ** 2 for x in seen) / (len(seen) - 1)
    return abs(mean - expected) <= errors * math.sqrt(variance / len(seen))


@pytest.mark.parametrize(("servers", "patience"), [(14, math.inf), (9, 120.0), (12, 120.0)])
def test_one_skill_agrees_with_erlang_c_and_a(servers: int, patience: float) -> None:
    levels, waits, lost, busy = [], [], [], []
    config = AcdConfig((QueueConfig("q", wrap_up=0.0),), staff(servers))
    for day in range(8):
        result = play(config, demand(hours=8.0, patience=patience), seed=1, day=day)
        queue = one(result)
        offered = len(queue.answered) + len(queue.abandoned)
        assert offered == queue.offered
        levels.append(sum(wait <= 20 for wait in queue.answered) / offered)
        waits.append((sum(queue.answered) + sum(queue.abandoned)) / offered)
        lost.append(len(queue.abandoned) / offered)
        agents = result.agents.values()
        busy.append(sum(agent.busy for agent in agents) / sum(agent.logged_in for agent in agents))
    model: ErlangA | ErlangC
    if patience == math.inf:
        model = ErlangC(RATE, TALK, servers)
        assert lost == [0.0] * 8
    else:
        model = ErlangA(RATE, TALK, servers, patience)
        assert within_error(lost, model.abandoned)
    assert within_error(levels, model.service_level(20))
    assert within_error(waits, model.mean_wait)
    assert within_error(busy, model.occupancy)


def test_the_same_seed_is_the_same_day_and_another_one_is_not() -> None:
    config = AcdConfig((QueueConfig("q"),), staff(10))
    assert play(config, demand(hours=1.0), 1) == play(config, demand(hours=1.0), 1)
    assert play(config, demand(hours=1.0), 1) != play(config, demand(hours=1.0), 2)
    assert play(config, demand(hours=1.0), 1, day=0) != play(config, demand(hours=1.0), 1, day=1)


def test_the_same_callers_come_to_any_floor() -> None:
    few, many = (play(AcdConfig((QueueConfig("q"),), staff(n)), demand(hours=2.0), 1) for n in (10, 12))
    assert one(few).offered == one(many).offered
    assert sum(one(few).answered) > sum(one(many).answered)


def test_wrap_up_and_ringing_keep_agents_busy() -> None:
    callers = Callers((Interval(0.0, HOUR, 20.0),), Fixed(100.0), answer=Fixed(5.0))
    result = play(AcdConfig((QueueConfig("q", wrap_up=30.0),), staff(3)), Demand({"q": callers}), 1)
    answered = len(one(result).answered)
    assert answered == one(result).offered > 10
    assert one(result).handled == pytest.approx(135.0 * answered)
    assert min(one(result).answered) == pytest.approx(5.0)


def test_agents_work_their_shifts() -> None:
    callers = Callers((Interval(8 * HOUR, 10 * HOUR, 200.0),), Fixed(30.0), Fixed(60.0))
    shifts = {"a0": ((8.5 * HOUR, 9 * HOUR),), "a1": ()}
    result = play(AcdConfig((QueueConfig("q", wrap_up=0.0),), staff(2)), Demand({"q": callers}, shifts), 1)
    assert result.agents["a0"].logged_in == pytest.approx(HOUR / 2, abs=60)
    assert result.agents["a1"].logged_in == 0
    assert 40 < len(one(result).answered) < 65
    assert len(one(result).answered) + len(one(result).abandoned) == one(result).offered


def test_callers_are_those_of_the_languages_and_priorities() -> None:
    callers = Callers((Interval(0.0, HOUR, 60.0),), Fixed(60.0), Fixed(120.0), languages={"uk": 0.5, "pl": 0.5})
    queue = QueueConfig("q", needs=parse("{language} >= 50"), wrap_up=0.0)
    result = play(AcdConfig((queue,), (AgentConfig("olena", skills={"uk": 100}),)), Demand({"q": callers}), 1)
    assert 15 < len(one(result).answered) < 45
    assert len(one(result).abandoned) > 15


def test_callers_are_served_by_what_lists_routes_and_menus_say_of_them() -> None:
    kinds = {
        Kind(needs="{product} >= 50", variables=(("product", "loans"),)): 1.0,
        Kind(needs="{product} >= 50", variables=(("product", "cards"),), priority=10.0): 1.0,
        Kind(needs="{product} >= 50"): 1.0,
    }
    callers = Callers((Interval(0.0, HOUR, 90.0),), Fixed(1.0), Fixed(120.0), kinds=kinds)
    queue = QueueConfig("q", needs=parse("everything or {product}"), wrap_up=0.0)
    agents = tuple(AgentConfig(name, skills=skills) for name, skills in (("a", {"loans": 50}), ("b", {"cards": 80})))
    both, first = (one(play(AcdConfig((queue,), some), Demand({"q": callers}), 1)) for some in (agents, agents[:1]))
    assert len(both.answered) / both.offered == pytest.approx(2 / 3, abs=0.12)
    assert len(first.answered) / first.offered == pytest.approx(1 / 3, abs=0.12)
    assert len(both.answered) + len(both.abandoned) == both.offered


@pytest.mark.parametrize(
    "way",
    [
        {"max_wait": 60.0, "when_timed_out": "queue:second"},
        {"overflow": (OverflowStep(60.0, to="queue:second"),)},
    ],
)
def test_who_is_sent_on_to_another_queue_keeps_the_age_and_counts_where_they_called(way: dict[str, Any]) -> None:
    first = QueueConfig("first", needs=parse("nobody >= 1"), **way)
    second = QueueConfig("second", wrap_up=0.0)
    callers = Callers((Interval(0.0, HOUR, 30.0),), Fixed(10.0))
    result = play(AcdConfig((first, second), staff(5)), Demand({"first": callers}), 1)
    assert len(result.queues["first"].answered) == result.queues["first"].offered > 15
    assert all(60 <= wait < 75 for wait in result.queues["first"].answered)
    assert result.queues["second"].offered == 0
    assert result.queues["second"].handled > 0


def test_who_leaves_the_queues_is_counted_so() -> None:
    full = QueueConfig("q", max_waiting=2, when_full="voicemail:q", max_wait=30.0, when_timed_out="hangup")
    callers = Callers((Interval(0.0, HOUR, 100.0),), Fixed(300.0))
    result = play(AcdConfig((full,), staff(1)), Demand({"q": callers}), 1)
    assert one(result).elsewhere > 50
    assert one(result).elsewhere + len(one(result).answered) == one(result).offered


def test_who_nobody_serves_is_left_waiting() -> None:
    callers = Callers((Interval(0.0, HOUR, 10.0),), Fixed(10.0))
    result = play(AcdConfig((QueueConfig("q", needs=parse("rare >= 1")),), staff(1)), Demand({"q": callers}), 1)
    assert one(result).left == one(result).offered > 3


def test_a_day_of_ten_thousand_calls_is_played() -> None:
    queues = tuple(QueueConfig(f"q{i}", needs=parse(f"s{i} >= 50 and {{language}} >= 50")) for i in range(4))
    agents = tuple(
        AgentConfig(f"a{i}", skills={f"s{i % 4}": 80, f"s{(i + 1) % 4}": 60, "uk": 90, "en": 50 + i % 40})
        for i in range(110)
    )
    callers = Callers((Interval(0.0, 10 * HOUR, 2500.0),), Lognormal(240.0, 0.9), Exponential(180.0), Fixed(4.0))
    spoken = Callers(callers.intervals, callers.talk, callers.patience, callers.answer, {"uk": 0.6, "en": 0.4})
    result = play(AcdConfig(queues, agents), Demand({f"q{i}": spoken for i in range(4)}), 1)
    assert sum(queue.offered for queue in result.queues.values()) > 9500
