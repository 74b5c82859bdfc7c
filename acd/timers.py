"""Named deadlines of many things in one heap. Equal instants fire in the order of kind, then id."""

from __future__ import annotations

from enum import IntEnum
from heapq import heapify, heappop, heappush


class Timer(IntEnum):
    """What a deadline is for; the id beside it names the offer (as zero-padded text), agent or call."""

    RING = 1
    WRAP_UP = 2
    REST = 3
    RELAX = 4
    MAX_WAIT = 5
    ANNOUNCE = 6
    CAP = 7
    RING_MORE = 8
    OVERFLOW = 9
    COMFORT = 10
    OFFER_CALLBACK = 11
    RETRY = 12
    DIAL = 13
    EXPIRE = 14


class Timers:
    """At most one deadline for each (kind, id); changed and cancelled ones are skipped when they come up."""

    def __init__(self) -> None:
        self._at: dict[tuple[Timer, str], float] = {}
        self._heap: list[tuple[float, Timer, str]] = []

    def __len__(self) -> int:
        return len(self._at)

    def get(self, kind: Timer, key: str) -> float | None:
        return self._at.get((kind, key))

    def set(self, kind: Timer, key: str, at: float | None) -> None:
        """Fire at this instant instead of any other set before; None cancels."""
        if at is None:
            self._at.pop((kind, key), None)
        elif self._at.get((kind, key)) != at:
            self._at[kind, key] = at
            heappush(self._heap, (at, kind, key))
            if len(self._heap) > 64 + 4 * len(self._at):
                self._heap = [(at, kind, key) for (kind, key), at in self._at.items()]
                heapify(self._heap)

    def next(self) -> float | None:
        """The earliest deadline."""
        while self._heap:
            at, kind, key = self._heap[0]
            if self._at.get((kind, key)) == at:
                return at
            heappop(self._heap)
        return None

    def pop_due(self, now: float) -> tuple[Timer, str] | None:
        """Take the earliest deadline that is not after *now*."""
        at = self.next()
        if at is None or at > now:
            return None
        _, kind, key = heappop(self._heap)
        del self._at[kind, key]
        return kind, key
