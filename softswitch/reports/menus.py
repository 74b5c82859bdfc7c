"""What menus do for callers: containment by what tells them apart, and where they hang up.

A visit belongs to the period in which it began. Pure functions of the journal's lines.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from acd.figures.clock import micros
from acd.figures.definitions import figure
from softswitch.reports import containment
from softswitch.reports.containment import REPEAT, Containment, Judge, Visit, Visits
from softswitch.reports.sheets import ALL, Row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acd.figures.definitions import Figure
    from softswitch.reports.period import Period
    from softswitch.store.cdr import Record
    from softswitch.store.queries import Reader

#: Kinds that the report is made of.
KINDS = containment.KINDS | containment.TOLD_APART_BY | {"ivr.node_left"}
#: Places that callers pass without hearing anything.
_SILENT = frozenset({"goto", "set", "hours", "hangup", "lookup"})
#: What led out of an entry or a menu that callers could not cope with; after the last of the tries, codes too.
_GAVE_UP = frozenset({"no-input", "invalid", "no-try-left"})
#: What is said of those of whom nothing is known.
NONE = "–"


class Split(StrEnum):
    """What callers are told apart by."""

    TOPIC = "topic"  # the label of the key that was pressed last
    PATH = "path"
    DID = "did"
    SEGMENT = "segment"
    LANGUAGE = "language"
    VERSION = "version"  # of menus that have some: which one they came to
    NODE = "node"  # places instead of callers


def _value(split: Split, visit: Visit) -> str:
    match split:
        case Split.TOPIC:
            found = visit.label or visit.path.rpartition(" > ")[2] or visit.menu
        case Split.PATH:
            found = visit.path or " > ".join(dict.fromkeys(visit.menus))
        case Split.DID:
            found = visit.dialled
        case Split.SEGMENT:
            found = visit.segment
        case Split.VERSION:
            found = ", ".join(visit.versions)
        case _:
            found = visit.language
    return found or NONE


@dataclass(slots=True)
class Place:
    """What became of those who came to one place."""

    visits: int = 0
    hung_up: int = 0
    gave_up: int = 0
    stay: int = 0  # µs

    def add(self, via: str, dwell: float) -> None:
        self.visits += 1
        self.hung_up += via == "hung-up"
        self.gave_up += via in _GAVE_UP
        self.stay += micros(dwell)

    def figures(self) -> dict[str, Figure]:
        found = (
            figure("visits", self.visits),
            figure("hung_up", self.hung_up),
            figure("drop_off", self.hung_up, self.visits),
            figure("gave_up", self.gave_up),
            figure("dwell", self.stay, self.visits),
        )
        return {one.name: one for one in found}


@dataclass(slots=True)
class MenuFigures:
    """Sums by (what callers are told apart by, its value), and by place; the places of callers who came to a menu."""

    groups: defaultdict[tuple[Split, str], Containment] = field(default_factory=lambda: defaultdict(Containment))
    whole: Containment = field(default_factory=Containment)
    places: defaultdict[str, Place] = field(default_factory=lambda: defaultdict(Place))

    def rows(self, split: Split) -> list[Row]:
        """Those with the most callers first; the last is everybody. Of places: where most hang up first."""
        if split is Split.NODE:
            order = sorted(self.places.items(), key=lambda item: (-item[1].hung_up, -item[1].visits, item[0]))
            return [Row({"node": node}, place.figures()) for node, place in order]
        found = [(value, sums) for (by, value), sums in self.groups.items() if by is split]
        found.sort(key=lambda item: (-item[1].entered, item[0]))
        rows = [Row({split.value: value}, sums.all_figures()) for value, sums in found]
        return [*rows, Row({split.value: ALL}, self.whole.all_figures(), total=True)]


class MenuReport:
    """Feed it the lines of the period and, until :meth:`finished`, those behind it."""

    def __init__(self, begin: float, end: float) -> None:
        self.result = MenuFigures()
        self._begin, self._end = begin, end
        self._visits, self._judge = Visits(), Judge(self._count)
        self._last_end = end
        self._left: dict[str, list[tuple[str, str, float]]] = {}  # of calls that go on: place, why, seconds

    def read(self, record: Record) -> None:
        data = record.data
        self._judge.read(record)
        match record.kind:
            case "call.started" if not data.get("callback_of"):
                if self._counts(record.at) and record.call is not None:
                    self._left[record.call] = []
            case "ivr.node_left" if record.call in self._left:
                place = (str(data.get("node") or ""), str(data.get("via") or ""), float(data.get("dwell") or 0.0))
                self._left[record.call].append(place)
        self._visits.read(record)
        for visit in self._visits.done():
            if self._counts(visit.began):
                self._last_end = max(self._last_end, visit.ended or 0.0)
                self._place(visit)
                self._judge.over(visit)
        if record.kind == "call.ended" and record.call is not None:
            self._left.pop(record.call, None)

    def finished(self, at: float) -> bool:
        """Whether what happens from *at* on changes nothing any more."""
        return at > self._last_end + REPEAT and not any(self._counts(visit.began) for visit in self._visits)

    def close(self) -> MenuFigures:
        self._judge.close()
        return self.result

    def _counts(self, began: float) -> bool:
        return self._begin <= began < self._end

    def _place(self, visit: Visit) -> None:
        for node, via, dwell in self._left.get(visit.call, ()):
            if node.partition(":")[0] not in _SILENT or via == "hung-up":
                self.result.places[node].add(via, dwell)

    def _count(self, visit: Visit, again: bool) -> None:
        self.result.whole.add(visit, again=again)
        for split in Split:
            if split is not Split.NODE:
                self.result.groups[split, _value(split, visit)].add(visit, again=again)


def menu_figures(records: Iterable[Record], begin: float, end: float) -> MenuFigures:
    """Of visits that began in the period; *records* may go on behind it, and are read as far as they matter."""
    report = MenuReport(begin, end)
    for record in records:
        if record.at >= end and report.finished(record.at):
            break
        report.read(record)
    return report.close()


def read_menus(reader: Reader, period: Period, margin: float) -> MenuFigures:
    """From the database of a running switch. *margin*: lines of a busy moment are out of order by so many seconds."""
    with reader.snapshot():
        first = reader.first_at(period.begin - margin)
        return menu_figures(reader.lines(KINDS, first), period.begin, period.end)
