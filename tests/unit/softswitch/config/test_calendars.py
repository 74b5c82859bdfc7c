from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.config.calendars import CalendarError, Events, parse_calendar

KYIV = ZoneInfo("Europe/Kyiv")
EVERY_SECOND = "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU"


def calendar(*events: str, before: str = "") -> Events:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", *before.splitlines()]
    for event in events:
        lines += ["BEGIN:VEVENT", *event.splitlines(), "END:VEVENT"]
    return parse_calendar("\r\n".join([*lines, "END:VCALENDAR", ""]))


def at(events: Events, *walls: str) -> list[str | None]:
    return [events.at(datetime.fromisoformat(wall).replace(tzinfo=KYIV)) for wall in walls]


def covered(event: str, *walls: str) -> list[bool]:
    return [name is not None for name in at(calendar(event), *walls)]


def first(rule: str, start: str, count: int = 5) -> str:
    """The first days of a rule, within twelve years."""
    (series,) = calendar(f"DTSTART:{start.replace('-', '')}T090000\nDURATION:PT1H\nRRULE:{rule}").series
    year = date.fromisoformat(start).year
    found = sorted(occurrence for n in range(12) for occurrence in series.in_year(year + n))
    return " ".join(str(occurrence.begin.date()) for occurrence in found[:count])


# --- When an event goes on


def test_whole_days_are_those_of_the_wall() -> None:
    days = "SUMMARY:Inventory\nDTSTART;VALUE=DATE:20261228\nDTEND;VALUE=DATE:20261230"
    assert covered(days, "2026-12-27T23:59", "2026-12-28T00:00", "2026-12-29T23:59", "2026-12-30T00:00") == [
        False, True, True, False
    ]  # fmt: skip
    assert covered("DTSTART;VALUE=DATE:20261228", "2026-12-28T12:00", "2026-12-29T00:00") == [True, False]
    yearly = "DTSTART;VALUE=DATE:20201231\nDTEND;VALUE=DATE:20210102\nRRULE:FREQ=YEARLY"
    assert covered(yearly, "2026-12-31T00:00", "2027-01-01T23:59", "2027-01-02T00:00") == [True, True, False]


def test_times_in_utc_and_in_a_zone_are_instants() -> None:
    utc = "DTSTART:20261228T080000Z\nDTEND:20261228T100000Z"
    assert covered(utc, "2026-12-28T09:59", "2026-12-28T10:00", "2026-12-28T12:00") == [False, True, False]
    warsaw = "DTSTART;TZID=Europe/Warsaw:20261228T090000\nDURATION:PT1H30M"
    assert covered(warsaw, "2026-12-28T09:59", "2026-12-28T10:00", "2026-12-28T11:30") == [False, True, False]
    floating = "DTSTART:20261228T080000\nDURATION:P1DT2H"
    assert covered(floating, "2026-12-28T08:00", "2026-12-29T09:59", "2026-12-29T10:00") == [True, True, False]


def test_an_event_around_the_new_year_of_utc_is_found_in_either_year() -> None:
    party = "DTSTART;TZID=Europe/Kyiv:20270101T010000\nDURATION:PT4H"
    assert covered(party, "2027-01-01T00:59", "2027-01-01T01:00", "2027-01-01T04:59", "2027-01-01T05:00") == [
        False, True, True, False
    ]  # fmt: skip


def test_an_event_of_a_zone_keeps_its_local_hour_over_the_year() -> None:
    weekly = "DTSTART;TZID=Europe/Kyiv:20260105T090000\nDTEND;TZID=Europe/Kyiv:20260105T100000\nRRULE:FREQ=WEEKLY"
    assert covered(weekly, "2026-01-12T09:30", "2026-07-06T09:30", "2026-07-06T08:30", "2026-07-07T09:30") == [
        True, True, False, False
    ]  # fmt: skip


