"""Calls to the outside: who may, through which trunk, how many, and what becomes of them when a carrier fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sim.office import CENTRE, Office, bridged, record_of, statuses
from tests.support.sim_carrier import SimCarrier
from tests.support.sim_phone import SimPhone, answers, rejects, rings_on

if TYPE_CHECKING:
    from collections.abc import Iterator

KYIV, LVIV, OTHER = ("198.51.100.21", 5060), ("198.51.100.22", 5060), ("198.51.100.23", 5060)

LINES = """
[trunk.kyiv]
host = "198.51.100.21"
user = "380440000000"
password = "of the trunk"
max_calls = 2
number_format = "digits"
failover = ["lviv"]
qualify = 0
ring_timeout = 20
when_busy = "say:nobody"

[trunk.lviv]
host = "198.51.100.22"
prefix = "9"
caller_number = "{caller}"
qualify = 0

[trunk.other]
host = "198.51.100.23"
numbers = "+48*"
qualify = 0

[[route]]
did = "+*"
from = "phone:*"
to = "external:{did}@kyiv"

[[route]]
did = "0*"
from = ["phone:2001", "phone:2002"]
to = "external:{did}"

[[route]]
did = "7*"
from = "trunk:other"
to = "external:+380441112233@lviv"
"""
LOGIN = ("380440000000", "of the trunk")


class Lines(Office):
    """The office with three trunks, the first of which asks for a password."""

    def __init__(self) -> None:
        super().__init__(centre=CENTRE.replace("[trunk.carrier]", '[trunk.carrier]\nnumbers = "+1*"') + LINES)
        self.kyiv = self.carrier(KYIV, LOGIN)
        self.lviv = self.carrier(LVIV)
        self.other = self.carrier(OTHER)

    def carrier(self, address: tuple[str, int], login: tuple[str, str] | None = None) -> SimCarrier:
        carrier = SimCarrier(self.switch, address, login)
        self.phones[f"carrier {address[0]}"] = carrier
        return carrier


@pytest.fixture
def lines() -> Iterator[Lines]:
    office = Lines()
    yield office
    office.close()


def test_a_phone_calls_a_number_outside_and_the_trunk_gets_its_password(lines: Lines) -> None:
    call = lines.phone("2001").dial("+380501112233")
    lines.run(3)
    assert bridged(call, lines.kyiv.call)
    assert 180 in statuses(call)
    assert lines.kyiv.dialled() == ["380501112233", "380501112233"], "once without and once with the password"
    assert lines.kyiv.call.number == "380440000000"
    call.hang_up()
    lines.run(1)
    assert lines.kyiv.call.over
    assert record_of(call).dialled == "+380501112233"


def test_a_number_goes_as_the_trunk_wants_it(lines: Lines) -> None:
    lines.kyiv.vanish()
    call = lines.phone("2001").dial("+380501112233")
    lines.run(4)
    assert bridged(call, lines.lviv.call)
    assert (lines.lviv.dialled(), lines.lviv.call.number) == (["9+380501112233"], "2001")


def test_a_dead_trunk_costs_a_second_once_and_nothing_afterwards(lines: Lines) -> None:
    lines.kyiv.vanish()
    lines.lviv.on_call = answers()
    for most in (1.1, 0.1):
        call = lines.phone("2001").dial("+380501112233")
        began = lines.world.now
        lines.world.run_until(lambda call=call: call.answered_at is not None)  # type: ignore[misc]
        assert lines.world.now - began <= most
        call.hang_up()
        lines.run(5)


@pytest.mark.parametrize("status", [503, 403, 500])
def test_a_trunk_that_refuses_is_passed_over(lines: Lines, status: int) -> None:
    lines.kyiv.on_call = rejects(status)
    call = lines.phone("2001").dial("+380501112233")
    lines.run(4)
    assert bridged(call, lines.lviv.call)


@pytest.mark.parametrize("status", [486, 404, 480, 603])
def test_what_the_called_party_says_is_not_asked_of_another_trunk(lines: Lines, status: int) -> None:
    lines.kyiv.on_call = rejects(status)
    call = lines.phone("2001").dial("+380501112233")
    lines.run(10)
    assert call.over
    assert lines.lviv.dialled() == []


def test_a_wrong_password_is_not_tried_for_ever(lines: Lines) -> None:
    lines.kyiv.login = (LOGIN[0], "another")
    lines.phone("2001").dial("+380501112233")
    lines.run(4)
    assert len(lines.kyiv.dialled()) <= 3
    assert len(lines.lviv.dialled()) == 1


def test_a_trunk_never_has_more_calls_than_it_may(lines: Lines) -> None:
    calls = [lines.phone(user).dial("+380501112233") for user in ("2001", "2002", "2003", "2004")]
    lines.run(4)
    assert all(call.talking for call in calls)
    assert sum(call.talking for call in lines.kyiv.calls) == 2
    assert sum(call.talking for call in lines.lviv.calls) == 2
    refused = lines.kyiv.dial("101")
    lines.run(1)
    assert refused.status == 503, "calls that come in count too"
    calls[0].hang_up()
    lines.run(1)
    taken = lines.kyiv.dial("101")
    lines.run(1)
    assert taken.talking
    assert lines.switch.control.trunks.calls("kyiv") == 2


def test_when_every_trunk_is_full_the_caller_is_told(lines: Lines) -> None:
    lines.lviv.vanish()
    for user in ("2001", "2002"):
        lines.phone(user).dial("+380501112233")
    lines.run(4)
    lines.switch.config.trunks["lviv"].__dict__["max_calls"] = 1
    last = [lines.phone(user).dial("+380501112233") for user in ("2003", "2004")]
    lines.run(60)
    assert all(call.over for call in last)


def test_nobody_answers_outside(lines: Lines) -> None:
    lines.kyiv.on_call = rings_on
    call = lines.phone("2001").dial("+380501112233")
    lines.run(19)
    assert not call.over
    lines.run(4)
    assert (call.status, lines.kyiv.call.over) == (480, True)


def test_without_a_name_the_first_trunk_that_carries_the_number_is_taken(lines: Lines) -> None:
    lines.phone("2001").dial("0501112233")
    lines.run(1)
    assert lines.kyiv.dialled()[-1] == "0501112233"


@pytest.mark.parametrize("number", ["+380501112233", "0501112233", "380501112233", "9+380501112233"])
def test_strangers_and_other_trunks_never_reach_the_outside(lines: Lines, number: str) -> None:
    stranger = SimPhone(lines.switch, "2001", ("203.0.113.200", 5060), "guessed")
    lines.phones["stranger"] = stranger
    tries = [stranger.dial(number), lines.other.dial(number), lines.kyiv.dial(number)]
    lines.run(5)
    assert [call.status for call in tries] == [403, 404, 404]
    assert [carrier.dialled() for carrier in (lines.kyiv, lines.lviv, lines.other)] == [[], [], []]


def test_a_phone_calls_only_the_numbers_that_its_routes_allow(lines: Lines) -> None:
    call = lines.phone("2003").dial("0501112233")
    lines.run(1)
    assert call.status == 404


@pytest.mark.parametrize("number", ["+38050;phone-context=x", "+abc", "+380 50"])
def test_only_numbers_are_dialled(lines: Lines, number: str) -> None:
    call = lines.phone("2001").dial(number)
    lines.run(1)
    assert call.status == 404


def test_a_route_may_forward_calls_of_a_trunk_to_one_number(lines: Lines) -> None:
    call = lines.other.dial("700")
    lines.run(4)
    assert lines.lviv.dialled() == ["9+380441112233"]
    assert bridged(call, lines.lviv.call)
