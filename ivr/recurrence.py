"""On which days an event of a calendar begins: RRULE of RFC 5545, section 3.3.10.

DAILY, WEEKLY, MONTHLY and YEARLY with INTERVAL, COUNT, UNTIL, WKST, BYMONTH, BYMONTHDAY and BYDAY; the parts that pick
hours, weeks of the year or the n-th of a set are refused, and so is more than an event a day.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FREQUENCIES: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
#: Days that are searched for the last event of a COUNT.
HORIZON: Final = 366 * 100

_BYDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_PARTS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYMONTH", "BYMONTHDAY", "BYDAY"})


class RecurrenceError(ValueError):
    """A rule that cannot be read or is not supported; the message says which part."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """The days on which an event begins; `start` is the first of them."""

    start: date
    frequency: str
    interval: int = 1
    until: date | None = None
    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()  # negative: from the end of the month
    weekdays: frozenset[tuple[int, int]] = frozenset()  # (which in the month or year; 0 = each, weekday)
    week_start: int = 0

    def on(self, day: date) -> bool:
        """Whether an event begins on *day*."""
        if day < self.start or (self.until is not None and day > self.until):
            return False
        return self._in_step(day) and self._picked(day)

    def _in_step(self, day: date) -> bool:
        match self.frequency:
            case "DAILY":
                steps = (day - self.start).days
            case "WEEKLY":
                steps = (self._week(day) - self._week(self.start)).days // 7
            case "MONTHLY":
                steps = (day.year - self.start.year) * 12 + day.month - self.start.month
            case _:
                steps = day.year - self.start.year
        return steps % self.interval == 0

    def _week(self, day: date) -> date:
        return day - timedelta(days=(day.weekday() - self.week_start) % 7)

    def _picked(self, day: date) -> bool:
        if self.months and day.month not in self.months:
            return False
        if self.month_days and not self.month_days & {day.day, day.day - _month_length(day) - 1}:
            return False
        if self.weekdays:
            return any(weekday == day.weekday() and self._is_which(day, which) for which, weekday in self.weekdays)
        if self.month_days or self.frequency == "DAILY":
            return True
        if self.frequency == "WEEKLY":
            return day.weekday() == self.start.weekday()
        if self.frequency == "YEARLY" and not self.months and day.month != self.start.month:
            return False
        return day.day == self.start.day

    def _is_which(self, day: date, which: int) -> bool:
        """Whether *day* is the n-th (from the end: -n) of its weekday in its month, or in its year."""
        if which == 0:
            return True
        in_year = self.frequency == "YEARLY" and not self.months
        at = day.timetuple().tm_yday if in_year else day.day
        length = date(day.year, 12, 31).timetuple().tm_yday if in_year else _month_length(day)
        return which == ((at - 1) // 7 + 1 if which > 0 else -((length - at) // 7 + 1))


def parse_recurrence(text: str, start: date) -> Recurrence:
    """Read the value of an RRULE of an event that first begins on *start*; raises RecurrenceError."""
    parts: dict[str, str] = {}
    for part in text.upper().split(";"):
        name, _, value = part.partition("=")
        if name not in _PARTS:
            raise RecurrenceError(f"{name} is not supported in RRULE; known are {', '.join(sorted(_PARTS))}")
        parts[name] = value
    frequency = parts.get("FREQ", "")
    if frequency not in FREQUENCIES:
        raise RecurrenceError(f'FREQ "{frequency}" is not supported; known are {", ".join(FREQUENCIES)}')
    found = Recurrence(
        start,
        frequency,
        interval=max(1, _number(parts, "INTERVAL", 1)),
        until=_until(parts),
        months=_numbers(parts, "BYMONTH"),
        month_days=_numbers(parts, "BYMONTHDAY"),
        weekdays=_weekdays(parts),
        week_start=WEEKDAYS.index(parts["WKST"]) if parts.get("WKST") in WEEKDAYS else 0,
    )
    if "COUNT" in parts:
        return _counted(found, max(1, _number(parts, "COUNT", 1)))
    return found


def _counted(rule: Recurrence, count: int) -> Recurrence:
    """The same with the day of the last event instead of their number."""
    for days in range(HORIZON):
        day = rule.start + timedelta(days=days)
        count -= rule.on(day)
        if count == 0:
            break
    return Recurrence(
        rule.start,
        rule.frequency,
        rule.interval,
        day,
        rule.months,
        rule.month_days,
        rule.weekdays,
        rule.week_start,
    )


def _number(parts: Mapping[str, str], name: str, default: int) -> int:
    try:
        return int(parts.get(name, default))
    except ValueError:
        raise RecurrenceError(f'{name} "{parts[name]}" is not a number') from None


def _numbers(parts: Mapping[str, str], name: str) -> frozenset[int]:
    try:
        return frozenset(map(int, parts[name].split(","))) if name in parts else frozenset()
    except ValueError:
        raise RecurrenceError(f'{name} "{parts[name]}" is not a list of numbers') from None


def _until(parts: Mapping[str, str]) -> date | None:
    if "UNTIL" not in parts:
        return None
    try:
        return date.fromisoformat(parts["UNTIL"][:8])
    except ValueError:
        raise RecurrenceError(f'UNTIL "{parts["UNTIL"]}" is not a date') from None


def _weekdays(parts: Mapping[str, str]) -> frozenset[tuple[int, int]]:
    found = set[tuple[int, int]]()
    for word in parts["BYDAY"].split(",") if "BYDAY" in parts else ():
        match = _BYDAY.fullmatch(word)
        if match is None:
            raise RecurrenceError(f'BYDAY "{word}" is not a weekday such as MO or -1FR')
        found.add((int(match[1] or 0), WEEKDAYS.index(match[2])))
    return frozenset(found)


def _month_length(day: date) -> int:
    return monthrange(day.year, day.month)[1]
