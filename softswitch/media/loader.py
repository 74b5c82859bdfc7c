"""Audio files and tones → frames, in a thread beside the media loop.

Decoding and resampling release the interpreter for most of their time; encoding is done in slices short enough that the
loop gets its turn on every beat.
"""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from rtp.player import TONE_PREFIX
from rtp.tones import PROGRESS_TONES, progress_tone
from softswitch.media.assets import AssetError, load_pcm, to_frames
from softswitch.media.priorities import stand_back

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtp.frames import AssetKey

_SLICE = 160 * 500
SWITCH_INTERVAL = 0.0005
"""Seconds for which another thread may keep the media loop from the interpreter."""

Finished = tuple["AssetKey", "NDArray[np.uint8] | None", str]


class Loader:
    """`request` assets, collect what is `finished`; neither waits."""

    def __init__(self) -> None:
        self._requests: queue.SimpleQueue[AssetKey] = queue.SimpleQueue()
        self._done: deque[Finished] = deque()
        self._thread: threading.Thread | None = None

    def request(self, key: AssetKey) -> None:
        if self._thread is None:
            sys.setswitchinterval(SWITCH_INTERVAL)
            self._thread = threading.Thread(target=self._work, name="asset-loader", daemon=True)
            self._thread.start()
        self._requests.put(key)

    def finished(self) -> list[Finished]:
        done: list[Finished] = []
        while self._done:
            done.append(self._done.popleft())
        return done

    def _work(self) -> None:
        stand_back()
        while True:
            key = self._requests.get()
            try:
                self._done.append((key, encode_asset(*key), ""))
            except AssetError as error:
                self._done.append((key, None, error.problem))
            except Exception as error:  # a broken file must not end the worker's only loader
                self._done.append((key, None, f"{type(error).__name__}: {error}"))


def encode_asset(path: str, codec: str) -> NDArray[np.uint8]:
    """Frames of a file or of a tone ("tone:<name>"); raises AssetError."""
    if path.startswith(TONE_PREFIX):
        name = path.removeprefix(TONE_PREFIX)
        if name not in PROGRESS_TONES:
            raise AssetError(path, "is not a tone this switch knows")
        return to_frames(progress_tone(name), codec)
    pcm = load_pcm(path)
    slices = []
    for first in range(0, len(pcm), _SLICE):
        slices.append(to_frames(pcm[first : first + _SLICE], codec))
        time.sleep(0.001)  # ordinary processes have their turn, too
    return np.concatenate(slices)
