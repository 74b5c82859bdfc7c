"""Recurrence rules (RFC 5545, section 3.3.10) of days and longer, reckoned for one span of days at a time.

What a span costs does not depend on how long ago the series began, and a rule that never comes true is told after
a bounded search: files come from outside, and nobody may keep the switch busy with one.
"""

from __future__ import annotations

import re
from calendar import isleap, monthrange
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import product
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

DAILY, WEEKLY, MONTHLY, YEARLY = FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
#: So long after its beginning a series has happened once, and COUNT is counted; leap days skip eight years at most.
_HORIZON: Final = 100
#: Times of one day; 20 events of a day with them would be 7300 a year.
_MOST_TIMES: Final = 50
_LAST: Final = date.max.toordinal()
_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WEEKDAY: Final = re.compile(rf"([+-]?[0-9]{{1,2}})?({'|'.join(_WEEKDAYS)})")
#: Parts that are lists of numbers, with the least and the most of their amounts.
_NUMBERS: Final = {
    **{"BYMONTH": (1, 12), "BYMONTHDAY": (1, 31), "BYYEARDAY": (1, 366), "BYWEEKNO": (1, 53), "BYSETPOS": (1, 366)},
    **{"BYHOUR": (0, 23), "BYMINUTE": (0, 59), "BYSECOND": (0, 59)},
}
_NEGATIVE: Final = {"BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS"}
_SINGLE: Final = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"}


class RuleError(ValueError):
    """A rule that cannot be used; the message is what is wrong with it."""


