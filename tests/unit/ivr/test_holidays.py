from __future__ import annotations

from datetime import date, timedelta

import pytest

from ivr.holidays import SETS, holiday, orthodox_easter, western_easter

#: Year, western and Orthodox Easter, as published.
EASTERS = [
    (1900, "1900-04-15", "1900-04-22"),
    (1943, "1943-04-25", "1943-04-25"),
    (2000, "2000-04-23", "2000-04-30"),
    (2008, "2008-03-23", "2008-04-27"),
    (2014, "2014-04-20", "2014-04-20"),
    (2019, "2019-04-21", "2019-04-28"),
    (2024, "2024-03-31", "2024-05-05"),
    (2025, "2025-04-20", "2025-04-20"),
    (2026, "2026-04-05", "2026-04-12"),
    (2027, "2027-03-28", "2027-05-02"),
    (2038, "2038-04-25", "2038-04-25"),
    (2049, "2049-04-18", "2049-04-25"),
    (2100, "2100-03-28", "2100-05-02"),
]


@pytest.mark.parametrize(("year", "western", "orthodox"), EASTERS)
def test_easter_is_when_it_is(year: int, western: str, orthodox: str) -> None:
    assert western_easter(year) == date.fromisoformat(western)
    assert orthodox_easter(year) == date.fromisoformat(orthodox)


def test_easter_is_a_sunday_within_its_bounds() -> None:
    for year in range(1900, 2200):
        west, east = western_easter(year), orthodox_easter(year)
        assert west.weekday() == east.weekday() == 6
        assert date(year, 3, 22) <= west <= date(year, 4, 25)
        assert timedelta(0) <= east - west <= timedelta(weeks=5)


def days(year: int, name: str) -> list[str]:
    every = (date(year, 1, 1) + timedelta(days=n) for n in range(366))
    return [f"{day:%m-%d}" for day in every if day.year == year and holiday(day, (name,))]


@pytest.mark.parametrize(
    ("name", "year", "dates"),
    [
        ("pl", 2026, "01-01 01-06 04-05 04-06 05-01 05-03 05-24 06-04 08-15 11-01 11-11 12-24 12-25 12-26"),
        ("pl", 2024, "01-01 01-06 03-31 04-01 05-01 05-03 05-19 05-30 08-15 11-01 11-11 12-25 12-26"),
        ("ua", 2026, "01-01 03-08 04-12 05-01 05-08 05-31 06-28 07-15 08-24 10-01 12-25"),
        ("ua", 2021, "01-01 01-07 03-08 05-01 05-02 05-09 06-20 06-28 08-24 10-14 12-25"),
        ("gb", 2026, "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-26 12-28"),
        ("gb", 2027, "01-01 03-26 03-29 05-03 05-31 08-30 12-25 12-26 12-27 12-28"),  # Christmas on a Saturday
        ("gb", 2022, "01-01 01-03 04-15 04-18 05-02 05-30 08-29 12-25 12-26 12-27"),  # Christmas on a Sunday
    ],
)
def test_the_holidays_of_a_year(name: str, year: int, dates: str) -> None:
    assert days(year, name) == dates.split()


def test_holidays_have_names_and_sets_are_looked_at_in_order() -> None:
    assert holiday(date(2026, 6, 4), ("ua", "pl")) == ("pl", "Corpus Christi")
    assert holiday(date(2026, 12, 25), ("ua", "pl")) == ("ua", "Christmas")
    assert holiday(date(2026, 6, 5), tuple(SETS)) is None
    with pytest.raises(KeyError):
        holiday(date(2026, 6, 5), ("xx",))
