"""The clients call each other without a switch: what the end-to-end tests rely on is true of the clients themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from tests.e2e.conftest import demand, demand_root
from tests.support import audio
from tests.support.capture import Capture

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.e2e.conftest import Clients


def speechlike(seed: int, seconds: float) -> NDArray[np.float32]:
    """Noise bursts with pauses: as unlike each other as two sentences."""
    random = np.random.default_rng(seed)
    noise = random.normal(0, 0.1, round(seconds * audio.RATE)).astype(np.float32)
    smooth = np.convolve(noise, np.ones(4) / 4, mode="same")
    loudness = np.repeat(random.uniform(0, 1, len(noise) // 800 + 1) > 0.3, 800)[: len(noise)]
    return np.asarray(smooth * loudness, dtype=np.float32)


def through_g711(samples: NDArray[np.float32], folder: Path) -> NDArray[np.float32]:
    path = audio.write_g711(folder / "coded.al", samples, "PCMA")
    decoded, _ = soundfile.read(path, samplerate=8000, channels=1, subtype="ALAW", format="RAW", dtype="float32")
    return np.asarray(decoded, dtype=np.float32)


def test_a_tone_is_found_where_it_is_and_nowhere_else() -> None:
    recording = audio.Recording(np.concatenate([audio.silence(1), audio.sine(440, 0.5, -20), audio.silence(0.5)]))

    (span,) = recording.tone_spans(440)

    assert span.start == pytest.approx(1.0, abs=0.03)
    assert span.end == pytest.approx(1.5, abs=0.03)
    assert recording.tone_level(440) == pytest.approx(-20, abs=0.5)
    assert recording.tone_spans(500) == []
    assert [round(quiet.length, 1) for quiet in recording.silences()] == [1.0, 0.5]


def test_a_prompt_is_recognised_through_g711_gain_and_dropped_frames(tmp_path: Path) -> None:
    prompt, other = speechlike(1, 2.5), speechlike(2, 2.5)
    damaged = np.concatenate([prompt[:8000], prompt[8160:12000], prompt[12000:12160], prompt[12000:]])
    heard = audio.Recording(
        through_g711(np.float32(0.3) * np.concatenate([other[:5000], damaged, other[5000:9000]]), tmp_path)
    )

    match = heard.find(prompt)

    assert match.score > 0.85
    assert match.offset == pytest.approx(5000 / audio.RATE, abs=0.05)
    assert heard.find(speechlike(3, 2.5)).score < 0.3
    assert heard.find(other).score < 0.8


def test_the_place_in_looped_music_is_recognised(tmp_path: Path) -> None:
    music = speechlike(4, 10)
    heard = audio.Recording(through_g711(np.concatenate([music[-8000:], music[:8000]]), tmp_path))

    match = heard.position_in(music)

    assert match.score > 0.9
    assert match.offset == pytest.approx(9.0, abs=0.02)


def test_keys_as_tones_are_read_back(tmp_path: Path) -> None:
    tones = audio.dtmf("0123456789*#", tone=0.06, gap=0.06)

    assert audio.Recording(through_g711(tones, tmp_path)).digits() == "0123456789*#"
    assert audio.Recording(audio.sine(697, 1)).digits() == ""


def test_two_pjsua_phones_hear_each_other_press_keys_and_hold(clients: Clients) -> None:
    anna, boris = clients.pjsua("anna"), clients.pjsua("boris")
    anna.use_account(display_name="Anna K")
    boris.use_account()

    call = anna.call(boris.uri)
    taken = boris.wait_incoming()
    assert taken.remote.startswith('"Anna K"')
    call.wait_ringing()
    taken.answer()
    call.wait_confirmed()
    call.play_tone(440)
    taken.play_tone(1000)
    taken.listen_for_tone(440)
    call.listen_for_tone(1000)

    call.press("1")
    assert taken.wait_digit("1")["method"] == 0
    call.press("2", by="info-relay")
    assert taken.wait_digit("2")["method"] == 1
    call.press("3#", by="inband")
    taken.listen_until(lambda heard: "3#" in heard.digits(), what="the keys 3 and #")

    held = call.hold()
    taken.wait_media("remote-hold")
    resumed = call.resume()
    call.play_tone(600)
    taken.listen_for_tone(600)
    call.hang_up()
    taken.wait_ended()

    heard = taken.heard()
    assert heard.between(held.at, resumed.at).tone_spans(600) == []
    assert heard.tone_level(440) == pytest.approx(-12, abs=1), heard


def test_a_phone_that_refuses_says_so_to_the_caller(clients: Clients) -> None:
    anna, boris = clients.pjsua("anna"), clients.pjsua("boris")
    anna.use_account(transport="tcp")
    boris.use_account()

    call = anna.call(boris.uri + ";transport=tcp")
    boris.wait_incoming().hang_up(486)

    assert call.wait_ended()["status"] == 486


def test_a_killed_phone_is_gone_and_says_where_its_log_is(clients: Clients) -> None:
    phone = clients.pjsua("anna")
    phone.kill()

    with pytest.raises(AssertionError, match=r"anna ended .*: incoming[\s\S]*anna-stderr\.log"):
        phone.wait_incoming(within=5)


def test_baresip_calls_pjsua_and_speaks_listens_presses_and_holds(clients: Clients) -> None:
    anna = clients.pjsua("anna")
    anna.use_account()
    bob = clients.baresip("bob", tone_hz=440)

    dialled = bob.call(anna.uri)
    taken = anna.wait_incoming()
    taken.answer()
    bob.wait_established(after=dialled)
    taken.play_tone(1000)
    taken.listen_for_tone(440)
    bob.listen_for_tone(1000)
    bob.press("5")
    taken.wait_digit("5")
    bob.press("73", by="inband")
    taken.listen_until(lambda heard: "73" in heard.digits(), what="the keys 7 and 3")
    bob.hold()
    held = taken.wait_media("remote-hold")
    bob.resume()
    taken.wait_media("active", after=held)
    bob.say_tone(700)
    taken.listen_for_tone(700)
    bob.hang_up()
    taken.wait_ended()


def test_what_is_on_the_wire_is_heard(clients: Clients) -> None:
    demand_root("capture packets")
    anna = clients.pjsua("anna")
    anna.use_account()
    bob = clients.baresip("bob", tone_hz=440)
    with Capture(range(anna.rtp_port, anna.rtp_port + 16)) as wire:
        dialled = bob.call(anna.uri)
        taken = anna.wait_incoming()
        taken.answer()
        bob.wait_established(after=dialled)
        taken.listen_for_tone(440)
        bob.press("5")
        taken.wait_digit("5")

        assert wire.heard().tone_seconds(440) > 0.4
        assert wire.longest_gap() < 0.5
        assert {packet.source[0] for packet in wire.packets()} == {"127.0.0.1"}
        assert len({packet.ssrc for packet in wire.packets()}) == 1


def test_pjsua_calls_baresip(clients: Clients) -> None:
    anna = clients.pjsua("anna", codecs=("PCMU",))
    anna.use_account(display_name="Анна")
    bob = clients.baresip("bob", tone_hz=500)

    call = anna.call(bob.uri)
    assert bob.wait_incoming()["peerdisplayname"] == "Анна"
    bob.answer()
    call.wait_confirmed()
    call.listen_for_tone(500)

    assert call.statistics()["codec"] == "PCMU"
    call.hang_up()
    bob.wait_ended()


@pytest.mark.parametrize("scenario", ["uac-call-until-bye", "uac-reinvite-hold-resume", "uac-retransmit-invite"])
def test_sipp_calls_pjsua(clients: Clients, scenario: str) -> None:
    anna = clients.pjsua("anna")
    anna.use_account()

    caller = clients.sipp(scenario, remote=f"127.0.0.1:{anna.port}", service="anna", tone_hz=600, pause=0.3)
    taken = anna.wait_incoming()
    taken.answer()
    if scenario == "uac-call-until-bye":
        taken.listen_for_tone(600)
        taken.hang_up()
    caller.wait()

    taken.wait_ended()
    assert len(anna.incoming_calls()) == 1


@pytest.mark.parametrize("way", ["info-relay", "rfc4733"])
def test_sipp_presses_a_key(clients: Clients, way: str) -> None:
    if way == "rfc4733":
        demand_root("send telephone-events, which SIPp does through raw sockets")
    anna = clients.pjsua("anna")
    anna.use_account()

    caller = clients.sipp(
        f"uac-key-{way}", remote=f"127.0.0.1:{anna.port}", service="anna", keys={"digit": "7"}, pause=0.3
    )
    taken = anna.wait_incoming()
    taken.answer()

    taken.wait_digit("7")
    caller.wait()


def test_sipp_gives_up_while_it_rings(clients: Clients) -> None:
    anna = clients.pjsua("anna")
    anna.use_account()

    caller = clients.sipp("uac-cancel-after-180", remote=f"127.0.0.1:{anna.port}", service="anna", pause=0.2)
    taken = anna.wait_incoming()
    caller.wait()

    assert taken.wait_ended()["status"] == 487


def test_sipp_shows_its_messages_when_the_other_side_does_something_else(clients: Clients) -> None:
    anna = clients.pjsua("anna")
    anna.use_account()

    caller = clients.sipp("uac-refused-404", remote=f"127.0.0.1:{anna.port}", service="anna")
    anna.wait_incoming().hang_up(486)

    with pytest.raises(AssertionError, match=r"while expecting '183'[\s\S]*486 Busy Here"):
        caller.wait()


def test_pjsua_calls_phones_played_by_sipp(clients: Clients) -> None:
    anna = clients.pjsua("anna")
    anna.use_account()

    echoing = clients.sipp("uas-answer", echo=True)
    call = anna.call(echoing.uri)
    call.wait_confirmed()
    call.play_tone(500)
    call.listen_for_tone(500)
    call.hang_up()
    echoing.wait()

    busy = clients.sipp("uas-486")
    assert anna.call(busy.uri).wait_ended()["status"] == 486
    busy.wait()

    ringing = clients.sipp("uas-no-answer")
    unanswered = anna.call(ringing.uri)
    unanswered.wait_ringing()
    assert unanswered.hang_up()["status"] == 487
    ringing.wait()

    leaving = clients.sipp("uas-answer-then-bye", pause=0.2)
    left = anna.call(leaving.uri)
    left.wait_confirmed()
    left.wait_ended()
    leaving.wait()


def test_a_phone_played_by_sipp_can_be_gone(clients: Clients) -> None:
    anna = clients.pjsua("anna")
    anna.use_account()

    gone = clients.sipp("uas-gone")
    call = anna.call(gone.uri)
    call.wait("calling")

    assert gone.is_running
    assert not call.phone.log.all("call", state="early")


def test_a_missing_client_skips_here_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install x"):
        demand(False, "x", "apt-get install x")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="apt-get install x"):
        demand(False, "x", "apt-get install x")