@dataclass(slots=True)
class Budget:
    """Days that may be looked at for all rules of a file together."""

    days: int

    def spend(self, days: int) -> None:
        """Raises RuleError when they are used up."""
        self.days -= days
        if self.days < 0:
            raise RuleError("takes too long to reckon, together with the other events of the file")


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A rule and its start; times are local. `until`: the last moment at which it may happen."""

    frequency: str
    start: datetime
    interval: int = 1
    until: datetime | None = None
    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    year_days: frozenset[int] = frozenset()
    weeks: frozenset[int] = frozenset()
    weekdays: frozenset[tuple[int, int]] = frozenset()  # (which of the month or year, 0: each; Monday is 0)
    positions: frozenset[int] = frozenset()
    times: tuple[time, ...] = ()
    week_start: int = 0

    def between(self, first: date, last: date, budget: Budget | None = None) -> Iterator[datetime]:
        """When it happens on the days from *first* to *last*, in order."""
        first = max(first, self.start.date())
        last = last if self.until is None else min(last, self.until.date())
        if first > last:
            return
        lowest, highest = first.toordinal(), last.toordinal()
        for days in self._periods(first, last):
            if budget is not None:
                budget.spend(len(days) + 1)
            if not days or days[-1] < lowest or days[0] > highest:
                continue
            fitting = [day for day in map(date.fromordinal, days) if self._fits(day)]
            moments: Sequence[datetime] = [datetime.combine(*moment) for moment in product(fitting, self.times)]
            if self.positions:
                moments = [moment for number, moment in enumerate(moments) if self._at_position(number, len(moments))]
            for moment in moments:
                late = self.until is not None and moment > self.until
                if moment >= self.start and not late and first <= moment.date() <= last:
                    yield moment

    def settled(self, count: int | None, budget: Budget) -> Recurrence | None:
        """With the end that *count* means; None when it never happens before its end.

        Raises RuleError for a rule that never comes true, end or not.
        """
        happened, latest = 0, self.start
        for year in range(self.start.year, min(self.start.year + _HORIZON, date.max.year)):
            if self.until is not None and year > self.until.year:
                break
            for moment in self.between(date(year, 1, 1), date(year, 12, 31), budget):
                happened, latest = happened + 1, moment
                if count is None:
                    return self
                if happened == count:
                    return replace(self, until=latest)
        if happened:
            return self
        if self.until is None:
            raise RuleError("never happens")
        return None

    def _periods(self, first: date, last: date) -> Iterator[Sequence[int]]:
        """Of each year, month, week or day that the interval does not skip, the days (ordinals) that may fit."""
        match self.frequency:
            case "YEARLY":
                for year in _steps(self.start.year, self.interval, first.year, last.year):
                    yield self._days_of(year, sorted(self.months) or range(1, 13))
            case "MONTHLY":
                low, high = first.year * 12 + first.month - 1, last.year * 12 + last.month - 1
                for month in _steps(self.start.year * 12 + self.start.month - 1, self.interval, low, high):
                    yield self._days_of(month // 12, (month % 12 + 1,))
            case "WEEKLY":
                wanted = sorted((day - self.week_start) % 7 for _, day in self.weekdays) or range(7)
                low, high = (self._week(day.toordinal()) for day in (first, last))
                for week in _steps(self._week(self.start.toordinal()), self.interval, low, high):
                    monday = week * 7 - 6 + self.week_start
                    yield [day for day in (monday + ahead for ahead in wanted) if 0 < day <= _LAST]
            case _:
                days = _steps(self.start.toordinal(), self.interval, first.toordinal(), last.toordinal())
                yield from ((day,) for day in days) if self.positions else (days,)

    def _week(self, ordinal: int) -> int:
        return (ordinal + 6 - self.week_start) // 7

    def _days_of(self, year: int, months: Sequence[int]) -> Sequence[int]:
        found: list[int] = []
        for month in months:
            if self.months and month not in self.months:
                continue
            begin, length = date(year, month, 1).toordinal(), monthrange(year, month)[1]
            days = {day if day > 0 else length + 1 + day for day in self.month_days} or range(1, length + 1)
            found += sorted(begin + day - 1 for day in days if 1 <= day <= length)
        return found

    def _fits(self, day: date) -> bool:
        if self.months and day.month not in self.months:
            return False
        if self.month_days:
            length = monthrange(day.year, day.month)[1]
            if self.month_days.isdisjoint((day.day, day.day - length - 1)):
                return False
        if self.year_days:
            number = day.timetuple().tm_yday
            if self.year_days.isdisjoint((number, number - 367 + (not isleap(day.year)))):
                return False
        if self.weeks and self.weeks.isdisjoint(self._week_numbers(day)):
            return False
        return not self.weekdays or self._weekday_fits(day)

    def _week_numbers(self, day: date) -> tuple[int, int]:
        """From the beginning and from the end of the year that has most days of the week."""
        middle = day.toordinal() - (day.weekday() - self.week_start) % 7 + 3
        if not 0 < middle <= _LAST - 366:
            return 0, 0
        year = date.fromordinal(middle).year
        begin, end = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
        return (middle - begin) // 7 + 1, -((end - middle) // 7 + 1)

    def _weekday_fits(self, day: date) -> bool:
        weekday = day.weekday()
        if (0, weekday) in self.weekdays:
            return True
        if self.frequency in (DAILY, WEEKLY):
            return any(wanted == weekday for _, wanted in self.weekdays)
        if self.frequency == MONTHLY or self.months:
            number, length = day.day, monthrange(day.year, day.month)[1]
        else:
            number, length = day.timetuple().tm_yday, 365 + isleap(day.year)
        which = (number - 1) // 7 + 1, -((length - number) // 7 + 1)
        return any((one, weekday) in self.weekdays for one in which)

    def _at_position(self, number: int, length: int) -> bool:
        return not self.positions.isdisjoint((number + 1, number - length))


def read_rule(parts: Mapping[str, Sequence[Any]], start: datetime, until: datetime | None) -> Recurrence:
    """The rule as `icalendar` takes it apart, without its COUNT. Raises RuleError."""
    known = {name.upper(): values for name, values in parts.items()}
    if wrong := sorted(known.keys() - _SINGLE - {"BYDAY"} - _NUMBERS.keys()):
        raise RuleError(f"{wrong[0]} is not supported")
    single = {name: str(known[name][0]).upper() for name in _SINGLE if len(known.get(name, ())) == 1}
    if several := sorted(known.keys() & _SINGLE - single.keys()):
        raise RuleError(f"{several[0]} is there more than once")
    frequency = single.get("FREQ", "")
    if frequency not in FREQUENCIES:
        raise RuleError(f'FREQ "{frequency}" is not supported; known are {", ".join(FREQUENCIES)}')
    interval = int(single.get("INTERVAL", "1"))
    if interval < 1:
        raise RuleError("INTERVAL is less than 1")
    if single.get("WKST", "MO") not in _WEEKDAYS:
        raise RuleError(f'WKST "{single["WKST"]}" is no day of the week')
    numbers = {name: frozenset(_number(name, value) for value in known.get(name, ())) for name in _NUMBERS}
    weekdays = frozenset(_weekday(str(value)) for value in known.get("BYDAY", ()))
    month_days, months = numbers["BYMONTHDAY"], numbers["BYMONTH"]
    if not (month_days or weekdays or numbers["BYWEEKNO"] or numbers["BYYEARDAY"]):  # then the start says which day
        month_days = frozenset({start.day}) if frequency in (MONTHLY, YEARLY) else month_days
        months = months or (frozenset({start.month}) if frequency == YEARLY else months)
        weekdays = frozenset({(0, start.weekday())}) if frequency == WEEKLY else weekdays
    times = product(
        sorted(numbers["BYHOUR"] or {start.hour}),
        sorted(numbers["BYMINUTE"] or {start.minute}),
        sorted(numbers["BYSECOND"] or {start.second}),
    )
    clock = tuple(time(*each) for each in times)
    if len(clock) > _MOST_TIMES:
        raise RuleError(f"happens more than {_MOST_TIMES} times a day")
    return Recurrence(
        frequency,
        start,
        interval,
        until,
        months,
        month_days,
        numbers["BYYEARDAY"],
        numbers["BYWEEKNO"],
        weekdays,
        numbers["BYSETPOS"],
        clock,
        _WEEKDAYS.index(single.get("WKST", "MO")),
    )


def _number(name: str, value: Any) -> int:
    number, (least, most) = int(value), _NUMBERS[name]
    if not least <= (abs(number) if name in _NEGATIVE else number) <= most:
        raise RuleError(f"{name} {number} does not exist")
    return number


def _weekday(text: str) -> tuple[int, int]:
    found = _WEEKDAY.fullmatch(text.upper())
    if found is None or (found[1] and not 1 <= abs(int(found[1])) <= 53):
        raise RuleError(f"BYDAY {text} does not exist")
    return int(found[1] or 0), _WEEKDAYS.index(found[2])


def _steps(begin: int, interval: int, low: int, high: int) -> range:
    """The numbers from *low* to *high* that are whole intervals away from *begin*, and not before it."""
    low = max(low, begin)
    return range(low + (begin - low) % interval, high + 1, interval)


def year_around(start: datetime) -> tuple[date, date]:
    """A year from *start*: what happens in it happens about as often in every other one."""
    first = start.date()
    return first, first + min(timedelta(days=366), date.max - first)
