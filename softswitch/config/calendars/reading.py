"""From the text of an iCalendar file to its events.

Values are read by `icalendar`. Cancelled events are left out. To-dos and alarms mean nothing here. Whatever the file
holds, reading it takes about a second at most: how much may be in it is bounded, and so is how long rules are reckoned.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, Final

import icalendar
from icalendar.timezone import tzp

from softswitch.config.calendars.errors import CalendarError
from softswitch.config.calendars.events import LONGEST, Events, Series, utc
from softswitch.config.calendars.lines import extract
from softswitch.config.calendars.recurrence import Budget, RuleError, read_rule, year_around
from softswitch.config.calendars.zones import name_of, read_zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import tzinfo

    from softswitch.config.calendars.recurrence import Recurrence

#: More often in a year the events of a file together do not happen.
MOST_A_YEAR: Final = 20_000
#: Days that may be looked at to see whether the rules of a file come true.
MOST_DAYS: Final = 300_000
_WRONG: Final = (ValueError, LookupError, TypeError, AttributeError, OverflowError)
_RELEVANT: Final = {None, "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"}


def parse_calendar(text: str) -> Events:
    """All events of a file. Raises CalendarError."""
    tzp.use_zoneinfo()  # forgets the time zones that other readers have defined
    found = extract(text)
    try:
        components = icalendar.Calendar.from_ical(found.text, multiple=True)
        calendars = [component for component in components if component.name == "VCALENDAR"]
    except _WRONG as error:
        raise CalendarError(f"is no iCalendar: {error}") from None
    if not calendars:
        raise CalendarError("has no complete VCALENDAR; the file should be iCalendar (.ics)")
    events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    replaced: dict[str, list[Any]] = {}  # UID → the occurrences that have an event of their own
    for event in events:
        if "RECURRENCE-ID" in event and "UID" in event:
            replaced.setdefault(str(event["UID"]), []).append(event["RECURRENCE-ID"])
    reader = _Reader(found.zones)
    series = []
    for event in events:
        own = [] if "RECURRENCE-ID" in event else replaced.get(str(event.get("UID")), [])
        try:
            if (one := reader.series(event, own)) is not None:
                series.append(one)
        except CalendarError as error:
            raise CalendarError(f'event "{_name(event)}": {error}') from None
        except _WRONG as error:
            raise CalendarError(f'event "{_name(event)}": cannot be read: {error}') from None
    return Events(series)


def _name(event: Any) -> str:
    return str(event.get("SUMMARY") or event.get("UID") or "event")[:200]


class _Reader:
    """Reads the events of one file."""

    def __init__(self, zones: Iterable[list[str]]) -> None:
        self._budget = Budget(MOST_DAYS)
        self._happen = 0  # in a year
        self._defined = {name_of(lines): lines for lines in zones}
        self._zones: dict[str, tzinfo] = {}  # those that were needed so far

    def series(self, event: Any, replaced: list[Any]) -> Series | None:
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
        begin = self._known(event["DTSTART"])
        start, zone = _local(begin), begin.tzinfo if isinstance(begin, datetime) else None
        length = self._length(event, begin)
        if length <= timedelta(0):
            return None

        def moments(entries: Iterable[Any]) -> Iterator[tuple[datetime, timedelta]]:
            return self._moments(entries, start, length, zone, whole_days=not isinstance(begin, datetime))

        rule = None
        if "RRULE" in event:
            rule = self._rule(event["RRULE"], start, length, zone)
            if rule is None:
                return None
        found = Series(
            _name(event),
            start,
            length,
            zone,
            rule,
            tuple(moments([event.get("RDATE")])),
            frozenset(moment for moment, _ in moments([event.get("EXDATE"), *replaced])),
        )
        list(found.single())  # what lies beyond the calendar is found now
        return found

    def _known(self, entry: Any, line: Any = None) -> Any:
        """The value; a zone that *line* names and nobody knows is an error, not the clock on the wall."""
        value, name = entry.dt, (entry if line is None else line).params.get("TZID")
        if name and isinstance(value, datetime) and value.tzinfo is None:
            return value.replace(tzinfo=self._zone(str(name)))
        return value

    def _zone(self, name: str) -> tzinfo:
        """One that the file defines itself."""
        if name not in self._defined:
            raise CalendarError(f'time zone "{name}" is not known; it should be as Europe/Kyiv')
        if name not in self._zones:
            self._zones[name] = read_zone(self._defined[name], self._budget)
        return self._zones[name]

    def _length(self, event: Any, begin: Any) -> timedelta:
        if "DTEND" in event:
            end = self._known(event["DTEND"])
            if _zoned(begin) is not _zoned(end):
                raise CalendarError("begins and ends in different kinds of time")
            return utc(end) - utc(begin) if _zoned(begin) else _local(end) - _local(begin)
        if "DURATION" in event:
            length = event["DURATION"].dt
            if not isinstance(length, timedelta):
                raise CalendarError("DURATION is not a length of time")
            return length
        return timedelta(0) if isinstance(begin, datetime) else timedelta(days=1)

    def _moments(
        self, entries: Iterable[Any], start: datetime, length: timedelta, zone: tzinfo | None, *, whole_days: bool
    ) -> Iterator[tuple[datetime, timedelta]]:
        """EXDATE, RDATE and RECURRENCE-ID in the kind of time that the event has; a date means that day's."""
        lines = chain.from_iterable(each if isinstance(each, list) else [each] for each in entries if each is not None)
        values = (map(self._known, getattr(line, "dts", [line]), repeat(line)) for line in lines)
        for value in chain.from_iterable(values):
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

    def _rule(self, entry: Any, start: datetime, length: timedelta, zone: tzinfo | None) -> Recurrence | None:
        """None when it ends before it begins."""
        try:
            if length > LONGEST:
                raise RuleError("recurs, and lasts longer than a year")
            parts = {key: values for key, values in entry.items() if key not in ("UNTIL", "COUNT")}
            if "COUNT" in entry and int(entry["COUNT"][0]) < 1:
                raise RuleError("COUNT is less than 1")
            rule = read_rule(parts, start, _until(entry, zone))
            count = int(entry["COUNT"][0]) if "COUNT" in entry else None
            settled = rule.settled(count, self._budget)
            if settled is not None:
                self._happen += sum(1 for _ in settled.between(*year_around(start), self._budget))
            if self._happen > MOST_A_YEAR:
                raise RuleError(f"makes it more than {MOST_A_YEAR} events a year in one file")
            return settled
        except RuleError as error:
            raise CalendarError(f"RRULE:{entry.to_ical().decode()[:200]}: {error}") from None


def _until(entry: Any, zone: tzinfo | None) -> datetime | None:
    """The last moment, as the clock of the event shows it."""
    if "UNTIL" not in entry:
        return None
    (until,) = entry["UNTIL"]
    if not isinstance(until, datetime):  # that day included
        return datetime.combine(until, time.max)
    if until.tzinfo is not None and zone is not None:
        try:
            until = until.astimezone(zone)
        except OverflowError:  # "for ever", as some programs write it
            return None
    return until.replace(tzinfo=None, fold=0)


def _zoned(value: Any) -> bool:
    return isinstance(value, datetime) and value.tzinfo is not None


def _local(value: date) -> datetime:
    """What the clock of its own zone shows."""
    return value.replace(tzinfo=None, fold=0) if isinstance(value, datetime) else datetime.combine(value, time())
