"""Files of calendars that would keep the switch busy, or were never meant to be understood."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.config.calendars import CalendarError, Events, lines, parse_calendar

KYIV = ZoneInfo("Europe/Kyiv")
WORK = "DTSTART;TZID=Europe/Kyiv:20260105T090000\nDURATION:PT1H"


def calendar(*events: str, before: str = "") -> Events:
    text = ["BEGIN:VCALENDAR", "VERSION:2.0", *before.splitlines()]
    for event in events:
        text += ["BEGIN:VEVENT", *event.splitlines(), "END:VEVENT"]
    return parse_calendar("\r\n".join([*text, "END:VCALENDAR", ""]))


def zone(*observances: str) -> str:
    inside = (f"BEGIN:STANDARD\n{text}\nEND:STANDARD" for text in observances)
    return "\n".join(["BEGIN:VTIMEZONE", "TZID:Ours", *inside, "END:VTIMEZONE"])


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ("FREQ=DAILY;BYMONTHDAY=30;BYMONTH=2", "never happens"),
        ("FREQ=WEEKLY;BYDAY=MO;BYMONTHDAY=31;BYMONTH=2", "never happens"),
        ("FREQ=YEARLY;BYMONTH=6;BYWEEKNO=53", "never happens"),
        ("FREQ=DAILY;BYSETPOS=2", "never happens"),
        ("FREQ=DAILY;BYHOUR=9,10,11,12,13,14;BYMINUTE=0,10,20,30,40,50,55,56,57", "more than 50 times a day"),
        ("FREQ=SECONDLY;COUNT=9", "is not supported"),
        ("FREQ=DAILY;COUNT=0", "COUNT is less than 1"),
        ("FREQ=DAILY;BYEASTER=0", "BYEASTER is not supported"),
        ("RSCALE=CHINESE;FREQ=YEARLY", "RSCALE is not supported"),
        ("FREQ=YEARLY;BYMONTHDAY=32", "BYMONTHDAY 32 does not exist"),
        ("FREQ=DAILY;INTERVAL=99999999999999999999", "is outside the RFC 5545 range"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_used_is_named_with_its_event(rule: str, complaint: str) -> None:
    for names in ("UID:77", "UID:77\nSUMMARY:Team meeting"):
        with pytest.raises(CalendarError, match=complaint) as refused:
            calendar(f"{names}\n{WORK}\nRRULE:{rule}")
        assert ("Team meeting" if "SUMMARY" in names else "77") in str(refused.value)
        assert "RRULE" in str(refused.value)


@pytest.mark.parametrize(
    "rule", ["FREQ=DAILY;COUNT=2147483647", "FREQ=DAILY;UNTIL=99991231T235959Z", "FREQ=DAILY;UNTIL=99991231"]
)
def test_a_series_without_an_end_in_sight_goes_on(rule: str) -> None:
    events = calendar(f"{WORK}\nRRULE:{rule}")
    moments = [datetime(year, 7, 1, 9, 30, tzinfo=KYIV) for year in (2025, 2026, 2090)]
    assert [events.at(moment) is not None for moment in moments] == [False, True, True]


def test_a_series_that_ends_before_it_begins_does_not_take_place() -> None:
    assert calendar(f"{WORK}\nRRULE:FREQ=DAILY;UNTIL=20200101").series == ()


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ("FREQ=DAILY;COUNT=100000", "COUNT=100000: takes too long to reckon"),
        ("FREQ=DAILY;BYMONTHDAY=30;BYMONTH=2;UNTIL=99990101", "takes too long to reckon"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "makes it more than 20000 events a year"),
    ],
)
def test_what_rules_of_a_file_take_together_is_bounded(rule: str, complaint: str) -> None:
    with pytest.raises(CalendarError, match=f'event "number [0-9]+": RRULE:.*{complaint}'):
        calendar(*(f"SUMMARY:number {n}\n{WORK}\nRRULE:{rule}" for n in range(lines.MOST_EVENTS)))


def test_more_events_and_dates_than_opening_hours_have_are_refused() -> None:
    day = "DTSTART;VALUE=DATE:20260105"
    assert len(calendar(*[day] * lines.MOST_EVENTS).series) == lines.MOST_EVENTS
    with pytest.raises(CalendarError, match="more than 2000 events; give a calendar of opening hours alone"):
        calendar(*[day] * (lines.MOST_EVENTS + 1))
    dates = ",".join(["20260106"] * 100_000)
    with pytest.raises(CalendarError, match='event "Party": there are more than 10000 single dates'):
        calendar(f"SUMMARY:Party\n{day}\nRDATE;VALUE=DATE:{dates}")
    with pytest.raises(CalendarError, match='event "Party": RRULE has more than 4000 characters'):
        calendar(f"SUMMARY:Party\n{day}\nRRULE:FREQ=YEARLY;BYMONTH={'1,' * 3000}1")
    with pytest.raises(CalendarError, match="recurs, and lasts longer than a year"):
        calendar(f"{day}\nDTEND;VALUE=DATE:20300101\nRRULE:FREQ=DAILY")


def test_what_programs_export_besides_is_passed_over_however_long_it_is() -> None:
    alarms = "\n".join(["BEGIN:VALARM", "TRIGGER:-PT5M", "END:VALARM"] * 2000)
    picture = "ATTACH;ENCODING=BASE64;VALUE=BINARY:" + "\n ".join(["QUJD" * 18] * 20_000)
    (series,) = calendar(
        f"SUMMARY:Party\nDTSTART;VALUE=DATE:20260105\nDESCRIPTION:{'x' * 10**6}\n{alarms}\n{picture}"
    ).series
    assert series.name == "Party"


@pytest.mark.parametrize(
    "text", ["x\r\n" * 100_000, "BEGIN:VCALENDAR\r\n" * 100_000, "BEGIN:X\r\n" * 100_000, "x" * 10**6]
)
def test_a_long_file_that_is_no_calendar_is_refused_at_once(text: str) -> None:
    with pytest.raises(CalendarError, match="is no iCalendar"):
        parse_calendar(text)


CHANGE = "DTSTART:19700329T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0300"


@pytest.mark.parametrize(
    ("definition", "complaint"),
    [
        (zone(), "has neither STANDARD nor DAYLIGHT"),
        (zone("TZOFFSETFROM:+0200"), "TZOFFSETTO must be there once"),
        (zone(CHANGE.replace("+0200", "two")), '"two" is no offset'),
        (zone(CHANGE.replace("+0200", "+9900")), "is more than a day"),
        (zone(f"{CHANGE}\nRRULE:FREQ=SECONDLY"), "RRULE:FREQ=SECONDLY: is no yearly change"),
        (zone(f"{CHANGE}\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), "never happens"),
        (zone(f"{CHANGE}\nRRULE:FREQ=YEARLY;BYDAY=SU"), "changes more than 2000 times"),
        (zone(*[f"{CHANGE}\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"] * 5000), "takes too long|more than 2000 times"),
    ],
)
def test_a_zone_that_is_nonsense_is_named_when_an_event_is_in_it(definition: str, complaint: str) -> None:
    with pytest.raises(CalendarError, match=f'time zone "Ours": .*({complaint})'):
        calendar("DTSTART;TZID=Ours:20260105T090000\nDURATION:PT1H", before=definition)
    assert len(calendar(WORK, before=definition).series) == 1


def test_a_zone_of_the_file_changes_the_clock_as_a_known_one() -> None:
    summer = f"{CHANGE}\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"
    winter = "DTSTART:19701025T040000\nTZOFFSETFROM:+0300\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"
    nightly = "DTSTART;TZID={}:20260101T033000\nDURATION:PT15M\nRRULE:FREQ=DAILY\nEXDATE:20260115T013000Z"
    ours = calendar(nightly.format("Ours"), before=zone(summer, winter))
    known = calendar(nightly.format("Europe/Kyiv"))
    for month, day in ((1, 14), (1, 15), (3, 29), (6, 1), (10, 25), (12, 1)):
        moments = [datetime(2026, month, day, hour, minute, tzinfo=UTC) for hour in range(5) for minute in (0, 35)]
        assert [ours.at(moment) for moment in moments] == [known.at(moment) for moment in moments]


def test_the_name_of_a_zone_may_have_every_character() -> None:
    name = "(UTC+02:00) Kyiv; Riga, Vilnius"
    definition = zone(CHANGE).replace("TZID:Ours", "TZID:(UTC+02:00) Kyiv\\; Riga\\, Vilnius")
    events = calendar(f'DTSTART;TZID="{name}":20260105T090000\nDURATION:PT1H', before=definition)
    assert events.at(datetime(2026, 1, 5, 6, 30, tzinfo=UTC)) is not None


VALUES = st.sampled_from(["0", "1", "-1", "5", "31", "53", "366", "2147483647", "-5", "MO", "-1SU", "99991231T235959Z"])
PARTS = ("INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYDAY", "BYHOUR", "BYSETPOS")
RULES = st.builds(
    lambda frequency, parts: ";".join([f"FREQ={frequency}", *(f"{name}={value}" for name, value in parts.items())]),
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY", "HOURLY"]),
    st.dictionaries(st.sampled_from(PARTS), VALUES, max_size=4),
)


@given(RULES, st.sampled_from(["00010101T000000", "20260105T090000Z", "99991231T235959"]))
def test_nothing_but_a_calendar_error_comes_of_any_rule_and_any_time(rule: str, start: str) -> None:
    with suppress(CalendarError):
        events = calendar(f"DTSTART:{start}\nDURATION:PT1H\nRRULE:{rule}")
        for year in (2, 2026, 9998):
            events.at(datetime(year, 12, 31, 9, tzinfo=UTC))
            list(events.edges(datetime(year, 1, 1, tzinfo=UTC).date(), KYIV))
