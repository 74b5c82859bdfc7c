"""The switch as a process: it starts, survives the loss of a worker, and lets go cleanly."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from tests.e2e.hearing import recognises
from tests.e2e.office import AGENTS, CENTRE, WELCOME, Office, phone_tables, write_music
from tests.support.switch import children_of, command_line, eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Clients, Switches
    from tests.support.speech import Speech

DIFFERENT = 0.5
# Long enough for a new worker to be there well before its end, also on a busy machine.
LONG_WELCOME = (
    "Good morning, and thank you for calling the office of the northern harbour. All ships leave on time today. "
    "Travellers to the islands go to the blue gate, and travellers to the old town take the yellow bus in front of "
    "the station. For everything else press five."
)


def media_workers(switch_pid: int) -> list[int]:
    return [pid for pid in children_of(switch_pid) if "softswitch.media" in command_line(pid)]


def lose_the_media_workers(office: Office) -> float:
    """Kill them and wait for new ones; returns when they were lost."""
    workers = media_workers(office.switch.pid)
    assert workers
    office.switch.forgiven = "worker"
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    lost_at = time.monotonic()
    eventually(lambda: bool(set(media_workers(office.switch.pid)) - set(workers)), what="new media worker")
    return lost_at


def test_calls_in_progress_are_ended_and_recorded_when_the_switch_is_stopped(own_office: Office) -> None:
    office = own_office
    cara, dan = office.phone("2001"), office.phone("2002")
    talking = office.dial(cara, "2002")
    taken = dan.wait_incoming()
    taken.answer()
    talking.wait_confirmed()

    office.switch.stop()

    talking.wait_ended()
    taken.wait_ended()
    for phone in (cara, dan):
        phone.kill()  # there is nobody left to unregister with
    (record,) = office.switch.wait_calls(1)
    assert record["ended"] is not None


def test_two_who_talk_go_on_after_the_loss_of_the_media_workers(own_office: Office) -> None:
    office = own_office
    cara, dan = office.phone("2001"), office.phone("2002")
    call = office.dial(cara, "2002")
    taken = dan.wait_incoming()
    taken.answer()
    call.wait_confirmed()
    call.play_tone(440)
    taken.play_tone(1000)
    taken.listen_for_tone(440)
    call.listen_for_tone(1000)

    lost_at = lose_the_media_workers(office)

    taken.listen_for_tone(440, since=lost_at + 1.0)
    call.listen_for_tone(1000, since=lost_at + 1.0)
    call.hang_up()
    taken.wait_ended()


def test_a_prompt_that_is_being_said_goes_on_after_the_loss_of_the_media_workers(
    switches: Switches, clients: Clients, tmp_path: Path, speech: Speech
) -> None:
    music = write_music(tmp_path)
    centre = CENTRE.replace(WELCOME, LONG_WELCOME)
    office = Office(switches.start(phone_tables() + AGENTS + centre), clients, music)
    prompt = speech.text(LONG_WELCOME)
    begin, end = prompt[: 2 * 8000], prompt[-2 * 8000 :]
    cara = office.phone("2001")
    call = office.dial(cara, "104")
    call.wait_confirmed()
    call.listen_until(lambda heard: recognises(heard, begin), what="the beginning")

    lost_at = lose_the_media_workers(office)
    call.listen_until(lambda heard: recognises(heard, end), what="the end", within=30)

    heard = call.heard()
    assert heard.between(lost_at).find(begin).score < DIFFERENT, "it began anew"
