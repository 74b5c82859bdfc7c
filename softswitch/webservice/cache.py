"""Answers that are kept for the next who asks the same: so many, and so many octets, whoever was asked last stays."""

from __future__ import annotations

import sys
from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

MOST, MOST_OCTETS = 1000, 8 * 1024 * 1024

Kept = TypeVar("Kept")


class Cache(Generic[Kept]):
    """By question; what was kept or found longest ago makes room."""

    def __init__(self, most: int = MOST, most_octets: int = MOST_OCTETS) -> None:
        self._most, self._most_octets = most, most_octets
        self._kept: OrderedDict[Hashable, tuple[int, Kept]] = OrderedDict()
        self.octets = 0

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, question: Hashable) -> Kept | None:
        """What was kept."""
        if question not in self._kept:
            return None
        self._kept.move_to_end(question)
        return self._kept[question][1]

    def keep(self, question: Hashable, kept: Kept, *texts: str | bytes) -> None:
        """In place of what was kept before. *texts* are what takes the room."""
        self.forget(question)
        octets = sum(map(sys.getsizeof, texts))
        self._kept[question] = octets, kept
        self.octets += octets
        while len(self._kept) > self._most or self.octets > self._most_octets:
            self.forget(next(iter(self._kept)))

    def forget(self, question: Hashable) -> None:
        """As if it had never been kept."""
        octets, _ = self._kept.pop(question, (0, None))
        self.octets -= octets
