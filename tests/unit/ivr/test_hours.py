from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.hours import Rules, Verdict, instants, parse_rules
from ivr.hours_grammar import DAYS, HoursError, parse_rule


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


OFFICE = parse_rules(
    ["mon-fri 09:00-17:00", "sat 22:00-06:00", "2026-12-27 10:00-14:00", "2026-12-24 10:00-12:00"],
    ["2026-12-25", "2026-12-31 13:00-24:00", "wed 12:00-12:30"],
)


@pytest.mark.parametrize(
    ("at", "open", "rule"),
    [
        ("2026-11-23 08:59:59.999", False, ""),  # a Monday
        ("2026-11-23 09:00", True, "mon-fri 09:00-17:00"),
        ("2026-11-23 16:59:59", True, "mon-fri 09:00-17:00"),
        ("2026-11-23 17:00", False, ""),
        ("2026-11-25 12:15", False, "wed 12:00-12:30"),
        ("2026-11-25 12:30", True, "mon-fri 09:00-17:00"),
        ("2026-11-28 21:59", False, ""),  # Saturday
        ("2026-11-28 22:00", True, "sat 22:00-06:00"),
        ("2026-11-29 05:59", True, "sat 22:00-06:00"),
        ("2026-11-29 06:00", False, ""),
        ("2026-11-29 22:30", False, ""),
        ("2026-11-28 05:00", False, ""),  # Friday's night is not Saturday's
        ("2026-12-24 09:30", False, "2026-12-24 10:00-12:00"),  # a Thursday with hours of its own
        ("2026-12-24 11:59", True, "2026-12-24 10:00-12:00"),
        ("2026-12-24 13:00", False, "2026-12-24 10:00-12:00"),
        ("2026-12-25 10:00", False, "2026-12-25"),  # a Friday
        ("2026-12-31 12:59", True, "mon-fri 09:00-17:00"),
        ("2026-12-31 13:00", False, "2026-12-31 13:00-24:00"),
        ("2026-12-31 23:59:59", False, "2026-12-31 13:00-24:00"),
        ("2026-12-27 09:30", False, "2026-12-27 10:00-14:00"),  # a Sunday with hours of its own
        ("2026-12-27 05:00", True, "sat 22:00-06:00"),  # began the evening before
        ("2026-12-27 10:00", True, "2026-12-27 10:00-14:00"),
    ],
)
def test_office_hours(at: str, open: bool, rule: str) -> None:
    assert OFFICE.at(wall(at)) == Verdict(open, rule)


@pytest.mark.parametrize(
    ("rule", "inside", "outside"),
    [
        ("mon 00:00-24:00", "2026-11-23 23:59:59", "2026-11-24 00:00"),
        ("tue", "2026-11-24 00:00", "2026-11-23 23:59:59"),
        ("sat-mon 10:00-11:00", "2026-11-23 10:00", "2026-11-24 10:00"),
        ("mon,wed 10:00-11:00", "2026-11-25 10:59", "2026-11-24 10:30"),
        ("daily 8:00-9:00", "2026-11-29 08:30", "2026-11-29 09:00"),
        ("mon-fri 09:00-12:00 13:00-17:00", "2026-11-23 13:00", "2026-11-23 12:00"),
        ("MON-FRI 09:00-12:00, 13:00-17:00", "2026-11-23 11:59", "2026-11-23 12:59"),
        ("sun 20:00-02:00", "2026-11-30 01:59", "2026-11-29 01:59"),
        ("2026-12-24..2027-01-02", "2027-01-02 23:59", "2027-01-03 00:00"),
        ("12-25 10:00-12:00", "2031-12-25 11:00", "2031-12-25 12:00"),
        ("02-29", "2028-02-29 11:00", "2027-03-01 11:00"),
        ("2026-12-31 22:00-02:00", "2027-01-01 01:59", "2027-01-01 02:00"),
    ],
)
def test_each_form_of_rule(rule: str, inside: str, outside: str) -> None:
    rules = parse_rules([rule])
    assert rules.at(wall(inside)) == Verdict(True, rule)
    assert not rules.at(wall(outside)).open


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "an empty rule"),
        ("monday 09:00-17:00", '"monday" is neither days'),
        ("mon 9-17", '"9-17" is no interval'),
        ("mon 09:00-24:01", "no clock shows"),
        ("mon 24:00-06:00", "no clock shows"),
        ("mon 09:60-10:00", "no clock shows"),
        ("mon 09:00-09:00", "is empty"),
        ("2026-02-29", "no such date as 2026-02-29"),
        ("2027-01-02..2026-12-24", "2026-12-24 is before"),
        ("13-01", "no such date"),
    ],
)
def test_a_rule_that_cannot_be_read_says_why(text: str, complaint: str) -> None:
    with pytest.raises(HoursError, match=complaint):
        parse_rule(text)


