"""The matrices that in-band detection multiplies frames with.

Two complex band-pass filters, one over the rows (697–941 Hz) and one over the columns (1209–1633 Hz), each sampled
every 1.25 ms: applied to the 80 samples before a frame and the frame itself they give 16 phasors of each group.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rtp.codecs.g711 import FRAME_SAMPLES, SAMPLE_RATE

Floats = NDArray[np.float32]
Complexes = NDArray[np.complex64]

HOP: Final = 10  # samples; 1.25 ms
HOPS: Final = FRAME_SAMPLES // HOP  # per frame
TAPS: Final = 80  # 10 ms
NEAR: Final = 20  # samples to either side of a hop's centre that count for its power

HOP_SECONDS: Final = HOP / SAMPLE_RATE
DELAY: Final = TAPS / 2 / SAMPLE_RATE  # seconds from the centre of a hop's filter to its end
CENTRES: Final = np.array([819.0, 1421.0])  # Hz: rows, columns


def _low_pass(cutoff: float) -> NDArray[np.float64]:
    """Kaiser-windowed sinc of unit gain at 0 Hz; −40 dB beyond 115 Hz from *cutoff*."""
    n = np.arange(TAPS) - (TAPS - 1) / 2
    taps = np.sinc(2 * cutoff / SAMPLE_RATE * n) * np.kaiser(TAPS, 3.4)
    shaped: NDArray[np.float64] = taps / taps.sum()
    return shaped


# Pass bands reach 1.8 % beyond the outer tones, stop bands begin 1.8 % before the other group's.
_FILTERS: Final = (_low_pass(254.0), _low_pass(351.0))


def _bank() -> Floats:
    """[80 + 160 samples] → 16 hops × (row re, row im, column re, column im), then 3 sums for hum.

    A phasor's amplitude is the peak of the tone, in samples; its phase counts from the start of the hop's window.
    """
    bank = np.zeros((TAPS + FRAME_SAMPLES, 4 * HOPS + 3))
    n = np.arange(TAPS)
    for hop in range(HOPS):
        start = (hop + 1) * HOP
        for group, (taps, centre) in enumerate(zip(_FILTERS, CENTRES, strict=True)):
            wave = 2 * taps * np.exp(-2j * np.pi * centre / SAMPLE_RATE * n)
            bank[start : start + TAPS, 4 * hop + 2 * group] = wave.real
            bank[start : start + TAPS, 4 * hop + 2 * group + 1] = wave.imag
    # Offset and 50 Hz hum over the newest 20 ms, orthonormal.
    angle = 2 * np.pi * 50 / SAMPLE_RATE * np.arange(FRAME_SAMPLES)
    bank[TAPS:, -3] = 1 / np.sqrt(FRAME_SAMPLES)
    bank[TAPS:, -2] = np.cos(angle) * np.sqrt(2 / FRAME_SAMPLES)
    bank[TAPS:, -1] = np.sin(angle) * np.sqrt(2 / FRAME_SAMPLES)
    return bank.astype(np.float32)


def _power_bank() -> Floats:
    """Squares of the same 240 samples → mean power around the centre of each hop."""
    bank = np.zeros((TAPS + FRAME_SAMPLES, HOPS))
    for hop in range(HOPS):
        centre = (hop + 1) * HOP + TAPS // 2
        bank[centre - NEAR : centre + NEAR, hop] = 1 / (2 * NEAR)
    return bank.astype(np.float32)


def _share_before() -> Floats:
    """How much of each hop lies in the 80 samples before the frame: [hop, (row filter, column filter, power)]."""
    share = np.zeros((HOPS, 3))
    for hop in range(HOPS):
        before = max(0, TAPS - (hop + 1) * HOP)
        share[hop, :2] = [taps[:before].sum() for taps in _FILTERS]
        share[hop, 2] = np.clip((before - TAPS // 2 + NEAR) / (2 * NEAR), 0, 1)
    return share.astype(np.float32)


BANK: Final = _bank()
POWER_BANK: Final = _power_bank()
SHARE_BEFORE: Final = _share_before()
