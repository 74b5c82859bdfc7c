"""Callers hear a menu and press keys, each kind of digit once and counted once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import demand_root
from tests.e2e.hearing import recognises
from tests.e2e.office import PASSWORDS, STEP_TWO, WELCOME
from tests.support.capture import Capture

if TYPE_CHECKING:
    from tests.e2e.office import Office
    from tests.support.speech import Speech

DIFFERENT = 0.5
TONE = 1900.0  # a pitch that no voice holds


@pytest.mark.parametrize("way", ["rfc4733", "info-relay", "info-plain", "inband"])
def test_a_key_pressed_on_pjsua_is_one_digit(office: Office, speech: Speech, way: str) -> None:
    cara = office.phone("2001")
    welcome, step_two = speech.text(WELCOME), speech.text(STEP_TWO)
    call = office.dial(cara, "104")
    call.wait_confirmed()
    call.listen_until(lambda heard: recognises(heard, welcome[: 2 * 8000]), what="the welcome")

    call.press("5", by=way)
    call.listen_until(lambda heard: recognises(heard, step_two), what="the second step")
    call.play_tone(TONE)
    said_from = time.monotonic()
    call.listen(1)  # a key counted twice would have led to the echo by now
    assert call.heard_so_far().between(said_from).tone_seconds(TONE) < 0.2

    call.be_quiet()
    call.press("5", by=way)
    call.play_tone(TONE)
    call.listen_for_tone(TONE, since=time.monotonic())


@pytest.mark.parametrize("way", ["rfc4733", "inband"])
def test_a_key_pressed_on_baresip_is_one_digit(office: Office, speech: Speech, way: str) -> None:
    dan = office.baresip("2002")
    welcome, step_two = speech.text(WELCOME), speech.text(STEP_TWO)
    dialled = dan.call(office.switch.uri("104"))
    dan.wait_established(after=dialled)
    dan.listen_until(lambda heard: recognises(heard, welcome[: 2 * 8000]), what="the welcome")

    dan.press("5", by=way)
    dan.listen_until(lambda heard: recognises(heard, step_two), what="the second step")
    before = dan.heard_so_far().length
    dan.say_tone(TONE)
    dan.listen(1)
    assert dan.heard_so_far().part(before).tone_seconds(TONE) < 0.2

    dan.press("5", by=way)
    dan.say_tone(TONE)
    dan.listen_for_tone(TONE)
    dan.hang_up()


@pytest.mark.parametrize("way", ["info-relay", "info-plain"])
def test_a_key_sent_by_sipp_leads_to_the_echo(office: Office, way: str) -> None:
    demand_root("capture what SIPp hears")
    caller_ports = office.clients.reserve_sipp()
    with Capture(caller_ports.media) as wire:
        caller = office.clients.sipp(
            f"uac-key-{way}",
            remote=office.switch.server,
            domain=office.switch.domain,
            service="100",
            caller="2001",
            password=PASSWORDS["2001"],
            keys={"digit": "9"},
            tone_hz=500,
            ports=caller_ports,
            pause=1.5,
        )
        caller.wait()

        assert wire.heard().tone_seconds(500) > 0.8


def test_a_telephone_event_played_by_sipp_is_understood(office: Office, speech: Speech) -> None:
    demand_root("send telephone-events, which SIPp does through raw sockets")
    step_two = speech.text(STEP_TWO)
    caller_ports = office.clients.reserve_sipp()
    with Capture(caller_ports.media) as wire:
        caller = office.clients.sipp(
            "uac-key-rfc4733",
            remote=office.switch.server,
            domain=office.switch.domain,
            service="104",
            caller="2001",
            password=PASSWORDS["2001"],
            keys={"digit": "5"},
            ports=caller_ports,
            pause=4.5,
        )
        caller.wait(20)

        assert recognises(wire.heard(), step_two)


def test_a_key_stops_the_prompt_at_once(office: Office, speech: Speech) -> None:
    cara = office.phone("2001")
    welcome = speech.text(WELCOME)
    call = office.dial(cara, "104")
    call.wait_confirmed()
    call.listen_until(lambda heard: recognises(heard, welcome[: 2 * 8000]), what="the welcome")

    pressed = time.monotonic()
    call.press("5")
    step_two = speech.text(STEP_TWO)
    call.listen_until(lambda heard: recognises(heard, step_two), what="the second step")
    heard = call.heard()

    begun = heard.started_at + heard.find(step_two).offset
    # A key lasts 0.12 s and the phone's buffer holds less than 0.2 s; the rest is allowance for a busy machine. Six
    # seconds of the welcome were still to come.
    assert begun - pressed < 1.0
    assert heard.find(welcome[-2 * 8000 :]).score < DIFFERENT
