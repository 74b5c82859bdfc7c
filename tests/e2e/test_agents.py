"""Agents log in, take a break and log out by dialling from their phone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.e2e.hearing import recognises
from tests.e2e.office import AGENTS, CENTRE, PIN, Office, phone_tables, write_music

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from tests.e2e.conftest import Clients, Switches
    from tests.support.pjsua_agent import PjsuaPhone
    from tests.support.speech import Speech


@pytest.fixture
def unmanned(switches: Switches, clients: Clients, tmp_path: Path) -> Office:
    """Nobody is logged in. Phones ring for long: also while a code is being confirmed."""
    music = write_music(tmp_path)
    nobody_in = AGENTS.replace("logged_in = true", "logged_in = false")
    patient = CENTRE.replace("ring_timeout = 3", "ring_timeout = 20")
    return Office(switches.start(phone_tables() + nobody_in + patient), clients, music)


def dial_code(office: Office, phone: PjsuaPhone, code: str, said: NDArray[np.float32]) -> None:
    """The switch answers, says what it did, and hangs up."""
    call = office.dial(phone, code)
    call.wait_confirmed()
    call.wait_ended(within=15)
    assert recognises(call.heard(), said)


def test_an_agent_who_stays_on_the_line_serves_one_caller_after_another(unmanned: Office) -> None:
    office = unmanned
    olena = office.phone("1001")
    line = office.dial(olena, "*10")
    line.wait_confirmed()
    line.listen(4)  # "you are logged in"
    for user in ("2001", "2002"):
        call = office.dial(office.phone(user), "101")
        call.wait_confirmed()
        call.play_tone(440)
        line.play_tone(1000)
        line.listen_for_tone(440, since=time.monotonic())
        call.listen_for_tone(1000, since=time.monotonic())
        line.be_quiet()
        call.hang_up()
        call.wait_ended()
        line.press("0")  # no wrap-up, or no more
    assert not line.is_over
    assert olena.incoming_calls() == []
    line.hang_up()
    line.wait_ended()


def test_an_agent_logs_in_takes_a_break_comes_back_and_logs_out(unmanned: Office, speech: Speech) -> None:
    office = unmanned
    cara, olena = office.phone("2001"), office.phone("1001")
    call = office.dial(cara, "101")
    call.wait_confirmed()
    call.listen(1.5)
    assert olena.incoming_calls() == []

    dial_code(office, olena, "*11", speech.phrase("agent-logged-in"))
    taken = olena.wait_incoming()
    taken.answer()
    taken.wait_confirmed()
    call.play_tone(440)
    taken.listen_for_tone(440, since=time.monotonic())
    taken.hang_up()
    call.wait_ended()

    dial_code(office, olena, "*13", speech.phrase("agent-break-started"))
    waiting = office.dial(cara, "101")
    waiting.wait_confirmed()
    waiting.listen(1.5)
    assert len(olena.incoming_calls()) == 1

    dial_code(office, olena, "*14", speech.phrase("agent-break-ended"))
    again = olena.wait_incoming(after=taken.incoming)
    assert len(olena.incoming_calls()) == 2, "rang while she was still listening to the switch"
    again.answer()
    again.wait_confirmed()
    waiting.hang_up()
    again.wait_ended()

    dial_code(office, olena, "*12", speech.phrase("agent-logged-out"))
    unserved = office.dial(cara, "101")
    unserved.wait_confirmed()
    unserved.listen(1.5)
    assert len(olena.incoming_calls()) == 2


def test_an_agent_logs_in_at_another_phone_with_the_pin_and_not_without(unmanned: Office, speech: Speech) -> None:
    office = unmanned
    cara, desk, usual = office.phone("2001"), office.phone("2002"), office.phone("1001")
    call = office.dial(cara, "101")
    call.wait_confirmed()

    dial_code(office, desk, "*11*1001*000000", speech.phrase("agent-login-failed"))
    call.listen(1)
    assert desk.incoming_calls() == []

    dial_code(office, desk, f"*11*1001*{PIN}", speech.phrase("agent-logged-in"))
    taken = desk.wait_incoming()
    taken.answer()
    taken.wait_confirmed()
    call.play_tone(440)
    taken.listen_for_tone(440, since=time.monotonic())
    taken.hang_up()
    call.wait_ended()
    assert usual.incoming_calls() == []

    records = office.records(3)
    assert "olena" in [record["agent"] for record in records]
    for phone in (cara, desk, usual):
        phone.close()  # while there is somebody to unregister with
    office.switch.stop()
    stored = b"".join(path.read_bytes() for path in office.switch.data.glob("softswitch.db*"))
    assert b"*11*1001*" in stored
    assert PIN.encode() not in stored, "the PIN was written down"
    assert PIN not in office.switch.output()
