"""RTCP of all legs: what we tell the far ends about their packets and ours, and what they tell us.

A leg that has sent or received anything reports every five seconds, legs spread over that time. Reports go to the RTP
port + 1 of the leg, or to where its own RTCP comes from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtp.latch import NOBODY
from rtp.rtcp import (
    ReceiverReport,
    ReportBlock,
    RtcpError,
    RtcpPacket,
    SenderReport,
    SourceDescription,
    middle,
    ntp_time,
    parse_compound,
    serialize_compound,
)
from rtp.stats import CLOCK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from rtp.tables import Tables

INTERVAL = 5.0
SLICES = 50
"""A slice of the legs reports every tenth of a second."""
_PORT = 0xFFFF << 16


class Reports:
    def __init__(self, tables: Tables, cname: str) -> None:
        slots = tables.slots
        self.heard_at: NDArray[np.float64] = np.zeros(slots, np.float64)
        """When RTCP last came from the leg; 0: never."""
        self.round_trip: NDArray[np.float64] = np.full(slots, np.nan)
        self.remote_lost: NDArray[np.int64] = np.zeros(slots, np.int64)
        self.remote_jitter: NDArray[np.float64] = np.full(slots, np.nan)
        """Seconds; not a number until the far end has reported."""
        self._tables = tables
        self._cname = cname
        self._destination: NDArray[np.uint64] = np.zeros(slots, np.uint64)
        self._last_sr: NDArray[np.int64] = np.zeros(slots, np.int64)
        self._last_sr_at: NDArray[np.float64] = np.zeros(slots, np.float64)
        self._reported_sent: NDArray[np.int64] = np.zeros(slots, np.int64)
        self._slice = 0

    def open(self, slot: int) -> None:
        for array in (self.heard_at, self._destination, self._last_sr, self._last_sr_at, self._reported_sent):
            array[slot] = 0
        self.remote_lost[slot] = 0
        self.round_trip[slot] = self.remote_jitter[slot] = np.nan

    def due(self, slots: Iterable[int], now: float, wall: float) -> list[tuple[int, int, bytes]]:
        """(lane, address word, packet) of the next slice of *slots*. To be called every tenth of a second."""
        turn, self._slice = self._slice, (self._slice + 1) % SLICES
        mine = np.array([slot for slot in slots if slot % SLICES == turn], np.int64)
        sources = self._tables.sources
        self._tables.stats.catch_up()
        if not len(mine):
            return []
        self._tables.express.settle(mine[self._tables.express.expected[mine] != 0])
        feeders = np.isin(self._tables.express.listener, mine) & (self._tables.express.expected != 0)
        self._tables.express.settle(feeders.nonzero()[0])
        packets = []
        for slot in mine.tolist():
            if destination := self._where_to(slot):
                packet = self._compose(slot, now, wall)
                if packet:
                    packets.append((int(sources.lane[slot]), destination, packet))
        return packets

    def identify(self, lane: int, word: int, data: bytes) -> int:
        """The slot that RTCP from an address belongs to: the host is its leg's, and an SSRC is its or ours."""
        try:
            packets = parse_compound(data)
        except RtcpError:
            return NOBODY
        tables = self._tables
        here = (tables.sources.destination[:, 0] >> np.uint64(32)) == word >> 32
        for slot in np.flatnonzero(here & (tables.sources.lane == lane)).tolist():
            ours, theirs = int(tables.streams.ssrc[slot]), int(tables.stats.ssrc[slot])
            for packet in packets:
                if isinstance(packet, SenderReport | ReceiverReport) and (
                    packet.ssrc == theirs or any(block.ssrc == ours for block in packet.blocks)
                ):
                    self._destination[slot] = word
                    return slot
        return NOBODY

    def receive(self, slot: int, data: bytes, now: float, wall: float) -> bool:
        """RTCP of a leg; False when it is malformed."""
        try:
            packets = parse_compound(data)
        except RtcpError:
            return False
        self.heard_at[slot] = now
        ours = int(self._tables.streams.ssrc[slot])
        for packet in packets:
            if isinstance(packet, SenderReport):
                self._last_sr[slot] = middle(packet.ntp)
                self._last_sr_at[slot] = now
            if isinstance(packet, SenderReport | ReceiverReport):
                for block in packet.blocks:
                    if block.ssrc == ours:
                        self._note(slot, block, wall)
        return True

    def _note(self, slot: int, block: ReportBlock, wall: float) -> None:
        self.remote_lost[slot] = block.cumulative_lost
        self.remote_jitter[slot] = block.jitter / CLOCK
        if block.last_sr:
            passed = (middle(ntp_time(wall)) - block.last_sr - block.delay_since_last_sr) & 0xFFFFFFFF
            if passed < 1 << 31:  # a clock that runs fast may make it negative
                self.round_trip[slot] = passed / 65536

    def _where_to(self, slot: int) -> int:
        if heard_from := int(self._destination[slot]):
            return heard_from
        word = int(self._tables.sources.destination[slot, 0])
        if not word:
            return 0
        port = int.from_bytes(((word >> 16) & 0xFFFF).to_bytes(2, "little"), "big")
        beside = int.from_bytes((port + 1 & 0xFFFF).to_bytes(2, "big"), "little")
        return (word & ~_PORT) | beside << 16 if beside else 0

    def _compose(self, slot: int, now: float, wall: float) -> bytes:
        stats, streams = self._tables.stats, self._tables.streams
        ssrc, sent = int(streams.ssrc[slot]), int(streams.packets[slot])
        blocks: tuple[ReportBlock, ...] = ()
        if stats.epoch[slot]:
            report = stats.report(slot)
            last_sr_at = float(self._last_sr_at[slot])
            delay = int((now - last_sr_at) * 65536) & 0xFFFFFFFF if last_sr_at else 0
            blocks = (
                ReportBlock(
                    report.ssrc,
                    report.fraction_lost,
                    report.cumulative_lost,
                    report.extended_highest,
                    report.jitter,
                    int(self._last_sr[slot]),
                    delay,
                ),
            )
        first: RtcpPacket
        if sent != self._reported_sent[slot]:
            elapsed = int((now - float(streams.sent_at[slot])) * CLOCK)
            timestamp = (int(streams.next[slot]) + elapsed) & 0xFFFFFFFF
            first = SenderReport(ssrc, ntp_time(wall), timestamp, sent, int(streams.octets[slot]), blocks)
            self._reported_sent[slot] = sent
        elif blocks:
            first = ReceiverReport(ssrc, blocks)
        else:
            return b""
        return serialize_compound([first, SourceDescription(ssrc, self._cname)])
