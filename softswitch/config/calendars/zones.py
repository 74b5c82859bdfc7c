"""Time zones that a calendar file defines itself (RFC 5545, section 3.6.5), for those that are not known by name."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Final

from icalendar import vRecur

from softswitch.config.calendars.errors import CalendarError
from softswitch.config.calendars.recurrence import Budget, RuleError, read_rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: The years for which changes of the clock are reckoned.
_FROM, _TO = 1970, 2100
_MOST_CHANGES: Final = 2000
_OFFSET: Final = re.compile(r"([+-])(\d{2})(\d{2})(\d{2})?")
_TIMES: Final = ("%Y%m%dT%H%M%S", "%Y%m%d")


class FileZone(tzinfo):
    """As `zoneinfo.ZoneInfo`. *changes*: instants (UTC), each with the offsets before and after."""

    def __init__(self, name: str, changes: Sequence[tuple[datetime, timedelta, timedelta]]) -> None:
        self._name = name
        self._instants = [instant for instant, _, _ in changes]
        self._offsets = [changes[0][1], *(after for _, _, after in changes)]
        # by the clock on the wall: the earlier reading of an hour that comes twice, and the later one
        self._walls = (
            [instant + max(before, after) for instant, before, after in changes],
            [instant + min(before, after) for instant, before, after in changes],
        )

    def utcoffset(self, moment: datetime | None) -> timedelta:
        if moment is None:
            return self._offsets[0]
        return self._offsets[bisect_right(self._walls[moment.fold], moment.replace(tzinfo=None, fold=0))]

    def fromutc(self, moment: datetime) -> datetime:
        utc = moment.replace(tzinfo=None)
        return (utc + self._offsets[bisect_right(self._instants, utc)]).replace(tzinfo=self)

    def dst(self, moment: datetime | None) -> timedelta | None:
        return None

    def tzname(self, moment: datetime | None) -> str:
        return self._name

    def __repr__(self) -> str:
        return f"FileZone({self._name!r})"


@dataclass(slots=True)
class _Observance:
    """Standard or summer time, as its lines say: name → values."""

    values: dict[str, list[str]] = field(default_factory=dict)

    def one(self, name: str) -> str:
        if len(self.values.get(name, ())) != 1:
            raise ValueError(f"{name} must be there once")
        return self.values[name][0]


def name_of(lines: Sequence[str]) -> str:
    """The TZID of a definition. Events refer to it by a parameter, in which nothing is escaped."""
    escaped = next((value for key, value in map(_parted, lines) if key == "TZID"), "")
    return re.sub(r"\\(.)", r"\1", escaped)


def read_zone(lines: Sequence[str], budget: Budget) -> FileZone:
    """Raises CalendarError."""
    name, observances = name_of(lines), []
    for key, value in map(_parted, lines):
        if key == "BEGIN" and value.upper() in ("STANDARD", "DAYLIGHT"):
            observances.append(_Observance())
        elif observances:
            observances[-1].values.setdefault(key, []).append(value)
    try:
        changes = sorted(change for observance in observances for change in _changes(observance, budget))
    except (ValueError, LookupError, TypeError, OverflowError) as error:
        raise CalendarError(f'time zone "{name}": {error}') from None
    if not changes:
        raise CalendarError(f'time zone "{name}": has neither STANDARD nor DAYLIGHT')
    if len(changes) > _MOST_CHANGES:
        raise CalendarError(f'time zone "{name}": the clock changes more than {_MOST_CHANGES} times')
    return FileZone(name, changes)


def _parted(line: str) -> tuple[str, str]:
    """Name and value of a line, without its parameters."""
    head, _, value = line.partition(":")
    return head.partition(";")[0].upper(), value.strip()


def _changes(observance: _Observance, budget: Budget) -> Iterator[tuple[datetime, timedelta, timedelta]]:
    before, after = _offset(observance.one("TZOFFSETFROM")), _offset(observance.one("TZOFFSETTO"))
    start = _time(observance.one("DTSTART"))
    walls = {start}
    for text in observance.values.get("RDATE", ()):
        walls |= {_time(each.partition("/")[0]) for each in text.split(",")}
    for text in observance.values.get("RRULE", ()):
        try:
            walls.update(_ruled(text, start, before, budget))
        except RuleError as error:
            raise RuleError(f"RRULE:{text[:200]}: {error}") from None
    for wall in walls:
        yield wall - before, before, after


def _ruled(text: str, start: datetime, before: timedelta, budget: Budget) -> Iterator[datetime]:
    parts = dict(vRecur.from_ical(text))
    until, count = parts.pop("UNTIL", None), parts.pop("COUNT", None)
    if str(parts.get("FREQ", [""])[0]).upper() != "YEARLY":
        raise RuleError("is no yearly change of the clock")
    end = None
    if until:
        last = until[0]
        end = datetime(last.year, last.month, last.day, 23, 59, 59)  # noqa: DTZ001 (local)
        if isinstance(last, datetime):
            end = last.replace(tzinfo=None) + (before if last.tzinfo is not None else timedelta(0))
    rule = read_rule(parts, start, end).settled(None if count is None else int(count[0]), budget)
    if rule is not None:
        yield from rule.between(date(max(_FROM, start.year), 1, 1), date(_TO, 12, 31), budget)


def _offset(text: str) -> timedelta:
    found = _OFFSET.fullmatch(text)
    if found is None:
        raise ValueError(f'"{text}" is no offset; it should be as +0200')
    length = timedelta(hours=int(found[2]), minutes=int(found[3]), seconds=int(found[4] or 0))
    if length >= timedelta(days=1):
        raise ValueError(f'"{text}" is more than a day')
    return length if found[1] == "+" else -length


def _time(text: str) -> datetime:
    for form in _TIMES:
        try:
            return datetime.strptime(text.removesuffix("Z"), form)  # noqa: DTZ007 (local)
        except ValueError:
            continue
    raise ValueError(f'"{text}" is no time')
