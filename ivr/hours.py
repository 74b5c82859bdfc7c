"""Opening hours: rules as ops write them, answered for one local wall time.

    mon-fri 09:00-17:00              weekly; days also "mon,wed", "sat-mon" (over the week's end), "daily"
    mon-fri 09:00-12:00 13:00-17:00  several intervals
    sat 22:00-06:00                  over midnight: ends on Sunday at 6
    sun                              the whole day
    2026-12-25                       one date, the whole day
    2026-12-31 13:00-24:00           one date, an interval
    2026-12-24..2027-01-02           a span of dates, each as above
    12-25                            every year

What decides, first match first: a date in `closed`, a date in `open` (that date's other hours no longer count), a
weekday in `closed`, a weekday in `open`. An interval includes its beginning, excludes its end, and belongs to the day
on which it begins. All of this is wall time: on the night of a clock change 03:30 is open if the rules say 03:30 is,
both times when it happens twice; converting an instant to wall time is for whoever asks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60

_INTERVAL = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATE_SPAN = re.compile(rf"({_DATE.pattern})\.\.({_DATE.pattern})")
_YEARLY = re.compile(r"\d{2}-\d{2}")
_LEAP_YEAR = 2000


class HoursError(ValueError):
    """A rule that cannot be read; the message says what would be right."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `weekdays` (0 = Monday), `dates` (first, last) or `yearly` (month, day) says on which days it holds."""

    text: str
    intervals: tuple[tuple[int, int], ...]  # minutes from midnight, [begin, end); end > 1440 runs into the next day
    weekdays: frozenset[int] = frozenset()
    dates: tuple[date, date] | None = None
    yearly: tuple[int, int] | None = None

    @property
    def dated(self) -> bool:
        return not self.weekdays

    def on(self, day: date) -> bool:
        """Whether the rule speaks about *day*."""
        if self.dates is not None:
            return self.dates[0] <= day <= self.dates[1]
        if self.yearly is not None:
            return (day.month, day.day) == self.yearly
        return day.weekday() in self.weekdays

    def begun_on(self, day: date, minutes: float) -> bool:
        """Whether an interval of this rule that begins on *day* covers the instant *minutes* after that midnight."""
        return self.on(day) and any(begin <= minutes < end for begin, end in self.intervals)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Open or closed, and the rule that says so (empty: closed because no rule opens)."""

    open: bool
    rule: str


@dataclass(frozen=True, slots=True)
class Rules:
    """The opening hours of one place."""

    open: tuple[Rule, ...]
    closed: tuple[Rule, ...] = ()

    def at(self, wall: datetime) -> Verdict:
        """The verdict for a local wall time; its time zone, if any, is not looked at."""
        today = wall.date()
        minutes = wall.hour * 60 + wall.minute + (wall.second + wall.microsecond / 1e6) / 60
        days = ((today, minutes), (today - timedelta(days=1), minutes + DAY_MINUTES))
        if rule := _covering(_kind(self.closed, dated=True), days):
            return Verdict(False, rule.text)
        dated_openings = list(_kind(self.open, dated=True))
        if rule := _covering(dated_openings, days):
            return Verdict(True, rule.text)
        if rule := _covering(_kind(self.closed, dated=False), days):
            return Verdict(False, rule.text)
        # A date with hours of its own has no others; what began the evening before still runs to its end.
        weekly_days = [(day, at) for day, at in days if not any(rule.on(day) for rule in dated_openings)]
        if rule := _covering(_kind(self.open, dated=False), weekly_days):
            return Verdict(True, rule.text)
        special = next((rule for rule in dated_openings if rule.on(today)), None)
        return Verdict(False, special.text if special else "")


def _kind(rules: Iterable[Rule], *, dated: bool) -> Iterator[Rule]:
    return (rule for rule in rules if rule.dated is dated)


def _covering(rules: Iterable[Rule], days: Iterable[tuple[date, float]]) -> Rule | None:
    days = tuple(days)
    return next((rule for rule in rules for day, minutes in days if rule.begun_on(day, minutes)), None)


def parse_rules(open: Iterable[str], closed: Iterable[str] = ()) -> Rules:
    """Read both lists; raises HoursError for the first rule that cannot be read."""
    return Rules(tuple(map(parse_rule, open)), tuple(map(parse_rule, closed)))


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
