from __future__ import annotations

from itertools import product

import pytest

from acd.model import QueueConfig
from acd.room import Ladder
from acd.skills import EVERYBODY
from acd.ticket import IMPOSSIBLE, TRANSITIONS, Place, Ticket, Turn, decision_key


def ticket(call: str, queue: QueueConfig, since: float, priority: float = 0.0) -> Ticket:
    made = Ticket(call, queue.id, since, since, priority)
    made.place_in(queue, Ladder(queue, (0.0,), (EVERYBODY,)))
    return made


def test_every_place_turn_pair_is_declared_once() -> None:
    declared = [*TRANSITIONS, *IMPOSSIBLE]
    assert set(declared) == set(product(Place, Turn))
    assert len(declared) == len(set(declared))


def test_what_cannot_happen_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="call a: answer while waiting"):
        ticket("a", QueueConfig("q"), 0.0).handle(Turn.ANSWER)


def test_standing_is_priority_and_age() -> None:
    sales = QueueConfig("sales", priority=10, ageing=2)
    assert ticket("a", sales, 100.0, 5.0).standing(107.0) == 10 + 5 + 2 * 7
    fixed = QueueConfig("fixed", priority=10, ageing=0)
    assert ticket("b", fixed, 100.0, 5.0).standing(9999.0) == 15


def test_slopes_are_compared_at_the_instant_of_the_decision() -> None:
    slow = ticket("slow", QueueConfig("slow", priority=10, ageing=1), 0.0)
    fast = ticket("fast", QueueConfig("fast", ageing=3), 0.0)
    assert decision_key(slow, 4.9) < decision_key(fast, 4.9)
    assert decision_key(fast, 5.1) < decision_key(slow, 5.1)


@pytest.mark.parametrize(("later_by", "overtakes"), [(9.9, True), (10.1, False)])
def test_priority_overtakes_only_those_who_came_less_than_priority_over_ageing_before(
    later_by: float, overtakes: bool
) -> None:
    queue = QueueConfig("q", ageing=2)
    first, vip = ticket("first", queue, 0.0), ticket("vip", queue, later_by, priority=20)
    for now in (later_by, 1000.0):
        assert (decision_key(vip, now) < decision_key(first, now)) is overtakes


def test_equal_callers_are_ordered_by_arrival_then_id() -> None:
    queue = QueueConfig("q", ageing=0)
    one, two, three = ticket("b", queue, 1.0), ticket("a", queue, 2.0), ticket("c", queue, 1.0)
    assert sorted([two, three, one], key=lambda t: decision_key(t, 5.0)) == [one, three, two]
