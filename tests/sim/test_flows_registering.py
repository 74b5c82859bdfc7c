"""The switch registers with a carrier, renews that, and sees that carriers are gone and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sim.office import CENTRE, Office, bridged
from tests.support.sim_carrier import SimCarrier

if TYPE_CHECKING:
    from collections.abc import Iterator

ADDRESS = ("198.51.100.21", 5060)
LOGIN = ("380440000000", "of the trunk")
LINES = """
[trunk.kyiv]
host = "198.51.100.21"
domain = "carrier.test"
register = { user = "380440000000", password = "of the trunk", expires = 600 }

[trunk.lviv]
host = "198.51.100.22"
qualify = 20

[[route]]
did = "380440000000"
from = "trunk:kyiv"
to = "phone:2001"

[[route]]
did = "+*"
from = "phone:*"
to = "external:{did}"
"""


class Lines(Office):
    def __init__(self, *, kyiv: bool = True) -> None:
        super().__init__(centre=CENTRE.replace("[trunk.carrier]", '[trunk.carrier]\nnumbers = "+1*"') + LINES)
        self.kyiv = self.phones["kyiv"] = SimCarrier(self.switch, ADDRESS, LOGIN)
        self.lviv = self.phones["lviv"] = SimCarrier(self.switch, ("198.51.100.22", 5060))
        if not kyiv:
            self.kyiv.vanish()

    def registered(self) -> bool:
        return bool(self.kyiv.registrar.bindings(LOGIN[0], self.world.now))

    def close(self) -> None:
        """What watches the trunks goes on for ever, and is not left over."""
        self.switch.control.trunk_watch._due = type(self.switch.control.trunk_watch._due)()
        super().close()


@pytest.fixture
def lines() -> Iterator[Lines]:
    office = Lines()
    yield office
    office.close()


def test_it_registers_with_the_password_and_calls_come_in(lines: Lines) -> None:
    lines.run(3)
    (binding,) = lines.kyiv.registrar.bindings(LOGIN[0], lines.world.now)
    assert str(binding.contact) == "sip:380440000000@192.0.2.1:5060"
    first = next(request for request in lines.kyiv.requests if request.method == "REGISTER")
    assert (str(first.uri), str(first.to.uri)) == ("sip:198.51.100.21", "sip:380440000000@carrier.test")
    lines.phone("2001")
    call = lines.kyiv.dial("380440000000")
    lines.run(3)
    assert bridged(call, lines.phone("2001").call)
    assert len(lines.switch.journal.of("trunk.registered")) == 1


def test_it_renews_in_time_and_in_the_same_dialogue(lines: Lines) -> None:
    lines.run(3)
    for _ in range(50):
        lines.run(60)
        assert lines.registered()
    registers = [request for request in lines.kyiv.requests if request.method == "REGISTER"]
    assert len({request.call_id for request in registers}) == 1
    numbers = [request.cseq.number for request in registers]
    assert numbers == sorted(set(numbers))
    assert 10 <= len(registers) <= 20, "two for each renewal"


def test_a_carrier_that_is_back_is_registered_with_soon(lines: Lines) -> None:
    lines.run(3)
    lines.kyiv.vanish()
    lines.run(700)
    assert [line.data["trunk"] for line in lines.switch.journal.of("trunk.unregistered")] == ["kyiv"]
    assert not lines.switch.control.trunk_watch.is_registered("kyiv")
    lines.kyiv.reappear()
    lines.run(300)
    assert lines.registered()
    assert lines.switch.control.trunk_watch.is_registered("kyiv")


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_a_refusal_is_not_answered_with_a_storm(lines: Lines, status: int) -> None:
    lines.kyiv.refuses = status
    lines.run(3600)
    assert lines.kyiv.count("REGISTER") <= 20
    assert len(lines.switch.journal.of("trunk.refused")) == 1
    lines.kyiv.refuses = 0
    lines.run(700)
    assert lines.registered()


def test_too_short_a_time_is_corrected_at_once(lines: Lines) -> None:
    lines.kyiv.registrar.min_expires = 1800
    lines.run(3)
    assert lines.registered()
    lines.run(1000)
    assert lines.kyiv.count("REGISTER") <= 5


def test_a_trunk_that_answers_no_options_is_called_last_until_it_is_back(lines: Lines) -> None:
    lines.kyiv.vanish()
    lines.run(900)
    call = lines.phone("2001").dial("+380501112233")
    began = lines.world.now
    lines.run(3)
    assert bridged(call, lines.lviv.call), "at once, without waiting for the silent one"
    assert lines.lviv.call.began - began < 0.1
    call.hang_up()
    lines.kyiv.reappear()
    lines.run(700)
    call = lines.phone("2001").dial("+380501112233")
    lines.run(4)
    assert bridged(call, lines.kyiv.call)
    assert lines.lviv.count("OPTIONS") > 20


def test_nothing_secret_is_written_down(lines: Lines) -> None:
    lines.run(10)
    written = repr(lines.switch.journal.lines)
    assert LOGIN[1] not in written
    assert b"of the trunk" not in b"".join(lines.switch.sent)
