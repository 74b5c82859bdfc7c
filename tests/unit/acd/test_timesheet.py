from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from acd.timesheet import Activity, Timesheet, microseconds

IDLE, TALK, LUNCH = (
    Activity("available", "idle"),
    Activity("available", "talking"),
    Activity("on_break", "idle", "lunch"),
)

lengths = st.floats(0, 5000, allow_nan=False)


@given(st.floats(0, 1e6), st.lists(st.tuples(lengths, st.sampled_from([IDLE, TALK, LUNCH])), max_size=60), st.data())
def test_the_parts_sum_exactly_to_the_time_logged_in(
    login: float, turns: list[tuple[float, Activity]], data: st.DataObject
) -> None:
    sheet, now = Timesheet.opened(login, IDLE), login
    for length, activity in turns:
        now += length
        sheet.turn(activity, now)
        assert sum(sheet.until(now).values()) == sheet.logged_in(now)
        assert min(sheet.until(now).values()) >= 0
        if data.draw(st.booleans()):
            shift = data.draw(st.floats(-1e9, 1e9))
            delta = microseconds(now + shift) - microseconds(now)
            moved = Timesheet.from_plain(json.loads(json.dumps(sheet.plain())), delta)
            assert moved.until(now + shift) == sheet.until(now)
            assert moved.logged_in(now + shift) == sheet.logged_in(now)
    assert sum(sheet.close(now).values()) == microseconds(now) - microseconds(login)


def test_each_activity_gets_its_time() -> None:
    sheet = Timesheet.opened(10.0, IDLE)
    sheet.turn(TALK, 12.5)
    sheet.turn(TALK, 13.0)
    sheet.turn(LUNCH, 20.0)
    sheet.turn(TALK, 20.0)
    assert sheet.until(21.0) == {IDLE: 2_500_000, TALK: 8_500_000}
    assert sheet.total(lambda activity: activity == TALK) == 7_500_000
    assert sheet.total(lambda activity: activity == TALK, 21.0) == 8_500_000
