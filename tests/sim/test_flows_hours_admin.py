"""Operators look at opening hours and set them."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from softswitch.admin.hours import hours_verbs
from softswitch.admin.hours_tables import changed_hours, hours_table
from softswitch.admin.protocol import AdminError
from softswitch.call.hours.desk import HoursDesk, parse_until
from tests.sim.office import CENTRE, Office
from tests.sim.test_flows_hours import HOURS, hears, wait_until
from tests.support.sim_ports import SimClock


@pytest.fixture
def office() -> Office:
    found = Office(centre=CENTRE + HOURS)
    wait_until(found, "10:00:00")
    return found


def ask(office: Office, verb: str, **args: object) -> Any:
    switch, clock = office.switch, SimClock()
    desk = HoursDesk(switch.control, clock=clock, now=lambda: office.world.now, settle=switch.flush)
    return hours_verbs(desk, lambda: clock.wall(office.world.now))[verb](args)


def table(office: Office) -> str:
    out = io.StringIO()
    Console(file=out, width=160).print(hours_table(ask(office, "hours"), UTC))
    return out.getvalue()


def test_operators_see_what_hours_are_why_and_until_when(office: Office) -> None:
    shown = table(office)
    assert "office  open  17:00  daily 09:00-17:00 (open on this weekday; nothing closes it)" in shown
    assert "always  open         daily" in shown
    ask(office, "hours.change", hours="office", to="closed", until="released", by="ops")
    assert "office  closed  released  set by ops; by its rules open" in table(office)


def test_operators_set_hours_and_the_next_caller_hears_it(office: Office) -> None:
    changed = ask(office, "hours.change", hours="office", to="special", until="2h", by="ops")
    assert changed_hours(changed) == ("office is special until 2026-11-17 12:00 (UTC): set by ops; by its rules open")
    assert hears(office) == "say.fire-drill"
    wait_until(office, "12:00:01")
    assert hears(office) == "say.welcome"
    ask(office, "hours.change", hours="office", to="closed")
    changed = ask(office, "hours.change", hours="office", to="auto")
    assert (changed["state"], changed["forced_by"]) == ("open", None)
    assert hears(office) == "say.welcome"
    audited = [line.data for line in office.switch.journal.of("admin.changed")]
    assert audited[0] == {"verb": "hours.change", "hours": "office", "to": "special", "until": "2h", "by": "ops"}
    assert len(audited) == 3


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        ({"hours": "shop", "to": "open"}, "there are no hours shop; there are office, always"),
        ({"hours": "office", "to": "shut"}, "to:"),
        ({"hours": "office", "to": "auto", "until": "2h"}, "auto has no end"),
        ({"hours": "office", "to": "open", "until": "soon"}, '"soon" is not a time; write 17:30'),
    ],
)
def test_mistakes_are_told_and_change_nothing(office: Office, args: dict[str, object], complaint: str) -> None:
    with pytest.raises(AdminError, match=complaint):
        ask(office, "hours.change", **args)
    assert office.switch.journal.of("admin.changed") == []


KYIV_NOON = "2026-11-17T12:00:00+02:00"


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("17:30", "2026-11-17T17:30:00+02:00"),
        ("12:00", "2026-11-18T12:00:00+02:00"),
        ("9:05", "2026-11-18T09:05:00+02:00"),
        ("2026-12-24 17:30", "2026-12-24T17:30:00+02:00"),
        ("2027-07-01T10:00", "2027-07-01T10:00:00+03:00"),
        ("2026-12-24T17:30:00+00:00", "2026-12-24T19:30:00+02:00"),
        ("45m", "2026-11-17T12:45:00+02:00"),
        ("2h", "2026-11-17T14:00:00+02:00"),
    ],
)
def test_ends_are_by_the_clock_of_the_place(text: str, end: str) -> None:
    now = datetime.fromisoformat(KYIV_NOON).astimezone(ZoneInfo("Europe/Kyiv"))
    assert parse_until(text, now) == datetime.fromisoformat(end).timestamp()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("2026-11-16 10:00", "is past"),
        ("2027-03-28 03:30", "the clocks skip"),
        ("2026-12-24", "has no hour"),
        ("25:00", "is not a time"),
        ("0001-01-01 00:00", "is too far away"),
    ],
)
def test_ends_that_do_not_come_are_refused(text: str, complaint: str) -> None:
    now = datetime.fromisoformat(KYIV_NOON).astimezone(ZoneInfo("Europe/Kyiv"))
    with pytest.raises(ValueError, match=complaint):
        parse_until(text, now)
