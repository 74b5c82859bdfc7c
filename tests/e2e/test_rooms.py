"""Real phones in a conference, and one that speaks to a file."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.support.audio import decibels, tone_track

if TYPE_CHECKING:
    from tests.e2e.office import Office
    from tests.support.audio import Recording

pytestmark = pytest.mark.e2e

TONES = {"2001": 500.0, "2002": 900.0, "2003": 1400.0}
BEEP = 1000.0


def level(heard: Recording, hertz: float) -> float:
    """Level of one tone in dBFS in the last second, whatever else sounds."""
    amplitude, _ = tone_track(heard.part(max(0.0, heard.length - 1.0)).samples, hertz)
    return decibels(float(np.median(amplitude))) if heard.length >= 1.0 else 0.0


def test_three_phones_in_a_conference_hear_the_other_two_and_not_themselves(office: Office) -> None:
    calls = {}
    for user, hertz in TONES.items():
        calls[user] = call = office.dial(office.phone(user), "106")
        call.wait_confirmed()
        call.play_tone(hertz, dbfs=-18.0)
    for user, call in calls.items():

        def others_alone(heard: Recording, user: str = user) -> bool:
            return all((level(heard, hertz) < -45) == (who == user) for who, hertz in TONES.items())

        call.listen_until(others_alone, what="the other two")
    for user, call in calls.items():
        call.listen(1.0)
        for who, hertz in TONES.items():
            if who != user:
                assert level(call.heard_so_far(), hertz) == pytest.approx(-18, abs=2), (user, who)
    for call in calls.values():
        call.hang_up()


def test_what_a_phone_says_after_the_tone_is_in_the_file_and_its_keys_are_not(office: Office) -> None:
    call = office.dial(office.phone("2001"), "107")
    call.wait_confirmed()
    call.listen_for_tone(BEEP)
    call.listen(0.5)
    call.play_tone(600.0, dbfs=-15.0)
    call.listen(2.0)
    call.press("5")
    call.listen(1.0)
    call.press("#")
    call.listen_for_tone(600.0)  # the echo that comes after it
    call.hang_up()
    (path,) = (office.switch.data / "recordings" / "statement").glob("*.wav")
    assert path.stat().st_mode & 0o777 == 0o600
    with wave.open(str(path)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64)
    assert 3.0 < len(pcm) / 8000 < 8.0
    frames = pcm[: len(pcm) // 160 * 160].reshape(-1, 160)
    time_of = np.arange(160) / 8000

    def amplitude(hertz: float) -> np.ndarray:
        return np.asarray(2 * np.abs((frames * np.exp(-2j * np.pi * hertz * time_of)).mean(axis=1)))

    spoken = amplitude(600.0) > 2000
    assert spoken.sum() > 2.5 * 50
    pause = np.flatnonzero(spoken)
    assert not spoken[pause[0] : pause[-1]].all()  # where the key was pressed
    quiet = frames[pause[0] : pause[-1]][~spoken[pause[0] : pause[-1]]]
    assert np.abs(np.median(np.abs(quiet), axis=1)).min() <= 8
