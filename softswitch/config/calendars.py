"""Events of an iCalendar file (RFC 5545) as opening hours ask for them: does one go on now, when does one begin or end.

The file is read by `icalendar`, recurrence is reckoned by `dateutil`, a year at a time when that year is first asked
about. Times with a zone or in UTC are instants; without ("floating") they are what the clock on the wall shows, as are
whole days. Cancelled events are left out. To-dos and alarms mean nothing here.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, Final

import icalendar
from dateutil.rrule import rrule, rrulestr  # type: ignore[import-untyped]
from icalendar.timezone import tzp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import tzinfo

_DAY: Final = timedelta(days=1)
_EARLIEST: Final = datetime(1, 1, 2)  # noqa: DTZ001 (local)
_FREQUENCIES: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
#: More often in a year an event of opening hours does not happen.
_MOST: Final = 20_000
_RELEVANT: Final = {None, "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"}


class CalendarError(ValueError):
    """A file that cannot be read as a calendar; the message names event and fault."""


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
    rule: rrule | None = None
    also: tuple[tuple[datetime, timedelta], ...] = ()
    but_not: frozenset[datetime] = frozenset()

    @property
    def longest(self) -> timedelta:
        return max((self.length, *(length for _, length in self.also)))

    def in_year(self, year: int) -> Iterator[Occurrence]:
        """Those that begin in a year of UTC, or of the wall. Raises CalendarError when there are too many."""
        if not 1 < year < 9999:
            return
        first, last = datetime(year, 1, 1) - _DAY, datetime(year + 1, 1, 1) + _DAY  # noqa: DTZ001 (local)
        begins = [self.start]
        if self.rule is not None:
            begins = self.rule.between(first, last, inc=True)
            if len(begins) > _MOST:
                raise CalendarError(f'"{self.name}" happens more than {_MOST} times a year')
        regular = ((begin, self.length) for begin in begins if begin not in self.but_not)
        for begin, length in chain(regular, self.also):
            if first <= begin <= last:
                instant = begin if self.zone is None else _utc(begin.replace(tzinfo=self.zone))
                if instant.year == year:
                    yield Occurrence(instant, instant + length, self.name)


@dataclass(frozen=True, slots=True)
class _Kind:
    """Events of one kind of time, with the years that were asked about so far."""

    series: tuple[Series, ...]
    years: dict[int, tuple[Occurrence, ...]] = field(default_factory=dict, compare=False)

    def year(self, year: int) -> tuple[Occurrence, ...]:
        if year not in self.years:
            self.years[year] = tuple(sorted(chain.from_iterable(series.in_year(year) for series in self.series)))
        return self.years[year]

    def touching(self, first: datetime, last: datetime) -> Iterator[Occurrence]:
        """Those that begin by *last* and end at *first* or later."""
        longest = max((series.longest for series in self.series), default=timedelta(0))
        since = first - min(longest, first - _EARLIEST)
        for year in range(since.year, last.year + 1):
            found = self.year(year)
            low = bisect_left(found, since, key=lambda occurrence: occurrence.begin)
            high = bisect_right(found, last, key=lambda occurrence: occurrence.begin)
            yield from (occurrence for occurrence in found[low:high] if occurrence.end >= first)


class Events:
    """All events of a file; see `ivr.hours.Calendar`."""

    def __init__(self, series: Iterable[Series] = ()) -> None:
        self.series = tuple(series)
        self._floating = _Kind(tuple(series for series in self.series if series.zone is None))
        self._zoned = _Kind(tuple(series for series in self.series if series.zone is not None))

    def at(self, wall: datetime) -> str | None:
        """The name of an event that goes on at *wall*, the aware local time of the place that asks."""
        for kind, now in ((self._floating, wall.replace(tzinfo=None, fold=0)), (self._zoned, _utc(wall))):
            for occurrence in kind.touching(now, now):
                if now < occurrence.end:
                    return occurrence.name
        return None

    def edges(self, day: date, zone: tzinfo) -> Iterator[datetime]:
        """When events begin or end on *day* of *zone*, as that clock shows it."""
        midnight, next_midnight = (datetime.combine(d, time()) for d in (day, day + _DAY))
        for occurrence in self._floating.touching(midnight, next_midnight):
            yield from (edge for edge in (occurrence.begin, occurrence.end) if edge.date() == day)
        first, last = (_utc(moment.replace(tzinfo=zone)) for moment in (midnight, next_midnight))
        for occurrence in self._zoned.touching(first, last):
            for edge in (occurrence.begin, occurrence.end):
                local = edge.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None, fold=0)
                if local.date() == day:
                    yield local


def parse_calendar(text: str) -> Events:
    """All events of a file. Raises CalendarError."""
    tzp.use_zoneinfo()  # forgets the time zones that other files have defined under the same names
    try:
        calendars = [found for found in icalendar.Calendar.from_ical(text, multiple=True) if found.name == "VCALENDAR"]
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
        raise CalendarError(f"is no iCalendar: {error}") from None
    if not calendars:
        raise CalendarError("has no complete VCALENDAR; the file should be iCalendar (.ics)")
    events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    replaced: dict[str, list[Any]] = {}  # UID → the occurrences that have an event of their own
    for event in events:
        if "RECURRENCE-ID" in event and "UID" in event:
            replaced.setdefault(str(event["UID"]), []).append(event["RECURRENCE-ID"])
    series = []
    for event in events:
        name = str(event.get("SUMMARY") or event.get("UID") or "event")
        try:
            own = [] if "RECURRENCE-ID" in event else replaced.get(str(event.get("UID")), [])
            found = _series(event, name, own)
            if found is not None:
                next(found.in_year(found.start.year), None)  # an impossible rule is found now
                series.append(found)
        except CalendarError as error:
            raise CalendarError(f'event "{name}": {error}') from None
        except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
            raise CalendarError(f'event "{name}": cannot be read: {error}') from None
    return Events(series)


def _series(event: Any, name: str, replaced: list[Any]) -> Series | None:
    """None for what does not take place."""
    for part, fault in event.errors:
        if part in _RELEVANT:
            raise CalendarError(f"{part or 'a line'}: {fault}")
    for part in ("DTSTART", "DTEND", "DURATION", "RRULE", "RECURRENCE-ID"):
        if isinstance(event.get(part), list):
            raise CalendarError(f"has more than one {part}")
    if "EXRULE" in event or ("RECURRENCE-ID" in event and event["RECURRENCE-ID"].params.get("RANGE")):
        raise CalendarError("EXRULE and RANGE=THISANDFUTURE are not supported; end one event and begin another")
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return None
    if "DTSTART" not in event:
        raise CalendarError("has no DTSTART")
    begin = _known(event["DTSTART"])
    whole_days = not isinstance(begin, datetime)
    start, zone = _local(begin), begin.tzinfo if isinstance(begin, datetime) else None
    length = _length(event, begin)

    def moments(entry: Iterable[Any]) -> Iterator[tuple[datetime, timedelta]]:
        """EXDATE, RDATE and RECURRENCE-ID in the kind of time that the event has; a date means that day's."""
        lines = chain.from_iterable(each if isinstance(each, list) else [each] for each in entry if each is not None)
        for value in chain.from_iterable(map(_known, getattr(line, "dts", [line]), repeat(line)) for line in lines):
            lasts = length
            if isinstance(value, tuple):
                value, end = value
                lasts = end if isinstance(end, timedelta) else end - value
            if isinstance(value, datetime) and value.tzinfo is not None and zone is not None:
                value = value.astimezone(zone)
            local = _local(value)
            if whole_days or not isinstance(value, datetime):
                local = datetime.combine(local.date(), start.time())
            yield local, lasts

    if length <= timedelta(0):
        return None
    rule = None if "RRULE" not in event else _rule(event["RRULE"], start, zone)
    also = tuple(moments([event.get("RDATE")]))
    but_not = frozenset(moment for moment, _ in moments([event.get("EXDATE"), *replaced]))
    return Series(name, start, length, zone, rule, also, but_not)


