"""Looking for somebody at several places: each mode, and the table of a place."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.call.ringing.hunt import IGNORED, IMPOSSIBLE, TRANSITIONS, Hunt, Input, State


def test_every_state_and_input_leads_on_or_is_ignored_or_cannot_be() -> None:
    handled = set(TRANSITIONS)
    assert handled | IGNORED | IMPOSSIBLE == set(product(State, Input))
    assert len(handled) + len(IGNORED) + len(IMPOSSIBLE) == len(State) * len(Input)


def hunt(mode: str, places: int = 3) -> Hunt:
    return Hunt([State.WAITING] * places, mode, add_after=5.0)


def ring_what_is_due(search: Hunt, now: float) -> list[int]:
    rung = []
    while (place := search.due(now)) is not None:
        search.tell(place, Input.RING, now)
        rung.append(place)
    return rung


def test_one_by_one_waits_for_each() -> None:
    search = hunt("one-by-one")
    assert ring_what_is_due(search, 0.0) == [0]
    assert search.next_at() == float("inf")
    search.tell(0, Input.FAIL, 9.0)
    assert ring_what_is_due(search, 9.0) == [1]
    search.tell(1, Input.ANSWER_TO_CONFIRM, 10.0)
    assert ring_what_is_due(search, 60.0) == [], "somebody is being asked"
    search.tell(1, Input.FAIL, 60.0)
    search.tell(2, Input.SKIP, 60.0)
    assert search.over


def test_all_ring_at_once_and_who_takes_it_ends_the_search() -> None:
    search = hunt("all")
    assert ring_what_is_due(search, 0.0) == [0, 1, 2]
    search.tell(1, Input.ANSWER_TO_CONFIRM, 1.0)
    assert search.tell(2, Input.ANSWER, 2.0)
    assert search.taken == 2
    assert search.call_off(2.0) == [0, 1]
    assert search.taken == 2
    assert not search.tell(1, Input.CONFIRM, 2.1), "too late"


def test_a_cascade_adds_the_next_in_time_or_as_soon_as_nobody_rings() -> None:
    search = hunt("cascade")
    assert ring_what_is_due(search, 0.0) == [0]
    assert search.next_at() == 5.0
    assert ring_what_is_due(search, 4.9) == []
    assert ring_what_is_due(search, 5.0) == [1]
    search.tell(0, Input.FAIL, 6.0)
    assert ring_what_is_due(search, 6.0) == [], "one still rings"
    search.tell(1, Input.FAIL, 7.0)
    assert ring_what_is_due(search, 7.0) == [2]


@pytest.mark.parametrize("mode", ["one-by-one", "all", "cascade"])
@given(obstacles=st.lists(st.booleans(), min_size=1, max_size=8))
def test_who_cannot_be_rung_costs_no_time_in_any_mode(mode: str, obstacles: list[bool]) -> None:
    search = Hunt([State.WAITING] * len(obstacles), mode, add_after=5.0)
    while (place := search.due(0.0)) is not None:
        search.tell(place, Input.SKIP if obstacles[place] else Input.RING, 0.0)
    first = next((place for place, obstacle in enumerate(obstacles) if not obstacle), None)
    assert search.over is (first is None)
    assert search.rung is (first is not None)
    if first is not None:
        assert search.states[first] is State.RINGING
