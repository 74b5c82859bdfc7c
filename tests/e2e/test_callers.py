"""Real phones: a key contact reaches the own consultant past every menu; somebody is found where they are."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from tests.e2e.office import AGENTS, CENTRE, Office, phone_tables, write_music

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Clients, Switches

KNOWN = """
[[list.vip]]
file = "vip.csv"
label = "VIP"

[findme.anybody]
ring = ["phone:1003", "agent:piotr", "phone:1001"]
timeout = 10

[[route]]
did = "100"
from = "list:vip"
to = "agent:{agent}"
when_unavailable = "queue:sales"

[[route]]
did = "110"
to = "findme:anybody"
when_unavailable = "queue:sales"
"""


@pytest.fixture
def known(switches: Switches, clients: Clients, tmp_path: Path) -> Office:
    music = write_music(tmp_path)
    (tmp_path / "vip.csv").write_text("number,agent\n+380501234567,olena\n", encoding="utf-8")
    centre = CENTRE.replace("[[route]]", f"{KNOWN}\n[[route]]", 1)
    return Office(switches.start(phone_tables() + AGENTS + centre), clients, music)


def test_a_key_contact_reaches_the_own_consultant_without_a_menu_and_the_next_caller_is_looked_for(
    known: Office,
) -> None:
    office = known
    olena = office.phone("1001")
    call = office.dial(office.outside_caller(), "100")
    taken = olena.wait_incoming()
    assert "VIP: Outside" in taken.remote
    taken.answer()
    taken.wait_confirmed()
    call.wait_confirmed()
    call.play_tone(440)
    taken.listen_for_tone(440, since=time.monotonic())
    with pytest.raises(AssertionError, match=r"\+380501234567 is in a call now"):
        office.switch.tell("erase", "+380501234567")
    taken.hang_up()
    call.wait_ended()

    # 1003 is not registered and piotr's phone neither: nobody is rung in vain
    (before,) = olena.incoming_calls()
    call = office.dial(office.phone("2001"), "110")
    began = time.monotonic()
    found = olena.wait_incoming(after=before)
    assert time.monotonic() - began < 2
    found.answer()
    found.wait_confirmed()
    found.hang_up()
    call.wait_ended()

    contact, looked_for = office.records(2)
    assert (contact["agent"], contact["caller"]) == ("olena", "+380501234567")
    assert [step["kind"] for step in contact["path"] if step["kind"] in ("menu", "queue", "agent")] == ["agent"]
    assert [step["kind"] for step in looked_for["path"] if step["kind"] in ("queue", "findme")] == ["findme"]
    forgotten(office)


def forgotten(office: Office) -> None:
    """Who called is erased by the running switch, which goes on."""
    known = json.loads(office.switch.tell("export", "380501234567"))
    assert len(known["calls"]) == 1
    assert known["lists"]["vip"]["agent"] == "olena"
    counted = office.switch.ask("erase", "+380501234567", "--dry-run")
    erased = office.switch.ask("erase", "+380501234567")
    assert (erased["calls"], erased["lines"], erased["lists"]) == (1, counted["lines"], ["vip"])
    holding = [file for file in office.switch.data.rglob("*") if file.is_file() and b"501234567" in file.read_bytes()]
    assert holding == []
    assert [record["caller"] for record in office.records(2)] == [erased["name"], "2001"]
    (line,) = office.journal("customer.erased")
    assert (line.data["name"], line.data["calls"]) == (erased["name"], 1)
    office.switch.check_log()
