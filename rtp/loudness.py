"""Whether somebody speaks, from the levels of what is recorded.

A frame of 20 ms is speech when it is louder than a fixed level, and clearly louder than the noise behind it: the
quietest frame lately, which is allowed to rise slowly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from rtp.codecs.g711 import FRAME_SAMPLES, SAMPLE_RATE

if TYPE_CHECKING:
    from rtp.codecs.g711 import Pcm

ABOVE_NOISE: Final = 3.0
QUIETEST_NOISE: Final = 50.0
"""RMS; three times that, about -47 dBFS, is where speech begins in a quiet room."""
LOUDEST_NOISE: Final = 500.0
"""However noisy it is, three times this level is speech."""
_RISE: Final = 10 ** (1 / 20 / 50)  # 1 dB a second


class Loudness:
    def __init__(self) -> None:
        self.voiced = 0.0
        """Seconds of speech so far."""
        self.last_voice = 0.0
        """Where the last of it ended, in seconds from the beginning."""
        self._floor = QUIETEST_NOISE
        self._rest: Pcm = np.zeros(0, np.int16)
        self._frames = 0

    def hear(self, pcm: Pcm) -> None:
        """The next samples, any number of them."""
        if not len(pcm):
            return
        audio = np.concatenate([self._rest, pcm])
        whole = len(audio) // FRAME_SAMPLES * FRAME_SAMPLES
        self._rest = audio[whole:]
        frames = audio[:whole].reshape(-1, FRAME_SAMPLES).astype(np.float32)
        for level in np.sqrt((frames * frames).mean(axis=1)).tolist():
            self._frames += 1
            self._floor = max(QUIETEST_NOISE, min(level, self._floor * _RISE, LOUDEST_NOISE))
            if level > self._floor * ABOVE_NOISE:
                self.voiced += FRAME_SAMPLES / SAMPLE_RATE
                self.last_voice = self._frames * FRAME_SAMPLES / SAMPLE_RATE
