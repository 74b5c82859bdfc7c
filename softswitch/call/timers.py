"""One deadline per key, in a heap with lazy deletion: setting, moving and dropping one costs O(log n)."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from itertools import count
from typing import Generic, Protocol, TypeVar

K = TypeVar("K")


class Timed(Protocol):
    """What waits for some moment."""

    def next_deadline(self) -> float | None: ...

    def handle_timeout(self, now: float) -> None:
        """Do what is due by *now*."""


class Timers(Generic[K]):
    """Deadlines in seconds of the monotonic clock."""

    def __init__(self) -> None:
        self._at: dict[K, tuple[float, int]] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._order = count()

    def __len__(self) -> int:
        return len(self._at)

    def __contains__(self, key: K) -> bool:
        return key in self._at

    def set(self, key: K, at: float | None) -> None:
        """Move the deadline of *key* to *at*; None drops it."""
        known = self._at.get(key)
        if at is None:
            self._at.pop(key, None)
            return
        if known is not None and known[0] == at:
            return
        entry = (at, next(self._order))
        self._at[key] = entry
        heappush(self._heap, (*entry, key))
        if len(self._heap) > 64 and len(self._heap) > 4 * len(self._at):
            self._heap = [(at, order, key) for key, (at, order) in self._at.items()]
            heapify(self._heap)

    def next_deadline(self) -> float | None:
        """When the earliest is due."""
        while self._heap:
            at, order, key = self._heap[0]
            if self._at.get(key) == (at, order):
                return at
            heappop(self._heap)
        return None

    def pop_due(self, now: float) -> K | None:
        """The earliest key that is due by *now*, dropped; None when there is none."""
        at = self.next_deadline()
        if at is None or at > now:
            return None
        key = heappop(self._heap)[2]
        del self._at[key]
        return key
