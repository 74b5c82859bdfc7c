from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.icalendar import CalendarError, Event, parse_calendar

KYIV = ZoneInfo("Europe/Kyiv")


def calendar(*events: str) -> tuple[Event, ...]:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0"]
    for event in events:
        lines += ["BEGIN:VEVENT", *event.splitlines(), "END:VEVENT"]
    return parse_calendar("\r\n".join([*lines, "END:VCALENDAR", ""]), ZoneInfo)


def covered(event: str, *walls: str) -> list[bool]:
    (found,) = calendar(event)
    return [found.covers(datetime.fromisoformat(wall).replace(tzinfo=KYIV)) for wall in walls]


def test_whole_days_are_those_of_the_wall() -> None:
    days = "SUMMARY:Inventory\nDTSTART;VALUE=DATE:20261228\nDTEND;VALUE=DATE:20261230"
    assert covered(days, "2026-12-27T23:59", "2026-12-28T00:00", "2026-12-29T23:59", "2026-12-30T00:00") == [
        False, True, True, False
    ]  # fmt: skip
    assert covered("DTSTART;VALUE=DATE:20261228", "2026-12-28T12:00", "2026-12-29T00:00") == [True, False]


def test_times_in_utc_and_in_a_zone_are_instants() -> None:
    utc = "DTSTART:20261228T080000Z\nDTEND:20261228T100000Z"
    assert covered(utc, "2026-12-28T09:59", "2026-12-28T10:00", "2026-12-28T12:00") == [False, True, False]
    warsaw = "DTSTART;TZID=Europe/Warsaw:20261228T090000\nDURATION:PT1H30M"
    assert covered(warsaw, "2026-12-28T09:59", "2026-12-28T10:00", "2026-12-28T11:30") == [False, True, False]
    floating = "DTSTART:20261228T080000\nDURATION:P1DT2H"
    assert covered(floating, "2026-12-28T08:00", "2026-12-29T09:59", "2026-12-29T10:00") == [True, True, False]


def test_an_event_of_a_zone_keeps_its_local_hour_over_the_year() -> None:
    weekly = "DTSTART;TZID=Europe/Kyiv:20260105T090000\nDTEND;TZID=Europe/Kyiv:20260105T100000\nRRULE:FREQ=WEEKLY"
    assert covered(weekly, "2026-01-12T09:30", "2026-07-06T09:30", "2026-07-06T08:30", "2026-07-07T09:30") == [
        True, True, False, False
    ]  # fmt: skip


def test_an_event_over_the_clock_change_lasts_as_long_as_it_says() -> None:
    """From 02:00 for two hours on the night when 03:00-04:00 comes twice: until the second 03:00."""
    (event,) = calendar("DTSTART;TZID=Europe/Kyiv:20261025T020000\nDURATION:PT2H")
    start = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)
    minutes = [n for n in range(600) if event.covers((start + timedelta(minutes=n)).astimezone(KYIV))]
    assert (minutes[0], minutes[-1], len(minutes)) == (60, 179, 120)


def test_exceptions_additions_and_cancellations() -> None:
    weekly = (
        "SUMMARY:Training\nDTSTART:20261102T090000\nDTEND:20261102T110000\nRRULE:FREQ=WEEKLY\n"
        "EXDATE:20261109T090000\nRDATE:20261111T140000"
    )
    walls = ("2026-11-02T10:00", "2026-11-09T10:00", "2026-11-16T10:00", "2026-11-11T15:59", "2026-11-11T16:00")
    assert covered(weekly, *walls) == [True, False, True, True, False]
    assert calendar("STATUS:CANCELLED\nDTSTART;VALUE=DATE:20261228") == ()


def test_a_night_shift_that_recurs_is_found_the_morning_after() -> None:
    nightly = "DTSTART:20261101T220000\nDTEND:20261102T060000\nRRULE:FREQ=DAILY"
    assert covered(nightly, "2026-11-20T05:59", "2026-11-20T06:00", "2026-11-20T21:59", "2026-11-20T22:00") == [
        True, False, False, True
    ]  # fmt: skip


def test_long_lines_are_unfolded_alarms_passed_over_and_names_unescaped() -> None:
    (event,) = calendar(
        "SUMMARY:Closed\\, all da\n y\nDTSTART;VALUE=DATE:20261228\n"
        "BEGIN:VALARM\nTRIGGER:-PT15M\nDTSTART;VALUE=DATE:19700101\nEND:VALARM"
    )
    assert event.name == "Closed, all day"
    assert event.start.year == 2026


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("hello", 'line 1: "hello" is no line of a calendar'),
        ("A:b", "has no BEGIN:VCALENDAR"),
        ("", "has no BEGIN:VCALENDAR"),
    ],
)
def test_a_file_that_is_no_calendar_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(CalendarError, match=complaint):
        parse_calendar(text, ZoneInfo)


@pytest.mark.parametrize(
    ("event", "complaint"),
    [
        ("SUMMARY:X", 'event "X": has no DTSTART'),
        ("SUMMARY:X\nDTSTART:tomorrow", 'event "X": "tomorrow" is not a date or time'),
        ("DTSTART;TZID=Mars:20260101T000000", 'time zone "Mars" is not known'),
        ("DTSTART:20260101T000000\nDTEND:20260101T000000Z", "different kinds of time"),
        ("DTSTART:20260101T000000\nDURATION:1 hour", 'DURATION "1 hour" is not a length'),
        ("DTSTART:20260101T000000\nRRULE:FREQ=SECONDLY", 'FREQ "SECONDLY" is not supported'),
    ],
)
def test_a_faulty_event_is_named_with_its_fault(event: str, complaint: str) -> None:
    with pytest.raises(CalendarError, match=complaint):
        calendar(event)


@given(st.text(max_size=200) | st.text(alphabet="BEGIN:VCALENDARVT;=\r\n 0123456789TZ-P", max_size=300))
def test_nothing_but_a_calendar_error_comes_of_any_text(text: str) -> None:
    for wrapped in (text, f"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:{text}\nEND:VEVENT"):
        with suppress(CalendarError):
            parse_calendar(wrapped, ZoneInfo)
