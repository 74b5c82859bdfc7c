"""Public holidays, computed: fixed days, days counted from Easter, and weekdays of a month.

    ua  Ukraine: Labour Code, article 73. Easter and Trinity by the Julian calendar. That they are working days while
        martial law lasts is for the configuration to say: leave "ua" out.
    pl  Poland: the Act of 18 January 1951 on days off.
    gb  England and Wales: bank holidays; one that falls on a weekend has a working day after it as its substitute.

Days that a government moves or adds in a single year are not here: they are rules of their own (`closed`). A set says
on which dates most places are closed; what an operator's own rules say about a date goes before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def western_easter(year: int) -> date:
    """Easter Sunday by the Gregorian calendar (Meeus, Astronomical Algorithms, chapter 9)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * weekday) // 433
    days = h + weekday - 7 * m
    month = (days + 90) // 25
    return date(year, month, (days + 33 * month + 19) % 32)


def orthodox_easter(year: int) -> date:
    """Easter Sunday by the Julian calendar, as a Gregorian date (Meeus, chapter 9)."""
    d = (19 * (year % 19) + 15) % 30
    e = (2 * (year % 4) + 4 * (year % 7) - d + 34) % 7
    month, day = divmod(d + e + 114, 31)
    return date(year, month, day + 1) + timedelta(days=year // 100 - year // 400 - 2)


EASTERS: Final[Mapping[str, Callable[[int], date]]] = {
    "easter": western_easter,
    "orthodox-easter": orthodox_easter,
}


@dataclass(frozen=True, slots=True)
class Holiday:
    """One day of every year from `since` to `until`."""

    name: str
    day: Callable[[int], date]
    since: int = 1900
    until: int = MAXYEAR


def _fixed(month: int, day: int) -> Callable[[int], date]:
    return lambda year: date(year, month, day)


def _after(easter: Callable[[int], date], days: int) -> Callable[[int], date]:
    return lambda year: easter(year) + timedelta(days=days)


def _monday(month: int, which: int) -> Callable[[int], date]:
    """The first (1) or last (-1) Monday of a month."""

    def find(year: int) -> date:
        if which > 0:
            first = date(year, month, 1)
            return first + timedelta(days=-first.weekday() % 7)
        last = date(year, month + 1, 1) - timedelta(days=1)
        return last - timedelta(days=last.weekday())

    return find


def _moved(month: int, day: int, *, after: int = 0) -> Callable[[int], date]:
    """A day that is moved from a weekend to the next Monday; *after*: the days that the day before may also take."""

    def find(year: int) -> date:
        when = date(year, month, day)
        if when.weekday() < 5 and not (after and when.weekday() == 0):
            return when
        if after:  # Boxing Day: Christmas has moved to the Monday, or to this very day
            return when + timedelta(days={5: 2, 6: 2, 0: 1}[when.weekday()])
        return when + timedelta(days=7 - when.weekday())

    return find


SETS: Final[Mapping[str, tuple[Holiday, ...]]] = {
    "ua": (
        Holiday("New Year", _fixed(1, 1)),
        Holiday("Christmas (7 January)", _fixed(1, 7), until=2023),
        Holiday("Women's Day", _fixed(3, 8)),
        Holiday("Easter", orthodox_easter),
        Holiday("Trinity", _after(orthodox_easter, 49)),
        Holiday("Labour Day", _fixed(5, 1)),
        Holiday("Victory Day", _fixed(5, 9), until=2023),
        Holiday("Day of Remembrance and Victory", _fixed(5, 8), since=2024),
        Holiday("Constitution Day", _fixed(6, 28)),
        Holiday("Statehood Day", _fixed(7, 28), since=2022, until=2023),
        Holiday("Statehood Day", _fixed(7, 15), since=2024),
        Holiday("Independence Day", _fixed(8, 24)),
        Holiday("Defenders' Day", _fixed(10, 14), since=2015, until=2022),
        Holiday("Defenders' Day", _fixed(10, 1), since=2023),
        Holiday("Christmas", _fixed(12, 25), since=2017),
    ),
    "pl": (
        Holiday("New Year", _fixed(1, 1)),
        Holiday("Epiphany", _fixed(1, 6), since=2011),
        Holiday("Easter Sunday", western_easter),
        Holiday("Easter Monday", _after(western_easter, 1)),
        Holiday("Labour Day", _fixed(5, 1)),
        Holiday("Constitution Day", _fixed(5, 3)),
        Holiday("Pentecost", _after(western_easter, 49)),
        Holiday("Corpus Christi", _after(western_easter, 60)),
        Holiday("Assumption", _fixed(8, 15)),
        Holiday("All Saints", _fixed(11, 1)),
        Holiday("Independence Day", _fixed(11, 11)),
        Holiday("Christmas Eve", _fixed(12, 24), since=2025),
        Holiday("Christmas", _fixed(12, 25)),
        Holiday("Second day of Christmas", _fixed(12, 26)),
    ),
    "gb": (
        Holiday("New Year", _fixed(1, 1)),
        Holiday("New Year (substitute day)", _moved(1, 1)),
        Holiday("Good Friday", _after(western_easter, -2)),
        Holiday("Easter Monday", _after(western_easter, 1)),
        Holiday("Early May bank holiday", _monday(5, 1)),
        Holiday("Spring bank holiday", _monday(5, -1)),
        Holiday("Summer bank holiday", _monday(8, -1)),
        Holiday("Christmas", _fixed(12, 25)),
        Holiday("Christmas (substitute day)", _moved(12, 25)),
        Holiday("Boxing Day", _fixed(12, 26)),
        Holiday("Boxing Day (substitute day)", _moved(12, 26, after=1)),
    ),
}


@lru_cache(maxsize=2048)  # asked for every call, several times
def holiday(day: date, sets: tuple[str, ...]) -> tuple[str, str] | None:
    """Set and name of the holiday on *day*, or None; KeyError for a set that does not exist."""
    for name in sets:
        for entry in SETS[name]:
            if entry.since <= day.year <= entry.until and entry.day(day.year) == day:
                return name, entry.name
    return None
