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

FRAME_TIME = 0.02
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

        self.ssrc = np.zeros(slots, np.uint32)
        self.sequence = integers()
        """Of the next packet; unwrapped."""
        self.timestamp = integers()
        """Of the last packet; unwrapped."""
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
        self.ssrc[slot] = ssrc
        self.sequence[slot] = int(now / FRAME_TIME) + (ssrc >> 16)
        self.timestamp[slot] = int(now / FRAME_TIME) * SAMPLES + (ssrc & 0xFFFF)
        self.sent_at[slot] = now
        self.packets[slot] = self.octets[slot] = 0
        self.switch(slot)

    def close(self, slot: int) -> None:
        """Nothing more is sent: the leg is gone, on hold, or has no address yet."""
        self.payload_type[slot] = NOT_SENT
        self.kind[slot] = ODD

    def configure(self, slot: int, spec: LegSpec) -> None:
        self.kind[slot] = CODEC_KIND[spec.codec]
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
        markers: NDArray[np.uint32],
        kinds: NDArray[np.uint8],
        octets: Ints,
        unique: bool,
        now: float,
    ) -> None:
        """Rewrite received packets in place (*words*: the rows as big-endian 32-bit words) to go out on *slots*.

        *epochs*: of the packets' sources; *extended*: their unwrapped sequence numbers; *markers*: bit 23 or 0;
        *unique*: no slot occurs twice.
        """
        new = self.joined[slots] != epochs
        if new.any():
            for at in np.flatnonzero(new).tolist():
                slot = int(slots[at])
                if self.joined[slot] != epochs[at]:
                    self._join(slot, int(epochs[at]), int(extended[at]), int(timestamps[at]), now)
                    markers[at] = 1 << 23
        out = extended + self._sequence_shift[slots]
        stamps = timestamps + self._timestamp_shift[slots]
        head = out & 0xFFFF
        head |= markers
        head |= self.payload_type[slots, kinds].astype(np.int64) << 16
        head |= 0x80000000
        words[rows, 0] = head
        words[rows, 1] = stamps & 0xFFFFFFFF
        words[rows, 2] = self.ssrc[slots]
        out += 1
        if unique:
            self.sequence[slots] = np.maximum(self.sequence[slots], out)
            self.packets[slots] += 1
            self.octets[slots] += octets
        else:
            np.maximum.at(self.sequence, slots, out)
            np.add.at(self.packets, slots, 1)
            np.add.at(self.octets, slots, octets)
        self.timestamp[slots] = stamps
        self.sent_at[slots] = now

    def generate(self, words: NDArray[Any], slots: Ints, now: float) -> None:
        """Headers of one new frame for each of *slots* (no slot twice) into the first rows of *words*."""
        count = len(slots)
        if (fresh := self.fresh[slots]).any():
            for slot in slots[fresh].tolist():
                self.timestamp[slot] += (self._frames_since(slot, now) - 1) * SAMPLES
            self.fresh[slots] = False
            marker = fresh.astype(np.int64) << 23
        else:
            marker = None
        sequence = self.sequence[slots]
        stamps = self.timestamp[slots]
        stamps += SAMPLES
        kind = self.kind[slots]
        head = sequence & 0xFFFF
        head |= self.payload_type[slots, kind].astype(np.int64) << 16
        head |= 0x80000000
        if marker is not None:
            head |= marker
        words[:count, 0] = head
        words[:count, 1] = stamps & 0xFFFFFFFF
        words[:count, 2] = self.ssrc[slots]
        sequence += 1
        self.sequence[slots] = sequence
        self.timestamp[slots] = stamps
        self.packets[slots] += 1
        self.octets[slots] += SAMPLES
        self.sent_at[slots] = now

    def _join(self, slot: int, epoch: int, extended: int, timestamp: int, now: float) -> None:
        self._sequence_shift[slot] = self.sequence[slot] - extended
        self._timestamp_shift[slot] = self.timestamp[slot] + self._frames_since(slot, now) * SAMPLES - timestamp
        self.joined[slot] = epoch
        self.fresh[slot] = False

    def _frames_since(self, slot: int, now: float) -> int:
        return max(1, round((now - float(self.sent_at[slot])) / FRAME_TIME))


def accepted_types(spec: LegSpec) -> NDArray[np.uint8]:
    """One row of the table (second header byte) → kind, for what *spec* says the leg may send."""
    kinds = np.zeros(TYPES, np.uint8)
    known = {PCMU: KIND_PCMU, PCMA: KIND_PCMA, COMFORT_NOISE: KIND_NOISE, spec.payload_type: CODEC_KIND[spec.codec]}
    if spec.telephone_event_rx is not None:
        known[spec.telephone_event_rx] = KIND_EVENT
    for payload_type, kind in known.items():
        kinds[payload_type] = kinds[payload_type | 0x80] = kind
    return kinds