KYIV = ZoneInfo("Europe/Kyiv")


@pytest.mark.parametrize(
    ("start", "open_minutes"),
    [
        (
            datetime(2026, 3, 28, 22, 0, tzinfo=UTC),
            60,
        ),  # the hour from 03:00 to 04:00 does not exist: 02:30-03, 04-04:30
        (datetime(2026, 10, 24, 21, 0, tzinfo=UTC), 180),  # and in autumn it comes twice
        (datetime(2026, 11, 7, 22, 0, tzinfo=UTC), 120),
    ],
    ids=["spring", "autumn", "ordinary night"],
)
def test_nights_of_clock_changes_follow_the_wall_clock(start: datetime, open_minutes: int) -> None:
    rules = parse_rules(["sun 02:30-04:30"])
    night = [(start + timedelta(minutes=n)).astimezone(KYIV) for n in range(8 * 60)]
    assert sum(rules.at(moment).open for moment in night) == open_minutes


def test_a_night_shift_over_the_clock_change_is_one_interval() -> None:
    rules = parse_rules(["sat 22:00-06:00"])
    start = datetime(2026, 10, 24, 18, 0, tzinfo=UTC)  # Saturday 21:00 in Kyiv
    verdicts = [rules.at((start + timedelta(minutes=n)).astimezone(KYIV)).open for n in range(12 * 60)]
    assert verdicts.index(True) == 60
    assert sum(verdicts) == 9 * 60  # eight hours on the wall, nine in the world
    assert verdicts[60 : 60 + 9 * 60] == [True] * (9 * 60)


minutes = st.integers(0, 1439)


@given(st.integers(0, 6), minutes, minutes, st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)))  # noqa: DTZ001
def test_a_weekly_interval_is_open_exactly_while_it_lasts(day: int, begin: int, end: int, at: datetime) -> None:
    if begin == end:
        return
    rule = f"{DAYS[day]} {begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}"
    week_minute = at.weekday() * 1440 + at.hour * 60 + at.minute
    first = day * 1440 + begin
    length = (end - begin) % 1440
    assert parse_rules([rule]).at(at).open == ((week_minute - first) % (7 * 1440) < length)


# --- Easter, holidays and calendars

SHOP = parse_rules(
    ["mon-sat 09:00-20:00", "2026-11-11 10:00-14:00", "easter-1 09:00-13:00", "thu 22:00-02:00"],
    ["orthodox-easter+1"],
    ["pl"],
)


@pytest.mark.parametrize(
    ("at", "open", "rule"),
    [
        ("2026-04-04 12:59", True, "easter-1 09:00-13:00"),  # Holy Saturday has hours of its own
        ("2026-04-04 13:00", False, "easter-1 09:00-13:00"),
        ("2026-04-06 12:00", False, "holiday pl: Easter Monday"),
        ("2026-04-13 12:00", False, "orthodox-easter+1"),
        ("2026-06-04 12:00", False, "holiday pl: Corpus Christi"),  # a Thursday
        ("2026-06-04 23:00", False, "holiday pl: Corpus Christi"),
        ("2026-06-05 01:00", False, ""),  # the night shift of a holiday does not take place
        ("2026-06-12 01:59", True, "thu 22:00-02:00"),
        ("2026-11-11 13:59", True, "2026-11-11 10:00-14:00"),  # open on a holiday, because it says so
        ("2026-11-11 15:00", False, "2026-11-11 10:00-14:00"),
        ("2027-11-11 12:00", False, "holiday pl: Independence Day"),
        ("2026-11-12 12:00", True, "mon-sat 09:00-20:00"),
    ],
)
def test_easter_and_holidays(at: str, open: bool, rule: str) -> None:
    assert SHOP.at(wall(at)) == Verdict(open, rule)


