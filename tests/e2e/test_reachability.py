"""A telephone that is frozen is noticed by the questions it does not answer, and so is its return."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.office import AGENTS, CENTRE, Office, phone_tables, write_music
from tests.support.switch import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Clients, Switches


def test_agents_are_unreachable_while_their_phone_does_not_answer_options(
    switches: Switches, clients: Clients, tmp_path: Path
) -> None:
    music = write_music(tmp_path)
    office = Office(switches.start(phone_tables() + AGENTS + CENTRE, sip="qualify = 1"), clients, music)
    olena = office.phone("1001")
    office.baresip("1002")

    def reachable(agent: str) -> bool:
        (found,) = [a for a in office.switch.ask("agents")["agents"] if a["agent"] == agent]
        return bool(found["reachable"])

    eventually(lambda: reachable("olena") and reachable("piotr"), what="registration")
    olena.freeze()
    eventually(lambda: not reachable("olena"), what="silence that is noticed", within=15)
    assert reachable("piotr"), "who answers with anything is there"
    olena.thaw()
    eventually(lambda: reachable("olena"), what="return that is noticed", within=15)
