"""Identifiers that are the same in every run."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from sip.ids import MAGIC_COOKIE


@dataclass(slots=True)
class CountingIds:
    """``name-kind-1``, ``name-kind-2`` …; chance comes from *seed*. Implements ``sip.ids.Ids``."""

    name: str = "ids"
    seed: int = 0
    _counts: dict[str, int] = field(default_factory=dict)
    _random: random.Random | None = None

    def _next(self, kind: str) -> str:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return f"{self.name}-{kind}-{self._counts[kind]}"

    def branch(self) -> str:
        return MAGIC_COOKIE + self._next("branch")

    def tag(self) -> str:
        return self._next("tag")

    def call_id(self) -> str:
        return self._next("call")

    def usage(self) -> str:
        return self._next("usage")

    def cnonce(self) -> str:
        return self._next("cnonce")

    def fraction(self) -> float:
        if self._random is None:
            self._random = random.Random(f"{self.name} {self.seed}")
        return self._random.random()
