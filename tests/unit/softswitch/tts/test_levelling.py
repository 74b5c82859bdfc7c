"""Prompts are equally loud and begin and end with speech."""

from __future__ import annotations

import numpy as np
import pytest

from softswitch.tts.levelling import prepare_prompt


def burst(
    level: float, lead: float, length: float, tail: float, rate: int = 22_050
) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    tone = level * np.sin(2 * np.pi * 500 * np.arange(int(length * rate)) / rate)
    return np.concatenate([np.zeros(int(lead * rate)), tone, np.zeros(int(tail * rate))]).astype(np.float32)


@pytest.mark.parametrize("level", [0.001, 0.02, 0.9])
def test_every_level_becomes_twenty_decibels_below_full_scale(level: float) -> None:
    samples = prepare_prompt(burst(level, 0.0, 1.0, 0.0), 22_050) / 32768
    assert 10 * np.log10((samples[400:7000] ** 2).mean()) == pytest.approx(-20, abs=0.3)


def test_silence_at_both_ends_is_cut_and_inside_is_kept() -> None:
    twice = np.concatenate([burst(0.1, 0.5, 0.4, 0.3), burst(0.1, 0.0, 0.4, 0.8)])
    samples = prepare_prompt(twice, 22_050)
    assert samples.size / 8000 == pytest.approx(0.4 + 0.3 + 0.4 + 0.02 + 0.05, abs=0.03)


def test_a_lone_click_is_not_driven_into_clipping() -> None:
    audio = burst(0.01, 0.0, 1.0, 0.0)
    audio[8000:8003] = 0.9
    assert 25_000 < np.abs(prepare_prompt(audio, 22_050).astype(int)).max() < 30_000


def test_silence_is_nothing() -> None:
    assert prepare_prompt(np.zeros(22_050, dtype=np.float32), 22_050).size == 0
    assert prepare_prompt(np.zeros(0, dtype=np.float32), 8000).size == 0