def test_days_are_counted_from_easter_into_other_years() -> None:
    """Easter was on 5 April 2026 in the West, on 12 April in the East; it is on 28 March 2027 in the West."""
    for text, open_on in (
        ("easter+231", "2026-11-22"),
        ("orthodox-easter+224", "2026-11-22"),
        ("easter+300", "2027-01-30"),
        ("easter-100", "2026-12-18"),
    ):
        rules = parse_rules([text])
        days = [date(2026, 6, 1) + timedelta(days=n) for n in range(260)]
        assert [str(day) for day in days if rules.at(datetime.combine(day, time(12))).open] == [open_on]
        assert not rules.at(datetime(1, 1, 2)).open  # noqa: DTZ001 (local)


class Planned:
    """`ivr.hours.Calendar` of events given by name, beginning and hours."""

    def __init__(self, *events: tuple[str, str, float]) -> None:
        self.events = [(name, wall(begin), wall(begin) + timedelta(hours=hours)) for name, begin, hours in events]

    def at(self, moment: datetime) -> str | None:
        now = moment.replace(tzinfo=None)
        return next((name for name, begin, end in self.events if begin <= now < end), None)

    def edges(self, day: date, zone: tzinfo) -> list[datetime]:
        return [edge for _, *edges in self.events for edge in edges if edge.date() == day]


def test_events_of_calendars_stand_beside_dates_and_before_holidays() -> None:
    rules = Rules(
        SHOP.open,
        SHOP.closed,
        ("pl",),
        open_calendar=Planned(("Fair", "2026-12-25 10:00", 4), ("Night sale", "2026-11-27 18:00", 30)),
        closed_calendar=Planned(("Inventory", "2026-11-28 12:00", 2)),
    )
    assert rules.at(wall("2026-12-25 11:00")) == Verdict(True, "calendar: Fair")
    assert rules.at(wall("2026-12-25 14:00")) == Verdict(False, "holiday pl: Christmas")
    assert rules.at(wall("2026-11-28 03:00")) == Verdict(True, "calendar: Night sale")
    assert rules.at(wall("2026-11-28 13:00")) == Verdict(False, "calendar: Inventory")
    assert rules.next_change(wall("2026-11-28 03:00")) == wall("2026-11-28 12:00")


@pytest.mark.parametrize(
    ("at", "why"),
    [
        ("2026-04-13 12:00", "closed on this date; dates go before everything else"),
        ("2026-11-11 12:00", "open on this date; nothing closes it"),
        ("2026-11-11 15:00", "this date has hours of its own, and they are not now"),
        ("2026-06-04 12:00", "a public holiday without hours of its own"),
        ("2026-06-12 01:59", "open on this weekday since the evening before; nothing closes it"),
        ("2026-11-12 21:00", "no rule opens at this time"),
    ],
)
def test_the_reason_is_told_in_words(at: str, why: str) -> None:
    assert SHOP.explain(wall(at)).why == why
    assert SHOP.at(wall(at)).why == ""


@pytest.mark.parametrize(
    ("at", "change"),
    [
        ("2026-11-12 08:00", "2026-11-12 09:00"),
        ("2026-11-12 09:00", "2026-11-12 20:00"),
        ("2026-11-12 23:00", "2026-11-13 02:00"),
        ("2026-04-04 13:00", "2026-04-07 09:00"),  # over Easter
        ("2026-11-10 20:00", "2026-11-11 10:00"),
        ("2026-12-24 00:00", "2026-12-28 09:00"),  # three holidays and a Sunday
    ],
)
def test_the_next_change_is_found(at: str, change: str) -> None:
    assert SHOP.next_change(wall(at)) == wall(change)


def test_what_never_changes_has_no_next_change() -> None:
    assert Rules(()).next_change(wall("2026-01-01")) is None
    assert parse_rules(["daily"]).next_change(wall("2026-01-01")) is None


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)))  # noqa: DTZ001
def test_nothing_changes_before_the_next_change(at: datetime) -> None:
    at = at.replace(second=0, microsecond=0)
    change = SHOP.next_change(at)
    assert change is not None
    before = [at + (change - at) * n / 50 for n in range(50)]
    assert {SHOP.at(moment).open for moment in before} == {SHOP.at(at).open}
    assert SHOP.at(change).open is not SHOP.at(at).open


# --- Nights after closed days

NIGHT = "daily 22:00-06:00"


