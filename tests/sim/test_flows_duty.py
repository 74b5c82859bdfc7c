"""Out of hours only the known callers reach who is on duty; whom a trunk says that it is, and what was dialled."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from ivr.forced import ForcedState
from tests.sim.office import CENTRE, TRUNK, Office, bridged, said
from tests.support.sim_phone import SimPhone, answers

if TYPE_CHECKING:
    from collections.abc import Iterator

DUTY = """
[server]
country = "UA"

[[list.vip]]
number = "+380501234567"
name = "Known Person"

[hours.office]
open = ["mon-fri 09:00-17:00"]
when_open = "menu:main"
when_closed = "say:sorry"

[[route]]
did = "+380441112233"
from = "list:vip"
when = "closed:office"
to = "agent:olena"
when_unavailable = "say:nobody"

[[route]]
did = "+380441112233"
from = "withheld"
to = "say:nobody"

[[route]]
did = "+380441112233"
to = "hours:office"
"""
TOLD = 'identity = ["Remote-Party-ID", "P-Asserted-Identity", "From"]\ndialled = ["To", "Diversion"]\n'


class Duty(Office):
    def __init__(self, trunk: str = "") -> None:
        centre = CENTRE.replace("[[route]]", f"{DUTY}\n[[route]]", 1)
        super().__init__(centre=centre.replace("[trunk.carrier]", f"[trunk.carrier]\n{trunk}"))

    def force(self, state: ForcedState) -> None:
        self.switch.control.forcing.force("office", state, self.world.now, until=None, by="test")

    def outside(self, number: str) -> SimPhone:
        phone = SimPhone(self.switch, number, TRUNK)
        phone.name = ""
        self.phones[f"outside {number}"] = phone
        return phone


@pytest.fixture
def duty() -> Iterator[Duty]:
    office = Duty()
    yield office
    office.close()


@pytest.mark.parametrize(("closed", "vip", "on_duty"), list(product((True, False), repeat=3)))
def test_only_vips_reach_the_one_on_duty_and_only_out_of_hours(
    duty: Duty, closed: bool, vip: bool, on_duty: bool
) -> None:
    duty.force(ForcedState.CLOSED if closed else ForcedState.OPEN)
    olena = duty.agent("1001", answers(after=1)) if on_duty else None
    call = duty.outside("0501234567" if vip else "0671112233").dial("0441112233")
    duty.run(3)
    if not closed:
        assert said(call) == ("uk/menu.main",)
    elif not vip:
        assert said(call) == ("uk/say.sorry",)
    elif olena is None:
        assert said(call) == ("uk/say.nobody",)
    else:
        assert bridged(call, olena.call)


def started(office: Office) -> dict[str, object]:
    return dict(office.switch.journal.of("call.started")[-1].data)


@pytest.mark.parametrize(
    ("headers", "caller", "withheld"),
    [
        ((), "+380671112233", None),
        ((("P-Asserted-Identity", '"Iryna" <sip:0501112233@c>'),), "+380501112233", None),
        ((("Remote-Party-ID", "<sip:+380931112233@c>;party=calling;privacy=off"),
          ("P-Asserted-Identity", "<sip:0501112233@c>")), "+380931112233", None),
        ((("P-Asserted-Identity", "<sip:0501112233@c>"), ("Privacy", "id")), "", True),
        ((("P-Asserted-Identity", '"Ivan" <sip:Restricted@c>'),), "", True),
        ((("P-Asserted-Identity", '"Ivan" <sip:+@c>'),), "+", None),
    ],
)  # fmt: skip
def test_who_calls_is_what_the_trunk_is_believed_to_say(
    headers: tuple[tuple[str, str], ...], caller: str, withheld: bool | None
) -> None:
    office = Duty(TOLD)
    office.force(ForcedState.OPEN)
    call = office.outside("0671112233").dial("+380441112233", headers=headers)
    office.run(2)
    data = started(office)
    assert (data["caller"], data.get("withheld")) == (caller, withheld)
    assert not withheld or "Ivan" not in repr(data), "nothing of it is kept"
    assert said(call) == (("uk/say.nobody",) if withheld else ("uk/menu.main",))
    office.close()


def test_who_withholds_the_number_is_shown_as_anonymous(duty: Duty) -> None:
    olena = duty.agent("1001", answers(after=1))
    duty.outside("anonymous").dial("101")
    duty.run(4)
    assert olena.call.invite is not None
    assert olena.call.invite.from_.display_name == "Sales: anonymous"
    assert olena.call.number == "anonymous"
