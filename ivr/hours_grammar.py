"""One rule of opening hours, as ops write it.

mon-fri 09:00-17:00              weekly; days also "mon,wed", "sat-mon" (over the week's end), "daily"
mon-fri 09:00-12:00 13:00-17:00  several intervals
sat 22:00-06:00                  over midnight: ends on Sunday at 6
sun                              the whole day
2026-12-25                       one date, the whole day
2026-12-31 13:00-24:00           one date, an interval
2026-12-24..2027-01-02           a span of dates, each as above
12-25                            every year
easter+1 10:00-14:00             days after (+) or before (-) Easter Sunday; also orthodox-easter
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from ivr.holidays import EASTERS

if TYPE_CHECKING:
    from collections.abc import Iterator

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60

_INTERVAL = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATE_SPAN = re.compile(rf"({_DATE.pattern})\.\.({_DATE.pattern})")
_YEARLY = re.compile(r"\d{2}-\d{2}")
_EASTER = re.compile(r"((?:orthodox-)?easter)([+-]\d{1,3})?")
_LEAP_YEAR = 2000


def _any_case(word: str) -> str:
    return "".join(f"[{letter.upper()}{letter}]" if letter.isalpha() else letter for letter in word)


_DAY = rf"({'|'.join(map(_any_case, DAYS))})"
_DAYS = rf"({_DAY}(-{_DAY})?|{_any_case('daily')})"
_EASTER_DAY = rf"({_any_case('orthodox-')})?{_any_case('easter')}([+-][0-9]{{1,3}})?"
_YEAR_DAY = "[0-9]{2}-[0-9]{2}"
#: All rules match it, and little else: an expression that editors understand.
RULE_PATTERN = (
    rf"^\s*({_DAYS}(,{_DAYS})*|[0-9]{{4}}-{_YEAR_DAY}(\.\.[0-9]{{4}}-{_YEAR_DAY})?|{_YEAR_DAY}|{_EASTER_DAY})"
    r"([\s,]+[0-9]{1,2}:[0-9]{2}-[0-9]{1,2}:[0-9]{2})*[\s,]*$"
)


class HoursError(ValueError):
    """A rule that cannot be read; the message says what would be right."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. What says on which days it holds: `weekdays` (0 = Monday), `dates` (first, last), `yearly` (month,
    day), or `easter` (which of `ivr.holidays.EASTERS`, days after it).
    """

    text: str
    intervals: tuple[tuple[int, int], ...]  # minutes from midnight, [begin, end); end > 1440 runs into the next day
    weekdays: frozenset[int] = frozenset()
    dates: tuple[date, date] | None = None
    yearly: tuple[int, int] | None = None
    easter: tuple[str, int] | None = None

    @property
    def dated(self) -> bool:
        return not self.weekdays

    def on(self, day: date) -> bool:
        """Whether the rule speaks about *day*."""
        if self.dates is not None:
            return self.dates[0] <= day <= self.dates[1]
        if self.yearly is not None:
            return (day.month, day.day) == self.yearly
        if self.easter is not None:
            which, days = self.easter
            sunday = day.toordinal() - days  # perhaps of another year
            if not 1 <= sunday <= date.max.toordinal():
                return False
            return date.fromordinal(sunday) == EASTERS[which](date.fromordinal(sunday).year)
        return day.weekday() in self.weekdays

    def begun_on(self, day: date, minutes: float) -> bool:
        """Whether an interval of this rule that begins on *day* covers the instant *minutes* after that midnight."""
        return self.on(day) and any(begin <= minutes < end for begin, end in self.intervals)


def parse_rule(text: str) -> Rule:
    """Read one rule; raises HoursError."""
    words = text.strip().lower().replace(", ", " ").split()
    if not words:
        raise HoursError('an empty rule; write for example "mon-fri 09:00-17:00"')
    days, times = words[0], [time for word in words[1:] for time in word.split(",") if time]
    intervals = tuple(_interval(time, text) for time in times) or ((0, DAY_MINUTES),)
    if span := _DATE_SPAN.fullmatch(days):
        first, last = _date(span[1], text), _date(span[2], text)
        if last < first:
            raise HoursError(f'"{text}": {last} is before {first}')
        return Rule(text, intervals, dates=(first, last))
    if _DATE.fullmatch(days):
        return Rule(text, intervals, dates=(_date(days, text), _date(days, text)))
    if _YEARLY.fullmatch(days):
        day = _date(f"{_LEAP_YEAR}-{days}", text)  # a leap year: 02-29 is a rule for the years that have it
        return Rule(text, intervals, yearly=(day.month, day.day))
    if match := _EASTER.fullmatch(days):
        return Rule(text, intervals, easter=(match[1], int(match[2] or 0)))
    return Rule(text, intervals, weekdays=frozenset(_weekdays(days, text)))


def _weekdays(words: str, text: str) -> Iterator[int]:
    for word in words.split(","):
        if word == "daily":
            yield from range(7)
            continue
        first, _, last = word.partition("-")
        try:
            begin, end = DAYS.index(first), DAYS.index(last or first)
        except ValueError:
            raise HoursError(
                f'"{text}": "{word}" is neither days ({", ".join(DAYS)}, daily) nor a date (2026-12-25, 12-25)'
            ) from None
        yield from ((begin + n) % 7 for n in range((end - begin) % 7 + 1))


def _interval(word: str, text: str) -> tuple[int, int]:
    match = _INTERVAL.fullmatch(word)
    if match is None:
        raise HoursError(f'"{text}": "{word}" is no interval; write for example 09:00-17:00')
    h1, m1, h2, m2 = map(int, match.groups())
    begin, end = h1 * 60 + m1, h2 * 60 + m2
    if max(m1, m2) > 59 or begin >= DAY_MINUTES or end > DAY_MINUTES:
        raise HoursError(f'"{text}": "{word}" has a time that no clock shows (00:00 to 24:00)')
    if begin == end:
        raise HoursError(f'"{text}": "{word}" is empty; the whole day is 00:00-24:00')
    return begin, end if end > begin else end + DAY_MINUTES


def _date(word: str, text: str) -> date:
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise HoursError(f'"{text}": there is no such date as {word}') from None
