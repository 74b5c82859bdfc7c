"""RTCP of all legs: what we tell the far ends about their packets and ours, and what they tell us.

A leg that has sent or received anything reports every five seconds, legs spread over that time. Reports go to the RTP
port + 1 of the leg, or to where its own RTCP comes from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtp.latch import NOBODY
from rtp.rtcp import (
    RR,
    SR,
    ReceiverReport,
    ReportBlock,
    RtcpError,
    SenderReport,
    SourceDescription,
    middle,
    ntp_time,
    parse_compound,
    serialize_compound,
)
from rtp.stats import CLOCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtp.tables import Tables

    Ints = NDArray[np.int64]

INTERVAL = 5.0
SLICES = 10
"""A slice of the legs reports every half second."""
_PORT = np.uint64(0xFFFF << 16)


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
        description = serialize_compound([SourceDescription(0, cname)])
        self._description = np.frombuffer(description, ">u4").copy()
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

    def due(self, now: float, wall: float) -> list[tuple[int, int, bytes]]:
        """(lane, address word, packet) of the next slice of legs. To be called every half second."""
        tables = self._tables
        turn, self._slice = self._slice, (self._slice + 1) % SLICES
        tables.express.settle()
        slots = np.arange(turn, tables.slots, SLICES)
        slots = slots[tables.sources.destination[slots, 0] != 0]
        if not len(slots):
            return []
        sent = tables.streams.packets[slots] != self._reported_sent[slots]
        heard = tables.stats.epoch[slots] != 0
        packets: list[tuple[int, int, bytes]] = []
        for is_sender, has_block in ((True, True), (True, False), (False, True)):
            those = slots[(sent == is_sender) & (heard == has_block)]
            if len(those):
                packets += self._compose(those, is_sender, has_block, now, wall)
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

    def _compose(
        self, slots: Ints, is_sender: bool, has_block: bool, now: float, wall: float
    ) -> list[tuple[int, int, bytes]]:
        """Reports of one shape for all of *slots*: the words of `rtp.rtcp`'s compounds, column by column."""
        streams, stats = self._tables.streams, self._tables.stats
        ssrc = streams.ssrc[slots].astype(np.int64)
        columns: list[Ints | int] = [0, ssrc]
        if is_sender:
            ntp = ntp_time(wall)
            elapsed = ((now - streams.sent_at[slots]) * CLOCK).astype(np.int64)
            timestamps = (streams.next[slots].view(np.int64) & 0xFFFFFFFF) + elapsed
            packets = streams.packets[slots]
            columns += [ntp >> 32, ntp & 0xFFFFFFFF, timestamps, packets, streams.octets[slots]]
            self._reported_sent[slots] = packets
        if has_block:
            seen = stats.report(slots)
            lost = seen.fraction_lost << 24 | (seen.cumulative_lost & 0xFFFFFF)
            last_sr_at = self._last_sr_at[slots]
            delay = np.where(last_sr_at > 0, (now - last_sr_at) * 65536, 0).astype(np.int64)
            columns += [seen.ssrc.astype(np.int64), lost, seen.extended_highest, seen.jitter]
            columns += [self._last_sr[slots], delay]
        columns[0] = (0x80 | has_block) << 24 | (SR if is_sender else RR) << 16 | len(columns) - 1
        length = len(columns) + len(self._description)
        words = np.empty((len(slots), length), ">u4")
        for at, column in enumerate(columns):
            words[:, at] = column if isinstance(column, int) else column & 0xFFFFFFFF
        words[:, len(columns) :] = self._description
        words[:, len(columns) + 1] = ssrc
        data, size = words.tobytes(), 4 * length
        lanes, words_to = self._tables.sources.lane[slots].tolist(), self._where_to(slots).tolist()
        return [
            (lane, to, data[at * size : (at + 1) * size])
            for at, (lane, to) in enumerate(zip(lanes, words_to, strict=True))
            if to
        ]

    def _where_to(self, slots: Ints) -> NDArray[np.uint64]:
        """Where reports go: to where they come from, else beside the RTP port; 0 where there is no such port."""
        word = self._tables.sources.destination[slots, 0]
        port = (word >> np.uint64(16) & np.uint64(0xFFFF)).astype(np.uint16).byteswap() + np.uint16(1)
        beside = (word & ~_PORT) | port.byteswap().astype(np.uint64) << np.uint64(16)
        heard_from = self._destination[slots]
        to: NDArray[np.uint64] = np.where(heard_from != 0, heard_from, np.where(port != 0, beside, 0))
        return to
