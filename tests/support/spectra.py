"""Speech recognised by its spectrum over time: another rendering of the same words is near, other words are not.

Waveforms will not do for that: consonants are noise, and differ from rendering to rendering.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

K = TypeVar("K")
WINDOW = 256  # samples at 8 kHz
STEP = 80
BANDS = 20
SHIFTS = 6  # steps by which two recordings may begin apart


def spectrum(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Loudness by 10 ms and band, without what all of the recording has in common."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::STEP] * np.hanning(WINDOW)
    power = np.abs(np.fft.rfft(frames)) ** 2
    edges = np.geomspace(2, WINDOW // 2, BANDS + 1).astype(int)
    bands = [power[:, low : max(low + 1, high)].sum(axis=1) for low, high in pairwise(edges)]
    loudness = np.log10(np.stack(bands, axis=1) + 1e-4)
    centred: NDArray[np.float64] = loudness - loudness.mean(axis=0)
    return centred


def likeness(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """1.0: the same; two announcements that differ in one word have 0.9 or less."""
    scale = np.sqrt((one**2).sum() * (other**2).sum())
    return max(float(_product(one, other, shift) / scale) for shift in range(-SHIFTS, SHIFTS + 1))


def recognise(heard: NDArray[np.float64], known: Mapping[K, NDArray[np.float64]]) -> tuple[K, float]:
    """Which of the known recordings is heard, and how much like it."""
    scores = {name: likeness(heard, spectrum) for name, spectrum in known.items()}
    best = max(scores, key=scores.__getitem__)
    return best, scores[best]


def _product(one: NDArray[np.float64], other: NDArray[np.float64], shift: int) -> float:
    one, other = one[max(0, shift) :], other[max(0, -shift) :]
    both = min(len(one), len(other))
    return float((one[:both] * other[:both]).sum())
