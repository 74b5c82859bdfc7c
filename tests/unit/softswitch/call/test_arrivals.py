"""What is said of callers for whom there is no room."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from softswitch.call.arrivals import QUIET
from tests.support.sim_phone import SimPhone
from tests.support.sim_switch import SimSwitch
from tests.support.sim_world import SimNetwork, SimWorld

if TYPE_CHECKING:
    import pytest

CARRIER = ("198.51.100.7", 5060)
CONFIG = """
[trunk.carrier]
source = ["198.51.100.7"]

[[route]]
did = "100"
to = "echo"
"""


def test_a_flood_of_calls_is_no_flood_of_complaints_and_cannot_forge_any(caplog: pytest.LogCaptureFixture) -> None:
    world = SimWorld()
    switch = SimSwitch(world, SimNetwork(world), CONFIG, ports=0)
    carrier = SimPhone(switch, "carrier", CARRIER)
    carrier.user = "1\r\n2026 ERROR forged"
    with caplog.at_level(logging.ERROR):
        for _ in range(20):
            carrier.dial("100")
            world.run(1)
    assert [call.status for call in carrier.calls] == [503] * 20
    assert len(caplog.messages) == 20 / QUIET
    assert not any("\n" in text or "\r" in text for text in caplog.messages)
    world.run(60)
    switch.check_nothing_left()
