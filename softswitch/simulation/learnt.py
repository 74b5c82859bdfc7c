"""A day's demand out of the journal: what came on that date, or on the same weekdays before it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Final

from acd.load import LEARNT_FROM, RINGING, TALKING, Kind, Load
from acd.skills import parse
from softswitch.simulation.demand import MIDNIGHT, Callers, Demand, Interval, Seen, SeenPatience
from softswitch.store.queries import Reader

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path
    from typing import Any

#: Weeks before the date that are looked at.
WEEKS: Final = 8
SLOT: Final = 1800.0
_PREFIX: Final = "acd."
_STARTED, _STOPPED = "switch.started", "switch.stopped"
_KINDS: Final = frozenset({_PREFIX + kind for kind in LEARNT_FROM} | {_STARTED, _STOPPED})


class NothingLearnt(Exception):
    """The journal says nothing about such a day; the message says what it has."""


@dataclass(slots=True)
class _Days:
    """What the lines of the journal say, by local date."""

    zone: tzinfo
    load: Load = field(default_factory=Load)
    calls: dict[date, dict[str, dict[int, int]]] = field(default_factory=dict)  # date → queue → slot → calls
    kinds: dict[str, dict[Kind, float]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(float)))
    shifts: dict[date, dict[str, list[tuple[float, float]]]] = field(default_factory=dict)
    working: dict[str, float] = field(default_factory=dict)  # agent → since (wall)

    def take(self, kind: str, data: Mapping[str, Any], at: float) -> None:
        if kind in (_STARTED, _STOPPED):
            self.load.interrupted()
            for agent in list(self.working):
                self._works_no_more(agent, at)
            return
        kind = kind[len(_PREFIX) :]
        self.load.take(kind, data, at)
        if kind == "call_joined":
            day, seconds = self._local(at)
            slots = self.calls.setdefault(day, {}).setdefault(data["queue"], {})
            slot = int(seconds // SLOT)
            slots[slot] = slots.get(slot, 0) + 1
            self.kinds[data["queue"]][_readable(Kind.of(data))] += 1
        elif kind == "agent":
            if data["status"] == "available":
                self.working.setdefault(data["agent"], at)
            else:
                self._works_no_more(data["agent"], at)

    def _works_no_more(self, agent: str, at: float) -> None:
        since = self.working.pop(agent, None)
        if since is None:
            return
        day, begin = self._local(since)
        last, end = self._local(at)
        if last != day:
            end = MIDNIGHT
        if end > begin:
            self.shifts.setdefault(day, {}).setdefault(agent, []).append((begin, end))

    def _local(self, at: float) -> tuple[date, float]:
        """Date, and seconds since midnight as a clock on the wall shows them."""
        when = datetime.fromtimestamp(at, self.zone)
        return when.date(), when.hour * 3600.0 + when.minute * 60 + when.second


def learn_day(
    database: Path, day: date, zone: tzinfo, queues: Collection[str], agents: Collection[str], wall: float
) -> Demand:
    """Demand for *day* of the configured queues and agents. Raises StoreError, NothingLearnt."""
    days = _Days(zone)
    begin = datetime(day.year, day.month, day.day, tzinfo=zone) - timedelta(weeks=WEEKS)
    end = begin + timedelta(weeks=WEEKS, days=1)
    with Reader(database) as reader, reader.snapshot():
        for line in reader.lines(_KINDS, reader.first_at(begin.timestamp())):
            if line.at >= end.timestamp():
                break
            try:
                days.take(line.kind, line.data, line.at)
            except (KeyError, TypeError, ValueError):
                continue  # a line of another version, or a damaged one
    for agent in list(days.working):
        days._works_no_more(agent, min(wall, end.timestamp()))
    used = [day] if day in days.calls else [d for d in days.calls if d.weekday() == day.weekday()]
    if not used:
        had = ", ".join(map(str, sorted(days.calls)[-5:])) or "no day at all"
        raise NothingLearnt(
            f"the journal has no calls of {day:%A} {day}, nor of the same weekdays of {WEEKS} weeks before; "
            f"it has {had}; give --arrivals FILE"
        )
    staffed = [d for d in used if d in days.shifts]
    shifts = days.shifts[max(staffed)] if staffed else {}
    return Demand(
        {queue: _callers(days, queue, used) for queue in sorted(queues) if any(queue in days.calls[d] for d in used)},
        {a: tuple(_joined(shifts.get(a, []))) for a in agents} if shifts else {},
        _origin(day, used),
    )


def _origin(day: date, used: list[date]) -> str:
    if used == [day]:
        return f"the journal of {day}"
    several = f"{len(used)} {day:%A}s" if len(used) > 1 else f"a {day:%A}"
    return f"{several} in the journal before {day}"


def _callers(days: _Days, queue: str, used: Collection[date]) -> Callers:
    slots: dict[int, float] = defaultdict(float)
    for day in used:
        for slot, calls in days.calls[day].get(queue, {}).items():
            slots[slot] += calls / len(used)
    load = days.load
    known = load.queue(queue)
    return Callers(
        tuple(Interval(slot * SLOT, (slot + 1) * SLOT, calls) for slot, calls in sorted(slots.items())),
        talk=Seen(known.talking, load.talking, TALKING),
        patience=SeenPatience(known.patience, load.patience.mean()),
        answer=Seen(load.ringing, load.ringing, RINGING),
        kinds=days.kinds[queue],
    )


def _readable(kind: Kind) -> Kind:
    """Raises SkillSyntaxError, a ValueError."""
    for text in (kind.needs, kind.preferred):
        parse(text)
    return kind


def _joined(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Without overlaps and empty gaps."""
    found: list[tuple[float, float]] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((begin, end))
    return found
