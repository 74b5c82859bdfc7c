from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from acd.timers import Timer, Timers

CHANGES = st.lists(
    st.tuples(st.sampled_from(Timer), st.sampled_from("abc"), st.none() | st.integers(0, 20).map(float)), max_size=300
)


@given(CHANGES)
def test_fires_each_live_deadline_once_in_order(changes: list[tuple[Timer, str, float | None]]) -> None:
    timers = Timers()
    model: dict[tuple[Timer, str], float] = {}
    for kind, key, at in changes:
        timers.set(kind, key, at)
        if at is None:
            model.pop((kind, key), None)
        else:
            model[kind, key] = at
        assert timers.next() == min(model.values(), default=None)
    assert timers.pop_due(-1.0) is None
    fired = []
    while (due := timers.pop_due(20.0)) is not None:
        fired.append(due)
    assert fired == sorted(model, key=lambda timer: (model[timer], *timer))
    assert timers.next() is None
    assert len(timers) == 0


def test_changing_one_deadline_for_ever_does_not_grow() -> None:
    timers = Timers()
    for at in range(10_000):
        timers.set(Timer.RING, "a", float(at))
    assert len(timers._heap) < 200