OFFICE_ZONE = """BEGIN:VTIMEZONE
TZID:Our office
BEGIN:STANDARD
DTSTART:19701025T040000
TZOFFSETFROM:{summer}
TZOFFSETTO:{winter}
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T030000
TZOFFSETFROM:{winter}
TZOFFSETTO:{summer}
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE"""


def test_time_zones_are_those_of_windows_too_and_those_that_the_file_defines() -> None:
    windows = "DTSTART;TZID=Central European Standard Time:20261228T090000\nDURATION:PT1H"
    assert covered(windows, "2026-12-28T09:59", "2026-12-28T10:00") == [False, True]
    own = "DTSTART;TZID=Our office:20260105T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY"
    walls = ("2026-01-12T09:30", "2026-07-06T09:30", "2026-07-06T10:30")
    kyiv, west = ({"winter": "+0200", "summer": "+0300"}, {"winter": "+0100", "summer": "+0200"})
    assert at(calendar(own, before=OFFICE_ZONE.format(**kyiv)), *walls) == ["event", "event", None]
    # another file may mean another zone by the same name
    assert at(calendar(own, before=OFFICE_ZONE.format(**west)), *walls) == [None, None, "event"]


def test_an_event_over_the_clock_change_lasts_as_long_as_it_says() -> None:
    """From 02:00 for two hours on the night when 03:00-04:00 comes twice: until the second 03:00."""
    events = calendar("DTSTART;TZID=Europe/Kyiv:20261025T020000\nDURATION:PT2H")
    start = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)
    minutes = [n for n in range(600) if events.at((start + timedelta(minutes=n)).astimezone(KYIV)) is not None]
    assert (minutes[0], minutes[-1], len(minutes)) == (60, 179, 120)


def test_a_nightly_event_begins_once_in_an_hour_that_comes_twice_and_after_one_that_is_skipped() -> None:
    """RFC 5545, section 3.3.5: the first of the two; and by the offset before the gap."""
    events = calendar("DTSTART;TZID=Europe/Kyiv:20260101T033000\nDURATION:PT15M\nRRULE:FREQ=DAILY")
    for midnight, minutes in (
        (datetime(2026, 10, 24, 21, tzinfo=UTC), 210),
        (datetime(2026, 3, 28, 22, tzinfo=UTC), 210),
    ):
        found = [n for n in range(600) if events.at((midnight + timedelta(minutes=n)).astimezone(KYIV)) is not None]
        assert found == [*range(minutes, minutes + 15)]


def test_exceptions_additions_and_cancellations() -> None:
    weekly = (
        "SUMMARY:Training\nDTSTART:20261102T090000\nDTEND:20261102T110000\nRRULE:FREQ=WEEKLY\n"
        "EXDATE:20261109T090000,20261123T090000\nEXDATE;VALUE=DATE:20261130\nRDATE:20261111T140000\n"
        "RDATE;VALUE=PERIOD:20261112T140000/PT30M"
    )
    walls = ("2026-11-02T10:00", "2026-11-09T10:00", "2026-11-16T10:00", "2026-11-23T10:00", "2026-11-30T10:00")
    assert covered(weekly, *walls) == [True, False, True, False, False]
    added = ("2026-11-11T15:59", "2026-11-11T16:00", "2026-11-12T14:29", "2026-11-12T14:30")
    assert covered(weekly, *added) == [True, False, True, False]
    assert calendar("STATUS:CANCELLED\nDTSTART;VALUE=DATE:20261228").series == ()


def test_an_exception_in_utc_means_the_same_instant() -> None:
    weekly = "DTSTART;TZID=Europe/Kyiv:20261102T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY\nEXDATE:20261109T070000Z"
    assert covered(weekly, "2026-11-09T09:30", "2026-11-16T09:30") == [False, True]


