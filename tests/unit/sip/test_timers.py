from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from sip.timers import DeadlineHeap, never


@dataclass(eq=False)
class Item:
    at: float | None = None
    scheduled: float = field(default_factory=never)

    def next_deadline(self) -> float | None:
        return self.at


@given(st.lists(st.tuples(st.integers(0, 4), st.none() | st.integers(0, 20), st.booleans()), max_size=60))
def test_it_always_knows_the_earliest_deadline(steps: list[tuple[int, int | None, bool]]) -> None:
    items = [Item() for _ in range(5)]
    heap: DeadlineHeap[Item] = DeadlineHeap()
    for number, at, ask in steps:
        items[number].at = at
        heap.update(items[number])
        if ask:
            assert heap.next_deadline() == min((i.at for i in items if i.at is not None), default=None)
    order = []
    while (due := heap.pop_due(100.0)) is not None:
        assert due.at is not None
        order.append(due.at)
        due.at = None
        heap.update(due)
    assert order == sorted(order)
    assert all(item.at is None for item in items)
    assert heap.next_deadline() is None
    assert len(heap) == 0


def test_what_is_not_due_stays() -> None:
    heap: DeadlineHeap[Item] = DeadlineHeap()
    item = Item(5.0)
    heap.update(item)
    assert heap.pop_due(4.9) is None
    assert heap.pop_due(5.0) is item


def test_moving_a_deadline_a_thousand_times_later_does_not_fill_the_heap() -> None:
    heap: DeadlineHeap[Item] = DeadlineHeap()
    item = Item(1.0)
    for n in range(1000):
        item.at = 1.0 + n
        heap.update(item)
    assert len(heap) == 1
    assert heap.next_deadline() == 1000.0
