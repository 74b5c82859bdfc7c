"""The media plane of one worker: all legs at once, one vectorised pass per batch of packets.

The edge owns sockets and time. It fills the first rows of `buffer` with received packets, calls `receive`, calls
`generate` for each due phase, and sends what stands in the out list: `out_rows` of `buffer`, `out_lengths` long, to the
destinations of `out_slots`. Desired state comes through `put` and `remove`; events collect in `events`.

Slot 0 is nobody: packets from unknown sources fall there, and its tables refuse everything.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtp.codecs.g711 import ALAW_TO_ULAW, ULAW_TO_ALAW
from rtp.drops import Drop, by_name
from rtp.frames import FrameStore
from rtp.latch import NOBODY, Latch, SourceTable, Stray, unpack_address
from rtp.legs import Bridge, Echo, Latched, LegStats, MediaEvent, MediaTimeout
from rtp.packet import HEADER, ROW, SAMPLES, RtpError, is_rtcp, make_plain
from rtp.player import Player
from rtp.stats import ReceiverStats
from rtp.streams import KIND_EVENT, KIND_PCMA, KIND_PCMU, NOT_SENT, ODD, TYPES, OutStreams, accepted_types

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtp.legs import LegId, LegSpec

    Ints = NDArray[np.int64]

PHASES = 4
PHASE_TIME = 0.005
STRANGERS_PER_PASS = 64
BURST = 32
"""Packets of one leg that one pass takes; more when passes are late."""


@dataclass(slots=True)
class _Leg:
    spec: LegSpec
    slot: int
    since: float
    timed_out: bool = False


@dataclass(slots=True)
class _Batch:
    """Packets that belong to legs, column-wise."""

    rows: Ints
    slots: Ints
    head: Ints
    lengths: Ints
    kinds: NDArray[np.uint8]

    def take(self, at: Ints | NDArray[np.bool_]) -> _Batch:
        return _Batch(self.rows[at], self.slots[at], self.head[at], self.lengths[at], self.kinds[at])


class LegLimitError(Exception):
    """The worker has no slot left."""


class Plane:
    def __init__(
        self, ports: Sequence[int], *, slots: int = 4096, receive_rows: int = 1024, store: FrameStore | None = None
    ) -> None:
        """*ports*: RTP ports of the lanes, in the order of their numbers."""
        self.receive_rows = receive_rows
        send_rows = slots // PHASES + 1
        self.buffer = np.zeros((receive_rows + send_rows, ROW), np.uint8)
        self.out_slots = np.zeros(receive_rows + send_rows, np.int64)
        self.out_rows = np.zeros(receive_rows + send_rows, np.int64)
        self.out_lengths = np.zeros(receive_rows + send_rows, np.int64)
        self.out_count = 0
        self.events: list[MediaEvent] = []
        self.control_packets: list[tuple[int, bytes]] = []
        """RTCP that came to an RTP port (RFC 5761), with the slot it came from."""

        self.stats = ReceiverStats(slots)
        self.sources = SourceTable(slots, self.stats)
        self.streams = OutStreams(slots)
        self.player = Player(slots, store or FrameStore())
        self.player.events = self.events
        self.drops = np.zeros((slots, len(Drop)), np.int64)
        self.control_heard = np.zeros(slots, np.float64)
        """When RTCP last came from the leg."""
        self.received = self.relayed = self.generated = self.unheard = 0

        self._lane_of = {port: lane for lane, port in enumerate(ports)}
        self._legs: dict[LegId, _Leg] = {}
        self._by_slot: dict[int, _Leg] = {}
        self._free = list(range(1, slots))
        self._ears: dict[LegId, LegId] = {}
        """Who is to hear a leg, present or not: leg → listener."""
        self._kinds = np.zeros(slots * TYPES, np.uint8)
        self._listener = np.zeros(slots, np.int64)
        self._words = self.buffer.view(">u4")
        self._every_row = np.arange(receive_rows, dtype=np.int64)
        self._mark = np.zeros(slots, np.int64)
        self._send_rows = np.arange(receive_rows, receive_rows + send_rows, dtype=np.int64)
        self._phases: list[Ints] = [np.zeros(0, np.int64)] * PHASES
        self._phases_stale = False
        self._last_pass = 0.0

    # ------------------------------------------------------------------------------------------------ desired state
    def put(self, spec: LegSpec, now: float) -> None:
        """Make the leg as *spec* says; only differences take effect. Raises LegLimitError, KeyError (port)."""
        leg = self._legs.get(spec.leg)
        if leg is not None and leg.spec.port != spec.port:
            self.remove(spec.leg, now)
            leg = None
        before = None
        if leg is None:
            leg = self._open(spec, now)
        else:
            before, leg.spec = leg.spec, spec
        slot = leg.slot
        if before is None or (before.remote, before.candidate_ips) != (spec.remote, spec.candidate_ips):
            self._aim(leg, before)
        if before is not None and before.codec != spec.codec:
            self.player.change_codec(slot, spec.codec)
        if before is None or (before.source, before.receive, before.send) != (spec.source, spec.receive, spec.send):
            self._wire(leg, before, now)
        self._kinds[slot * TYPES : (slot + 1) * TYPES] = accepted_types(spec)
        self._ready(leg)

    def remove(self, leg_id: LegId, now: float) -> None:
        """Forget the leg; its final `LegStats` is the last event about it."""
        leg = self._legs.pop(leg_id, None)
        if leg is None:
            return
        slot = leg.slot
        del self._by_slot[slot]
        self._deafen(slot, leg.spec)
        self._listener[slot] = NOBODY
        self.player.remove(slot)
        self.events.append(self.leg_stats(leg, final=True))
        self.sources.remove(slot, now)
        self.streams.close(slot)
        self._kinds[slot * TYPES : (slot + 1) * TYPES] = 0
        self._phases_stale = True
        heapq.heappush(self._free, slot)

    @property
    def legs(self) -> dict[LegId, LegSpec]:
        return {leg_id: leg.spec for leg_id, leg in self._legs.items()}

    def __len__(self) -> int:
        return len(self._legs)

    def lanes_in_use(self) -> set[int]:
        return {self._lane_of[leg.spec.port] for leg in self._legs.values()}

    def leg_at(self, slot: int) -> LegSpec | None:
        leg = self._by_slot.get(slot)
        return leg.spec if leg else None

    def slot_of(self, leg_id: LegId) -> int:
        leg = self._legs.get(leg_id)
        return leg.slot if leg else NOBODY

    def _open(self, spec: LegSpec, now: float) -> _Leg:
        self._lane_of[spec.port]  # an unknown port must not cost a slot
        if not self._free:
            raise LegLimitError(f"leg {spec.leg}: all {len(self._legs)} slots are taken")
        slot = heapq.heappop(self._free)
        leg = _Leg(spec, slot, now)
        self._legs[spec.leg] = self._by_slot[slot] = leg
        self.stats.reset(slot)
        self.streams.open(slot, spec.ssrc, now)
        self.drops[slot] = 0
        self.control_heard[slot] = 0.0
        return leg

    def _aim(self, leg: _Leg, before: LegSpec | None) -> None:
        """Where packets of the leg may come from, and where they go."""
        spec, proven = leg.spec, leg.spec.latched
        if before is not None:
            source = self.sources.source(leg.slot)
            if before.remote == spec.remote and source is not None:
                return  # only the candidates changed, and the leg does not need them any more
            proven = source if source == spec.remote else None
        self.sources.put(leg.slot, self._lane_of[spec.port], spec.remote, spec.candidate_ips, proven)

    def _wire(self, leg: _Leg, before: LegSpec | None, now: float) -> None:
        """Connect the leg's ears; others that want to hear it are connected too."""
        spec, slot = leg.spec, leg.slot
        if before is not None and spec.receive and not before.receive:
            leg.since = now
        if before is None or before.source != spec.source:
            if before is not None:
                self._deafen(slot, before)
            self.player.start(slot, spec.leg, spec.source, spec.codec)
        self.streams.switch(slot)
        match spec.source:
            case Echo():
                self._listener[slot] = slot if spec.receive else NOBODY
            case Bridge(peer):
                self._ears[peer] = spec.leg
                if (other := self._legs.get(peer)) is not None and other.spec.receive:
                    self._listener[other.slot] = slot
        if (listener := self._legs.get(self._ears.get(spec.leg, spec.leg), leg)) is not leg:
            self._listener[slot] = listener.slot if spec.receive else NOBODY
            self.streams.switch(listener.slot)

    def _deafen(self, slot: int, spec: LegSpec) -> None:
        """The leg hears nothing that is received any more."""
        self._listener[self._listener == slot] = NOBODY
        if isinstance(spec.source, Bridge) and self._ears.get(spec.source.peer) == spec.leg:
            del self._ears[spec.source.peer]

    def _ready(self, leg: _Leg) -> None:
        """A leg on hold, or one that has no address yet, sends nothing: its payload types are withdrawn."""
        if leg.spec.send and self.sources.destination[leg.slot, 0]:
            self.streams.configure(leg.slot, leg.spec)
        else:
            self.streams.close(leg.slot)
        self._phases_stale = True

    # ------------------------------------------------------------------------------------------------------ receiving
    def receive(
        self,
        count: int,
        lengths: NDArray[np.uint32],
        sources: NDArray[np.uint64],
        lanes: NDArray[np.uint64],
        now: float,
    ) -> None:
        """Handle the packets in rows 0…count-1. *sources*: address words (`rtp.latch`); *lanes*: numbers of lanes.

        Rows that are to be relayed are rewritten in place and put on the out list, which must be empty.
        """
        self.received += count
        slots = self.sources.lookup(sources, lanes)
        head = self._words[:count, 0].astype(np.int64)
        sizes = lengths.astype(np.int64)
        column = head >> 16
        column ^= 0x8000
        column[(sizes <= HEADER) | (sizes >= ROW)] = TYPES
        np.minimum(column, TYPES - 1, out=column)
        column += slots * TYPES
        kinds = self._kinds.take(column)
        batch = _Batch(self._every_row[:count], slots, head, sizes, kinds)
        if not kinds.all():
            self._sort_out_odd(batch, sources, lanes, now)
            batch = batch.take(np.flatnonzero(batch.kinds))
        if len(batch.rows):
            self._accept(batch, now)
        self._last_pass = now

    def _accept(self, batch: _Batch, now: float) -> None:
        count = len(batch.rows)
        order = self._every_row[:count]
        self._mark[batch.slots] = order
        unique = bool((self._mark[batch.slots] == order).all())
        whole = int(batch.rows[-1]) == count - 1
        headers = self._words[:count, :3] if whole else self._words[batch.rows, :3]
        timestamps = headers[:, 1].astype(np.int64)
        ssrc = headers[:, 2].astype(np.uint32)
        events = batch.kinds == KIND_EVENT
        has_events = bool(events.any())
        clocked = ~events if has_events else None
        sequence = batch.head & 0xFFFF
        octets = batch.lengths - HEADER
        if unique:
            extended, fates = self.stats.receive(batch.slots, sequence, timestamps, ssrc, clocked, octets, now)
        else:
            extended, fates = self._in_rounds(batch.slots, sequence, timestamps, ssrc, clocked, octets, now)
        if fates is not None and fates.any():
            kept = fates == 0
            for fate, drop in ((1, Drop.DUPLICATE), (2, Drop.TOO_OLD), (3, Drop.UNCONFIRMED), (4, Drop.EXCESS)):
                np.add.at(self.drops[:, drop], batch.slots[fates == fate], 1)
            batch, extended, timestamps, events = batch.take(kept), extended[kept], timestamps[kept], events[kept]
            octets = octets[kept]
            has_events = bool(events.any())
        state = self.sources.state[batch.slots]
        if (state != Latch.LOCKED).any():
            self._confirm_sources(batch.slots[state != Latch.LOCKED])
        listeners = self._listener[batch.slots]
        types = self.streams.payload_type[listeners, batch.kinds]
        heard = types != NOT_SENT
        if not heard.all():
            self.unheard += len(heard) - int(np.count_nonzero(heard))
            kept_at = np.flatnonzero(heard)
            if not len(kept_at):
                return
            batch, listeners, extended = batch.take(kept_at), listeners[kept_at], extended[kept_at]
            timestamps, octets = timestamps[kept_at], octets[kept_at]
        self._transcode(batch, listeners)
        epochs = self.stats.epoch[batch.slots]
        markers = (batch.head & 0x800000).astype(np.uint32)
        self.streams.relay(
            self._words, batch.rows, listeners, epochs, extended, timestamps, markers, batch.kinds, octets, unique, now
        )
        relayed = len(batch.rows)
        self.relayed += relayed
        self.out_slots[:relayed] = listeners
        self.out_rows[:relayed] = batch.rows
        self.out_lengths[:relayed] = batch.lengths
        self.out_count = relayed

    def _in_rounds(
        self,
        slots: Ints,
        sequence: Ints,
        timestamps: Ints,
        ssrc: NDArray[np.uint32],
        clocked: NDArray[np.bool_] | None,
        octets: Ints,
        now: float,
    ) -> tuple[Ints, Ints | None]:
        """Statistics of a batch with several packets of one leg: the first of each, then the second of each…"""
        count = len(slots)
        order = slots.argsort(kind="stable")
        sorted_slots = slots[order]
        begins = np.flatnonzero(np.r_[True, sorted_slots[1:] != sorted_slots[:-1]])
        rank = np.empty(count, np.int64)
        rank[order] = np.arange(count) - np.repeat(begins, np.diff(np.r_[begins, count]))
        extended = np.zeros(count, np.int64)
        fates = np.zeros(count, np.int64)
        limit = min(128, BURST + int((now - self._last_pass) / PHASE_TIME))
        for turn in range(min(limit, int(rank.max()) + 1)):
            at = np.flatnonzero(rank == turn)
            part = None if clocked is None else clocked[at]
            extended[at], fate = self.stats.receive(
                slots[at], sequence[at], timestamps[at], ssrc[at], part, octets[at], now
            )
            if fate is not None:
                fates[at] = fate
        fates[rank >= limit] = 4
        return extended, fates

    def _confirm_sources(self, slots: Ints) -> None:
        for slot in slots.tolist():
            if self.sources.state[slot] != Latch.LOCKED and self.sources.confirm(slot, in_order=True):
                self._latched(slot)

    def _latched(self, slot: int) -> None:
        leg = self._by_slot[slot]
        self.events.append(Latched(leg.spec.leg, unpack_address(int(self.sources.destination[slot, 0]))))
        self._ready(leg)

    def _transcode(self, batch: _Batch, listeners: Ints) -> None:
        """From the law the packet is in to the law its listener gets, in place."""
        wanted = self.streams.kind[listeners]
        differ = wanted != batch.kinds
        if not differ.any():
            return
        for kind, other, table in ((KIND_PCMU, KIND_PCMA, ULAW_TO_ALAW), (KIND_PCMA, KIND_PCMU, ALAW_TO_ULAW)):
            at = np.flatnonzero((batch.kinds == kind) & (wanted == other))
            if len(at):
                longest = int(batch.lengths[at].max())
                rows = batch.rows[at]
                self.buffer[rows, HEADER:longest] = table[self.buffer[rows, HEADER:longest]]

    # ------------------------------------------------------------------------------------------------------ odd packets
    def _sort_out_odd(self, batch: _Batch, sources: NDArray[np.uint64], lanes: NDArray[np.uint64], now: float) -> None:
        """Packets that are not plain RTP of a known type from a known source. Those that can be used are made so."""
        odd = np.flatnonzero(batch.kinds == 0)
        second = (batch.head[odd] >> 16) & 0xFF
        first = batch.head[odd] >> 24
        short = (batch.lengths[odd] < HEADER) | (batch.lengths[odd] >= ROW) | (first >> 6 != 2)
        np.add.at(self.drops[:, Drop.MALFORMED], batch.slots[odd[short]], 1)
        rest = ~short
        strange = rest & (batch.slots[odd] == NOBODY)
        candidates = odd[strange]
        if len(candidates) > STRANGERS_PER_PASS:
            candidates = self._sieve(candidates, sources, lanes)
        for at in candidates.tolist():
            self._admit(batch, at, int(sources[at]), int(lanes[at]), now)
        admitted = rest & (batch.slots[odd] != NOBODY) & (batch.kinds[odd] == 0)
        control = (second >= 192) & (second <= 223)
        plain = admitted & (first == 0x80) & ~control
        empty = batch.lengths[odd] == HEADER
        np.add.at(self.drops[:, Drop.EMPTY], batch.slots[odd[plain & empty]], 1)
        np.add.at(self.drops[:, Drop.UNKNOWN_TYPE], batch.slots[odd[plain & ~empty]], 1)
        for at in odd[admitted & ~plain].tolist():
            self._make_usable(batch, at)

    def _sieve(self, at: Ints, sources: NDArray[np.uint64], lanes: NDArray[np.uint64]) -> Ints:
        near = self.sources.interesting(sources[at], lanes[at], self._words[at, 2].astype(np.uint32))
        self.drops[NOBODY, Drop.UNKNOWN_SOURCE] += len(at) - int(np.count_nonzero(near))
        at = at[near]
        self.drops[NOBODY, Drop.FLOOD] += max(0, len(at) - STRANGERS_PER_PASS)
        return at[:STRANGERS_PER_PASS]

    def _admit(self, batch: _Batch, at: int, word: int, lane: int, now: float) -> None:
        row = int(batch.rows[at])
        second = (int(batch.head[at]) >> 16) & 0xFF
        if is_rtcp(second):
            self.drops[NOBODY, Drop.UNKNOWN_SOURCE] += 1
            return
        ssrc, sequence = int(self._words[row, 2]), int(batch.head[at]) & 0xFFFF
        slot: int | Stray = self.sources.owner(word, lane)
        if slot == NOBODY:
            may_send = self._kinds[second::TYPES] != ODD
            slot = self.sources.stranger(word, lane, ssrc, sequence, may_send, now)
            if isinstance(slot, Stray):
                self.drops[NOBODY, slot] += 1
                return
            self._latched(slot)
        batch.slots[at] = slot
        if int(batch.head[at]) >> 24 == 0x80 and batch.lengths[at] > HEADER:
            batch.kinds[at] = self._kinds[slot * TYPES + second]

    def _make_usable(self, batch: _Batch, at: int) -> None:
        slot, row = int(batch.slots[at]), int(batch.rows[at])
        length = int(batch.lengths[at])
        second = int(self.buffer[row, 1])
        if is_rtcp(second):
            self.control_packets.append((slot, self.buffer[row, :length].tobytes()))
            return
        try:
            length = make_plain(self.buffer[row], length)
        except RtpError:
            self.drops[slot, Drop.MALFORMED] += 1
            return
        kind = self._kinds[slot * TYPES + second]
        if length == HEADER or not kind:
            self.drops[slot, Drop.EMPTY if length == HEADER else Drop.UNKNOWN_TYPE] += 1
            return
        batch.head[at], batch.lengths[at], batch.kinds[at] = int(self._words[row, 0]), length, kind

    # ------------------------------------------------------------------------------------------------------ generating
    def generate(self, phase: int, now: float) -> None:
        """Append one frame of each leg of *phase* that hears recorded audio to the out list."""
        if self._phases_stale:
            self._find_phases()
        slots = self._phases[phase]
        count = len(slots)
        if not count:
            return
        rows = self._send_rows[:count]
        first = self.receive_rows
        self.player.advance(slots, self.buffer[first : first + count, HEADER : HEADER + SAMPLES])
        self.streams.generate(self._words[first : first + count], slots, now)
        begin = self.out_count
        self.out_slots[begin : begin + count] = slots
        self.out_rows[begin : begin + count] = rows
        self.out_lengths[begin : begin + count] = HEADER + SAMPLES
        self.out_count = begin + count
        self.generated += count

    def skip_time(self, frames: int) -> None:
        """The edge was late by so many frames that it will not send them: recorded audio is heard later instead."""
        for slots in self._phases:
            self.streams.timestamp[slots] += frames * SAMPLES

    def _find_phases(self) -> None:
        active = np.flatnonzero(self.player.playing & (self.streams.kind != 0))
        self._phases = [active[active % PHASES == phase] for phase in range(PHASES)]
        self._phases_stale = False

    # -------------------------------------------------------------------------------------------------------- watching
    def check_timeouts(self, now: float) -> None:
        """Once a second or so: report legs from which nothing comes."""
        for leg in self._legs.values():
            spec, slot = leg.spec, leg.slot
            heard = max(float(self.stats.last_arrival[slot]), float(self.control_heard[slot]), leg.since)
            silent = now - heard
            if not spec.media_timeout or not spec.receive or silent < spec.media_timeout:
                leg.timed_out = False
            elif not leg.timed_out:
                leg.timed_out = True
                self.events.append(MediaTimeout(spec.leg, silent))

    def report(self, leg_id: LegId) -> None:
        """Have the `LegStats` of a leg, or of all (0), among the events."""
        for leg in self._legs.values() if not leg_id else filter(None, [self._legs.get(leg_id)]):
            self.events.append(self.leg_stats(leg, final=False))

    def leg_stats(self, leg: _Leg, *, final: bool) -> LegStats:
        slot, stats = leg.slot, self.stats
        return LegStats(
            leg=leg.spec.leg,
            packets_received=int(stats.received[slot]),
            octets_received=int(stats.octets[slot]),
            packets_lost=max(0, stats.lost(slot)),
            duplicates=int(stats.duplicates[slot]),
            jitter=float(stats.jitter[slot]) / 8000,
            packets_sent=int(self.streams.packets[slot]),
            octets_sent=int(self.streams.octets[slot]),
            round_trip=None,
            remote_lost=None,
            remote_jitter=None,
            dropped=by_name(self.drops[slot].tolist()),
            final=final,
        )
