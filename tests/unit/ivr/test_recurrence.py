from __future__ import annotations

from datetime import date, timedelta

import pytest

from ivr.recurrence import RecurrenceError, parse_recurrence

EVERY_SECOND = "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU"


def first(rule: str, start: str, count: int = 5) -> str:
    """The first days of a rule, within ten years."""
    begin = date.fromisoformat(start)
    recurrence = parse_recurrence(rule, begin)
    found = (day for n in range(3660) if recurrence.on(day := begin + timedelta(days=n)))
    return " ".join(str(day) for day, _ in zip(found, range(count), strict=False))


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
        ("FREQ=MONTHLY;COUNT=3", "2026-01-31", "2026-01-31 2026-03-31 2026-05-31"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3", "2026-01-31", "2026-01-31 2026-02-28 2026-03-31"),
        ("FREQ=MONTHLY;BYDAY=1FR;COUNT=3", "2026-01-02", "2026-01-02 2026-02-06 2026-03-06"),
        ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=3", "2026-01-30", "2026-01-30 2026-02-27 2026-03-27"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "2026-02-13", "2026-02-13 2026-03-13 2026-11-13 2027-08-13 2028-10-13"),
        ("FREQ=YEARLY;COUNT=2", "2024-02-29", "2024-02-29 2028-02-29"),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=3", "2026-11-26", "2026-11-26 2027-11-25 2028-11-23"),
        ("FREQ=YEARLY;INTERVAL=2;BYMONTH=1,7;COUNT=4", "2026-01-05", "2026-01-05 2026-07-05 2028-01-05 2028-07-05"),
        ("FREQ=YEARLY;BYDAY=20MO;COUNT=3", "1997-05-19", "1997-05-19 1998-05-18 1999-05-17"),
    ],
)  # fmt: skip
def test_events_recur_on_their_days(rule: str, start: str, days: str) -> None:
    assert first(rule, start) == days


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ("FREQ=HOURLY", 'FREQ "HOURLY" is not supported'),
        ("FREQ=MONTHLY;BYSETPOS=-1;BYDAY=MO,TU", "BYSETPOS is not supported"),
        ("FREQ=DAILY;COUNT=x", 'COUNT "X" is not a number'),
        ("FREQ=DAILY;UNTIL=soon", 'UNTIL "SOON" is not a date'),
        ("FREQ=WEEKLY;BYDAY=XX", 'BYDAY "XX" is not a weekday'),
        ("FREQ=WEEKLY;BYMONTH=may", 'BYMONTH "MAY" is not a list'),
        ("", "is not supported"),
    ],
)
def test_what_is_not_supported_is_refused_and_not_guessed(rule: str, complaint: str) -> None:
    with pytest.raises(RecurrenceError, match=complaint):
        parse_recurrence(rule, date(2026, 1, 1))
