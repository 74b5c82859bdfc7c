"""Figures of virtual days: per queue and per group, over all days of a run."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from acd.figures.service_level import VARIANTS, Waits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from softswitch.simulation.day import DayResult, QueueDay

#: Of the normal distribution, for 95 %.
_Z = 1.96


@dataclass(frozen=True, slots=True)
class Goal:
    """What counts as good service in a queue; see `softswitch.config.words.centre.ServiceLevel`."""

    within: float = 20.0
    target: float = 0.8
    short: float = 5.0
    definition: str = "F6"


@dataclass(slots=True)
class QueueFigures:
    """All days of one queue."""

    goal: Goal
    days: list[QueueDay] = field(default_factory=list)

    @property
    def offered(self) -> float:
        """Calls a day."""
        return sum(day.offered for day in self.days) / max(1, len(self.days))

    @property
    def service_level(self) -> float:
        return _level(self.days, self.goal)

    @property
    def error(self) -> float:
        """Half the width of the service level's 95 % interval, from how much the days differ; nan for one day."""
        levels = [_level([day], self.goal) for day in self.days if day.offered]
        if len(levels) < 2:
            return math.nan
        mean = sum(levels) / len(levels)
        variance = sum((level - mean) ** 2 for level in levels) / (len(levels) - 1)
        return _Z * math.sqrt(variance / len(levels))

    @property
    def mean_wait(self) -> float:
        """Seconds, of those who were answered (average speed of answer)."""
        waits = self._answered()
        return math.fsum(waits) / len(waits) if waits else math.nan

    def wait(self, share: float) -> float:
        """The wait that this share of the answered did not exceed."""
        waits = sorted(self._answered())
        return waits[min(len(waits) - 1, math.ceil(share * len(waits)) - 1)] if waits else math.nan

    @property
    def abandoned(self) -> float:
        """Share of the callers who hung up."""
        return self._share(lambda day: len(day.abandoned))

    @property
    def elsewhere(self) -> float:
        """Share of the callers whom the configuration sent on."""
        return self._share(lambda day: day.elsewhere + day.left)

    @property
    def handling(self) -> float:
        """Agents' seconds for each call answered."""
        answered = sum(len(day.answered) for day in self.days)
        return math.fsum(day.handled for day in self.days) / answered if answered else math.nan

    def _answered(self) -> list[float]:
        return [wait for day in self.days for wait in day.answered]

    def _share(self, count: Callable[[QueueDay], int]) -> float:
        offered = sum(day.offered for day in self.days)
        return sum(map(count, self.days)) / offered if offered else math.nan


@dataclass(slots=True)
class Figures:
    """One floor, all days."""

    queues: dict[str, QueueFigures]
    busy: float = 0.0
    logged_in: float = 0.0

    @property
    def occupancy(self) -> float:
        """Share of the agents' time that calls take, with ringing and wrap-up."""
        return self.busy / self.logged_in if self.logged_in else math.nan

    @property
    def service_level(self) -> float:
        """Over all queues, each by its own goal."""
        parts = [_served(queue.days, queue.goal) for queue in self.queues.values()]
        of = sum(part[1] for part in parts)
        return sum(part[0] for part in parts) / of if of else math.nan

    @property
    def all_queues(self) -> QueueFigures:
        """Waits and hang-ups of all queues together. Its calls a day and service level mean nothing."""
        return QueueFigures(Goal(), [day for queue in self.queues.values() for day in queue.days])


def figures(days: Iterable[DayResult], goals: Mapping[str, Goal]) -> Figures:
    """Of all these days; only queues that somebody called."""
    found = Figures({})
    for day in days:
        for name, queue in day.queues.items():
            if queue.offered or queue.answered:
                found.queues.setdefault(name, QueueFigures(goals.get(name, Goal()))).days.append(queue)
        found.busy += math.fsum(agent.busy for agent in day.agents.values())
        found.logged_in += math.fsum(agent.logged_in for agent in day.agents.values())
    found.queues = dict(sorted(found.queues.items()))
    return found


def _level(days: Sequence[QueueDay], goal: Goal) -> float:
    served, of = _served(days, goal)
    return served / of if of else math.nan


def _served(days: Sequence[QueueDay], goal: Goal) -> tuple[int, int]:
    """Numerator and denominator of the service level."""
    waits = Waits(
        answered=sum(len(day.answered) for day in days),
        answered_within=sum(wait <= goal.within for day in days for wait in day.answered),
        abandoned=sum(len(day.abandoned) for day in days),
        abandoned_within=sum(wait <= goal.within for day in days for wait in day.abandoned),
        abandoned_short=sum(wait < goal.short for day in days for wait in day.abandoned),
    )
    return VARIANTS[goal.definition].of(waits)
