"""The hold music in the tree is what its script renders, and is fit for a telephone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rtp.codecs.g711 import Pcm, decode, encode
from rtp.goertzel import InbandDetector
from softswitch.media.assets import load_pcm

FOLDER = Path(__file__).parents[4] / "prompts" / "music"


@pytest.fixture(scope="module")
def music() -> Pcm:
    return load_pcm(FOLDER / "default.wav")


def test_the_file_is_what_the_script_renders(music: Pcm, tmp_path: Path) -> None:
    subprocess.run([sys.executable, FOLDER / "render.py", tmp_path / "again.wav"], check=True, timeout=60)
    again = load_pcm(tmp_path / "again.wav")
    assert again.size == music.size
    assert np.abs(again.astype(int) - music).max() <= 2  # libraries may round differently


def test_it_lasts_over_a_minute_in_whole_frames_at_a_comfortable_level(music: Pcm) -> None:
    assert music.size % 160 == 0
    assert 60 <= music.size / 8000 <= 90
    level = 10 * np.log10((music.astype(float) ** 2).mean() / 32768**2)
    assert -20 <= level <= -18
    assert np.abs(music.astype(int)).max() < 20_000
    halves = 10 * np.log10((music.astype(float).reshape(-1, 4000) ** 2).mean(axis=1) / 32768**2)
    assert -26 < halves.min() < halves.max() < -14, "no second is silent or startling"


def test_it_sounds_in_the_band_a_telephone_passes(music: Pcm) -> None:
    power = np.abs(np.fft.rfft(music.astype(float))) ** 2
    hertz = np.fft.rfftfreq(music.size, 1 / 8000)
    assert power[(hertz >= 300) & (hertz <= 3400)].sum() / power.sum() > 0.95


def test_the_loop_has_no_seam(music: Pcm) -> None:
    around = np.diff(np.concatenate([music[-4000:], music[:4000]]).astype(int), 2)
    assert np.abs(around[3980:4020]).max() < 0.6 * np.abs(np.diff(music.astype(int), 2)).max()


@pytest.mark.parametrize("law", ["PCMA", "PCMU"])
def test_no_key_is_heard_in_it(music: Pcm, law: str) -> None:
    levels = np.array([2.0, 1.0, 0.5, 0.1])
    twice = np.clip(np.outer(levels, np.concatenate([music, music])), -32768, 32767).astype(np.int16)
    frames = decode(law, encode(law, twice)).reshape(4 * 48, -1, 160)  # stretches of three seconds, side by side
    detector, slots = InbandDetector(len(frames)), np.arange(len(frames))
    none = np.zeros(len(frames), dtype=bool)
    assert [d for n in range(frames.shape[1]) for d in detector.process(slots, frames[:, n], none)] == []
