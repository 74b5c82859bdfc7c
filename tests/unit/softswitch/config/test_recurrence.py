"""Recurrence against another implementation, and what makes it cheap."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import icalendar
import pytest
from dateutil.rrule import rrulestr  # type: ignore[import-untyped]
from hypothesis import assume, given
from hypothesis import strategies as st

from softswitch.config.calendars.recurrence import Budget, Recurrence, RuleError, read_rule

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

FIRST, LAST = date(2024, 1, 1), date(2032, 12, 31)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def some(draw: DrawFn, values: list[int]) -> str:
    return ",".join(map(str, draw(st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True))))


@st.composite
def rules(draw: DrawFn) -> str:
    """One part or two that say which days, so that the rule comes true now and then."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [
        f"FREQ={frequency}",
        f"INTERVAL={draw(st.sampled_from([1, 2, 3, 5]))}",
        f"WKST={draw(st.sampled_from(WEEKDAYS))}",
    ]
    kinds = ["BYMONTH", "BYDAY", "BYMONTHDAY"] + (["BYYEARDAY", "BYWEEKNO"] if frequency == "YEARLY" else [])
    kind = draw(st.sampled_from(kinds))
    if kind == "BYDAY":
        days = draw(st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=3, unique=True))
        which = draw(st.sampled_from(["", "1", "-1", "4"])) if frequency in ("MONTHLY", "YEARLY") else ""
        parts.append("BYDAY=" + ",".join(which + day for day in days))
    values = {
        "BYMONTH": list(range(1, 13)),
        "BYMONTHDAY": [1, 5, 28, 29, 31, -1, -2, -30],
        "BYYEARDAY": [1, 2, 100, 365, 366, -1, -366],
        "BYWEEKNO": [1, 2, 20, 52, -2, -10],
    }
    if kind in values:
        parts.append(f"{kind}={some(draw, values[kind])}")
    if draw(st.booleans()) and kind != "BYMONTH" and frequency != "DAILY":
        parts.append(f"BYMONTH={some(draw, [1, 3, 5, 7, 8])}") if kind in ("BYDAY", "BYMONTHDAY") else None
    if draw(st.booleans()):
        parts.append(f"BYHOUR={some(draw, [0, 9, 17])}")
    if frequency in ("MONTHLY", "YEARLY") and draw(st.booleans()):
        parts.append(f"BYSETPOS={some(draw, [1, -1])}")
    return ";".join(parts)


def ours(rule: str, start: datetime, count: int | None = None) -> Recurrence | None:
    return read_rule(icalendar.vRecur.from_ical(rule), start, None).settled(count, Budget(10**6))


@given(rules(), st.integers(0, 1500), st.none() | st.integers(1, 40))
def test_events_recur_as_another_implementation_has_it(rule: str, after: int, count: int | None) -> None:
    start = datetime(2024, 1, 1, 9, 30) + timedelta(days=after)  # noqa: DTZ001 (local)
    found = None
    with suppress(RuleError):
        found = ours(rule, start, count)
    assume(found is not None)  # it never happens, and the other one would look until the year 9999
    assert found is not None
    text = rule + (f";COUNT={count}" if count else "")
    bounds = (datetime.combine(day, datetime.min.time()) for day in (FIRST, LAST))
    assert list(found.between(FIRST, LAST - timedelta(days=1))) == rrulestr(text, dtstart=start).between(
        *bounds, inc=True
    )


def test_a_week_has_the_number_that_iso_8601_gives_it() -> None:
    start = datetime(2015, 1, 1, 9)  # noqa: DTZ001 (local)
    for week in (1, 52, 53):
        found = ours(f"FREQ=YEARLY;BYWEEKNO={week}", start)
        assert found is not None
        days = [moment.date() for moment in found.between(start.date(), date(2030, 12, 31))]
        every = (start.date() + timedelta(days=n) for n in range((date(2031, 1, 1) - start.date()).days))
        assert days == [day for day in every if day.isocalendar().week == week]


def test_a_year_costs_the_same_however_long_ago_the_series_began() -> None:
    costs = []
    for year in (1900, 2020):
        found = ours("FREQ=MONTHLY;BYDAY=-1FR", datetime(year, 1, 1, 9))  # noqa: DTZ001 (local)
        assert found is not None
        budget = Budget(10**6)
        assert len(list(found.between(date(2026, 1, 1), date(2026, 12, 31), budget))) == 12
        costs.append(10**6 - budget.days)
    assert costs[0] == costs[1] < 400


def test_a_search_that_finds_nothing_ends() -> None:
    budget = Budget(10**6)
    rule = icalendar.vRecur.from_ical("FREQ=DAILY;BYMONTHDAY=30;BYMONTH=2")
    with pytest.raises(RuleError, match="never happens"):
        read_rule(rule, datetime(2026, 1, 1), None).settled(None, budget)  # noqa: DTZ001 (local)
    assert 10**6 - budget.days < 40_000
