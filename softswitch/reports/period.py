"""Periods as people write them, and the intervals that a period is cut into."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from acd.figures.clock import micros

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_RIGHT = 'write 2026-11-22, "2026-11-22 09:00", 09:00 (of today), today, yesterday or now'
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_TIME = re.compile(r"(\d\d?):(\d\d)(?::(\d\d))?")


class PeriodError(ValueError):
    """The period cannot be understood; the message says what would be right."""


@dataclass(frozen=True, slots=True)
class Period:
    """From ``begin`` up to but not including ``end``; seconds since the epoch."""

    begin: float
    end: float
    zone: ZoneInfo

    def __str__(self) -> str:
        return f"{self.local(self.begin)} to {self.local(self.end)} ({self.zone})"

    def local(self, at: float) -> str:
        return datetime.fromtimestamp(at, self.zone).strftime("%Y-%m-%d %H:%M")

    def local_second(self, at: float) -> str:
        return datetime.fromtimestamp(at, self.zone).isoformat(sep=" ", timespec="seconds")

    def intervals(self, minutes: int | None) -> tuple[int, ...]:
        """Edges in microseconds, from begin to end.

        Intervals are counted from each local midnight, so they stay on the hour of the clock on the wall when it is
        changed; the first and the last one may be shorter. None: the whole period is one.
        """
        edges = [self.begin]
        while minutes is not None and (edge := self._next(edges[-1], minutes * 60)) < self.end:
            edges.append(edge)
        return tuple(micros(edge) for edge in (*edges, self.end))

    def _next(self, at: float, step: int) -> float:
        day = datetime.fromtimestamp(at, self.zone).date()
        midnight = _midnight(day, self.zone)
        return min(midnight + ((at - midnight) // step + 1) * step, _midnight(day + timedelta(1), self.zone))


def period(begin: str, end: str, now: float, zone: ZoneInfo) -> Period:
    """*begin* and *end* as written on the command line, at the instant *now*. Raises PeriodError.

    A date or day as the end means the end of that day; an empty end means the end of the day of the beginning when
    that is a day, and now otherwise.
    """
    today = datetime.fromtimestamp(now, zone).date()
    since, whole_day = _instant(begin or "today", today, now, zone)
    if end:
        until, a_day = _instant(end, today, now, zone)
        if a_day:
            until = _midnight(datetime.fromtimestamp(until, zone).date() + timedelta(1), zone)
    elif whole_day:
        until = _midnight(datetime.fromtimestamp(since, zone).date() + timedelta(1), zone)
    else:
        until = now
    found = Period(since, until, zone)
    if until <= since:
        raise PeriodError(f"the period ends before it begins: {found}")
    return found


def _instant(text: str, today: date, now: float, zone: ZoneInfo) -> tuple[float, bool]:
    """The instant, and whether it stands for a whole day."""
    words = text.strip().lower()
    if words == "now":
        return now, False
    if words in ("today", "yesterday"):
        return _midnight(today - timedelta(words == "yesterday"), zone), True
    day_text, _, time_text = words.replace("t", " ").partition(" ") if _DATE.match(words) else ("", "", words)
    day = today
    try:
        if day_text:
            if (match := _DATE.fullmatch(day_text)) is None:
                raise ValueError
            day = date(*map(int, match.groups()))
            if not time_text:
                return _midnight(day, zone), True
        if (match := _TIME.fullmatch(time_text.strip())) is None:
            raise ValueError
        hour, minute, second = (int(part or 0) for part in match.groups())
        if (hour, minute, second) == (24, 0, 0):
            return _midnight(day + timedelta(1), zone), False
        return datetime.combine(day, time(hour, minute, second), zone).timestamp(), False
    except (ValueError, OverflowError):
        raise PeriodError(f'"{text}" is no date or time; {_RIGHT}') from None


def _midnight(day: date, zone: ZoneInfo) -> float:
    return datetime.combine(day, time(), zone).timestamp()
