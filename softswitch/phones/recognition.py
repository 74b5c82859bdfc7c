"""Recognising what was heard: a prompt, a sentence or a piece of music, sample for sample, whatever its level.

Normalised cross-correlation by Fourier transforms. Long clips are kept as spectra of overlapping blocks, which takes a
tenth of the time of one long transform: phones listen while they go on sending a packet every 20 ms.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import numpy as np

from rtp.codecs.g711 import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from rtp.codecs.g711 import Pcm

    Samples = NDArray[np.float32]
    Spectrum = NDArray[Any]  # complex64, which the stubs of numpy.fft do not know

K = TypeVar("K")

#: From this score on it is the very clip: through G.711 it scores 0.95 and more, another sentence below 0.4.
RECOGNISED: Final = 0.7
#: Peak level below which there is nothing to recognise.
_FAINT: Final = 200 / 32_768
_BLOCK: Final = 32_768
#: Longest part that is looked for in a clip, in samples.
_LONGEST_PART: Final = _BLOCK // 2


class Match(NamedTuple):
    """Where something was recognised: *offset* seconds into the sound; *score* from 0 to 1 (the same samples)."""

    offset: float
    score: float

    @property
    def recognised(self) -> bool:
        return self.score >= RECOGNISED


NOWHERE: Final = Match(0.0, 0.0)


class Clip:
    """A sound that is looked for again and again, so what can be worked out once is kept."""

    def __init__(self, sound: Pcm) -> None:
        self.sound = sound
        self._samples = _floats(sound)
        self._spectra: dict[int, Spectrum] = {}

    @property
    def seconds(self) -> float:
        return len(self.sound) / SAMPLE_RATE

    def beginning(self, seconds: float) -> Clip:
        """The first *seconds* of it."""
        return Clip(self.sound[: round(seconds * SAMPLE_RATE)])

    def find_in(self, sound: Pcm) -> Match:
        """Where this clip is in *sound*, as a whole."""
        return find({0: self}, sound)[0]

    def position_of(self, sound: Pcm) -> Match:
        """Which part of this clip *sound* is, of which at most two seconds are looked at."""
        part = _floats(sound[:_LONGEST_PART])
        places = len(self._samples) - len(part) + 1
        if places <= 0 or _is_faint(part):
            return NOWHERE
        spectrum = np.conj(np.fft.rfft(part, _BLOCK))
        products = np.fft.irfft(self._blocks * spectrum)[:, : _BLOCK - _LONGEST_PART].reshape(-1)[:places]
        return _best(products, part, self._sums)

    def spectrum(self, size: int) -> Spectrum:
        """Of the whole clip, padded with zeros to *size* samples."""
        found = self._spectra.get(size)
        if found is None:
            found = self._spectra[size] = np.fft.rfft(self._samples, size)
        return found

    @cached_property
    def _blocks(self) -> Spectrum:
        """Spectra of blocks that begin every `_BLOCK - _LONGEST_PART` samples."""
        hop = _BLOCK - _LONGEST_PART
        count = -(-len(self._samples) // hop)
        padded = np.zeros((count - 1) * hop + _BLOCK, dtype=np.float32)
        padded[: len(self._samples)] = self._samples
        return np.fft.rfft(np.lib.stride_tricks.sliding_window_view(padded, _BLOCK)[::hop])

    @cached_property
    def _sums(self) -> NDArray[np.float64]:
        return _energy_sums(self._samples)


def find(clips: Mapping[K, Clip], sound: Pcm) -> dict[K, Match]:
    """Where each of *clips* is in *sound*, as a whole; cheaper than one after the other."""
    hay = _floats(sound)
    size = 1 << max(len(hay) - 1, 1).bit_length()
    sums = _energy_sums(hay)
    spectrum = np.fft.rfft(hay, size)
    matches: dict[K, Match] = {}
    for key, clip in clips.items():
        needle = _floats(clip.sound)
        places = len(hay) - len(needle) + 1
        if places <= 0 or _is_faint(needle):
            matches[key] = NOWHERE
        else:
            products = np.fft.irfft(spectrum * np.conj(clip.spectrum(size)))[:places]
            matches[key] = _best(products, needle, sums)
    return matches


def _best(products: NDArray[Any], needle: Samples, sums: NDArray[np.float64]) -> Match:
    """The place where *products*, the correlation of the needle, is largest against the loudness of both there."""
    energies = sums[len(needle) :][: len(products)] - sums[: len(products)]
    floor = len(needle) * (_FAINT / 10) ** 2  # silence is no match for anything
    scores = products / np.sqrt(float(np.dot(needle, needle)) * np.maximum(energies, floor))
    best = int(np.argmax(scores))
    return Match(best / SAMPLE_RATE, float(np.clip(scores[best], 0.0, 1.0)))


def _floats(sound: Pcm) -> Samples:
    return sound.astype(np.float32) / np.float32(32_768)


def _is_faint(samples: Samples) -> bool:
    return not len(samples) or float(np.abs(samples).max()) < _FAINT


def _energy_sums(samples: Samples) -> NDArray[np.float64]:
    """The energy of the first n samples, for every n."""
    return np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
