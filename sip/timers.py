"""The protocol's base times (RFC 3261 §17.1.1.1 and appendix A) and the heap that keeps everybody's deadlines."""

from __future__ import annotations

import heapq
from typing import Final, Generic, Protocol, TypeVar

T1: Final = 0.5  # estimate of the round-trip time
T2: Final = 4.0  # longest interval between retransmissions of non-INVITE requests and INVITE responses
T4: Final = 5.0  # longest life of a message in the network
SIXTY_FOUR_T1: Final = 64 * T1

_NEVER: Final = float("inf")


class Timed(Protocol):
    """Something with deadlines of its own. ``scheduled`` belongs to the heap: the time of its live entry."""

    scheduled: float

    def next_deadline(self) -> float | None: ...


Item = TypeVar("Item", bound=Timed)


class DeadlineHeap(Generic[Item]):
    """The earliest deadline of thousands of items, each change O(log n).

    An entry is never taken out when a deadline moves or goes: it is looked at again when it comes up. An item has one
    live entry at most, so the heap is as large as the number of items, plus those that ended early.
    """

    __slots__ = ("_entries", "_serial")

    def __init__(self) -> None:
        self._entries: list[tuple[float, int, Item]] = []
        self._serial = 0

    def __len__(self) -> int:
        return len(self._entries)

    def update(self, item: Item) -> None:
        """Call after every change of *item*'s deadlines."""
        deadline = item.next_deadline()
        if deadline is not None and deadline < item.scheduled:
            self._push(deadline, item)

    def next_deadline(self) -> float | None:
        """Exact: entries that no longer mean anything are dropped on the way."""
        entries = self._entries
        while entries:
            at, _, item = entries[0]
            if at == item.scheduled:
                deadline = item.next_deadline()
                if deadline == at:
                    return at
                item.scheduled = _NEVER
                heapq.heappop(entries)
                if deadline is not None:
                    self._push(deadline, item)
            else:
                heapq.heappop(entries)
        return None

    def pop_due(self, now: float) -> Item | None:
        """The item with the earliest deadline, if that is not after *now*. Call ``update`` when it has been served."""
        deadline = self.next_deadline()
        if deadline is None or deadline > now:
            return None
        item = heapq.heappop(self._entries)[2]
        item.scheduled = _NEVER
        return item

    def _push(self, at: float, item: Item) -> None:
        item.scheduled = at
        self._serial += 1
        heapq.heappush(self._entries, (at, self._serial, item))


def never() -> float:
    """The initial value of ``Timed.scheduled``."""
    return _NEVER
