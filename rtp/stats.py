"""Receiver statistics of all legs at once (RFC 3550 §6.4, appendix A.1, A.3, A.8).

Arrays are indexed by slot. `receive` takes a batch in which no slot occurs twice; the plane splits a batch into such
rounds. Per slot it unwraps sequence numbers, recognises duplicates among the last 64, measures jitter, and holds back a
changed SSRC or a jump in sequence until a second packet in a row confirms it (A.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtp.packet import SAMPLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Words = NDArray[np.uint64]

CLOCK = 8000
MAX_DROPOUT = 3000
MAX_MISORDER = 100
HISTORY = 64
KEPT = 15 / 16

#: What became of a packet.
ACCEPTED, DUPLICATE, TOO_OLD, UNCONFIRMED = 0, 1, 2, 3
MOST_NOTED = 4096
"""Packets whose arrival is worked off together: enough to be cheap, few enough not to hold up a pass."""


@dataclass(frozen=True, slots=True)
class Reception:
    """Columns of report blocks (RFC 3550 §6.4.1); `fraction_lost` covers the time since the last report."""

    ssrc: NDArray[np.uint32]
    fraction_lost: Ints
    cumulative_lost: Ints
    extended_highest: Ints
    jitter: Ints


class ReceiverStats:
    def __init__(self, slots: int) -> None:
        def integers() -> Ints:
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
        self._notes: list[tuple[Ints, Words, float, Ints, int]] = []
        self._noted = 0
        self._all = [value for value in vars(self).values() if isinstance(value, np.ndarray)]

    def reset(self, slot: int) -> None:
        self.catch_up()
        for array in self._all:
            array[slot] = 0
        self._unconfirmed_ssrc[slot] = -1

    def receive(
        self,
        slots: Ints,
        sequence: Ints,
        timestamp: Ints,
        ssrc: NDArray[np.uint32],
        clocked: NDArray[np.bool_] | None,
        octets: Ints,
        now: float,
        arrivals: Ints | None = None,
    ) -> tuple[Ints, Ints | None]:
        """Account for one packet of each slot.

        *clocked*: packets whose timestamp advances with the clock (telephone-events' do not); None: all.
        *arrivals*: as for `note`. Returns extended sequence numbers, and what became of each packet (None: accepted).
        """
        highest = self.highest[slots]
        delta = sequence - highest
        delta += 32768
        delta &= 0xFFFF
        delta -= 32768
        fates: Ints | None = None
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
        self.last_arrival[slots if fates is None else slots[fates != UNCONFIRMED]] = now
        if clocked is not None or fates is not None:
            usable = np.ones(len(slots), np.bool_) if clocked is None else clocked
            if fates is not None:
                usable = usable & (fates == ACCEPTED)
            slots, timestamp = slots[usable], timestamp[usable]
            arrivals = None if arrivals is None else arrivals[usable]
        self.note(slots, timestamp.view(np.uint64), now, arrivals)
        return extended, fates

    def _receive_disordered(
        self,
        slots: Ints,
        delta: Ints,
        extended: Ints,
        octets: Ints,
        fates: Ints | None,
    ) -> Ints | None:
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
        self.catch_up()
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

    def ran(self, slots: Ints, run: Ints) -> None:
        """*run* packets of each of *slots* have come in perfect order since anybody looked."""
        self.highest[slots] += run
        self.received[slots] += run
        self.octets[slots] += run * SAMPLES
        shift = np.minimum(run, HISTORY - 1).astype(np.uint64)
        seen = (np.uint64(1) << shift) - np.uint64(1)
        self.history[slots] = np.where(run < HISTORY, (self.history[slots] << shift) | seen, ~np.uint64(0))

    def note(self, slots: Ints, timestamps: Words, now: float, arrivals: Ints | None = None, *, ahead: int = 0) -> None:
        """Accepted audio packets (no slot twice), heard in a pass at *now*; the arrays are kept until `catch_up`.

        *timestamps*: RTP time in the low 32 bits, by *ahead* too high. *arrivals*: (seconds, nanoseconds) by the
        kernel's clock, None: *now*. Only differences of arrivals are used.
        """
        if not len(slots):
            return
        if arrivals is None:
            arrivals = np.broadcast_to(np.array([int(now), int(now % 1 * 1e9)], np.int64), (len(slots), 2))
        self._notes.append((slots, timestamps, now, arrivals, ahead))
        self._noted += len(slots)
        if self._noted >= MOST_NOTED:
            self.catch_up()

    def catch_up(self) -> None:
        """Work off what was noted: times of arrival, and jitter by A.8's recursion, over all packets of a leg at once.

        To be called before `last_arrival`, `jitter` or `transit` are looked at.
        """
        notes, self._notes, self._noted = self._notes, [], 0
        if not notes:
            return
        counts = [len(note[0]) for note in notes]
        noted = np.concatenate([note[0] for note in notes])
        timestamps = np.concatenate([note[1] for note in notes]).astype(np.int64)
        timestamps -= np.repeat([note[4] for note in notes], counts)
        heard = np.repeat([note[2] for note in notes], counts)
        kernel = np.concatenate([note[3] for note in notes])
        arrivals = kernel[:, 0] * CLOCK + kernel[:, 1] * CLOCK // 1_000_000_000
        count = len(noted)
        order = noted.astype(np.uint16).argsort(kind="stable")  # numbers so short are sorted by radix
        slots = noted[order]
        transit = (arrivals - timestamps)[order] & 0xFFFFFFFF
        begins = np.flatnonzero(np.r_[True, slots[1:] != slots[:-1]])
        ends = np.r_[begins[1:], count] - 1
        legs = slots[begins]
        before = np.r_[0, transit[:-1]]
        before[begins] = self.transit[legs]
        change = np.abs(((transit - before + (1 << 31)) & 0xFFFFFFFF) - (1 << 31))
        np.minimum(change, CLOCK, out=change)  # a clock that was set is not jitter
        change[before < 0] = 0  # the first packet of a source has nothing to be compared with
        age = np.repeat(ends, ends - begins + 1) - np.arange(count)
        self.jitter[legs] *= KEPT ** (ends - begins + 1)
        self.jitter[legs] += np.add.reduceat(change * KEPT**age, begins) / 16
        self.transit[legs] = transit[ends]
        self.last_arrival[legs] = np.maximum(self.last_arrival[legs], heard[order][ends])

    def expected(self, slot: int) -> int:
        """Packets that should have come, over all sources this slot has had (A.3)."""
        if not self.epoch[slot]:
            return 0
        return int(self._expected_before[slot] + self.highest[slot] - self.first[slot] + 1)

    def lost(self, slot: int) -> int:
        """Cumulative number of packets lost; duplicates may make it negative (RFC 3550 §6.4.1)."""
        return self.expected(slot) - int(self.received[slot])

    def expected_of(self, slots: Ints) -> Ints:
        """`expected` of several slots."""
        expected: Ints = self._expected_before[slots] + (self.highest[slots] - self.first[slots] + 1)
        expected[self.epoch[slots] == 0] = 0
        return expected

    def report(self, slots: Ints) -> Reception:
        """What goes into the next report blocks about these slots (no slot twice)."""
        expected, received = self.expected_of(slots), self.received[slots]
        expected_now = expected - self._expected_reported[slots]
        lost_now = np.maximum(expected_now - (received - self._received_reported[slots]), 0)
        self._expected_reported[slots] = expected
        self._received_reported[slots] = received
        return Reception(
            ssrc=self.ssrc[slots],
            fraction_lost=np.minimum(255, (lost_now << 8) // np.maximum(expected_now, 1)),
            cumulative_lost=np.clip(expected - received, -0x800000, 0x7FFFFF),
            extended_highest=self.highest[slots] & 0xFFFFFFFF,
            jitter=self.jitter[slots].astype(np.int64),
        )
