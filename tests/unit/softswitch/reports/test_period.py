from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from softswitch.reports.period import Period, PeriodError, period

KYIV = ZoneInfo("Europe/Kyiv")
#: A Wednesday, half past two in the afternoon.
NOW = datetime(2026, 11, 18, 14, 30, tzinfo=KYIV).timestamp()


def spoken(begin: str, end: str = "") -> str:
    return str(period(begin, end, NOW, KYIV)).removesuffix(" (Europe/Kyiv)")


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        ("", "", "2026-11-18 00:00 to 2026-11-19 00:00"),
        ("today", "", "2026-11-18 00:00 to 2026-11-19 00:00"),
        ("yesterday", "", "2026-11-17 00:00 to 2026-11-18 00:00"),
        ("yesterday", "today", "2026-11-17 00:00 to 2026-11-19 00:00"),
        ("2026-11-01", "2026-11-15", "2026-11-01 00:00 to 2026-11-16 00:00"),
        ("2026-11-01", "now", "2026-11-01 00:00 to 2026-11-18 14:30"),
        ("9:00", "", "2026-11-18 09:00 to 2026-11-18 14:30"),
        ("09:00", "12:15", "2026-11-18 09:00 to 2026-11-18 12:15"),
        ("2026-11-16 08:00", "2026-11-16T24:00", "2026-11-16 08:00 to 2026-11-17 00:00"),
        (" Yesterday ", "09:00", "2026-11-17 00:00 to 2026-11-18 09:00"),
    ],
)
def test_periods_are_read_as_people_write_them(begin: str, end: str, expected: str) -> None:
    assert spoken(begin, end) == expected


@pytest.mark.parametrize(
    "text", ["yesteday", "2026-13-01", "2026-02-30", "25:00", "2026-11-16 25:00", "18.11.2026", "9", "-"]
)
def test_what_is_no_date_is_named_with_what_would_be_one(text: str) -> None:
    with pytest.raises(PeriodError) as told:
        spoken(text)
    assert f'"{text}" is no date or time; write 2026-11-22' in str(told.value)


def test_a_period_cannot_end_before_it_begins() -> None:
    with pytest.raises(PeriodError, match="ends before it begins: 2026-11-18 15:00 to 2026-11-18 14:30"):
        spoken("15:00", "now")


def test_intervals_lie_on_the_clock_and_the_first_and_last_may_be_shorter() -> None:
    found = period("09:20", "11:10", NOW, KYIV)
    assert [found.local(edge / 1e6)[-5:] for edge in found.intervals(30)] == [
        "09:20", "09:30", "10:00", "10:30", "11:00", "11:10",
    ]  # fmt: skip
    assert [edge / 1e6 for edge in found.intervals(None)] == [found.begin, found.end]


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-18", 24)])
def test_a_day_on_which_clocks_change_has_its_own_number_of_intervals(day: str, hours: int) -> None:
    found = period(day, day, NOW, KYIV)
    edges = found.intervals(30)
    assert len(edges) - 1 == 2 * hours
    assert {later - earlier for earlier, later in pairwise(edges)} == {1800 * 10**6}


def test_intervals_over_several_days_begin_anew_at_midnight() -> None:
    found = Period(NOW, NOW + 86_400, KYIV)
    midnight = datetime(2026, 11, 19, tzinfo=KYIV).timestamp()
    assert round(midnight * 1e6) in found.intervals(60)
