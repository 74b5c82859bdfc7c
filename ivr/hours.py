"""Opening hours: rules, holidays and calendars, answered for one local wall time.

What decides, first match first:

    1. a date, an Easter day or an event in `closed`
    2. a date, an Easter day or an event in `open` (a date's other hours then no longer count)
    3. a public holiday
    4. a weekday in `closed`
    5. a weekday in `open`

An interval includes its beginning, excludes its end, and belongs to the day on which it begins: one that would run over
from a day that is closed from midnight to midnight does not take place. All of this is wall time: on the night of a
clock change 03:30 is open if the rules say 03:30 is, both times when it happens twice, and never when it is skipped.
`ivr.hours_grammar` has the rules as they are written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Protocol

from ivr.holidays import holiday
from ivr.hours_grammar import DAY_MINUTES, parse_rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date, tzinfo

    from ivr.hours_grammar import Rule

#: Days that `Rules.next_change` looks ahead.
HORIZON = 400


@dataclass(frozen=True, slots=True)
class Verdict:
    """Open or closed, the rule that says so (empty: closed because no rule opens), and why it came to that rule."""

    open: bool
    rule: str
    why: str = ""


class Calendar(Protocol):
    """Events of a calendar program, wherever they come from; the same question always has the same answer."""

    def at(self, wall: datetime) -> str | None:
        """The name of an event that goes on at *wall*, which has a time zone; None: there is none."""

    def edges(self, day: date, zone: tzinfo) -> Iterable[datetime]:
        """When events begin or end on *day*, as a clock in *zone* shows it (without a zone)."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The opening hours of one place. `holidays`: names of `ivr.holidays.SETS`."""

    open: tuple[Rule, ...]
    closed: tuple[Rule, ...] = ()
    holidays: tuple[str, ...] = ()
    open_calendar: Calendar | None = None
    closed_calendar: Calendar | None = None

    def at(self, wall: datetime) -> Verdict:
        """The verdict for a local wall time. Its time zone matters only for events that have one of their own."""
        return replace(self.explain(wall), why="")

    def explain(self, wall: datetime) -> Verdict:
        """As `at`, with the reason in words."""
        today = wall.date()
        minutes = wall.hour * 60 + wall.minute + (wall.second + wall.microsecond / 1e6) / 60
        days = ((today, minutes), (today - timedelta(days=1), minutes + DAY_MINUTES))
        zone = wall.tzinfo or UTC
        aware = wall.replace(tzinfo=zone)
        if found := _covering(_kind(self.closed, dated=True), days):
            return Verdict(False, found[0].text, f"closed on this date{_since(found)}; dates go before everything else")
        if (event := _event(self.closed_calendar, aware)) is not None:
            return Verdict(False, f"calendar: {event}", "closed by an event of the calendar")
        if found := self._taking_place(days, zone, dated=True):
            return Verdict(True, found[0].text, f"open on this date{_since(found)}; nothing closes it")
        if (event := _event(self.open_calendar, aware)) is not None:
            return Verdict(True, f"calendar: {event}", "open by an event of the calendar")
        special = next((rule for rule in _kind(self.open, dated=True) if rule.on(today)), None)
        if special is None and (day_off := holiday(today, self.holidays)):
            return Verdict(False, "holiday {}: {}".format(*day_off), "a public holiday without hours of its own")
        if found := _covering(_kind(self.closed, dated=False), days):
            return Verdict(False, found[0].text, f"closed on this weekday{_since(found)}, which goes before its hours")
        if found := self._taking_place(days, zone, dated=False):
            return Verdict(True, found[0].text, f"open on this weekday{_since(found)}; nothing closes it")
        if special is not None:
            return Verdict(False, special.text, "this date has hours of its own, and they are not now")
        no_rule = "no rule opens at this time"
        if any(rule.begun_on(*days[1]) for rule in self.open) and self._day_off(days[1][0], zone):
            no_rule += ": the day before was closed, and nothing runs on from it"
        return Verdict(False, "", no_rule)

    def _taking_place(
        self, days: Iterable[tuple[date, float]], zone: tzinfo, *, dated: bool
    ) -> tuple[Rule, int] | None:
        """As `_covering`, of the intervals that open and are not called off on the day on which they begin."""
        for rule in _kind(self.open, dated=dated):
            for ago, (day, at) in enumerate(days):
                if not rule.begun_on(day, at) or self._closed_all_day(day, zone, dated=dated):
                    continue
                # a date with hours of its own has no others; what began the evening before still runs to its end
                if dated or not self._has_own_hours(day):
                    return rule, ago
        return None

    def _has_own_hours(self, day: date) -> bool:
        return self._is_special(day) or holiday(day, self.holidays) is not None

    def _is_special(self, day: date) -> bool:
        return any(rule.on(day) for rule in _kind(self.open, dated=True))

    def _day_off(self, day: date, zone: tzinfo) -> bool:
        special = self._is_special(day)
        return self._closed_all_day(day, zone, dated=special) or (not special and self._has_own_hours(day))

    def _closed_all_day(self, day: date, zone: tzinfo, *, dated: bool) -> bool:
        """Whether something closes *day* from midnight to midnight. *dated*: weekdays in `closed` do not count."""
        spans = [
            (begin - ago * DAY_MINUTES, end - ago * DAY_MINUTES)
            for rule in self.closed
            for ago in (0, 1)
            if (rule.dated or not dated) and rule.on(day - timedelta(days=ago))
            for begin, end in rule.intervals
        ]
        closed_until = 0
        for begin, end in sorted(spans):
            if begin <= closed_until:
                closed_until = max(closed_until, end)
        return closed_until >= DAY_MINUTES or self._event_all_day(day, zone)

    def _event_all_day(self, day: date, zone: tzinfo) -> bool:
        calendar = self.closed_calendar
        if calendar is None:
            return False
        moments = (datetime.combine(day, time()), *calendar.edges(day, zone))
        return all(calendar.at(moment.replace(tzinfo=zone)) is not None for moment in moments)

    def next_change(self, wall: datetime) -> datetime | None:
        """When the verdict will next be another one, an instant of the same clock; None: not within `HORIZON` days.

        It is later than *wall* in the world: on the night on which an hour comes twice, it may be earlier on the clock.
        """
        now = self.at(wall).open
        for ahead in range(HORIZON):
            day = wall.date() + timedelta(days=ahead)
            for moment in self._boundaries(day, wall.tzinfo):
                if _instant(moment) > _instant(wall) and self.at(moment).open is not now:
                    return moment
        return None

    def _boundaries(self, day: date, zone: tzinfo | None) -> list[datetime]:
        """The instants of *day* at which a verdict can change, in their order."""
        minutes = {0}
        for rule in (*self.open, *self.closed):
            for begin, end in rule.intervals:
                minutes |= {begin, end % DAY_MINUTES}
        midnight = datetime.combine(day, time())
        moments = {midnight + timedelta(minutes=minute) for minute in minutes}
        for calendar in (self.open_calendar, self.closed_calendar):
            if calendar is not None:
                moments.update(calendar.edges(day, zone or UTC))
        if zone is None:
            return sorted(moments)
        found = [moment.replace(tzinfo=zone) for moment in moments]
        if (change := clock_change(day, zone)) is not None:
            found = [moment for wall in moments for moment in instants(wall, zone)] + [change]
        return sorted(found, key=_instant)


