"""In-band DTMF detection for many legs at once.

For a key, the phasors of `rtp.tone_filters` keep their amplitude, turn at the speed of a nominal frequency, and hold
nearly all the power there is. The filters are a matrix: one product filters a frame of every leg, as a bank of
Goertzel filters would. What follows looks only at legs in which the phasors hold enough of the power.

A lost frame is unknown: it is neither tone nor silence, it does not end a key and does not separate two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rtp.codecs.g711 import FRAME_SAMPLES
from rtp.key_tracker import LONGEST, KeyTracker, State
from rtp.q24 import LOOK_AHEAD, hop_verdicts, is_key, may_hold_key
from rtp.tone_filters import BANK, DELAY, HOP_SECONDS, HOPS, POWER_BANK, SHARE_BEFORE, TAPS
from rtp.tones import KEYPAD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtp.codecs.g711 import Pcm
    from rtp.tone_filters import Complexes, Floats

_FRAMES: Final = 6  # of history
_MIN_COVERAGE: Final = 0.8  # of a hop's weight by samples that came; less is unknown

assert LONGEST + LOOK_AHEAD + HOPS <= _FRAMES * HOPS


@dataclass(frozen=True, slots=True)
class Detection:
    """A key went down (*on*) or up. *age* is how many seconds before the end of the frame that was."""

    slot: int
    digit: str
    on: bool
    age: float


class InbandDetector:
    """Detects keys in the audio of up to *capacity* legs, each known by a slot 0 ≤ slot < capacity."""

    def __init__(self, capacity: int) -> None:
        self._tail = np.zeros((capacity, TAPS), dtype=np.float32)
        self._tail_known = np.ones(capacity, dtype=bool)
        self._phasors = np.zeros((capacity, _FRAMES, HOPS, 2), dtype=np.complex64)
        self._power = np.zeros((capacity, _FRAMES, HOPS), dtype=np.float32)
        self._known = np.ones((capacity, _FRAMES, HOPS), dtype=bool)
        self._frame = np.zeros(capacity, dtype=np.int64)
        self._gate = np.zeros(capacity, dtype=bool)
        self._busy = np.zeros(capacity, dtype=bool)
        self._trackers: dict[int, KeyTracker] = {}

    def reset(self, slot: int) -> None:
        """Forget what was heard on *slot*: it goes to another leg, or its audio is about to start anew."""
        for array in (self._tail, self._phasors, self._power, self._frame, self._gate, self._busy):
            array[slot] = 0
        self._tail_known[slot] = True
        self._known[slot] = True
        self._trackers.pop(slot, None)

    def process(self, slots: NDArray[np.intp], frames: Pcm, lost: NDArray[np.bool_]) -> list[Detection]:
        """The next 20 ms of several legs: *frames* is int16[k, 160]; rows that are *lost* (bool[k]) are not looked at.

        *slots* (int[k]) names each leg at most once. A key is told 45 to 65 ms after it goes down.
        """
        if len(slots) == 0:
            return []
        gate = self._filter(slots, frames, lost)
        look = gate | self._gate[slots] | self._busy[slots]
        self._gate[slots] = gate
        return self._judge(slots[look]) if look.any() else []

    def _filter(self, slots: NDArray[np.intp], frames: Pcm, lost: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Put phasors and power of every leg into its history; returns where there may be a key."""
        count = len(slots)
        audio = np.empty((count, TAPS + FRAME_SAMPLES), dtype=np.float32)
        audio[:, :TAPS] = self._tail[slots]
        audio[:, TAPS:] = frames
        if lost.any():
            audio[lost, TAPS:] = 0
        filtered = audio @ BANK
        phasors = np.ascontiguousarray(filtered[:, : 4 * HOPS]).view(np.complex64).reshape(count, HOPS, 2)
        power = ((audio * audio) @ POWER_BANK).astype(np.float32, copy=False)
        hum = (filtered[:, -3:] ** 2).sum(axis=1, keepdims=True) / FRAME_SAMPLES
        tail_known = self._tail_known[slots]
        known = np.ones((count, HOPS), dtype=bool)
        if lost.any() or not tail_known.all():
            phasors, power, known = _complete(phasors, power, tail_known, ~lost)
        power = np.maximum(power - hum, power / 2).astype(np.float32, copy=False)
        self._tail[slots] = audio[:, FRAME_SAMPLES:]
        self._tail_known[slots] = ~lost
        at = self._frame[slots] % _FRAMES
        self._phasors[slots, at] = phasors
        self._power[slots, at] = power
        self._known[slots, at] = known
        self._frame[slots] += 1
        return may_hold_key(phasors, power, known)

    def _judge(self, slots: NDArray[np.intp]) -> list[Detection]:
        """Follow the legs in which there may be a key."""
        order = (self._frame[slots][:, None] + np.arange(_FRAMES)) % _FRAMES
        phasors = self._phasors[slots[:, None], order].reshape(len(slots), -1, 2)
        power = self._power[slots[:, None], order].reshape(len(slots), -1)
        known = self._known[slots[:, None], order].reshape(len(slots), -1)
        verdicts = hop_verdicts(phasors, power, known)
        detections: list[Detection] = []
        for n, slot in enumerate(slots.tolist()):
            row = verdicts[n].tolist()
            tracker = self._trackers.get(slot)
            if tracker is None:
                if max(row) < 0:
                    continue
                tracker = self._trackers[slot] = KeyTracker()
            _follow(slot, tracker, row, phasors[n], power[n], known[n], detections)
            self._busy[slot] = tracker.state is not State.SILENT
            if tracker.state is State.SILENT:
                del self._trackers[slot]
        return detections


