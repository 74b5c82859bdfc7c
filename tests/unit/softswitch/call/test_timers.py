from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from softswitch.call.timers import Timers


def test_due_keys_come_earliest_first_and_once() -> None:
    timers: Timers[str] = Timers()
    timers.set("b", 2.0)
    timers.set("a", 1.0)
    timers.set("c", 9.0)
    assert timers.next_deadline() == 1.0
    assert [timers.pop_due(5.0), timers.pop_due(5.0), timers.pop_due(5.0)] == ["a", "b", None]
    assert timers.next_deadline() == 9.0


def test_moving_a_deadline_forgets_the_old_one() -> None:
    timers: Timers[str] = Timers()
    timers.set("a", 1.0)
    timers.set("a", 7.0)
    assert timers.pop_due(6.9) is None
    assert timers.pop_due(7.0) == "a"


def test_a_dropped_deadline_does_not_fire() -> None:
    timers: Timers[str] = Timers()
    timers.set("a", 1.0)
    timers.set("a", None)
    assert timers.next_deadline() is None
    assert timers.pop_due(2.0) is None


def test_setting_over_and_over_does_not_grow_the_heap() -> None:
    timers: Timers[int] = Timers()
    for step in range(10_000):
        timers.set(step % 10, float(step))
    assert len(timers) == 10
    assert len(timers._heap) < 200


@given(st.lists(st.tuples(st.integers(0, 5), st.none() | st.floats(0, 100)), max_size=60))
def test_it_agrees_with_a_plain_dictionary(steps: list[tuple[int, float | None]]) -> None:
    timers: Timers[int] = Timers()
    model: dict[int, float] = {}
    for key, at in steps:
        timers.set(key, at)
        if at is None:
            model.pop(key, None)
        else:
            model[key] = at
        assert timers.next_deadline() == min(model.values(), default=None)
    popped = []
    while (due := timers.pop_due(100.0)) is not None:
        popped.append(due)
    assert sorted(popped) == sorted(model)
    assert [model[key] for key in popped] == sorted(model.values())
