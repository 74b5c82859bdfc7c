"""Packets that are exactly the expected ones: forwarded without a second look.

In a steady call the next header of a leg is known: same type, sequence number + 1, timestamp + 160. Such packets are
recognised by one comparison of 64 bits per packet and relayed with the header that is known just as well; all that is
kept is where the leg now stands. Counters are brought up to date (`settle`) when somebody looks at them. Every other
packet goes the long way through the plane, which engages the leg here again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtp.packet import HEADER, SAMPLES
from rtp.streams import step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtp.stats import ReceiverStats
    from rtp.streams import OutStreams

    Ints = NDArray[np.int64]
    Words = NDArray[np.uint64]

LENGTH = HEADER + SAMPLES
_NOTHING: Ints = np.zeros(0, np.int64)


class Express:
    def __init__(self, slots: int, rows: int, stats: ReceiverStats, streams: OutStreams) -> None:
        self.expected: Words = np.zeros(slots, np.uint64)
        """First eight bytes of the next header, as a number; 0: not engaged."""
        self.listener: Ints = np.zeros(slots, np.int64)
        """Who gets the leg's packets; 0: nobody."""
        self.ssrc: NDArray[np.uint32] = np.zeros(slots, np.uint32)
        self._settled: Words = np.zeros(slots, np.uint64)
        self._stats = stats
        self._streams = streams
        self._every_row: Ints = np.arange(rows, dtype=np.int64)
        self._mark: Ints = np.zeros(slots, np.int64)

    def match(
        self, slots: Ints, heads: Words, sources: NDArray[np.uint32], lengths: NDArray[np.uint32]
    ) -> tuple[Ints | None, Ints]:
        """Which packets are the expected ones: their places (None: all), and those of the rest.

        *sources*: SSRCs as they stand in the packets, in the byte order of the network.
        """
        same = heads == self.expected.take(slots)
        same &= sources == self.ssrc.take(slots)
        same &= lengths == LENGTH
        places = None
        if b"\0" in same.tobytes():
            places = same.nonzero()[0]
            slots = slots[places]
        order = self._every_row[: len(slots)]
        self._mark[slots] = order
        single = self._mark.take(slots) == order
        if b"\0" in single.tobytes():  # of equal packets in one batch only one is the expected one
            places = single.nonzero()[0] if places is None else places[single]
            same[:] = False
            same[places] = True
        if places is None:
            return None, _NOTHING
        return places, (~same).nonzero()[0]

    def advance(self, slots: Ints, heads: Words) -> None:
        """These packets have come; *heads* is overwritten."""
        step(heads)
        self.expected[slots] = heads

    def engage(self, slots: Ints, expected: Words, sources: NDArray[np.uint32], listeners: Ints) -> None:
        """From now on these legs (no slot twice) are in steady state. *sources*: their SSRCs, as for `match`."""
        self.ssrc[slots] = sources
        self.expected[slots] = expected
        self._settled[slots] = expected
        self.listener[slots] = listeners

    def dismiss(self, slots: Ints) -> None:
        """These legs go the long way; their counters are right afterwards. Slots may repeat."""
        engaged = slots[self.expected.take(slots) != 0]
        if len(engaged):
            self.settle(np.unique(engaged) if len(engaged) > 1 else engaged)
            self.expected[engaged] = 0

    def dismiss_around(self, slot: int) -> None:
        """Something changes about this leg: it and whoever feeds it go the long way."""
        feeding = ((self.listener == slot) & (self.expected != 0)).nonzero()[0]
        self.dismiss(np.append(feeding, slot))

    def settle(self, slots: Ints | None = None) -> None:
        """Bring the counters of these legs (no slot twice; None: of all) up to date."""
        self._stats.catch_up()
        if slots is None:
            slots = self.expected.nonzero()[0]
        expected = self.expected[slots]
        run = ((expected >> np.uint64(32)) - (self._settled[slots] >> np.uint64(32))).astype(np.int64)
        self._settled[slots] = expected
        self._stats.ran(slots, run)
        listeners = self.listener[slots]
        heard = listeners.nonzero()[0]
        self._streams.ran(listeners[heard], run[heard], self._stats.last_arrival[slots[heard]])
