"""Holidays and calendars in the configuration."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from ivr.hours import Verdict
from ivr.nodes import Hours
from ivr.targets import Target
from softswitch.config import ConfigError, flows, parse_config

if TYPE_CHECKING:
    from pathlib import Path

OFFICE = """
[hours.office]
open = ["mon-fri 09:00-17:00"]
when_open = "hangup"
when_closed = "hangup"
"""
CALENDAR = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:{name}\r\nDTSTART{start}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


def office(folder: Path, words: str) -> Hours:
    config = parse_config((OFFICE + words).encode(), file="config.toml", folder=folder, env={})
    node = flows.flow(config).find(Target("hours", "office"))
    assert isinstance(node, Hours)
    return node


def test_holidays_close(tmp_path: Path) -> None:
    christmas = datetime(2026, 12, 25, 12, 0)  # noqa: DTZ001 - wall time
    assert office(tmp_path, "").rules.at(christmas).open
    assert office(tmp_path, 'holidays = ["pl", "ua"]').rules.at(christmas) == Verdict(False, "holiday pl: Christmas")


def test_calendars_are_read_from_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "closed.ics").write_text(CALENDAR.format(name="Inventory", start=";VALUE=DATE:20261124"))
    zone = "Central European Standard Time"
    fair = CALENDAR.format(name="Fair", start=f";TZID={zone}:20261128T100000\r\nDURATION:PT2H")
    (tmp_path / "open.ics").write_text(fair)
    node = office(tmp_path, 'closed_calendar = "closed.ics"\nopen_calendar = "open.ics"\ntimezone = "Europe/Kyiv"')
    assert node.rules.at(datetime(2026, 11, 24, 12, 0)) == Verdict(False, "calendar: Inventory")  # noqa: DTZ001
    opening = datetime(2026, 11, 28, 11, 0, tzinfo=ZoneInfo("Europe/Kyiv"))
    assert node.rules.at(opening - timedelta(minutes=1)) == Verdict(False, "")
    assert node.rules.at(opening) == Verdict(True, "calendar: Fair")
    assert node.rules.next_change(opening) == opening + timedelta(hours=2)


def test_the_way_for_special_days_is_checked_like_the_others(tmp_path: Path) -> None:
    assert office(tmp_path, 'when_special = "hangup"').when_special == Target("hangup")
    with pytest.raises(ConfigError, match=r"when_special: .*menu.nowhere"):
        office(tmp_path, 'when_special = "menu:nowhere"')


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ('holidays = ["xx"]', "hours.office.holidays"),
        ('closed_calendar = "none.ics"', "none.ics cannot be read: No such file or directory; give the path of"),
        ('closed_calendar = "bad.ics"', "bad.ics: is no iCalendar: "),
        ('closed_calendar = "odd.ics"', 'odd.ics: event "X": RRULE:FREQ=HOURLY: FREQ "HOURLY" is not supported'),
        ("closed_calendar = 5", "is not a path"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, words: str, complaint: str) -> None:
    (tmp_path / "bad.ics").write_text("hello")
    (tmp_path / "odd.ics").write_text(
        CALENDAR.format(name="X", start=":20261124T100000\r\nDURATION:PT1H\r\nRRULE:FREQ=HOURLY")
    )
    with pytest.raises(ConfigError) as error:
        office(tmp_path, words)
    assert complaint in str(error.value)


@pytest.mark.parametrize(
    ("rules", "over"),
    [
        ('["2020-01-01"]', "2020-01-01"),
        ('["2020-01-01 10:00-12:00", "2019-12-24..2020-01-07"]', "2020-01-07"),
        ('["2020-01-01", "12-25"]', ""),
        ('["2020-01-01", "mon"]', ""),
        ('["2020-01-01..9998-12-31"]', ""),
    ],
)
def test_hours_that_were_open_for_the_last_time_are_told(tmp_path: Path, rules: str, over: str) -> None:
    text = f'[hours.x]\nopen = {rules}\nwhen_open = "echo"\nwhen_closed = "answer"\n[[route]]\nto = "hours:x"\n'
    config = parse_config(text.encode(), file="config.toml", folder=tmp_path, env={})
    told = [problem.what for problem in config.warnings if problem.code == "never-open"]
    what = f"are closed for ever: the last day on which they were open was {over}"
    assert told == ([what] if over else [])
