"""Events as opening hours ask for them: does one go on now, when does one begin or end.

Recurrence is reckoned a year at a time, when that year is first asked about. Times with a zone or in UTC are instants;
without ("floating") they are what the clock on the wall shows, as are whole days.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import tzinfo

    from softswitch.config.calendars.recurrence import Recurrence

_DAY: Final = timedelta(days=1)
_FIRST, _LAST = datetime.min, datetime.max  # noqa: DTZ901 (local)
#: What recurs lasts no longer, so that it is enough to look at this year's and the last one's.
LONGEST: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True, order=True)
class Occurrence:
    """From `begin` up to `end`; both without a zone: in UTC, or by the clock on the wall for floating events."""

    begin: datetime
    end: datetime
    name: str


@dataclass(frozen=True, slots=True)
class Series:
    """One event and its repetitions. Times are local to `zone`; None: floating."""

    name: str
    start: datetime
    length: timedelta
    zone: tzinfo | None = None
    rule: Recurrence | None = None
    also: tuple[tuple[datetime, timedelta], ...] = ()
    but_not: frozenset[datetime] = frozenset()

    def single(self) -> Iterator[Occurrence]:
        """Those that no rule tells of."""
        if self.rule is None and self.start not in self.but_not:
            yield self._occurrence(self.start, self.length)
        for begin, length in self.also:
            yield self._occurrence(begin, length)

    def ruled(self, year: int) -> Iterator[Occurrence]:
        """Those of the rule that begin in a year of UTC, or of the wall."""
        if self.rule is None or not 1 < year < date.max.year:
            return
        for begin in self.rule.between(date(year, 1, 1) - _DAY, date(year, 12, 31) + _DAY):
            if begin not in self.but_not:
                found = self._occurrence(begin, self.length)
                if found.begin.year == year:
                    yield found

    def in_year(self, year: int) -> Iterator[Occurrence]:
        """All that begin in a year of UTC, or of the wall."""
        yield from (found for found in self.single() if found.begin.year == year)
        yield from self.ruled(year)

    def _occurrence(self, begin: datetime, length: timedelta) -> Occurrence:
        instant = begin if self.zone is None else utc(begin.replace(tzinfo=self.zone))
        return Occurrence(instant, instant + min(length, _LAST - instant), self.name)


@dataclass(frozen=True, slots=True)
class _Line:
    """A year as spans that follow one another: of events that overlap the one goes on that began first."""

    spans: tuple[Occurrence, ...]

    def at(self, moment: datetime) -> str | None:
        found = bisect_right(self.spans, moment, key=lambda span: span.begin) - 1
        return self.spans[found].name if found >= 0 and moment < self.spans[found].end else None

    def touching(self, first: datetime, last: datetime) -> Iterator[Occurrence]:
        """Spans that begin by *last* and end at *first* or later."""
        for number in range(bisect_right(self.spans, last, key=lambda span: span.begin) - 1, -1, -1):
            if self.spans[number].end < first:
                return
            yield self.spans[number]


@dataclass(frozen=True, slots=True)
class _Kind:
    """Events of one kind of time, with the years that were asked about so far."""

    series: tuple[Series, ...]
    single: tuple[Occurrence, ...]
    years: dict[int, _Line] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, series: tuple[Series, ...]) -> _Kind:
        single = sorted(chain.from_iterable(each.single() for each in series))
        return cls(tuple(each for each in series if each.rule is not None), tuple(single))

    def line(self, year: int) -> _Line:
        if year not in self.years:
            self.years[year] = self._line(year)
        return self.years[year]

    def _line(self, year: int) -> _Line:
        begin, end = datetime(year, 1, 1), datetime(year, 12, 31, 23, 59, 59, 999999)  # noqa: DTZ001 (local)
        ruled = chain.from_iterable(each.ruled(some) for each in self.series for some in (year - 1, year))
        spans: list[Occurrence] = []
        covered = _FIRST
        for found in sorted(chain(self.single, ruled)):
            if found.end > covered and found.end >= begin and found.begin <= end:
                spans.append(Occurrence(max(found.begin, covered), found.end, found.name))
                covered = found.end
        return _Line(tuple(spans))


class Events:
    """All events of a file; see `ivr.hours.Calendar`."""

    def __init__(self, series: Iterable[Series] = ()) -> None:
        self.series = tuple(series)
        self._floating = _Kind.of(tuple(series for series in self.series if series.zone is None))
        self._zoned = _Kind.of(tuple(series for series in self.series if series.zone is not None))

    def at(self, wall: datetime) -> str | None:
        """The name of an event that goes on at *wall*, the aware local time of the place that asks."""
        moments = ((self._floating, wall.replace(tzinfo=None, fold=0)), (self._zoned, utc(wall)))
        return next((name for kind, now in moments if (name := kind.line(now.year).at(now)) is not None), None)

    def edges(self, day: date, zone: tzinfo) -> Iterator[datetime]:
        """When events begin or end on *day* of *zone*, as that clock shows it; what overlaps is one event."""
        midnight, next_midnight = (datetime.combine(d, time()) for d in (day, day + _DAY))
        for occurrence in self._floating.line(day.year).touching(midnight, next_midnight):
            yield from (edge for edge in (occurrence.begin, occurrence.end) if edge.date() == day)
        first, last = (utc(moment.replace(tzinfo=zone)) for moment in (midnight, next_midnight))
        for year in range(first.year, last.year + 1):
            for occurrence in self._zoned.line(year).touching(first, last):
                for edge in (occurrence.begin, occurrence.end):
                    local = edge.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None, fold=0)
                    if local.date() == day:
                        yield local


def utc(moment: datetime) -> datetime:
    """Two times of one zone would be compared by the clock on the wall, which clock changes make wrong."""
    return moment.astimezone(UTC).replace(tzinfo=None)
