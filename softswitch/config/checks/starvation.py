"""Queues whose callers may wait for ever, because everybody who serves them serves others first.

A caller's points are ``priority + ageing * seconds``, at most ``priority_cap``; inside a band the most points go first.
So the callers of a queue are overtaken without end by those of another one with the same agents if that one is in a
higher band, begins with more points than they can ever have, ends with more, or gains them faster.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from softswitch.config.checks.queues import able_agents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from softswitch.config.checks.raw import Raw
    from softswitch.config.errors import Problem
    from softswitch.config.positions import Path


@dataclass(frozen=True, slots=True)
class _Class:
    """The order of one queue's callers, and who may serve them."""

    path: Path
    band: float
    priority: float
    ageing: float
    cap: float | None
    agents: frozenset[str]

    @property
    def name(self) -> str:
        return str(self.path[1])

    @property
    def start(self) -> float:
        """Points of a new caller."""
        return self.priority if self.cap is None else min(self.priority, self.cap)

    @property
    def end(self) -> float:
        """Points after any time."""
        if self.ageing == 0:
            return self.start
        return inf if self.cap is None else self.cap


def check(raw: Raw) -> Iterator[Problem]:
    classes = [found for path, queue in raw.select("queue.*") if (found := _read(raw, path, queue)) is not None]
    for one in classes:
        if one.cap is not None and one.priority > one.cap:
            what = f"{one.priority:g} is more than priority_cap: callers begin at {one.cap:g} and gain nothing"
            yield raw.warning(
                (*one.path, "priority"), what, "raise priority_cap or lower the priority", code="may-starve"
            )
        rivals = [other for other in classes if other is not one and one.agents and one.agents <= other.agents]
        worst = next((said for rival in _RIVALRY for other in rivals if (said := rival(one, other))), None)
        if worst is not None:
            yield raw.warning(one.path, *worst, code="may-starve")


def _read(raw: Raw, path: Path, queue: Any) -> _Class | None:
    if not isinstance(queue, dict):
        return None
    numbers = [queue.get("band", 0), queue.get("priority", 0), queue.get("ageing", 1), queue.get("priority_cap", inf)]
    agents = able_agents(raw, queue)
    if agents is None or not all(isinstance(n, int | float) and not isinstance(n, bool) for n in numbers):
        return None
    band, priority, ageing, cap = numbers
    return _Class(path, band, priority, ageing, None if cap == inf else cap, agents)


def _lower_band(one: _Class, other: _Class) -> tuple[str, str] | None:
    if one.band >= other.band:
        return None
    what = f"callers may wait for ever: everybody who serves it serves {other.name} first, which is in a higher band"
    return what, "let priority and ageing decide in one band, or give it an agent of its own"


def _never_enough(one: _Class, other: _Class) -> tuple[str, str] | None:
    if one.band > other.band or one.end >= other.start:
        return None
    if one.ageing == 0:
        return _FIRST.format(other.name), "let ageing be more than 0, or give it an agent of its own"
    what = f"callers may wait for ever: they never have more than {one.end:g} points, new callers of {other.name}"
    return f"{what} have {other.start:g}", f"let priority_cap be {other.start:g} or more"


def _less_in_the_end(one: _Class, other: _Class) -> tuple[str, str] | None:
    if one.band > other.band or one.end >= other.end:
        return None
    if one.ageing == 0:
        what = f"callers may wait for ever: they gain no points, and those of {other.name} overtake them with time"
        return what, "let ageing be more than 0, or give it an agent of its own"
    most = "any number" if other.end == inf else f"{other.end:g}"
    what = f"callers may wait for ever when {other.name} is busy: they never have more than {one.end:g} points"
    return f"{what}, its callers {most}", "give both the same priority_cap, or give it an agent of its own"


def _slower(one: _Class, other: _Class) -> tuple[str, str] | None:
    if one.band > other.band or one.end < inf or other.end < inf or one.ageing >= other.ageing:
        return None
    what = f"callers may wait very long when {other.name} is busy: they gain {one.ageing:g} points a second, its"
    return f"{what} callers {other.ageing:g}", "let both gain the same, or give it an agent of its own"


#: The worst first.
_RIVALRY = (_lower_band, _never_enough, _less_in_the_end, _slower)
_FIRST = "callers may wait for ever: everybody who serves it serves {} first"
