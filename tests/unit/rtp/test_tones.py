"""Tones have the frequencies, levels and cadences they are named for."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from rtp.codecs.g711 import Pcm, decode, encode
from rtp.tones import KEYPAD, PROGRESS_TONES, dtmf, key_tones, progress_tone, silence, sine


def peaks(pcm: Pcm, count: int) -> list[float]:
    """The strongest frequencies, Hz."""
    spectrum = np.abs(np.fft.rfft(pcm * np.hanning(pcm.size), 65536))
    found: list[float] = []
    for _ in range(count):
        at = int(np.argmax(spectrum))
        found.append(at * 8000 / 65536)
        spectrum[max(0, at - 400) : at + 400] = 0
    return sorted(found)


def dbm0(pcm: Pcm) -> float:
    """Level by G.711's own definition: the largest sine µ-law can carry is +3.17 dBm0."""
    return float(10 * np.log10((pcm.astype(float) ** 2).mean() / (32_124**2 / 2)) + 3.17)


@pytest.mark.parametrize("level", [0.0, -10.0, -40.0])
def test_a_sine_has_its_level_even_after_coding(level: float) -> None:
    pcm = sine(1000.0, 1.0, level)
    assert dbm0(pcm) == pytest.approx(level, abs=0.05)
    assert dbm0(decode("PCMU", encode("PCMU", pcm))) == pytest.approx(level, abs=0.3)


@pytest.mark.parametrize("key", "".join(KEYPAD))
def test_a_key_is_its_row_and_its_column(key: str) -> None:
    assert peaks(dtmf(key, 0.5), 2) == pytest.approx(list(key_tones(key)), abs=0.5)


def test_the_keypad_is_q23() -> None:
    assert key_tones("1") == (697, 1209)
    assert key_tones("0") == (941, 1336)
    assert key_tones("d") == (941, 1633)
    for bad in ("", "12", "x"):
        with pytest.raises(ValueError, match="is not a key"):
            key_tones(bad)


def test_ringback_is_one_second_of_425_hertz_every_five() -> None:
    tone = progress_tone("ringback")
    assert tone.size == 5 * 8000
    assert peaks(tone[:8000], 1) == pytest.approx([425], abs=0.5)
    assert not tone[8000:].any()
    assert dbm0(tone[400:7600]) == pytest.approx(-10, abs=0.1)


@pytest.mark.parametrize("name", PROGRESS_TONES)
def test_progress_tones_loop_in_whole_frames_without_a_click(name: str) -> None:
    tone = progress_tone(name)
    assert tone.size % 160 == 0
    twice = np.concatenate([tone, tone]).astype(int)
    steepest = max(abs(b - a) for a, b in pairwise(twice[200:800].tolist()))
    seam = np.abs(np.diff(twice[tone.size - 20 : tone.size + 20])).max()
    assert seam <= steepest + 1


def test_busy_is_half_a_second_on_and_half_off() -> None:
    tone = progress_tone("busy")
    assert tone.size == 8000
    assert np.abs(tone[:4000]).max() > 5000
    assert not tone[4000:].any()


def test_silence_is_silent() -> None:
    assert silence(0.02).tolist() == [0] * 160
