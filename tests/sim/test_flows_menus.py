"""Menus: keys, prompts, silence."""

from __future__ import annotations

import pytest

from rtp.legs import Echo, Play, Silence
from softswitch.store.cdr import Disposition
from tests.sim.office import MUSIC, Office, record_of


@pytest.mark.parametrize("carriage", ["rfc4733", "inband", "info", "info-plain"])
def test_a_key_works_however_it_comes(office: Office, carriage: str) -> None:
    call = office.call("2001", "100")
    office.run(4)
    call.press("9", by=carriage)
    office.run(1)
    assert call.hears == Echo()


def test_a_key_that_media_and_signalling_tell_of_is_one_digit(office: Office) -> None:
    call = office.call("2001", "100")
    office.run(1)
    for carriage in ("rfc4733", "info"):  # the media worker has merged tones with events already
        call.press("7", by=carriage)
    office.run(1)
    assert [line.data["digit"] for line in office.switch.journal.of("ivr.digit_pressed")] == ["7"]


def test_a_key_stops_the_prompt_at_once(office: Office) -> None:
    call = office.call("2001", "100")
    office.run(1.0)
    assert isinstance(call.hears, Play)
    pressed = office.world.now
    call.press("1")
    office.run(1.0)
    stopped = next(at for at, source in call.heard if at > pressed)
    assert stopped == pytest.approx(pressed + office.network.latency)
    assert call.heard[-1] == (stopped, MUSIC)


def test_silence_is_asked_again_and_then_given_up(office: Office) -> None:
    call = office.call("2001", "100")
    office.run(30)
    assert call.over
    prompts = [line.data["keys"] for line in office.switch.journal.of("ivr.prompts_started")]
    assert prompts == [["menu.main"], ["no-input", "menu.main"]]
    assert record_of(call).disposition is Disposition.SELF_SERVICE


def test_speech_that_is_still_being_rendered_is_waited_for(office: Office) -> None:
    office.switch.voice.slow.add("menu.main")
    call = office.call("2001", "100")
    office.run(1)
    assert call.hears == Silence()
    office.switch.voice.slow.clear()
    office.switch.spoken()
    assert isinstance(call.hears, Play)


@pytest.mark.parametrize("trouble", ["slow", "failing"])
def test_a_menu_works_without_its_speech(office: Office, trouble: str) -> None:
    getattr(office.switch.voice, trouble).add("menu.main")
    call = office.call("2001", "100")
    office.run(4)
    call.press("9")
    office.run(1)
    assert call.hears == Echo()


def test_a_key_that_may_be_the_beginning_of_another_stops_the_prompt_and_is_waited_for(office: Office) -> None:
    call = office.call("2001", "100")
    office.run(1)
    for key, source in (("5", Silence()), ("0", Echo())):
        call.press(key)
        office.run(1)
        assert call.hears == source


def test_two_quick_presses_stay_two_however_each_was_carried(office: Office) -> None:
    call = office.call("2001", "100")
    office.run(1)
    call.press("7", by="inband")
    call.press("7", by="rfc4733")
    office.run(1)
    assert [line.data["digit"] for line in office.switch.journal.of("ivr.digit_pressed")] == ["7", "7"]


def test_the_journal_tells_how_much_was_heard_of_how_much_and_what_was_cut(office: Office) -> None:
    office.switch.voice.lengths |= {"menu.main": 6.0, "no-input": 2.0}
    call = office.call("2001", "100")
    office.run(5.9)
    assert office.switch.journal.of("ivr.prompts_ended") == []
    office.run(7.5)  # the menu, five seconds of silence, and two and a bit of what follows
    call.press("9")
    office.run(1)
    told = [
        (line.data["interrupted_by"], line.data["total"], line.data.get("cut"))
        for line in office.switch.journal.of("ivr.prompts_ended")
    ]
    assert told == [("", 6.0, None), ("9", 8.0, "menu.main")]
    whole, cut = (line.data["played"] for line in office.switch.journal.of("ivr.prompts_ended"))
    assert whole == pytest.approx(6.0, abs=0.02)
    assert 2.0 < cut < 3.0


def test_time_in_which_speech_is_rendered_is_not_heard(office: Office) -> None:
    office.switch.voice.slow.add("menu.main")
    call = office.call("2001", "100")
    office.run(1)
    office.switch.voice.slow.clear()
    office.switch.spoken()
    office.run(2)
    call.press("9")
    office.run(1)
    (line,) = office.switch.journal.of("ivr.prompts_ended")
    assert line.data["played"] == pytest.approx(2.0, abs=0.1)
    assert line.data["cut"] == "menu.main"


def test_who_hangs_up_before_anything_is_said_has_heard_nothing(office: Office) -> None:
    office.switch.voice.slow.add("menu.main")
    call = office.call("2001", "100")
    office.run(1)
    call.hang_up()
    office.run(1)
    (line,) = office.switch.journal.of("ivr.prompts_ended")
    assert (line.data["played"], line.data["interrupted_by"]) == (0.0, "hung-up")
