"""What real phones hear and do in a queue: whisper, exit key, and calls that are not answered."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.e2e.hearing import RECOGNISED, recognises
from tests.e2e.office import AGENTS, Office, phone_tables, write_music

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Clients, Switches
    from tests.support.audio import Recording
    from tests.support.pjsua_agent import PjsuaCall
    from tests.support.speech import Speech

LEAVE = "To go on waiting press star. This text is long enough for a key to be pressed in the middle of it."
CENTRE = f"""
[offers]
after_no_answer = 0.2
no_answer_limit = 2

[[route]]
did = "101"
to = "queue:sales"

[music.default]
files = ["music.wav"]

[menu.leave]
say = {{ en = "{LEAVE}" }}
keys = {{ "*" = "back", 5 = "echo" }}
timeout = 20

[queue.sales]
label = "Sales"
needs = "sales >= 50"
strategy = "top-down"
agents = {{ olena = 1, iryna = 2 }}
ring_timeout = 2
wrap_up = 0
announce = {{ position = true, first_after = 1.5, every = 60 }}
whisper = true
exit_menu = "menu:leave"
"""


@pytest.fixture
def centre(switches: Switches, clients: Clients, tmp_path: Path) -> Office:
    """Nobody is logged in."""
    music = write_music(tmp_path)
    nobody_in = AGENTS.replace("logged_in = true", "logged_in = false")
    return Office(switches.start(phone_tables() + nobody_in + CENTRE), clients, music)


def hears(call: PjsuaCall, speech: Speech, phrase: str, /, **arguments: str) -> None:
    audio = speech.phrase(phrase, **arguments)
    call.listen_until(lambda heard: recognises(heard, audio), what=f'"{phrase}"', within=15)


def music_again(office: Office, heard: Recording) -> bool:
    return heard.length > 1 and heard.part(heard.length - 1).position_in(office.music).score > RECOGNISED


def test_the_agent_hears_a_whisper_and_the_caller_music_until_both_hear_each_other(
    centre: Office, speech: Speech
) -> None:
    office = centre
    olena = office.phone("1001")
    office.switch.tell("agent", "olena", "login")
    call = office.dial(office.phone("2001"), "101")
    call.play_tone(440)  # from the first moment; the agent hears it only after the whisper
    taken = olena.wait_incoming()
    taken.answer()
    taken.wait_confirmed()
    hears(taken, speech, "whisper-wait-short", label="Sales")
    taken.play_tone(1000)
    taken.listen_for_tone(440)
    call.listen_for_tone(1000)
    whispered = speech.phrase("whisper-wait-short", label="Sales")
    heard = taken.heard()
    at = heard.find(whispered).offset
    tones = [span.start for span in heard.tone_spans(440) if span.end - span.start > 0.2]  # speech has shorter ones
    assert tones[0] >= at + len(whispered) / 8000 - 0.3, "not before the whisper was over"
    assert not recognises(call.heard(), whispered), "the caller must not hear it"


def test_an_agent_who_lets_two_calls_ring_out_is_put_on_a_break_and_the_caller_is_served_by_the_next(
    centre: Office, speech: Speech
) -> None:
    office = centre
    olena, iryna = office.phone("1001"), office.phone("1003")
    office.switch.tell("agent", "olena", "login")
    call = office.dial(office.phone("2001"), "101")
    call.wait_confirmed()
    missed = olena.wait_incoming()
    assert missed.wait_ended()["status"] != 200
    missed_again = olena.wait_incoming(after=missed.incoming)
    assert missed_again.wait_ended()["status"] != 200
    (agent,) = (agent for agent in office.switch.ask("agents")["agents"] if agent["agent"] == "olena")
    assert (agent["status"], agent["reason"]) == ("on_break", "did not answer")
    office.switch.tell("agent", "iryna", "login")
    taken = iryna.wait_incoming(within=9)
    taken.answer()
    taken.wait_confirmed()
    second = office.dial(office.phone("2002"), "101")
    second.wait_confirmed()
    back = office.dial(olena, "*14")
    hears(back, speech, "agent-break-unanswered")
    assert len(olena.incoming_calls()) == 2, "she is on a break"
    back.wait_ended(within=15)
    again = olena.wait_incoming(after=missed_again.incoming)
    again.answer()
    again.wait_confirmed()


def test_a_key_in_the_middle_of_an_announcement_leads_out_and_back_to_the_old_place(
    centre: Office, speech: Speech
) -> None:
    office = centre
    first = office.dial(office.phone("2001"), "101")
    first.wait_confirmed()
    second = office.dial(office.phone("2002"), "101")
    second.wait_confirmed()
    position = speech.phrase("queue-next")
    first.listen_until(lambda heard: recognises(heard, position[:4000]), what="the announcement", within=15)
    first.press("9")
    menu = speech.text(LEAVE)
    first.listen_until(lambda heard: recognises(heard, menu[:8000]), what="the menu", within=15)
    first.press("*")
    first.listen_until(lambda heard: music_again(office, heard), what="music again", within=15)
    olena = office.phone("1001")
    office.switch.tell("agent", "olena", "login")
    taken = olena.wait_incoming()
    taken.answer()
    taken.wait_confirmed()
    first.play_tone(440)
    taken.listen_for_tone(440, since=time.monotonic())
    assert not second.is_over
