"""A media plane without sockets: packets in, packets out, by address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtp.frames import FrameStore
from rtp.latch import pack_address, unpack_address
from rtp.legs import Echo, LegSpec
from rtp.packet import ROW, RtpPacket, parse_rtp
from rtp.plane import PHASES, Plane
from rtp.streams import FRAME_TIME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtp.legs import Address, MediaEvent, Source

PORTS = (30000, 30002, 30004)


class TestPlane(Plane):
    """`Plane` with the edge's part played by the test: `hear` a batch, `beat` once, `talk` a phone's packets."""

    __test__ = False

    def __init__(self, *, slots: int = 64, receive_rows: int = 256) -> None:
        super().__init__(PORTS, slots=slots, receive_rows=receive_rows, store=FrameStore(20_000))
        self.now = 1000.0
        self.beats = 0

    def leg(self, leg: int, remote: Address | None, source: Source | None = None, **wanted: object) -> LegSpec:
        """Put a leg; what is not said is a PCMA leg on the first lane that echoes."""
        defaults: dict[str, object] = {"port": PORTS[0], "telephone_event": 101, "telephone_event_rx": 101}
        defaults |= {"ssrc": 0x1000 + leg}
        spec = LegSpec(leg=leg, remote=remote, source=source or Echo(), **(defaults | wanted))  # type: ignore[arg-type]
        self.put(spec, self.now)
        return spec

    def hear(self, packets: Iterable[tuple[Address, bytes]], lane: int = 0) -> list[tuple[Address, bytes]]:
        """One pass over a batch of datagrams; what goes out."""
        batch = list(packets)
        count = len(batch)
        sources = np.array([pack_address(address) for address, _ in batch], np.uint64)
        lengths = np.array([min(len(data), ROW) for _, data in batch], np.uint32)
        for row, (_, data) in enumerate(batch):
            self.tables.buffer[row, : min(len(data), ROW)] = np.frombuffer(data[:ROW], np.uint8)
        if count:
            self.receive(lengths, sources, np.full(count, lane, np.uint64), self.now)
        return self._sent()

    def talk(self, address: Address, packet: RtpPacket, lane: int = 0) -> list[RtpPacket]:
        """One packet of a phone; what goes out, to whomever."""
        return [parse_rtp(data) for _, data in self.hear([(address, packet.serialize())], lane)]

    def beat(self, count: int = 1) -> list[tuple[Address, bytes]]:
        """Let beats pass without anything coming in; what goes out."""
        sent: list[tuple[Address, bytes]] = []
        for _ in range(count):
            self.now += FRAME_TIME / PHASES
            self.beats += 1
            self.generate(self.beats % PHASES, self.now)
            sent += self._sent()
        return sent

    def frame(self) -> list[tuple[Address, bytes]]:
        """Let a whole frame pass as a worker divides it; what goes out."""
        sent: list[tuple[Address, bytes]] = []
        beats = self.pace()
        for beat in range(beats):
            self.now += FRAME_TIME / beats
            self.generate(beat, self.now)
            sent += self._sent()
        return sent

    def told(self) -> list[MediaEvent]:
        events = list(self.events)
        self.events.clear()
        return events

    def _sent(self) -> list[tuple[Address, bytes]]:
        sent = []
        for slots, rows, lengths in self.tables.out:
            sizes = np.broadcast_to(lengths, len(slots)).tolist()
            for slot, row, size in zip(slots.tolist(), rows.tolist(), sizes, strict=True):
                address = unpack_address(int(self.tables.sources.destination[slot, 0]))
                sent.append((address, self.tables.buffer[row, :size].tobytes()))
        self.tables.out.clear()
        return sent


def speech(n: int, *, ssrc: int = 77, kind: int = 8, first: int = 100, fill: int = 0x55) -> RtpPacket:
    """The n-th packet of a phone that talks in 20 ms frames."""
    return RtpPacket(kind, (first + n) & 0xFFFF, (160 * (first + n)) & 0xFFFFFFFF, ssrc, bytes([fill]) * 160)
