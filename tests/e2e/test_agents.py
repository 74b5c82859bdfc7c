"""Agents log in, take a break and log out by dialling from their phone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.e2e.office import AGENTS, CENTRE, Office, phone_tables, write_music

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Clients, Switches
    from tests.support.pjsua_agent import PjsuaPhone


def dial_code(office: Office, phone: PjsuaPhone, code: str) -> None:
    """The switch answers, says what it did, and hangs up."""
    call = office.dial(phone, code)
    call.wait_confirmed()
    call.wait_ended(within=15)
    assert call.heard().level() > -40, "nothing was said"


def test_an_agent_logs_in_takes_a_break_comes_back_and_logs_out(
    switches: Switches, clients: Clients, tmp_path: Path
) -> None:
    music = write_music(tmp_path)
    nobody_in = AGENTS.replace("logged_in = true", "logged_in = false")
    patient = CENTRE.replace("ring_timeout = 3", "ring_timeout = 20")  # it rings while the code is being confirmed
    office = Office(switches.start(phone_tables() + nobody_in + patient), clients, music)
    cara, olena = office.phone("2001"), office.phone("1001")
    call = office.dial(cara, "101")
    call.wait_confirmed()
    call.listen(1.5)
    assert olena.incoming_calls() == []

    dial_code(office, olena, "*11")
    taken = olena.wait_incoming()
    taken.answer()
    taken.wait_confirmed()
    call.play_tone(440)
    taken.listen_for_tone(440, since=time.monotonic())
    taken.hang_up()
    call.wait_ended()

    dial_code(office, olena, "*13")
    waiting = office.dial(cara, "101")
    waiting.wait_confirmed()
    waiting.listen(1.5)
    assert len(olena.incoming_calls()) == 1

    dial_code(office, olena, "*14")
    again = olena.wait_incoming(after=taken.incoming)
    assert len(olena.incoming_calls()) == 2, "rang while she was still listening to the switch"
    again.answer()
    again.wait_confirmed()
    waiting.hang_up()
    again.wait_ended()

    dial_code(office, olena, "*12")
    unserved = office.dial(cara, "101")
    unserved.wait_confirmed()
    unserved.listen(1.5)
    assert len(olena.incoming_calls()) == 2