def test_one_of_a_series_may_be_moved_renamed_or_called_off() -> None:
    weekly = "UID:1\nSUMMARY:Training\nDTSTART;TZID=Europe/Kyiv:20261102T090000\nDURATION:PT2H\nRRULE:FREQ=WEEKLY"
    moved = (
        "UID:1\nSUMMARY:Training, moved\nRECURRENCE-ID;TZID=Europe/Kyiv:20261109T090000\n"
        "DTSTART;TZID=Europe/Kyiv:20261110T140000\nDURATION:PT1H"
    )
    called_off = "UID:1\nSTATUS:CANCELLED\nRECURRENCE-ID:20261116T070000Z\nDTSTART:20261116T070000Z"
    events = calendar(moved, weekly, called_off)
    walls = ("2026-11-02T10:00", "2026-11-09T10:00", "2026-11-10T14:30", "2026-11-10T15:00", "2026-11-16T10:00")
    assert at(events, *walls, "2026-11-23T10:00") == ["Training", None, "Training, moved", None, None, "Training"]


def test_a_night_shift_that_recurs_is_found_the_morning_after() -> None:
    nightly = "DTSTART:20261101T220000\nDTEND:20261102T060000\nRRULE:FREQ=DAILY"
    assert covered(nightly, "2026-11-20T05:59", "2026-11-20T06:00", "2026-11-20T21:59", "2026-11-20T22:00") == [
        True, False, False, True
    ]  # fmt: skip


def test_long_lines_are_unfolded_alarms_passed_over_and_names_unescaped() -> None:
    (series,) = calendar(
        "SUMMARY:Closed\\, all da\n y\nDTSTART;VALUE=DATE:20261228\n"
        "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nDTSTART;VALUE=DATE:19700101\nEND:VALARM"
    ).series
    assert (series.name, series.start.year) == ("Closed, all day", 2026)


def test_several_calendars_in_a_file_are_one() -> None:
    one = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:{}\r\nDTSTART;VALUE=DATE:{}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    events = parse_calendar(one.format("A", "20261124") + one.format("B", "20261125"))
    assert at(events, "2026-11-24T12:00", "2026-11-25T12:00") == ["A", "B"]


def test_edges_are_those_of_the_day_by_the_clock_that_asks() -> None:
    events = calendar(
        "DTSTART:20261124T080000Z\nDTEND:20261125T063000Z",
        "DTSTART:20261124T090000\nDURATION:PT2H",
        "DTSTART;VALUE=DATE:20261125",
    )
    edges = [sorted(f"{edge:%H:%M}" for edge in events.edges(date(2026, 11, day), KYIV)) for day in (23, 24, 25, 26)]
    assert edges == [[], ["09:00", "10:00", "11:00"], ["00:00", "08:30"], ["00:00"]]


@given(st.integers(0, 500_000), st.integers(1, 4000), st.sampled_from(["", "Z", ";TZID=Europe/Kyiv"]))
def test_events_go_on_from_their_beginning_up_to_their_end(begin: int, minutes: int, kind: str) -> None:
    start = datetime(2026, 1, 1) + timedelta(minutes=begin)  # noqa: DTZ001 (local)
    zone, z = (kind, "") if kind != "Z" else ("", "Z")
    events = calendar(f"DTSTART{zone}:{start:%Y%m%dT%H%M%S}{z}\nDURATION:PT{minutes}M")
    there = start.replace(tzinfo=UTC if z else KYIV)
    if not kind:
        end = (start + timedelta(minutes=minutes)).replace(tzinfo=KYIV)
        before = (start - timedelta(minutes=1)).replace(tzinfo=KYIV)
    else:
        end, before = ((there.astimezone(UTC) + timedelta(minutes=n)).astimezone(KYIV) for n in (minutes, -1))
        there = there.astimezone(UTC).astimezone(KYIV)
    assert [events.at(moment) is not None for moment in (before, there, end)] == [False, True, False]
    assert there.replace(tzinfo=None, fold=0) in list(events.edges(there.date(), KYIV))
    assert end.replace(tzinfo=None, fold=0) in list(events.edges(end.date(), KYIV))


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), min_size=1, max_size=12))
def test_of_events_that_overlap_the_one_goes_on_that_began_first(hours: list[tuple[int, int]]) -> None:
    start = datetime(2026, 12, 30, 20)  # noqa: DTZ001 (local)
    spans = sorted((start + timedelta(hours=begin), timedelta(hours=length)) for begin, length in set(hours))
    texts = [
        f"SUMMARY:{number}\nDTSTART:{begin:%Y%m%dT%H%M%S}\nDURATION:PT{length // timedelta(hours=1)}H"
        for number, (begin, length) in enumerate(spans)
    ]
    events, going_on = calendar(*texts), None
    for hour in range(65):
        now = start + timedelta(hours=hour)
        if going_on is None or now >= spans[going_on][0] + spans[going_on][1]:
            going_on = next((n for n, (begin, length) in enumerate(spans) if begin <= now < begin + length), None)
        assert events.at(now.replace(tzinfo=KYIV)) == (None if going_on is None else str(going_on))


