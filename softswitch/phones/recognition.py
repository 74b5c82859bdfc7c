"""Recognising what was heard: a prompt, a sentence or a piece of music, sample for sample, whatever its level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from rtp.codecs.g711 import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtp.codecs.g711 import Pcm

    Spectrum = NDArray[np.complex128]

#: From this score on it is the very clip: through G.711 it scores 0.95 and more, another voice's sentence below 0.4.
RECOGNISED: Final = 0.7
#: Peak level below which there is nothing to recognise.
_FAINT: Final = 200


class Match(NamedTuple):
    """Where something was recognised: *offset* seconds into the sound; *score* from 0 to 1 (the same samples)."""

    offset: float
    score: float

    @property
    def recognised(self) -> bool:
        return self.score >= RECOGNISED


class Clip:
    """A sound to be found in others; its spectrum is kept, because it is looked for again and again."""

    def __init__(self, sound: Pcm) -> None:
        self.sound = sound
        self._samples = sound.astype(np.float64)
        self._spectra: dict[int, Spectrum] = {}

    @property
    def seconds(self) -> float:
        return len(self.sound) / SAMPLE_RATE

    def find_in(self, sound: Pcm) -> Match:
        """Where this clip is in *sound*, as a whole."""
        hay = sound.astype(np.float64)
        size = _transform_size(len(hay))
        return _best(self._samples, hay, self._spectrum(size), np.fft.rfft(hay, size))

    def position_of(self, sound: Pcm) -> Match:
        """Which part of this clip *sound* is."""
        part = sound.astype(np.float64)
        size = _transform_size(len(self._samples))
        return _best(part, self._samples, np.fft.rfft(part, size), self._spectrum(size))

    def _spectrum(self, size: int) -> Spectrum:
        found = self._spectra.get(size)
        if found is None:
            found = self._spectra[size] = np.fft.rfft(self._samples, size)
        return found


def _transform_size(length: int) -> int:
    return 1 << max(length - 1, 1).bit_length()


def _best(
    needle: NDArray[np.float64], hay: NDArray[np.float64], needle_spectrum: Spectrum, hay_spectrum: Spectrum
) -> Match:
    """Normalised cross-correlation at every place where all of *needle* fits into *hay*."""
    places = len(hay) - len(needle) + 1
    if places <= 0 or not len(needle) or np.abs(needle).max() < _FAINT:
        return Match(0.0, 0.0)
    products = np.fft.irfft(hay_spectrum * np.conj(needle_spectrum))[:places]
    sums = np.concatenate([[0.0], np.cumsum(hay * hay)])
    energies = sums[len(needle) :] - sums[:places]
    floor = len(needle) * (_FAINT / 10) ** 2  # silence is no match for anything
    scores = products / np.sqrt(np.dot(needle, needle) * np.maximum(energies, floor))
    best = int(np.argmax(scores))
    return Match(best / SAMPLE_RATE, float(np.clip(scores[best], 0.0, 1.0)))
