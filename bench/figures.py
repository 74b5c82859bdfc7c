"""What is computed from one run, and from the repeats of it."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.phones import Outcome

LATE = 0.010
"""Seconds. Phones whose 99th percentile of lateness is beyond this have not been phones."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, lowest and highest of some repeats."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread | None:
        found = sorted(values)
        return cls(median(found), found[0], found[-1]) if found else None

    def text(self, digits: int = 2) -> str:
        if self.low == self.high:
            return f"{self.middle:.{digits}f}"
        return f"{self.middle:.{digits}f} ({self.low:.{digits}f}–{self.high:.{digits}f})"


@dataclass(frozen=True, slots=True)
class Run:
    """One measurement: *scenario* at *level* (calls, or calls a second)."""

    scenario: str
    level: int
    repeat: int
    outcome: Outcome

    @property
    def objection(self) -> str:
        """Why the run says nothing about the server; empty: it does."""
        outcome = self.outcome
        if outcome.skipped:
            return f"the phones left out {outcome.skipped} ticks"
        if outcome.late[0] > LATE:
            return f"the phones were late (p99 {outcome.late[0] * 1000:.0f} ms)"
        return ""

    @property
    def cores(self) -> float:
        return sum(self.outcome.cpu.values()) / self.outcome.seconds

    @property
    def cores_per_1000(self) -> float:
        """CPU seconds per 1,000 call-seconds."""
        return 1000 * self.cores / self.level

    def cpu_per_call(self, part: str = "") -> float:
        """CPU seconds per answered call, of one part of the server or of all."""
        cpu = self.outcome.cpu
        used = cpu.get(part, 0.0) if part else sum(cpu.values())
        return used / max(1, self.outcome.answered_in_window)

    @property
    def gap_of_the_server(self) -> float:
        """The largest gap as far as the phones' own lateness does not explain it."""
        return max(0.0, self.outcome.largest_gap - max(0.0, self.outcome.own_gap - 0.020))


def good(runs: Sequence[Run], scenario: str, level: int) -> list[Run]:
    """The runs of one row that say something."""
    return [run for run in runs if (run.scenario, run.level) == (scenario, level) and not run.objection]


def ratios(runs: Sequence[Run], scenario: str, other: str, level: int) -> list[float]:
    """CPU of *scenario* over CPU of *other*, each pair from the same repeat."""
    others = {run.repeat: run.cores for run in good(runs, other, level)}
    return [run.cores / others[run.repeat] for run in good(runs, scenario, level) if others.get(run.repeat)]