def _complete(
    phasors: Complexes, power: Floats, tail_known: NDArray[np.bool_], frame_known: NDArray[np.bool_]
) -> tuple[Complexes, Floats, NDArray[np.bool_]]:
    """Make up for the part of each hop that was lost, and tell where too much was."""
    shares = np.stack([SHARE_BEFORE, 1 - SHARE_BEFORE])
    coverage: Floats = np.einsum("ik,khg->ihg", np.stack([tail_known, frame_known], axis=1).astype(np.float32), shares)
    known = np.asarray((coverage > _MIN_COVERAGE).all(axis=2))
    coverage[~known] = 1
    whole: Complexes = phasors / coverage[:, :, :2]
    return whole, power / coverage[:, :, 2], known


def _follow(
    slot: int,
    tracker: KeyTracker,
    row: list[int],
    phasors: Complexes,
    power: Floats,
    known: NDArray[np.bool_],
    detections: list[Detection],
) -> None:
    """Take one leg through the verdicts on one frame's hops."""
    if tracker.state is State.HELD and row.count(tracker.key) == HOPS:
        tracker.pause = 0
        return
    for n, verdict in enumerate(row):
        end = len(power) - LOOK_AHEAD - HOPS + n + 1  # of the history, when this hop was the newest
        since = len(power) - end
        lost_before = 0
        if tracker.state is State.SILENT and verdict >= 0:
            heard = np.flatnonzero(known[: end - 1])
            lost_before = end - 1 - (int(heard[-1]) + 1 if heard.size else 0)
        if tracker.handle(verdict, lost_before):
            digit = KEYPAD[tracker.key // 4][tracker.key % 4]
            detections.append(Detection(slot, digit, False, (since + tracker.pause) * HOP_SECONDS + DELAY))
            tracker.clear()
        elif tracker.long_enough():
            length = len(tracker.verdicts)
            span = slice(end - length, end)
            if is_key(tracker.key, np.array(tracker.verdicts), phasors[span], power[span]):
                digit = KEYPAD[tracker.key // 4][tracker.key % 4]
                detections.append(Detection(slot, digit, True, (since + length) * HOP_SECONDS + DELAY))
                tracker.accept()
            else:
                tracker.refuse()
