from __future__ import annotations

import math

import pytest

from softswitch.simulation.day import AgentDay, DayResult, QueueDay
from softswitch.simulation.figures import Goal, figures


def day(*, answered: list[float], abandoned: list[float], elsewhere: int = 0, busy: float = 50.0) -> DayResult:
    offered = len(answered) + len(abandoned) + elsewhere
    return DayResult(
        {"q": QueueDay(offered, answered, abandoned, elsewhere, 0, 600.0), "unused": QueueDay()},
        {"a": AgentDay(logged_in=100.0, busy=busy)},
    )


def test_figures_of_two_days() -> None:
    found = figures(
        [
            day(answered=[0.0] * 8, abandoned=[2.0, 30.0]),
            day(answered=[10.0, 30.0, 40.0, 50.0], abandoned=[], elsewhere=1, busy=100.0),
        ],
        {"q": Goal(within=20.0, short=5.0)},
    )
    queue = found.queues["q"]
    assert list(found.queues) == ["q"]
    assert queue.offered == 7.5
    assert queue.service_level == pytest.approx(9 / 13)
    assert found.service_level == queue.service_level
    assert queue.mean_wait == pytest.approx(130 / 12)
    assert (queue.wait(0.5), queue.wait(0.9), queue.wait(1.0)) == (0.0, 40.0, 50.0)
    assert queue.abandoned == pytest.approx(2 / 15)
    assert queue.elsewhere == pytest.approx(1 / 15)
    assert queue.handling == 100.0
    assert found.occupancy == 0.75
    first, second = 8 / 9, 1 / 4
    assert queue.error == pytest.approx(1.96 * abs(first - second) / math.sqrt(2) / math.sqrt(2))


@pytest.mark.parametrize(("definition", "level"), [("F1", 0.9), ("F2", 1.0), ("F3", 0.8), ("F6", 8 / 9)])
def test_the_service_level_is_by_the_definition_of_the_queue(definition: str, level: float) -> None:
    found = figures([day(answered=[0.0] * 8, abandoned=[2.0, 30.0])], {"q": Goal(definition=definition)})
    assert found.queues["q"].service_level == pytest.approx(level)


def test_nothing_happened() -> None:
    found = figures([], {})
    assert found.queues == {}
    assert math.isnan(found.service_level)
    assert math.isnan(found.occupancy)
    one = figures([day(answered=[], abandoned=[3.0])], {}).queues["q"]
    assert math.isnan(one.mean_wait)
    assert math.isnan(one.wait(0.5))
    assert math.isnan(one.error)