def _instant(moment: datetime) -> datetime:
    """To compare by: two times of one zone would be compared by the clock on the wall, wrong when clocks change."""
    return moment if moment.tzinfo is None else moment.astimezone(UTC)


def _kind(rules: Iterable[Rule], *, dated: bool) -> Iterator[Rule]:
    return (rule for rule in rules if rule.dated is dated)


def _covering(rules: Iterable[Rule], days: Iterable[tuple[date, float]]) -> tuple[Rule, int] | None:
    """The first rule that covers the time, and the days ago that its interval began."""
    days = tuple(days)
    found = ((rule, ago) for rule in rules for ago, (day, at) in enumerate(days) if rule.begun_on(day, at))
    return next(found, None)


def _since(found: tuple[Rule, int]) -> str:
    return " since the evening before" if found[1] else ""


def _event(calendar: Calendar | None, wall: datetime) -> str | None:
    return None if calendar is None else calendar.at(wall)


def parse_rules(open: Iterable[str], closed: Iterable[str] = (), holidays: Iterable[str] = ()) -> Rules:
    """Read the lists; raises HoursError for the first rule that cannot be read."""
    return Rules(tuple(map(parse_rule, open)), tuple(map(parse_rule, closed)), tuple(holidays))


def instants(wall: datetime, zone: tzinfo) -> tuple[datetime, ...]:
    """The instants at which the clocks of *zone* show *wall* (naive): none when it is skipped, two when it recurs."""
    found: list[datetime] = []
    for fold in (0, 1):
        moment = wall.replace(tzinfo=zone, fold=fold)
        back = moment.astimezone(UTC).astimezone(zone)
        if back.replace(tzinfo=None, fold=0) == wall and all(back.utcoffset() != m.utcoffset() for m in found):
            found.append(moment)
    return tuple(found)


def clock_change(day: date, zone: tzinfo) -> datetime | None:
    """The instant of *day* at which the clocks of *zone* are changed; what they show there is the new time."""
    begin, end = (datetime.combine(day + timedelta(days=ahead), time(), zone) for ahead in (0, 1))
    if begin.utcoffset() == end.utcoffset():
        return None
    before, after, offset = begin.astimezone(UTC), end.astimezone(UTC), begin.utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        changed = middle.astimezone(zone).utcoffset() != offset
        before, after = (before, middle) if changed else (middle, after)
    return after.astimezone(zone)
