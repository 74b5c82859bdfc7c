"""A clip is found where it is, through either codec and at any level, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from rtp.codecs.g711 import Pcm, decode, encode
from rtp.tones import silence, sine
from softswitch.phones.recognition import Clip, Match


def babble(seed: int, seconds: float = 2.0) -> Pcm:
    """Something like a voice: noise with syllables."""
    random = np.random.default_rng(seed)
    noise = np.convolve(random.normal(0, 6000, round(seconds * 8000)), np.ones(4) / 4, "same")
    syllables = np.repeat(random.uniform(0.1, 1.0, round(seconds * 5)), 1600)[: len(noise)]
    return (noise * syllables).astype(np.int16)


@pytest.mark.parametrize("law", ["PCMA", "PCMU"])
@pytest.mark.parametrize("loudness", [1.0, 0.1])
def test_a_clip_is_found_through_a_telephone(law: str, loudness: float) -> None:
    said = (babble(1) * loudness).astype(np.int16)
    heard = decode(law, encode(law, np.concatenate([silence(1.25), said, babble(2)])))
    match = Clip(babble(1)).find_in(heard)
    assert match.recognised
    assert match.offset == pytest.approx(1.25, abs=0.001)


@pytest.mark.parametrize(
    "heard",
    [babble(2, 5.0), silence(5.0), sine(440, 5.0), babble(1)[:8000], silence(0.0)],
    ids=["another voice", "silence", "a tone", "half of it", "nothing"],
)
def test_what_is_not_there_is_not_found(heard: Pcm) -> None:
    assert not Clip(babble(1)).find_in(heard).recognised


def test_half_of_a_clip_scores_less_than_all_of_it() -> None:
    half = np.concatenate([babble(1)[:8000], babble(3, 3.0)])
    assert Clip(babble(1)).find_in(half).score < 0.75 < Clip(babble(1)).find_in(babble(1)).score


def test_a_piece_of_music_is_placed_in_it() -> None:
    music = Clip(babble(5, 20.0))
    for begin in (0.0, 3.2, 18.9):
        part = music.sound[round(begin * 8000) :][:8000]
        match = music.position_of(decode("PCMA", encode("PCMA", part)))
        assert match.recognised
        assert match.offset == pytest.approx(begin, abs=0.001)
    assert not music.position_of(babble(6, 1.0)).recognised


def test_silence_is_no_part_of_anything() -> None:
    assert Clip(babble(1)).position_of(silence(0.5)) == Match(0.0, 0.0)
    assert Clip(silence(0.5)).find_in(babble(1)) == Match(0.0, 0.0)


def test_lengths() -> None:
    assert Clip(silence(1.5)).seconds == 1.5