# --- How events recur


@pytest.mark.parametrize(
    ("rule", "start", "days"),
    [
        ("FREQ=DAILY;COUNT=3", "2026-12-30", "2026-12-30 2026-12-31 2027-01-01"),
        ("FREQ=DAILY;INTERVAL=10", "2026-01-01", "2026-01-01 2026-01-11 2026-01-21 2026-01-31 2026-02-10"),
        ("FREQ=WEEKLY", "2026-11-27", "2026-11-27 2026-12-04 2026-12-11 2026-12-18 2026-12-25"),
        ("FREQ=WEEKLY;BYDAY=MO,FR;COUNT=4", "2026-11-27", "2026-11-27 2026-11-30 2026-12-04 2026-12-07"),
        # RFC 5545: the week begins on Monday or on Sunday, and every second week is another one
        (f"{EVERY_SECOND};WKST=MO", "1997-08-05", "1997-08-05 1997-08-10 1997-08-19 1997-08-24"),
        (f"{EVERY_SECOND};WKST=SU", "1997-08-05", "1997-08-05 1997-08-17 1997-08-19 1997-08-31"),
        ("FREQ=MONTHLY;UNTIL=20260401T000000Z", "2026-01-15", "2026-01-15 2026-02-15 2026-03-15"),
        ("FREQ=MONTHLY;UNTIL=20260315", "2026-01-15", "2026-01-15 2026-02-15 2026-03-15"),
        ("FREQ=MONTHLY;UNTIL=20260315T085959", "2026-01-15", "2026-01-15 2026-02-15"),
        ("FREQ=MONTHLY;COUNT=3", "2026-01-31", "2026-01-31 2026-03-31 2026-05-31"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3", "2026-01-31", "2026-01-31 2026-02-28 2026-03-31"),
        ("FREQ=MONTHLY;BYDAY=1FR;COUNT=3", "2026-01-02", "2026-01-02 2026-02-06 2026-03-06"),
        ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=3", "2026-01-30", "2026-01-30 2026-02-27 2026-03-27"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "2026-02-13", "2026-02-13 2026-03-13 2026-11-13 2027-08-13 2028-10-13"),
        # the last working day of a month
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3", "2026-01-30", "2026-01-30 2026-02-27 2026-03-31"),
        ("FREQ=YEARLY;COUNT=2", "2024-02-29", "2024-02-29 2028-02-29"),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=3", "2026-11-26", "2026-11-26 2027-11-25 2028-11-23"),
        ("FREQ=YEARLY;INTERVAL=2;BYMONTH=1,7;COUNT=4", "2026-01-05", "2026-01-05 2026-07-05 2028-01-05 2028-07-05"),
        ("FREQ=YEARLY;BYDAY=20MO;COUNT=3", "1997-05-19", "1997-05-19 1998-05-18 1999-05-17"),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;COUNT=3", "1997-05-12", "1997-05-12 1998-05-11 1999-05-17"),
        ("FREQ=YEARLY;BYYEARDAY=1,100;COUNT=3", "2026-01-01", "2026-01-01 2026-04-10 2027-01-01"),
    ],
)  # fmt: skip
def test_events_recur_on_their_days(rule: str, start: str, days: str) -> None:
    assert first(rule, start) == days


def test_the_last_of_a_series_in_a_zone_is_given_in_utc() -> None:
    """UNTIL is an instant: nine o'clock in Kyiv is seven in UTC, and that one still takes place."""
    daily = "DTSTART;TZID=Europe/Kyiv:20261102T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20261104T0{}0000Z"
    walls = ("2026-11-03T09:30", "2026-11-04T09:30", "2026-11-05T09:30")
    assert covered(daily.format(7), *walls) == [True, True, False]
    assert covered(daily.format(6), *walls) == [True, False, False]


# --- What cannot be used


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("hello", "is no iCalendar: .*'hello'"),
        ("A:b", "has no complete VCALENDAR"),
        ("", "has no complete VCALENDAR"),
        ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20260101T000000Z\r\n", "has no complete VCALENDAR"),
    ],
)
def test_a_file_that_is_no_calendar_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(CalendarError, match=complaint):
        parse_calendar(text)