@pytest.mark.parametrize(
    ("open", "closed"),
    [
        ([NIGHT], ["2026-12-25"]),
        ([NIGHT], ["12-25 00:00-12:00", "2026-12-25 12:00-24:00"]),
        ([NIGHT], ["2026-12-23..2026-12-25"]),
        ([NIGHT], ["2026-12-24 20:00-10:00", "2026-12-25 10:00-24:00"]),
        ([NIGHT], ["fri"]),
        ([NIGHT], ["fri 00:00-20:00", "2026-12-25 18:00-24:00"]),
        (["2026-12-25 22:00-06:00"], ["12-25"]),
    ],
)
def test_a_night_that_would_begin_on_a_closed_day_does_not_take_place(open: list[str], closed: list[str]) -> None:
    rules = parse_rules(open, closed)
    for at in ("2026-12-25 23:00", "2026-12-26 00:00", "2026-12-26 05:59"):
        assert not rules.at(wall(at)).open
    verdict = rules.explain(wall("2026-12-26 00:30"))
    assert verdict.why == "no rule opens at this time: the day before was closed, and nothing runs on from it"
    assert rules.next_change(wall("2026-12-25 12:00")) == (wall("2026-12-26 22:00") if open == [NIGHT] else None)


@pytest.mark.parametrize(
    ("open", "closed"),
    [
        ([NIGHT], ["2026-12-25 13:00-24:00"]),  # closes these hours and no others
        ([NIGHT], ["fri 00:00-23:59"]),
        (["2026-12-25 22:00-06:00"], ["fri"]),  # dates go before weekdays
    ],
)
def test_a_night_after_a_day_that_is_closed_in_part_is_open(open: list[str], closed: list[str]) -> None:
    assert parse_rules(open, closed).at(wall("2026-12-26 00:30")).open


def test_a_night_after_an_event_of_a_whole_day_does_not_take_place() -> None:
    nights = parse_rules([NIGHT]).open
    whole = Rules(nights, closed_calendar=Planned(("Move", "2026-12-25 00:00", 10), ("Party", "2026-12-25 10:00", 14)))
    part = Rules(nights, closed_calendar=Planned(("Move", "2026-12-25 00:00", 10), ("Party", "2026-12-25 11:00", 13)))
    assert [rules.at(wall("2026-12-26 00:30")).open for rules in (whole, part)] == [False, True]


def test_a_night_that_began_the_evening_before_a_date_with_hours_of_its_own_says_so() -> None:
    rules = parse_rules([NIGHT, "2026-12-25 10:00-12:00"])
    assert rules.explain(wall("2026-12-25 02:00")).why == (
        "open on this weekday since the evening before; nothing closes it"
    )
    assert not rules.at(wall("2026-12-26 02:00")).open


# --- Nights of clock changes


@pytest.mark.parametrize(
    ("zone", "at", "in_utc"),
    [
        ("Europe/Kyiv", "2026-03-29 02:59", ["00:59"]),
        ("Europe/Kyiv", "2026-03-29 03:00", []),
        ("Europe/Kyiv", "2026-03-29 03:30", []),
        ("Europe/Kyiv", "2026-03-29 04:00", ["01:00"]),
        ("Europe/Kyiv", "2026-10-25 02:59", ["23:59"]),
        ("Europe/Kyiv", "2026-10-25 03:00", ["00:00", "01:00"]),
        ("Europe/Kyiv", "2026-10-25 03:30", ["00:30", "01:30"]),
        ("Europe/Kyiv", "2026-10-25 04:00", ["02:00"]),
        ("Europe/Warsaw", "2026-10-25 03:30", ["02:30"]),
        ("Europe/Warsaw", "2026-10-25 02:30", ["00:30", "01:30"]),
        ("Europe/London", "2026-03-29 01:30", []),
        ("UTC", "2026-03-29 01:30", ["01:30"]),
    ],
)
def test_a_time_on_the_wall_is_none_one_or_two_instants(zone: str, at: str, in_utc: list[str]) -> None:
    assert [f"{moment.astimezone(UTC):%H:%M}" for moment in instants(wall(at), ZoneInfo(zone))] == in_utc


@pytest.mark.parametrize(
    ("rule", "open"),
    [
        ("sun 03:00-03:30", [False, True, True]),
        ("sun 03:30-04:00", [False, True, True]),
        ("sun 03:31-04:00", [False, False, False]),
        ("sat 22:00-03:31", [True, True, True]),
        ("2026-10-25 03:30-03:31", [False, True, True]),
    ],
)
def test_half_past_three_on_the_night_that_has_it_twice(rule: str, open: list[bool]) -> None:
    """A minute before the first 03:30, and both 03:30 (but the first rule ends there, so a second before them)."""
    first, second = instants(wall("2026-10-25 03:30"), KYIV)
    back = timedelta(seconds=1) if rule == "sun 03:00-03:30" else timedelta(0)
    before = (first - timedelta(hours=1)).astimezone(KYIV)
    asked = [before, *((moment.astimezone(UTC) - back).astimezone(KYIV) for moment in (first, second))]
    assert [parse_rules([rule]).at(moment).open for moment in asked] == open


