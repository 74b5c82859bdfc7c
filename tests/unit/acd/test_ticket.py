from __future__ import annotations

from itertools import product

import pytest

from acd.model import QueueConfig, Strategy
from acd.room import Ladder
from acd.skills import EVERYBODY, parse
from acd.ticket import IGNORED, IMPOSSIBLE, TRANSITIONS, Place, Ticket, Turn, decision_key


def ticket(call: str, queue: QueueConfig, since: float, priority: float = 0.0) -> Ticket:
    made = Ticket(call, queue.id, since, since, priority)
    made.place_in(queue, Ladder(queue, (0.0,), (EVERYBODY,)), since)
    return made


def test_every_place_turn_pair_is_declared_once() -> None:
    declared = [*TRANSITIONS, *IGNORED, *IMPOSSIBLE]
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


def test_a_cap_ends_the_gain_and_at_the_cap_the_arrival_decides() -> None:
    queue = QueueConfig("q", priority_cap=100)
    old, urgent = ticket("old", queue, 0.0), ticket("urgent", queue, 50.0, priority=90)
    assert (old.capped_at, urgent.capped_at) == (100.0, 60.0)
    assert (old.standing(99.0), urgent.standing(99.0)) == (99.0, 100.0)
    assert [old.capped, urgent.capped] == [False, False]
    for waiting in (old, urgent):
        waiting.place_in(queue, Ladder(queue, (0.0,), (EVERYBODY,)), 100.0)
        assert waiting.standing(500.0) == 100.0
    assert [old.capped, urgent.capped] == [True, True]
    assert old.order < urgent.order
    assert decision_key(old, 500.0) < decision_key(urgent, 500.0)


def test_who_is_at_the_cap_stands_before_who_is_not() -> None:
    queue = QueueConfig("q", priority_cap=100)
    old, urgent = ticket("old", queue, 0.0), ticket("urgent", queue, 50.0, priority=90)
    urgent.place_in(queue, Ladder(queue, (0.0,), (EVERYBODY,)), 60.0)
    assert urgent.order < old.order
    assert decision_key(urgent, 99.0) < decision_key(old, 99.0)


@pytest.mark.parametrize("ageing", [0.0, 1.0])
def test_priority_above_the_cap_is_cut(ageing: float) -> None:
    queue = QueueConfig("q", priority_cap=100, ageing=ageing)
    vip = ticket("vip", queue, 10.0, priority=500)
    assert (vip.capped, vip.capped_at, vip.standing(10.0), vip.standing(99.0)) == (True, 10.0, 100.0, 100.0)


def test_without_ageing_the_cap_is_never_reached() -> None:
    queue = QueueConfig("q", priority_cap=100, ageing=0)
    assert (ticket("a", queue, 0.0).capped_at, ticket("a", queue, 0.0).standing(999.0)) == (None, 0.0)


def test_a_higher_band_comes_first_whatever_the_points() -> None:
    high, low = QueueConfig("high", band=1), QueueConfig("low", priority=1e6, ageing=100)
    new, old = ticket("new", high, 100.0), ticket("old", low, 0.0)
    assert decision_key(new, 100.0) < decision_key(old, 100.0)


def test_equals_of_different_queues_are_ordered_by_arrival() -> None:
    slow, fast = QueueConfig("slow", priority=10), QueueConfig("fast", ageing=2)
    one, other = ticket("one", slow, 10.0), ticket("other", fast, 15.0)
    assert one.standing(30.0) == other.standing(30.0) == 30.0
    assert decision_key(one, 30.0) < decision_key(other, 30.0)


def test_ringing_one_after_the_other() -> None:
    waiting = ticket("a", QueueConfig("q", strategy=Strategy.RING_PROGRESSIVELY, ring_step=8), 0.0)
    assert waiting.rings_several
    wants = [waiting.wants_offers]
    waiting.handle(Turn.OFFER)
    waiting.rung(3.0)
    assert waiting.more_at == 11.0
    wants.append(waiting.wants_offers)
    waiting.more_at = None
    wants.append(waiting.wants_offers)
    waiting.rung(11.0)
    waiting.handle(Turn.LAST_OFFER_OVER)
    assert (wants, waiting.more_at, waiting.wants_offers) == ([True, False, True], None, True)


def test_what_is_written_down_is_read_back() -> None:
    waiting = ticket("a", QueueConfig("q"), 1.0)
    waiting.preferred, waiting.agent, waiting.capped, waiting.more_at = parse("vip"), "olena", True, 4.0
    again = Ticket.from_plain(waiting.plain(), 10.0)
    assert (again.preferred, again.agent, again.capped, again.more_at) == (parse("vip"), "olena", True, 14.0)
    assert again.plain() == Ticket.from_plain(again.plain(), 0.0).plain()
