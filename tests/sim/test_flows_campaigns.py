"""Campaigns in a switch that works: a message is there from its first second to its last, and calls never notice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from softswitch.campaigns.documents import read
from tests.sim.office import CENTRE, Office, said
from tests.support.sim_ports import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterator

CAMPAIGNS = CENTRE.replace(
    "[say.nobody]",
    """[[menu.main.slot]]
id = "promo"
key = "4"
targets = ["queue:manned", "echo"]

[template.offer]
text = { en = "{what:text max 20} for {sum:money}.", uk = "{what:text max 20} за {sum:money}." }

[say.nobody]""",
)
OFFER = {
    "campaign": "spring",
    "template": "offer",
    "values": {"what": "Insurance", "sum": "12.50 UAH"},
    "target": "echo",
}


@pytest.fixture
def office() -> Iterator[Office]:
    office = Office(centre=CAMPAIGNS)
    yield office
    office.close()


def put(office: Office, *documents: dict[str, Any]) -> int:
    bindings = read({"bindings": list(documents)})
    return office.switch.book.put("promo", bindings, office.world.now, by="ann", restructure=False)


def at(seconds: float) -> str:
    """An instant of the simulation as people write it."""
    return (datetime.fromtimestamp(EPOCH, UTC) + timedelta(seconds=seconds)).isoformat()


def hears(office: Office, user: str) -> tuple[str, ...]:
    """What a caller hears in the first ten seconds of the menu, by language and key."""
    call = office.call(user, "100")
    heard = list(said(call))
    for _ in range(20):
        office.run(0.5)
        heard += [item for item in said(call) if item not in heard]
    call.hang_up()
    office.run(1)
    return tuple(heard)


def test_a_message_is_heard_from_its_first_second_to_its_last(office: Office) -> None:
    office.phone("2001")
    start = office.world.now + 100.0
    put(office, OFFER | {"active_from": at(start), "active_until": at(start + 100)})

    def begins_at(moment: float) -> bool:
        office.run(moment - office.world.now)
        call = office.phone("2001").dial("100")
        office.run(0.9)
        voiced = bool(office.switch.control.calls[next(iter(office.switch.control.calls))].session.progress.voiced)
        call.hang_up()
        office.run(0.05)
        return voiced

    assert not begins_at(start - 2)
    assert begins_at(start + 1)
    assert begins_at(start + 98)
    assert not begins_at(start + 101)


def test_the_key_of_a_message_leads_on_while_it_is_there_and_nowhere_else(office: Office) -> None:
    quiet = office.call("2001", "100")
    office.run(1)
    quiet.press("4")
    office.run(1)
    assert said(quiet)[0].startswith("en/invalid-choice")
    put(office, OFFER)
    call = office.call("2002", "100")
    office.run(5)
    assert said(call) == ("en/slot.promo.spring.1/12.50 UAH",)
    call.press("4")
    office.run(1)
    ended = office.switch.journal.of("ivr.prompts_ended")
    assert ended[-1].data["interrupted_by"] == "4"
    assert {**office.switch.journal.of("ivr.message_voiced")[-1].data, "node": ""} == {
        "node": "",
        "slot": "promo",
        "campaign": "spring",
        "version": 1,
        "segment": "",
    }


def test_a_message_is_taken_back_at_once_and_who_is_inside_finishes_on_it(office: Office) -> None:
    put(office, OFFER)
    inside = office.call("2001", "100")
    office.run(0.5)
    office.switch.book.rollback("promo", office.world.now, by="ann", to=0)
    assert not any("slot." in item for item in hears(office, "2002"))
    inside.press("4")
    office.run(0.5)
    assert not said(inside)


def test_what_is_bound_survives_a_restart(office: Office) -> None:
    put(office, OFFER)
    office.restart()
    assert any("slot.promo.spring.1" in item for item in hears(office, "2001"))


def test_a_draft_is_heard_by_dialling_the_preview_only(office: Office) -> None:
    put(office, OFFER | {"draft": True})
    assert not any("slot." in item for item in hears(office, "2001"))
    preview = office.call("2002", "*701")
    office.run(0.5)
    assert said(preview) == ("en/slot.promo.spring.1/12.50 UAH",)
    nothing = office.call("2003", "*705")
    office.run(0.5)
    assert said(nothing) == ("en/preview-nothing",)


def test_a_stranger_on_a_trunk_hears_no_drafts(office: Office) -> None:
    put(office, OFFER | {"draft": True})
    call = office.trunk().dial("*701")
    office.run(1)
    assert call.answered_at is None
