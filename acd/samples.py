"""Durations to draw from: the newest ones seen, or a lognormal where nothing has been seen."""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from collections import deque
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

#: So many of the newest durations are kept.
KEPT = 400
#: What was believed before weighs as much as so many durations.
BELIEVED = 10.0


class Draws(Protocol):
    """Where randomness comes from: `random.Random`, made and seeded outside."""

    def random(self) -> float:
        """Uniform on [0, 1)."""


class Lognormal:
    """Durations with this mean (seconds) and coefficient of variation; nothing varies at 0."""

    __slots__ = ("_mu", "_sigma", "cv", "mean")

    def __init__(self, mean: float, cv: float) -> None:
        if mean < 0 or cv < 0:
            raise ValueError(f"mean {mean} and coefficient of variation {cv}: neither can be negative")
        self.mean, self.cv = mean, cv
        self._sigma = math.sqrt(math.log1p(cv * cv))
        self._mu = math.log(mean) - self._sigma**2 / 2 if mean > 0 else -math.inf

    def draw(self, draws: Draws, elapsed: float = 0.0) -> float:
        """What is still to come of one that has lasted for ``elapsed`` seconds."""
        if self._sigma == 0 or self.mean == 0:
            return max(0.0, self.mean - elapsed)
        if elapsed <= 0:
            return math.exp(self._mu + self._sigma * normal(draws))
        beyond = (math.log(elapsed) - self._mu) / self._sigma
        return max(0.0, math.exp(self._mu + self._sigma * normal_above(beyond, draws)) - elapsed)


class Sample:
    """The newest durations, in seconds."""

    __slots__ = ("_fitted", "_newest", "_ordered", "_sum")

    def __init__(self, durations: Iterable[float] = ()) -> None:
        self._newest: deque[float] = deque()
        self._ordered: list[float] = []
        self._sum: float | None = 0.0
        self._fitted: tuple[Lognormal, Lognormal] | None = None
        for duration in durations:
            self.add(duration)

    def __len__(self) -> int:
        return len(self._newest)

    def add(self, seconds: float) -> None:
        seconds = max(0.0, seconds)
        if len(self._newest) >= KEPT:
            oldest = self._newest.popleft()
            del self._ordered[bisect_right(self._ordered, oldest) - 1]
        self._newest.append(seconds)
        insort(self._ordered, seconds)
        self._sum = self._fitted = None

    def mean(self, believed: float) -> float:
        """Of those seen and of what was believed before."""
        if self._sum is None:
            self._sum = math.fsum(self._newest)  # exact: the same for those who read it back
        return (self._sum + BELIEVED * believed) / (len(self) + BELIEVED)

    def fit(self, believed: Lognormal) -> Lognormal:
        """The lognormal with the moments of those seen, leaning on what was believed before."""
        if self._fitted is None or self._fitted[0] is not believed:
            mean = self.mean(believed.mean)
            square = math.fsum(x * x for x in self._newest) + BELIEVED * believed.mean**2 * (1 + believed.cv**2)
            variance = max(0.0, square / (len(self) + BELIEVED) - mean * mean)
            self._fitted = believed, Lognormal(mean, math.sqrt(variance) / mean if mean > 0 else 0.0)
        return self._fitted[1]

    def draw(self, draws: Draws, believed: Lognormal, elapsed: float = 0.0, similar: Sample | None = None) -> float:
        """What is still to come of one that has lasted for ``elapsed`` seconds.

        Mostly one of those seen that lasted longer; the fewer there are, the more often one of the ``similar`` ones,
        or without such of the lognormal that is fitted to all.
        """
        first = bisect_right(self._ordered, elapsed) if elapsed > 0 else 0
        longer = len(self._ordered) - first
        doubt = BELIEVED * longer / max(1, len(self._ordered))
        if elapsed > 0:
            doubt = max(doubt, 1.0)
        if longer == 0 or draws.random() * (longer + doubt) >= longer:
            if similar is not None:
                return similar.draw(draws, believed, elapsed)
            return self.fit(believed).draw(draws, elapsed)
        return self._ordered[first + min(int(draws.random() * longer), longer - 1)] - max(elapsed, 0.0)

    def followed_by(self, newer: Sample) -> Sample:
        """Both, the newer ones kept if there are too many."""
        return Sample((*self._newest, *newer._newest))

    def plain(self) -> list[float]:
        return list(self._newest)

    @classmethod
    def from_plain(cls, plain: Iterable[float]) -> Sample:
        return cls(plain)


def exponential(mean: float, draws: Draws) -> float:
    return -mean * math.log1p(-draws.random())


def normal(draws: Draws) -> float:
    """Standard normal (Box and Muller)."""
    return math.sqrt(-2 * math.log1p(-draws.random())) * math.cos(math.tau * draws.random())


def normal_above(low: float, draws: Draws) -> float:
    """Standard normal, given that it is more than ``low`` (Robert, Simulation of truncated normal variables, 1995)."""
    if low <= 0:
        while (drawn := normal(draws)) <= low:
            pass
        return drawn
    rate = (low + math.sqrt(low * low + 4)) / 2
    while True:
        drawn = low + exponential(1 / rate, draws)
        if draws.random() <= math.exp(-((drawn - rate) ** 2) / 2):
            return drawn