def test_the_next_change_may_be_an_events() -> None:
    rules = Rules((), open_calendar=Planned(("Fair", "2026-11-14 10:07:30", 26), ("Sale", "2026-11-20 10:15", 1)))
    at = datetime(2026, 11, 1, 12, 0, tzinfo=KYIV)
    changes: list[str] = []
    while (change := rules.next_change(at)) is not None:
        at = change
        changes.append(f"{at:%d %H:%M:%S}")
    assert changes == ["14 10:07:30", "15 12:07:30", "20 10:15:00", "20 11:15:00"]


SUMMER_AND_WINTER = [
    (ZoneInfo("Europe/Kyiv"), date(2026, 3, 29)),
    (ZoneInfo("Europe/Kyiv"), date(2026, 10, 25)),
    (ZoneInfo("Europe/Warsaw"), date(2026, 3, 29)),
    (ZoneInfo("Europe/Warsaw"), date(2026, 10, 25)),
    (ZoneInfo("America/New_York"), date(2026, 3, 8)),
    (ZoneInfo("America/New_York"), date(2026, 11, 1)),
]
clocks = st.one_of(st.integers(0, 47).map(lambda half: half * 30), st.integers(60, 300))


def _rule(begin: int, end: int, days: str) -> str:
    return f"{days} {begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}"


def minute_by_minute(rules: Rules, at: datetime, hours: int) -> datetime | None:
    """The next change, by asking about each minute of the world."""
    first = at.astimezone(UTC).replace(second=0, microsecond=0)
    moments = ((first + timedelta(minutes=n)).astimezone(at.tzinfo) for n in range(1, hours * 60))
    return next((moment for moment in moments if rules.at(moment).open is not rules.at(at).open), None)


@given(
    st.sampled_from(SUMMER_AND_WINTER),
    st.lists(st.tuples(clocks, clocks, st.sampled_from(["sat", "sun", "daily"])), min_size=1, max_size=3),
    st.lists(st.tuples(clocks, clocks, st.sampled_from(["sat", "sun", "daily"])), max_size=1),
    st.integers(0, 8 * 3600),
)
@settings(max_examples=60)
def test_the_next_change_on_nights_of_clock_changes_is_that_of_the_world(
    night: tuple[ZoneInfo, date],
    open: list[tuple[int, int, str]],
    closed: list[tuple[int, int, str]],
    seconds: int,
) -> None:
    zone, day = night
    rules = parse_rules(
        [_rule(*interval) for interval in open if interval[0] != interval[1]],
        [_rule(*interval) for interval in closed if interval[0] != interval[1]],
    )
    evening = datetime.combine(day - timedelta(days=1), time(22), zone).astimezone(UTC)
    at = (evening + timedelta(seconds=seconds)).astimezone(zone)
    found, really = rules.next_change(at), minute_by_minute(rules, at, 12)
    if really is not None:
        assert found is not None
        assert (found.astimezone(UTC), found.tzinfo) == (really.astimezone(UTC), zone)
    elif found is not None:
        assert found.astimezone(UTC) - at.astimezone(UTC) > timedelta(hours=11)


@pytest.mark.parametrize(
    ("rule", "at", "change"),
    [
        ("sat 22:00-03:30", "2026-10-25 00:30+00:00", "2026-10-25 01:00+00:00"),  # closed at the first 03:30
        ("sun 03:00-03:30", "2026-03-28 12:00+00:00", "2026-04-05 00:00+00:00"),  # a time that is skipped
        ("sun 03:15-03:45", "2026-10-25 00:30+00:00", "2026-10-25 00:45+00:00"),
        ("sun 03:15-03:45", "2026-10-25 00:45+00:00", "2026-10-25 01:15+00:00"),
    ],
)
def test_a_change_that_the_clock_brings_is_found_and_one_that_it_skips_is_not(rule: str, at: str, change: str) -> None:
    found = parse_rules([rule]).next_change(wall(at).astimezone(KYIV))
    assert found is not None
    assert found.astimezone(UTC) == wall(change)
