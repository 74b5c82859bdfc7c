"""What the parties of recorded legs say, between the beat that heard it and the thread that writes it down.

The plane copies the packets of recorded legs, whatever way they took, and nothing more; `take` hands over what has
gathered. Decoding, placing on the timeline and files are the affair of whoever takes it (`rtp.timeline`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtp.packet import HEADER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtp.legs import LegId, LegSpec

    Ints = NDArray[np.int64]

LONGEST_KEY = 5.0
"""Seconds that a key may have been down when only its end was heard."""

TakeId = int
"""One recording of one leg, from `Begin` to `End`; never reused by a plane."""


@dataclass(frozen=True, slots=True)
class Begin:
    take: TakeId
    leg: LegId
    path: str
    at: float
    most_seconds: float
    quiet_after: float


@dataclass(frozen=True, slots=True)
class End:
    take: TakeId
    at: float


@dataclass(frozen=True, slots=True)
class Hush:
    """A key sounded in the audio from *since* until *until*: nothing of that is to be kept."""

    take: TakeId
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Heard:
    """Packets of one pass at *at*, column-wise: *payload* is uint8[n, width], of which *sizes* octets are used."""

    takes: Ints
    epochs: Ints
    timestamps: Ints
    kinds: NDArray[np.uint8]
    sizes: Ints
    payload: NDArray[np.uint8]
    at: float


Order = Begin | End | Hush | Heard


class Tape:
    def __init__(self, slots: int) -> None:
        self.active = 0
        """How many legs are recorded."""
        self.take_of: Ints = np.zeros(slots, np.int64)
        """By slot; 0: not recorded."""
        self.urgent = False
        """A recording has begun or ended since the last `take`."""
        self._orders: list[Order] = []
        self._last = 0
        self._sounding: dict[int, float] = {}
        """When the key went down that is heard on a slot."""
        self._lost: list[int] = []

    def record(self, slot: int, spec: LegSpec, now: float) -> None:
        """The leg is recorded as *spec* says from now on; what was recorded of it before has ended."""
        self.stop(slot, now)
        if spec.record:
            self._last += 1
            self.active += 1
            self.take_of[slot] = self._last
            self.urgent = True
            self._orders.append(Begin(self._last, spec.leg, spec.record, now, spec.record_seconds, spec.record_quiet))

    def stop(self, slot: int, now: float) -> None:
        take = int(self.take_of[slot])
        if take:
            if slot in self._sounding:
                self.key(slot, False, now, now)
            self.take_of[slot] = 0
            self.active -= 1
            self.urgent = True
            self._orders.append(End(take, now))

    def hear(
        self,
        slots: Ints,
        rows: Ints,
        epochs: Ints,
        timestamps: Ints,
        kinds: NDArray[np.uint8],
        lengths: Ints,
        buffer: NDArray[np.uint8],
        now: float,
    ) -> None:
        """Accepted packets in *rows* of *buffer*, not yet rewritten for anybody; several of a slot in order."""
        takes = self.take_of.take(slots)
        at = takes.nonzero()[0]
        if len(at):
            sizes = lengths[at] - HEADER
            payload = buffer[rows[at], HEADER : HEADER + int(sizes.max())]
            self._orders.append(Heard(takes[at], epochs[at], timestamps[at], kinds[at], sizes, payload, now))

    def key(self, slot: int, on: bool, at: float, now: float) -> None:
        """A key was heard in the audio to go down, or up, at *at*."""
        take = int(self.take_of[slot])
        if on:
            self._sounding[slot] = at
        else:
            since = self._sounding.pop(slot, at - LONGEST_KEY)
            if take:
                self._orders.append(Hush(take, since, at))

    def lose_keys(self, slot: int) -> None:
        """Nobody listens for the leg's keys any more: one that is down will not be heard to go up."""
        if slot in self._sounding:
            self._lost.append(slot)

    def take(self, now: float) -> list[Order]:
        """What has gathered, oldest first."""
        for slot, since in self._sounding.items():  # a key that is held down
            if self.take_of[slot]:
                self._orders.append(Hush(int(self.take_of[slot]), since, now))
        for slot in self._lost:
            self._sounding.pop(slot, None)
        self._lost.clear()
        orders, self._orders, self.urgent = self._orders, [], False
        return orders
