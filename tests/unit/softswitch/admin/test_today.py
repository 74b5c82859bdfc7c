from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from softswitch.admin.today import midnight_before
from softswitch.admin.waits import FRESH, ExpectedWaits

KYIV = ZoneInfo("Europe/Kyiv")


@pytest.mark.parametrize(
    ("moment", "midnight"),
    [
        ("2026-11-22T10:00", "2026-11-22T00:00"),
        ("2026-11-22T00:00", "2026-11-22T00:00"),
        ("2026-10-25T23:30", "2026-10-25T00:00"),  # the day has 25 hours
        ("2026-03-29T12:00", "2026-03-29T00:00"),  # and this one 23
    ],
)
def test_a_day_begins_at_its_own_midnight(moment: str, midnight: str) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=KYIV).timestamp()
    assert midnight_before(at, KYIV) == datetime.fromisoformat(midnight).replace(tzinfo=KYIV).timestamp()


def test_an_estimate_runs_down_is_renewed_and_is_forgotten() -> None:
    waits = ExpectedWaits()
    waits.read("acd.wait_estimated", 100.0, None, {"estimates": [["c1", 50.0, 90.0, 0.4], ["c2", 5.0, 9.0, 0.4]]})
    assert waits.of("c1", 110.0) == (40.0, 80.0)
    assert waits.of("c2", 107.0) == (0.0, 2.0)
    assert waits.of("c3", 110.0) == (None, None)
    waits.read("acd.wait_estimated", 110.0, None, {"estimates": [["c1", 60.0, 99.0, 0.4]]})
    assert waits.of("c1", 110.0) == (60.0, 99.0)
    assert waits.of("c2", 107.0) == (0.0, 2.0)
    assert waits.of("c1", 110.1 + FRESH) == (None, None)
    waits.read("acd.connect", 111.0, "c1", {})
    assert waits.of("c1", 111.0) == (None, None)
