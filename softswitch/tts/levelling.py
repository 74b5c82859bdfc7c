"""Synthesised speech → telephone prompt: 8 kHz, even loudness, no silence at the ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import soxr  # type: ignore[import-untyped, unused-ignore]

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_RATE: Final = 8000
TARGET_DBFS: Final = -20.0  # active speech level
PEAK_DBFS: Final = -1.0

_BLOCK: Final = 80  # 10 ms
_ACTIVE_BELOW_LOUDEST_DB: Final = 30.0
_SILENT_BELOW_LOUDEST_DB: Final = 45.0
_LEAD: Final = 160
_TAIL: Final = 400


def prepare_prompt(audio: NDArray[np.float32], rate: int) -> NDArray[np.int16]:
    """Mono samples in ±1.0 at *rate* → 8 kHz int16; empty when there is nothing to hear."""
    if rate != SAMPLE_RATE and audio.size:
        audio = soxr.resample(audio, rate, SAMPLE_RATE, quality="HQ")
    blocks = audio[: audio.size // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    power = (blocks.astype(np.float64) ** 2).mean(axis=1)
    if power.size == 0 or power.max() < 1e-8:
        return np.zeros(0, dtype=np.int16)
    level = 10 * np.log10(power / power.max() + 1e-12)
    heard = np.flatnonzero(level > -_SILENT_BELOW_LOUDEST_DB) * _BLOCK
    audio = audio[max(0, heard[0] - _LEAD) : heard[-1] + _BLOCK + _TAIL]
    active = np.sqrt(power[level > -_ACTIVE_BELOW_LOUDEST_DB].mean())
    gain = min(_amplitude(TARGET_DBFS) / active, _amplitude(PEAK_DBFS) / float(np.abs(audio).max()))
    samples: NDArray[np.int16] = np.rint(audio * gain * 32768).astype(np.int16)
    return samples


def _amplitude(decibels: float) -> float:
    return float(10 ** (decibels / 20))
