"""What a virtual day is made of: how many call when, how long they talk and wait, who works when."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from acd.samples import Lognormal, exponential

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acd.patience import Patience
    from acd.people import Kind
    from acd.samples import Draws, Sample

MIDNIGHT = 24 * 3600.0


class Lengths(Protocol):
    """Durations that can be drawn, in seconds."""

    def draw(self, draws: Draws) -> float: ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same; infinite: never."""

    seconds: float

    def draw(self, draws: Draws) -> float:
        return self.seconds


@dataclass(frozen=True, slots=True)
class Exponential:
    mean: float

    def draw(self, draws: Draws) -> float:
        return exponential(self.mean, draws)


@dataclass(frozen=True, slots=True)
class Seen:
    """As they were in the journal, with those of all queues where this one has few."""

    sample: Sample
    all_queues: Sample
    believed: Lognormal

    def draw(self, draws: Draws) -> float:
        return self.sample.draw(draws, self.believed, 0.0, self.all_queues)


@dataclass(frozen=True, slots=True)
class SeenPatience:
    """As it was in the journal: most callers were answered before they would have hung up."""

    patience: Patience
    believed: float

    def draw(self, draws: Draws) -> float:
        return self.patience.draw(draws, 0.0, self.believed)


@dataclass(frozen=True, slots=True)
class Interval:
    """So many calls are expected between two times of day (seconds since midnight)."""

    begin: float
    end: float
    calls: float


@dataclass(frozen=True, slots=True)
class Callers:
    """Who calls one queue. ``languages`` and ``priorities`` are weights; so are ``kinds``, which in place of these two
    say both together, and who has to serve besides."""

    intervals: tuple[Interval, ...]
    talk: Lengths
    patience: Lengths = field(default_factory=lambda: Fixed(math.inf))
    answer: Lengths = field(default_factory=lambda: Fixed(0.0))
    languages: Mapping[str, float] = field(default_factory=dict)
    priorities: Mapping[float, float] = field(default_factory=dict)
    kinds: Mapping[Kind, float] = field(default_factory=dict)

    @property
    def expected(self) -> float:
        return math.fsum(interval.calls for interval in self.intervals)


@dataclass(frozen=True, slots=True)
class Demand:
    """``shifts``: agent → (from, to) in seconds since midnight; whoever is not in it works as long as anybody calls."""

    queues: Mapping[str, Callers]
    shifts: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    origin: str = ""
    """Where it comes from, for people."""

    @property
    def begin(self) -> float:
        return min((i.begin for callers in self.queues.values() for i in callers.intervals), default=0.0)

    @property
    def end(self) -> float:
        return max((i.end for callers in self.queues.values() for i in callers.intervals), default=0.0)
