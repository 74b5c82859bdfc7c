"""Receiver statistics of all legs at once (RFC 3550 §6.4, appendix A.1, A.3, A.8).

Arrays are indexed by slot. `receive` takes a batch in which no slot occurs twice; the plane splits a batch into such
rounds. Per slot it unwraps sequence numbers, recognises duplicates among the last 64, measures jitter, and holds back a
changed SSRC or a jump in sequence until a second packet in a row confirms it (A.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLOCK = 8000
MAX_DROPOUT = 3000
MAX_MISORDER = 100
HISTORY = 64

#: What became of a packet.
ACCEPTED, DUPLICATE, TOO_OLD, UNCONFIRMED = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class ReceptionReport:
    """What goes into a report block (RFC 3550 §6.4.1)."""

    ssrc: int
    fraction_lost: int
    cumulative_lost: int
    extended_highest: int
    jitter: int


class ReceiverStats:
    def __init__(self, slots: int) -> None:
        def integers() -> NDArray[np.int64]:
            return np.zeros(slots, np.int64)

        self.ssrc = np.zeros(slots, np.uint32)
        self.highest = integers()
        """Extended sequence number of the newest packet; its low 16 bits are what was on the wire."""
        self.first = integers()
        self.history = np.zeros(slots, np.uint64)
        """Bit n: the packet `highest - n` has been seen."""
        self.received = integers()
        self.octets = integers()
        self.duplicates = integers()
        self.epoch = integers()
        """Counts new sources; 0 until the first packet."""
        self.last_arrival = np.zeros(slots, np.float64)
        self.transit = integers()
        self.jitter = np.zeros(slots, np.float64)
        """In timestamp units."""
        self._expected_before = integers()
        self._unconfirmed_ssrc = integers()
        self._unconfirmed_next = integers()
        self._expected_reported = integers()
        self._received_reported = integers()
        self._all = [value for value in vars(self).values() if isinstance(value, np.ndarray)]

    def reset(self, slot: int) -> None:
        for array in self._all:
            array[slot] = 0
        self._unconfirmed_ssrc[slot] = -1

    def receive(
        self,
        slots: NDArray[np.int64],
        sequence: NDArray[np.int64],
        timestamp: NDArray[np.int64],
        ssrc: NDArray[np.uint32],
        clocked: NDArray[np.bool_] | None,
        octets: NDArray[np.int64],
        arrival: float | NDArray[np.float64],
    ) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
        """Account for one packet of each slot.

        *clocked*: packets whose timestamp advances with the clock (telephone-events' do not); None: all.
        *arrival*: seconds. Returns extended sequence numbers, and what became of each packet (None: all accepted).
        """
        highest = self.highest[slots]
        delta = sequence - highest
        delta += 32768
        delta &= 0xFFFF
        delta -= 32768
        fates: NDArray[np.int64] | None = None
        strange = (delta < -MAX_MISORDER) | (delta > MAX_DROPOUT) | (self.ssrc[slots] != ssrc)
        if strange.any():
            fates = np.zeros(len(slots), np.int64)
            for at in np.flatnonzero(strange).tolist():
                slot = int(slots[at])
                if self._confirm(slot, int(ssrc[at]), int(sequence[at])):
                    highest[at] = self.highest[slot]
                    delta[at] = 1
                else:
                    fates[at] = UNCONFIRMED
                    delta[at] = 0
        extended = highest + delta
        if fates is None and (delta == 1).all():
            self.history[slots] = (self.history[slots] << np.uint64(1)) | np.uint64(1)
            self.highest[slots] = extended
            self.received[slots] += 1
            self.octets[slots] += octets
        else:
            fates = self._receive_disordered(slots, delta, extended, octets, fates)
        self._measure_jitter(slots, timestamp, clocked, arrival, fates)
        return extended, fates

    def _receive_disordered(
        self,
        slots: NDArray[np.int64],
        delta: NDArray[np.int64],
        extended: NDArray[np.int64],
        octets: NDArray[np.int64],
        fates: NDArray[np.int64] | None,
    ) -> NDArray[np.int64] | None:
        known = np.ones(len(slots), np.bool_) if fates is None else fates == ACCEPTED
        ahead = np.maximum(delta, 0)
        behind = np.maximum(-delta, 0)
        history = self.history[slots] << ahead.astype(np.uint64)
        history[ahead >= HISTORY] = 0
        bit = np.uint64(1) << np.minimum(behind, HISTORY - 1).astype(np.uint64)
        old = known & (behind >= HISTORY)
        seen = known & ~old & ((history & bit) != 0)
        fresh = known & ~old
        self.history[slots] = np.where(fresh, history | bit, self.history[slots])
        self.highest[slots] = np.where(known, np.maximum(self.highest[slots], extended), self.highest[slots])
        self.received[slots] += known
        self.octets[slots] += np.where(known, octets, 0)
        self.duplicates[slots] += seen
        if fates is None and (seen.any() or old.any()):
            fates = np.zeros(len(slots), np.int64)
        if fates is not None:
            fates[seen] = DUPLICATE
            fates[old] = TOO_OLD
        return fates

    def _confirm(self, slot: int, ssrc: int, sequence: int) -> bool:
        """Another SSRC, or far off in sequence: believed when it is the very first packet or the second in a row."""
        first = self.epoch[slot] == 0
        if not first and not (self._unconfirmed_ssrc[slot] == ssrc and self._unconfirmed_next[slot] == sequence):
            self._unconfirmed_ssrc[slot] = ssrc
            self._unconfirmed_next[slot] = (sequence + 1) & 0xFFFF
            return False
        if not first:
            self._expected_before[slot] += self.highest[slot] - self.first[slot] + 1
        self.epoch[slot] += 1
        self.ssrc[slot] = ssrc
        self.first[slot] = sequence
        self.highest[slot] = sequence - 1
        self.history[slot] = 0
        self.transit[slot] = -1
        self._unconfirmed_ssrc[slot] = -1
        return True

    def _measure_jitter(
        self,
        slots: NDArray[np.int64],
        timestamp: NDArray[np.int64],
        clocked: NDArray[np.bool_] | None,
        arrival: float | NDArray[np.float64],
        fates: NDArray[np.int64] | None,
    ) -> None:
        if clocked is not None or fates is not None:
            usable = np.ones(len(slots), np.bool_) if clocked is None else clocked
            if fates is not None:
                usable = usable & (fates == ACCEPTED)
                self.last_arrival[slots[fates != UNCONFIRMED]] = (
                    arrival if isinstance(arrival, float) else arrival[fates != UNCONFIRMED]
                )
            else:
                self.last_arrival[slots] = arrival
            slots, timestamp = slots[usable], timestamp[usable]
            if not isinstance(arrival, float):
                arrival = arrival[usable]
        else:
            self.last_arrival[slots] = arrival
        now = int(arrival * CLOCK) if isinstance(arrival, float) else (arrival * CLOCK).astype(np.int64)
        transit = (now - timestamp) & 0xFFFFFFFF
        before = self.transit[slots]
        change = transit - before
        change += 1 << 31
        change &= 0xFFFFFFFF
        change -= 1 << 31
        np.abs(change, out=change)
        if (before < 0).any():  # the first packet of a source has nothing to be compared with
            change[before < 0] = 0
        jitter = self.jitter[slots]
        jitter += (change - jitter) * 0.0625
        self.jitter[slots] = jitter
        self.transit[slots] = transit

    def expected(self, slot: int) -> int:
        """Packets that should have come, over all sources this slot has had (A.3)."""
        if not self.epoch[slot]:
            return 0
        return int(self._expected_before[slot] + self.highest[slot] - self.first[slot] + 1)

    def lost(self, slot: int) -> int:
        """Cumulative number of packets lost; duplicates may make it negative (RFC 3550 §6.4.1)."""
        return self.expected(slot) - int(self.received[slot])

    def report(self, slot: int) -> ReceptionReport:
        """The next report block about this slot's source; `fraction_lost` covers the time since the last one."""
        expected, received = self.expected(slot), int(self.received[slot])
        expected_now = expected - int(self._expected_reported[slot])
        lost_now = expected_now - (received - int(self._received_reported[slot]))
        self._expected_reported[slot] = expected
        self._received_reported[slot] = received
        return ReceptionReport(
            ssrc=int(self.ssrc[slot]),
            fraction_lost=min(255, (lost_now << 8) // expected_now) if expected_now > 0 and lost_now > 0 else 0,
            cumulative_lost=max(-0x800000, min(0x7FFFFF, self.lost(slot))),
            extended_highest=int(self.highest[slot]) & 0xFFFFFFFF,
            jitter=int(self.jitter[slot]),
        )
