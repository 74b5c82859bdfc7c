"""What each leg sends: one continuous RTP stream whatever it is fed from (RFC 3550 §5.1).

Arrays are indexed by slot. A leg keeps its SSRC, and its sequence numbers and timestamps go on without a break when its
source changes from music to prompt to another party; the first packet after a change carries the marker bit. Relayed
packets keep their spacing (a lost packet stays visible), generated ones follow each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rtp.packet import COMFORT_NOISE, PCMA, PCMU, SAMPLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtp.legs import LegSpec

    Ints = NDArray[np.int64]
    Words = NDArray[np.uint64]

FRAME_TIME = 0.02
_STEP = np.array([[SAMPLES, 1]], np.uint32)
BELOW_LEAD = np.array([(1 << 48) - 1], np.uint64)
LOW_HALF = np.uint64(0xFFFFFFFF)
MARKER = np.uint64(1 << 55)
NOT_SENT = 255

#: What a received packet holds; 0 is nothing known.
ODD, KIND_PCMU, KIND_PCMA, KIND_EVENT, KIND_NOISE = range(5)
KINDS = 5
CODEC_KIND = {"PCMU": KIND_PCMU, "PCMA": KIND_PCMA}

#: Columns of the table of payload types: the second byte of the header, and one for everything that is not plain RTP.
TYPES = 257


class OutStreams:
    def __init__(self, slots: int) -> None:
        def integers() -> Ints:
            return np.zeros(slots, np.int64)

        self.next: Words = np.zeros(slots, np.uint64)
        """Sequence number (unwrapped, from bit 32 up) and timestamp of the packet that would follow without a gap."""
        self.lead: Words = np.zeros(slots, np.uint64)
        """The first 16 bits of an audio packet, in place; 0: the leg sends nothing."""
        self.ssrc = np.zeros(slots, ">u4")
        self.sent_at = np.zeros(slots, np.float64)
        self.packets = integers()
        self.octets = integers()
        self.kind = np.zeros(slots, np.uint8)
        self.fresh = np.zeros(slots, np.bool_)
        """The next generated packet begins a new talkspurt."""
        self.joined = integers()
        """Epoch of the source being relayed; -1 before the first packet of a new one."""
        self.payload_type = np.full((slots, KINDS), NOT_SENT, np.uint8)
        self._sequence_shift = integers()
        self._timestamp_shift = integers()

    def open(self, slot: int, ssrc: int, now: float) -> None:
        """Begin a stream. Its numbers derive from *ssrc* and the clock, so a stream begun again later moves forward."""
        frames = int(now / FRAME_TIME)
        self.ssrc[slot] = ssrc
        self.next[slot] = (frames + (ssrc >> 16)) << 32 | ((frames * SAMPLES + (ssrc & 0xFFFF)) & 0xFFFFFFFF)
        self.sent_at[slot] = now
        self.packets[slot] = self.octets[slot] = 0
        self.switch(slot)

    def close(self, slot: int) -> None:
        """Nothing more is sent: the leg is gone, on hold, or has no address yet."""
        self.payload_type[slot] = NOT_SENT
        self.kind[slot] = ODD
        self.lead[slot] = 0

    def configure(self, slot: int, spec: LegSpec) -> None:
        self.kind[slot] = CODEC_KIND[spec.codec]
        self.lead[slot] = (0x8000 | spec.payload_type) << 48
        types = self.payload_type[slot]
        types[:] = NOT_SENT
        types[KIND_PCMU] = types[KIND_PCMA] = spec.payload_type
        if spec.telephone_event is not None:
            types[KIND_EVENT] = spec.telephone_event

    def switch(self, slot: int) -> None:
        """The leg is about to be fed from another source."""
        self.fresh[slot] = True
        self.joined[slot] = -1

    def relay(
        self,
        words: NDArray[Any],
        rows: Ints,
        slots: Ints,
        epochs: Ints,
        extended: Ints,
        timestamps: Ints,
        markers: Ints,
        kinds: NDArray[np.uint8],
        octets: Ints,
        now: float,
    ) -> None:
        """Rewrite received packets in place (*words*: the rows as big-endian 32-bit words) to go out on *slots*.

        *epochs*: of the packets' sources; *extended*: their unwrapped sequence numbers; *markers*: bit 23 or 0.
        """
        new = self.joined[slots] != epochs
        if new.any():
            for at in np.flatnonzero(new).tolist():
                slot = int(slots[at])
                if self.joined[slot] != epochs[at]:
                    self._join(slot, int(epochs[at]), int(extended[at]), int(timestamps[at]), now)
                    markers[at] = 1 << 23
        out = extended + self._sequence_shift[slots]
        stamps = (timestamps + self._timestamp_shift[slots]) & 0xFFFFFFFF
        head = out & 0xFFFF
        head |= markers
        head |= self.payload_type[slots, kinds].astype(np.int64) << 16
        head |= 0x80000000
        words[rows, 0] = head
        words[rows, 1] = stamps
        words[rows, 2] = self.ssrc[slots]
        after = ((out + 1) << 32) | ((stamps + SAMPLES) & 0xFFFFFFFF)
        np.maximum.at(self.next, slots, after.astype(np.uint64))
        np.add.at(self.packets, slots, 1)
        np.add.at(self.octets, slots, octets)
        self.sent_at[slots] = now

    def relay_next(self, heads: NDArray[Any], rows: Ints | slice, words: NDArray[Any], slots: Ints) -> None:
        """The same for packets that each are the very next one of their stream (no slot twice).

        *heads*: the first eight bytes of all rows, as big-endian numbers.
        """
        following = self.next.take(slots)
        heads[rows] = (following & BELOW_LEAD) | self.lead.take(slots)
        words[rows, 2] = self.ssrc.take(slots)
        step(following)
        self.next[slots] = following

    def ran(self, slots: Ints, run: Ints, last_sent: NDArray[np.float64]) -> None:
        """*run* audio frames have been sent by `relay_next` on each of *slots*, the last at *last_sent*."""
        self.packets[slots] += run
        self.octets[slots] += run * SAMPLES
        self.sent_at[slots] = last_sent

    def generate(self, heads: NDArray[Any], words: NDArray[Any], slots: Ints, now: float) -> None:
        """Headers of one new frame for each of *slots* (no slot twice) into the first rows."""
        count = len(slots)
        fresh = self.fresh.take(slots)
        following = self.next.take(slots)
        lead = self.lead.take(slots)
        if b"\x01" in fresh.tobytes():
            for at in fresh.nonzero()[0].tolist():
                slot = int(slots[at])
                self.advance(slot, self._frames_since(slot, now) - 1)
                following[at] = self.next[slot]
                lead[at] |= MARKER
            self.fresh[slots] = False
        heads[:count] = (following & BELOW_LEAD) | lead
        words[:count, 2] = self.ssrc.take(slots)
        step(following)
        self.next[slots] = following
        self.packets[slots] += 1
        self.octets[slots] += SAMPLES
        self.sent_at[slots] = now

    def advance(self, slots: Ints | int, frames: int) -> None:
        """Time passes in which nothing is sent: timestamps move on, sequence numbers do not."""
        following = self.next[slots]
        stamp = (following + np.uint64(frames * SAMPLES)) & LOW_HALF
        self.next[slots] = (following & ~LOW_HALF) | stamp

    def _join(self, slot: int, epoch: int, extended: int, timestamp: int, now: float) -> None:
        self.advance(slot, self._frames_since(slot, now) - 1)
        following = int(self.next[slot])
        self._sequence_shift[slot] = (following >> 32) - extended
        self._timestamp_shift[slot] = (following & 0xFFFFFFFF) - timestamp
        self.joined[slot] = epoch
        self.fresh[slot] = False

    def _frames_since(self, slot: int, now: float) -> int:
        return max(1, round((now - float(self.sent_at[slot])) / FRAME_TIME))


def step(heads: Words) -> None:
    """One packet further, in place: sequence numbers (from bit 32 up) and timestamps (below), each for itself."""
    halves = heads.view(np.uint32).reshape(-1, 2)  # little-endian: the lower half comes first
    halves += _STEP


def accepted_types(spec: LegSpec) -> NDArray[np.uint8]:
    """One row of the table (second header byte) → kind, for what *spec* says the leg may send. Raises ValueError."""
    if spec.codec not in CODEC_KIND:
        raise ValueError(f"leg {spec.leg}: codec {spec.codec}")
    kinds = np.zeros(TYPES, np.uint8)
    known = {PCMU: KIND_PCMU, PCMA: KIND_PCMA, COMFORT_NOISE: KIND_NOISE, spec.payload_type: CODEC_KIND[spec.codec]}
    if spec.telephone_event_rx is not None:
        known[spec.telephone_event_rx] = KIND_EVENT
    for payload_type, kind in known.items():
        kinds[payload_type] = kinds[payload_type | 0x80] = kind
    return kinds