@pytest.mark.parametrize(
    ("event", "complaint"),
    [
        ("SUMMARY:X", 'event "X": has no DTSTART'),
        ("SUMMARY:X\nDTSTART:tomorrow", 'event "X": DTSTART: Wrong date format tomorrow'),
        ("SUMMARY:X\nDTSTART:20260101T000000\nDTSTART:20260101T000000", 'event "X": has more than one DTSTART'),
        ("SUMMARY:X\nnonsense", 'event "X": a line: .*nonsense'),
        ("DTSTART;TZID=Mars:20260101T000000", 'time zone "Mars" is not known'),
        ("DTSTART:20260101T000000\nDURATION:PT1H\nEXDATE;TZID=Mars:20260101T000000", 'time zone "Mars" is not known'),
        ("DTSTART:20260101T000000\nDTEND:20260101T000000Z", "different kinds of time"),
        ("DTSTART:20260101T000000\nDURATION:1 hour", "DURATION: .*1 hour"),
        ("DTSTART:20260101T000000\nDURATION:PT1H\nRRULE:FREQ=SECONDLY", 'FREQ "SECONDLY" is not supported'),
        ("DTSTART:20260101T000000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=x", "RRULE: .*x"),
        ("DTSTART:20260101T000000\nDURATION:PT1H\nRRULE:FREQ=DAILY;INTERVAL=0", "INTERVAL is less than 1"),
        ("DTSTART:20260101T000000\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=soon", "RRULE: .*soon"),
        ("DTSTART:20260101T000000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;BYDAY=XX", "RRULE: .*XX"),
        ("DTSTART:20260101T000000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;BYMONTH=may", "RRULE: .*may"),
        ("DTSTART:20260101T000000\nDURATION:PT1H\nRRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=0,1,2,3,4,5,6,7,8,9,10,11",
         "happens more than 50 times a day"),
        ("DTSTART:20260101T000000\nDURATION:PT1H\nRRULE:FREQ=DAILY\nEXRULE:FREQ=WEEKLY", "EXRULE .* not supported"),
        ("UID:7\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260101T000000\nDTSTART:20260101T000000", "THISANDFUTURE"),
    ],
)  # fmt: skip
def test_a_faulty_event_is_named_with_its_fault(event: str, complaint: str) -> None:
    with pytest.raises(CalendarError, match=complaint):
        calendar(event)


@given(st.text(max_size=200) | st.text(alphabet="BEGIN:VCALENDARVT;=\r\n 0123456789TZ-P", max_size=300))
def test_nothing_but_a_calendar_error_comes_of_any_text(text: str) -> None:
    begin = "BEGIN:VCALENDAR\nBEGIN:VEVENT\n"
    for wrapped in (
        text,
        f"{begin}DTSTART:{text}\nEND:VEVENT\nEND:VCALENDAR",
        f"{begin}{text}\nEND:VEVENT\nEND:VCALENDAR",
    ):
        with suppress(CalendarError):
            parse_calendar(wrapped)
