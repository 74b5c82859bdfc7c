"""Events of an iCalendar file (RFC 5545) that opening hours care for: when they begin and end, and how they recur.

Times of a calendar are of three kinds: with a zone or in UTC they are instants; without ("floating") they are what
the clock on the wall shows, as are whole days. Cancelled events are left out. To-dos and alarms mean nothing here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from ivr.recurrence import Recurrence, RecurrenceError, parse_recurrence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import tzinfo

_LINE = re.compile(r"([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:\"[^\"]*\"|[^;:\",]*)(?:,(?:\"[^\"]*\"|[^;:\",]*))*)*):(.*)")
_DURATION = re.compile(r"P(?:(\d+)W|(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?)")
_DAY = timedelta(days=1)


class CalendarError(ValueError):
    """A file that cannot be read as a calendar; the message names line or event and fault."""


@dataclass(frozen=True, slots=True)
class Event:
    """`start` has a time zone when the calendar gives one; otherwise it is wall time, as for whole days."""

    name: str
    start: datetime
    length: timedelta
    recurrence: Recurrence | None = None
    but_not: frozenset[datetime] = frozenset()  # in the kind of time that `start` is in
    also: frozenset[datetime] = frozenset()

    def covers(self, wall: datetime) -> bool:
        """Whether the event goes on at *wall*, the aware local time of the place that asks."""
        if self.start.tzinfo is None:
            at = wall.replace(tzinfo=None)
            return any(begin <= at < begin + self.length for begin in self._beginning_by(at))
        here = wall.astimezone(self.start.tzinfo)
        return any(_instant(b) <= _instant(wall) < _instant(b) + self.length for b in self._beginning_by(here))

    def edges(self, day: date, zone: tzinfo) -> Iterator[datetime]:
        """When the event begins or ends on *day* of *zone*, as that clock shows it."""
        midnight = datetime.combine(day + _DAY, time())
        if self.start.tzinfo is None:
            begins = self._beginning_by(midnight)
            edges = (edge for begin in begins for edge in (begin, begin + self.length))
        else:
            begins = self._beginning_by(midnight.replace(tzinfo=zone).astimezone(self.start.tzinfo))
            instants = (edge for begin in begins for edge in (_instant(begin), _instant(begin) + self.length))
            edges = (instant.astimezone(zone).replace(tzinfo=None) for instant in instants)
        return (edge for edge in edges if edge.date() == day)

    def _beginning_by(self, at: datetime) -> Iterator[datetime]:
        """The beginnings that could still go on at *at*."""
        yield from self.also
        if self.recurrence is None:
            yield self.start
            return
        days = self.length.days + 2
        for back in range(days + 1):
            day = at.date() - back * _DAY
            begin = datetime.combine(day, self.start.time(), self.start.tzinfo)
            if self.recurrence.on(day) and begin not in self.but_not:
                yield begin


def parse_calendar(text: str, zone: Callable[[str], tzinfo]) -> tuple[Event, ...]:
    """All events of a file; *zone* finds a time zone by its IANA name (KeyError, ValueError: unknown).

    Raises CalendarError.
    """
    events: list[Event] = []
    current: dict[str, list[tuple[dict[str, str], str]]] | None = None
    nested = 0
    is_calendar = False
    for number, line in enumerate(_unfold(text), start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise CalendarError(f'line {number}: "{line[:40]}" is no line of a calendar; the file should be iCalendar')
        name, parameters, value = match[1].upper(), _parameters(match[2]), match[3]
        is_calendar |= (name, value.upper()) == ("BEGIN", "VCALENDAR")
        if name == "BEGIN" and value.upper() == "VEVENT" and current is None:
            current, nested = {}, 0
        elif current is None:
            continue
        elif name == "BEGIN":
            nested += 1
        elif name == "END" and nested:
            nested -= 1
        elif name == "END":
            events += _event(current, zone)
            current = None
        elif not nested:
            current.setdefault(name, []).append((parameters, value))
    if not is_calendar:
        raise CalendarError("has no BEGIN:VCALENDAR; the file should be iCalendar (.ics)")
    return tuple(events)


def _unfold(text: str) -> Iterator[str]:
    """Long lines go on in the next one after a space (section 3.1)."""
    return (line for line in re.sub(r"\r?\n[ \t]", "", text.lstrip("\ufeff")).splitlines() if line.strip())


def _parameters(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(";") if part)
    return {name.upper(): value.strip('"') for name, _, value in pairs}


def _event(lines: dict[str, list[tuple[dict[str, str], str]]], zone: Callable[[str], tzinfo]) -> Iterator[Event]:
    first = {name: values[0] for name, values in lines.items()}
    if first.get("STATUS", ({}, ""))[1].upper() == "CANCELLED":
        return
    name = _unescape(first.get("SUMMARY", ({}, ""))[1]) or first.get("UID", ({}, "event"))[1]
    try:
        if "DTSTART" not in first:
            raise CalendarError("has no DTSTART")
        start, whole_days = _moment(*first["DTSTART"], zone)
        length = _length(first, start, whole_days, zone)
        recurrence = parse_recurrence(first["RRULE"][1], start.date()) if "RRULE" in first else None
        but_not = frozenset(_moments(lines.get("EXDATE", []), start, zone))
        also = frozenset(_moments(lines.get("RDATE", []), start, zone))
    except (CalendarError, RecurrenceError, ValueError, KeyError) as error:
        reason = str(error).strip("'\"") if isinstance(error, KeyError) else str(error)
        raise CalendarError(f'event "{name}": {reason}') from None
    if length > timedelta(0):
        yield Event(name, start, length, recurrence, but_not, also)


def _length(
    first: dict[str, tuple[dict[str, str], str]], start: datetime, whole_days: bool, zone: Callable[[str], tzinfo]
) -> timedelta:
    if "DTEND" in first:
        end, _ = _moment(*first["DTEND"], zone)
        if (end.tzinfo is None) is not (start.tzinfo is None):
            raise CalendarError("begins and ends in different kinds of time")
        return end - start if end.tzinfo is None else _instant(end) - _instant(start)
    if "DURATION" in first:
        match = _DURATION.fullmatch(first["DURATION"][1].lstrip("+"))
        if match is None:
            raise CalendarError(f'DURATION "{first["DURATION"][1]}" is not a length of time')
        weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return _DAY if whole_days else timedelta(0)


def _moments(
    lines: list[tuple[dict[str, str], str]], start: datetime, zone: Callable[[str], tzinfo]
) -> Iterator[datetime]:
    for parameters, values in lines:
        for value in values.split(","):
            moment, whole_day = _moment(parameters, value, zone)
            if whole_day:
                moment = datetime.combine(moment.date(), start.time(), start.tzinfo)
            elif moment.tzinfo is not None and start.tzinfo is not None:
                moment = moment.astimezone(start.tzinfo)
            yield moment


def _moment(parameters: dict[str, str], value: str, zone: Callable[[str], tzinfo]) -> tuple[datetime, bool]:
    """A date or a time, and whether it was a date."""
    try:
        if len(value) == len("20261225"):
            return datetime.combine(date.fromisoformat(value), time()), True
        moment = datetime.fromisoformat(value.removesuffix("Z"))
    except ValueError:
        raise CalendarError(f'"{value}" is not a date or time') from None
    if value.endswith("Z"):
        return moment.replace(tzinfo=UTC), False
    if "TZID" not in parameters:
        return moment, False
    try:
        return moment.replace(tzinfo=zone(parameters["TZID"])), False
    except (KeyError, ValueError, OSError):
        raise CalendarError(f'time zone "{parameters["TZID"]}" is not known; it should be as Europe/Kyiv') from None


def _instant(moment: datetime) -> datetime:
    """In UTC: two times of one zone are subtracted and compared by the wall clock, which clock changes make wrong."""
    return moment.astimezone(UTC)


def _unescape(text: str) -> str:
    return re.sub(r"\\([nN;,\\])", lambda match: " " if match[1] in "nN" else match[1], text).strip()
