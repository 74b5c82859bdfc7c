from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

import pytest

from ivr.forced import ForcedState
from softswitch.call.hours.forcing import Forcing
from softswitch.call.hours.opening import Opening
from softswitch.config import flows, parse_config
from softswitch.store.cdr import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from softswitch.call.control import CallControl

CONFIG = parse_config(
    b"""
[hours.office]
open = ["daily 03:30-17:00"]
timezone = "Europe/Kyiv"
when_open = "echo"
when_closed = "echo"
""",
    file="test.toml",
    folder=Path(),
    env={},
)


@dataclass
class World:
    """A clock that is set, and a journal."""

    offset: float = 1_000_000.0
    lines: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def wall(self, now: float) -> float:
        return self.offset + now

    def local(self, now: float, timezone: str = "") -> datetime:
        return datetime.fromtimestamp(self.wall(now), ZoneInfo(timezone or "UTC"))

    def journal_line(self, kind: str, call: str | None, now: float, data: Mapping[str, object]) -> None:
        self.lines.append((kind, dict(data)))

    def forcing(self) -> Forcing:
        return Forcing(cast("CallControl", SimpleNamespace(journal_line=self.journal_line)), CONFIG, self)


def test_what_is_forced_ends_by_the_clock_on_the_wall_when_that_is_corrected() -> None:
    world = World()
    forcing = world.forcing()
    forcing.force("office", ForcedState.CLOSED, 10.0, until=1_000_070.0, by="1001")
    assert forcing.next_deadline() == 70.0
    world.offset -= 30.0  # the clock was fast
    forcing.handle_timeout(70.0)
    assert forcing.at("office", 70.0) is not None
    assert forcing.next_deadline() == 100.0
    world.offset += 30.0
    assert forcing.at("office", 71.0) is None
    forcing.handle_timeout(100.0)
    assert forcing.next_deadline() is None
    assert world.lines[1:] == [("hours.released", {"hours": "office", "by": "expiry"})]


def test_a_later_state_takes_the_place_of_an_earlier_one() -> None:
    world = World()
    forcing = world.forcing()
    forcing.force("office", ForcedState.CLOSED, 0.0, until=1_000_070.0, by="1001")
    forcing.force("office", ForcedState.SPECIAL, 0.0, until=None, by="1002")
    assert forcing.next_deadline() is None
    forced = forcing.at("office", 1e9)
    assert forced is not None
    assert (forced.state, forced.by) == (ForcedState.SPECIAL, "1002")
    assert forcing.release("office", 1.0, by="1001")
    assert not forcing.release("office", 1.0, by="1001")


def test_hours_that_do_not_exist_and_ends_that_are_past_are_refused() -> None:
    world = World()
    forcing = world.forcing()
    with pytest.raises(KeyError):
        forcing.force("shop", ForcedState.CLOSED, 0.0, until=None, by="1001")
    with pytest.raises(ValueError, match="over before it begins"):
        forcing.force("office", ForcedState.CLOSED, 0.0, until=999_999.0, by="1001")
    assert world.lines == []


def test_a_record_that_cannot_be_read_is_told_and_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    forcing = world.forcing()
    records = [
        Record(1, 0.0, "hours.forced", None, {"hours": "office", "state": "shut", "until": None}),
        Record(2, 0.0, "hours.forced", None, {"hours": "office", "state": "closed", "until": "soon"}),
        Record(3, 0.0, "hours.forced", None, {"hours": "office", "state": "closed"}),
    ]
    with caplog.at_level(logging.WARNING):
        forcing.restore(records, 0.0)
    assert [message.count("[hours.office] cannot be read") for message in caplog.messages] == [1, 1, 1]
    assert forcing.at("office", 0.0) is None


@pytest.mark.parametrize(
    ("at", "change"),
    [
        ("2026-10-24 17:00:00+03:00", "2026-10-25 03:30:00+03:00"),  # the first of the two
        ("2026-10-25 03:29:59+03:00", "2026-10-25 03:30:00+03:00"),
        ("2026-10-25 03:45:00+03:00", "2026-10-25 03:00:00+02:00"),  # put back to three, when it is closed
        ("2026-03-28 17:00:00+02:00", "2026-03-29 04:00:00+03:00"),  # 03:30 is skipped
        ("2026-11-01 12:00:00+02:00", "2026-11-01 17:00:00+02:00"),
    ],
)
def test_the_next_change_is_an_instant_also_on_nights_of_clock_changes(at: str, change: str) -> None:
    world = World(datetime.fromisoformat(at).timestamp())
    found = Opening(flows.flow(CONFIG), world.local).next_change("office", 0.0)
    assert found == datetime.fromisoformat(change).timestamp()
