"""Call progress tones, keys and test tones as samples: int16, 8 kHz, levels in dBm0.

Cadenced tones are whole periods of 20 ms frames, so they can be coded once and looped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rtp.codecs.g711 import FRAME_SAMPLES, SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtp.codecs.g711 import Pcm

#: Peak of a sine at 0 dBm0: µ-law's largest sine is +3.17 dBm0 (G.711 §2) and peaks at 32,124.
PEAK_0DBM0: Final = 32_124 / 10 ** (3.17 / 20)

ROWS: Final = (697.0, 770.0, 852.0, 941.0)  # Q.23
COLUMNS: Final = (1209.0, 1336.0, 1477.0, 1633.0)
KEYPAD: Final = ("123A", "456B", "789C", "*0#D")


@dataclass(frozen=True, slots=True)
class Cadence:
    """Frequencies sounding together, and (on, off) spells in seconds, repeated."""

    hertz: tuple[float, ...]
    spells: tuple[tuple[float, float], ...]
    level: float = -10.0  # dBm0 of each frequency


#: ITU-T E.180 and ETSI TR 101 041: continental European practice. Spells are multiples of 20 ms.
PROGRESS_TONES: Final[dict[str, Cadence]] = {
    "ringback": Cadence((425.0,), ((1.0, 4.0),)),
    "busy": Cadence((425.0,), ((0.5, 0.5),)),
    "congestion": Cadence((425.0,), ((0.24, 0.24),)),
    "dial": Cadence((425.0,), ((1.0, 0.0),)),
    "waiting": Cadence((425.0,), ((0.2, 0.6), (0.2, 4.0)), -16.0),
    "confirmation": Cadence((425.0, 850.0), ((0.1, 0.1), (0.1, 0.7)), -16.0),
    "beep": Cadence((1000.0,), ((0.3, 0.02),)),
    "sit": Cadence((950.0,), ((0.34, 1.0),)),
}

_RAMP: Final = 40  # 5 ms; a tone switched on at once clicks


def progress_tone(name: str) -> Pcm:
    """One period of the tone, a whole number of frames that can be looped. Raises KeyError for an unknown name."""
    tone = PROGRESS_TONES[name]
    parts = []
    for on, off in tone.spells:
        sound = sine(tone.hertz, on, [tone.level] * len(tone.hertz))
        parts += [_ramped(sound) if off else sound, np.zeros(round(off * SAMPLE_RATE), dtype=np.int16)]
    period = np.concatenate(parts)
    assert period.size % FRAME_SAMPLES == 0
    return period


def sine(
    hertz: float | Sequence[float], seconds: float, level: float | Sequence[float] = -10.0, *, phase: float = 0.0
) -> Pcm:
    """One or several sines together; *level* in dBm0, one for all or one each; *phase* in radians."""
    frequencies = np.atleast_1d(np.asarray(hertz, dtype=np.float64))
    levels = np.broadcast_to(np.asarray(level, dtype=np.float64), frequencies.shape)
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    waves = np.sin(2 * np.pi * frequencies[:, None] * time + phase)
    mixed = (PEAK_0DBM0 * 10 ** (levels / 20)) @ waves
    return np.clip(np.rint(mixed), -32768, 32767).astype(np.int16)


def dtmf(key: str, seconds: float = 0.1, *, row_level: float = -8.0, column_level: float = -6.0) -> Pcm:
    """The two tones of *key* (Q.23), levels in dBm0. Raises ValueError for what is no key."""
    row, column = key_tones(key)
    return sine((row, column), seconds, (row_level, column_level))


def key_tones(key: str) -> tuple[float, float]:
    """Row and column frequency of *key* in Hz. Raises ValueError for what is no key."""
    for row, keys in zip(ROWS, KEYPAD, strict=True):
        if len(key) == 1 and (at := keys.find(key.upper())) >= 0:
            return row, COLUMNS[at]
    raise ValueError(f"{key!r} is not a key")


def silence(seconds: float) -> Pcm:
    return np.zeros(round(seconds * SAMPLE_RATE), dtype=np.int16)


def _ramped(sound: Pcm) -> Pcm:
    ramp = np.sin(np.linspace(0, np.pi / 2, _RAMP)) ** 2
    shaped = sound.astype(np.float64)
    shaped[:_RAMP] *= ramp
    shaped[-_RAMP:] *= ramp[::-1]
    return np.rint(shaped).astype(np.int16)