def _known(entry: Any, line: Any = None) -> Any:
    """The value; a zone that *line* names and nobody knows is an error, not the clock on the wall."""
    value, zone = entry.dt, (entry if line is None else line).params.get("TZID")
    if zone and isinstance(value, datetime) and value.tzinfo is None:
        raise CalendarError(f'time zone "{zone}" is not known; it should be as Europe/Kyiv')
    return value


def _length(event: Any, begin: Any) -> timedelta:
    if "DTEND" in event:
        end = _known(event["DTEND"])
        if _zoned(begin) is not _zoned(end):
            raise CalendarError("begins and ends in different kinds of time")
        return _utc(end) - _utc(begin) if _zoned(begin) else _local(end) - _local(begin)
    if "DURATION" in event:
        length = event["DURATION"].dt
        if not isinstance(length, timedelta):
            raise CalendarError("DURATION is not a length of time")
        return length
    return timedelta(0) if isinstance(begin, datetime) else _DAY


def _rule(entry: Any, start: datetime, zone: tzinfo | None) -> rrule:
    parts = {key: value for key, value in entry.items() if key != "UNTIL"}
    frequency = str(next(iter(parts.get("FREQ", ())), ""))
    if frequency not in _FREQUENCIES:
        raise CalendarError(f'FREQ "{frequency}" is not supported; known are {", ".join(_FREQUENCIES)}')
    if any(interval < 1 for interval in parts.get("INTERVAL", ())):
        raise CalendarError("INTERVAL is less than 1")
    text: str = icalendar.vRecur(parts).to_ical().decode()  # type: ignore[no-untyped-call]
    rule = rrulestr(text, dtstart=start, cache=True)
    if "UNTIL" not in entry:
        return rule
    (until,) = entry["UNTIL"]
    if not isinstance(until, datetime):  # that day included
        until = datetime.combine(until, time.max)
    elif until.tzinfo is not None:
        until = (until if zone is None else until.astimezone(zone)).replace(tzinfo=None)
    return rule.replace(until=until)


def _zoned(value: Any) -> bool:
    return isinstance(value, datetime) and value.tzinfo is not None


def _local(value: date) -> datetime:
    """What the clock of its own zone shows."""
    return value.replace(tzinfo=None, fold=0) if isinstance(value, datetime) else datetime.combine(value, time())


def _utc(moment: datetime) -> datetime:
    """Two times of one zone would be compared by the clock on the wall, which clock changes make wrong."""
    return moment.astimezone(UTC).replace(tzinfo=None)
