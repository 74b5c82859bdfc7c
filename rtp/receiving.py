"""What happens to packets that have come: one pass over a batch from all lanes.

Expected packets take the express way. The others are sorted: strangers are held against the latching rule, packets with
extensions or padding are made plain, what cannot be used is counted; the rest is accounted for, and relayed to whoever
listens, transcoded where the laws differ. Relayed packets stay in their rows and only change their headers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtp.codecs.g711 import ALAW_TO_ULAW, ULAW_TO_ALAW
from rtp.drops import Drop
from rtp.express import LENGTH
from rtp.latch import NOBODY, Latch, Stray
from rtp.packet import HEADER, ROW, SAMPLES, RtpError, is_rtcp, make_plain
from rtp.stats import DUPLICATE, TOO_OLD, UNCONFIRMED
from rtp.streams import CODEC_KIND, FRAME_TIME, KIND_EVENT, KIND_PCMA, KIND_PCMU, NOT_SENT, ODD, TYPES

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from rtp.keys import Keys
    from rtp.mixing import Mixer
    from rtp.tables import Tables
    from rtp.tape import Tape

    Ints = NDArray[np.int64]
    Words = NDArray[np.uint64]

STRANGERS_UNSIEVED = 4
STRANGERS_PER_PASS = 32
BURST = 32
"""Packets of one leg that one pass takes; more when passes are late."""
MOST_BURST = 128

_EXCESS = 4  # beside the fates of `rtp.stats`
_DROP_OF = {DUPLICATE: Drop.DUPLICATE, TOO_OLD: Drop.TOO_OLD, UNCONFIRMED: Drop.UNCONFIRMED, _EXCESS: Drop.EXCESS}
_CODEC_OF = {kind: codec for codec, kind in CODEC_KIND.items()}
_LOW_HALF = np.int64(0xFFFFFFFF)


@dataclass(slots=True)
class _Batch:
    """Packets that take the long way, column-wise."""

    rows: Ints
    slots: Ints
    head: Ints
    lengths: Ints
    kinds: NDArray[np.uint8]

    def take(self, at: Ints | NDArray[np.bool_]) -> _Batch:
        return _Batch(self.rows[at], self.slots[at], self.head[at], self.lengths[at], self.kinds[at])


class Receiver:
    def __init__(self, tables: Tables, keys: Keys, tape: Tape, mixer: Mixer, latched: Callable[[int], None]) -> None:
        """*latched* is called with the slot of a leg whose source is new."""
        self.beat = FRAME_TIME
        """Seconds from one pass to the next, while none is late."""
        self.control_packets: list[tuple[int, bytes]] = []
        """RTCP that came to an RTP port (RFC 5761), with the slot it came from."""
        self._tables = tables
        self._keys = keys
        self._tape = tape
        self._mixer = mixer
        self._latched = latched
        self._every_row: Ints = np.arange(tables.receive_rows, dtype=np.int64)
        self._mark: Ints = np.zeros(tables.slots, np.int64)
        self._last_pass = 0.0

    def receive(
        self, lengths: NDArray[np.uint32], sources: Words, lanes: Words, now: float, arrivals: Ints | None = None
    ) -> None:
        """Handle the packets in the first rows.

        *sources*: address words (`rtp.latch`); *lanes*: numbers of lanes; *arrivals*: as for `ReceiverStats.note`.
        """
        tables = self._tables
        count = len(lengths)
        tables.received += count
        slots = tables.sources.lookup(sources, lanes)
        heads = tables.heads[:count].astype(np.uint64)
        expected, rest = tables.express.match(slots, heads, tables.raw_words[:count, 2], lengths)
        if expected is None:
            self._forward(self._every_row[:count], slots, heads, now, None if arrivals is None else arrivals.copy())
        else:
            if len(expected):
                at = None if arrivals is None else arrivals[expected]
                self._forward(expected, slots[expected], heads[expected], now, at)
            at = None if arrivals is None else arrivals[rest]
            self._take_long_way(rest, slots[rest], lengths[rest], sources[rest], lanes[rest], now, at)
        self._last_pass = now

    def _forward(self, rows: Ints, slots: Ints, heads: Words, now: float, arrivals: Ints | None) -> None:
        tables = self._tables
        if self._tape.active or self._mixer.active:
            kinds = tables.kinds.take((heads >> np.uint64(48) & np.uint64(0xFF)).astype(np.int64) + slots * TYPES)
            timestamps = (heads & np.uint64(_LOW_HALF)).astype(np.int64)
            self._keep(rows, slots, timestamps, kinds, np.full(len(rows), LENGTH, np.int64), now)
        tables.express.advance(slots, heads)
        tables.stats.note(slots, heads, now, arrivals, ahead=SAMPLES)
        listeners = tables.express.listener.take(slots)
        heard = listeners.nonzero()[0]
        if len(heard) != len(rows):
            tables.unheard += len(rows) - len(heard)
            if not len(heard):
                return
            rows, listeners = rows[heard], listeners[heard]
        tables.streams.relay_next(tables.heads, rows, tables.words, listeners)
        tables.out.append((listeners, rows, LENGTH))
        tables.relayed += len(rows)

    def _keep(
        self, rows: Ints, slots: Ints, timestamps: Ints, kinds: NDArray[np.uint8], lengths: Ints, now: float
    ) -> None:
        """Somebody wants the audio itself, before it is rewritten for who hears it."""
        tables = self._tables
        epochs = tables.stats.epoch.take(slots)
        if self._tape.active:
            self._tape.hear(slots, rows, epochs, timestamps, kinds, lengths, tables.buffer, now)
        if self._mixer.active:
            self._mixer.hear(slots, rows, epochs, timestamps, kinds, lengths, tables.buffer)

    # ---------------------------------------------------------------------------------------------------- the long way
    def _take_long_way(
        self,
        rows: Ints,
        slots: Ints,
        lengths: NDArray[np.uint32],
        sources: Words,
        lanes: Words,
        now: float,
        arrivals: Ints | None,
    ) -> None:
        tables = self._tables
        tables.express.dismiss(slots)
        head = tables.words[rows, 0].astype(np.int64)
        sizes = lengths.astype(np.int64)
        column = (head >> 16) ^ 0x8000
        column[(sizes <= HEADER) | (sizes >= ROW)] = TYPES
        column = np.minimum(column, TYPES - 1) + slots * TYPES
        batch = _Batch(rows, slots, head, sizes, tables.kinds.take(column))
        if not batch.kinds.all():
            self._sort_out_odd(batch, sources, lanes, now)
            usable = batch.kinds.nonzero()[0]
            batch = batch.take(usable)
            arrivals = None if arrivals is None else arrivals[usable]
        if len(batch.rows):
            self._accept(batch, now, arrivals)

    def _accept(self, batch: _Batch, now: float, arrivals: Ints | None) -> None:
        tables = self._tables
        stats, streams = tables.stats, tables.streams
        count = len(batch.rows)
        self._mark[batch.slots] = self._every_row[:count]
        unique = bool((self._mark[batch.slots] == self._every_row[:count]).all())
        timestamps = tables.words[batch.rows, 1].astype(np.int64)
        ssrc = tables.words[batch.rows, 2].astype(np.uint32)
        audio = batch.kinds < KIND_EVENT
        sequence = batch.head & 0xFFFF
        octets = batch.lengths - HEADER
        clocked = None if audio.all() else audio
        account = stats.receive if unique else self._in_rounds
        extended, fates = account(batch.slots, sequence, timestamps, ssrc, clocked, octets, now, arrivals)
        if fates is not None and fates.any():
            for fate, drop in _DROP_OF.items():
                np.add.at(tables.drops[:, drop], batch.slots[fates == fate], 1)
            kept = fates == 0
            batch, extended, timestamps, ssrc = batch.take(kept), extended[kept], timestamps[kept], ssrc[kept]
            octets, audio = octets[kept], audio[kept]
        unlocked = tables.sources.state[batch.slots] != Latch.LOCKED
        for slot in batch.slots[unlocked].tolist():
            if tables.sources.state[slot] != Latch.LOCKED and tables.sources.confirm(slot):
                self._latched(slot)
        if self._tape.active or self._mixer.active:
            self._keep(batch.rows, batch.slots, timestamps, batch.kinds, batch.lengths, now)
        if not audio.all() or tables.slow[batch.slots].any():
            self._listen(batch, extended, timestamps, ssrc, now)

        listeners = tables.listener[batch.slots]
        heard = streams.payload_type[listeners, batch.kinds] != NOT_SENT
        if unique:
            self._engage(batch, timestamps, np.where(heard, listeners, NOBODY), audio)
        if not heard.all():
            tables.unheard += len(heard) - int(np.count_nonzero(heard))
            batch, listeners, extended = batch.take(heard), listeners[heard], extended[heard]
            timestamps, octets = timestamps[heard], octets[heard]
        if not len(batch.rows):
            return
        self._transcode(batch, listeners)
        epochs = stats.epoch[batch.slots]
        markers = batch.head & 0x800000
        streams.relay(
            tables.words, batch.rows, listeners, epochs, extended, timestamps, markers, batch.kinds, octets, now
        )
        tables.out.append((listeners, batch.rows, batch.lengths))
        tables.relayed += len(batch.rows)

    def _engage(self, batch: _Batch, timestamps: Ints, listeners: Ints, audio: NDArray[np.bool_]) -> None:
        """Legs whose next packet can be told in advance, and needs nothing but a new header, go express."""
        tables = self._tables
        steady = audio & (batch.lengths == LENGTH) & (tables.sources.state[batch.slots] == Latch.LOCKED)
        steady &= ~tables.slow[batch.slots] & (tables.stats.highest[batch.slots] & 0xFFFF == batch.head & 0xFFFF)
        steady &= (listeners == NOBODY) | (tables.streams.kind[listeners] == batch.kinds)
        at = steady.nonzero()[0]
        kind = (batch.head[at] & 0x7F0000) | 0x80000000
        following = ((kind | ((batch.head[at] + 1) & 0xFFFF)) << 32) | ((timestamps[at] + SAMPLES) & _LOW_HALF)
        sources = tables.raw_words[batch.rows[at], 2]
        tables.express.engage(batch.slots[at], following.view(np.uint64), sources, listeners[at])

    def _in_rounds(
        self,
        slots: Ints,
        sequence: Ints,
        timestamps: Ints,
        ssrc: NDArray[np.uint32],
        clocked: NDArray[np.bool_] | None,
        octets: Ints,
        now: float,
        arrivals: Ints | None,
    ) -> tuple[Ints, Ints | None]:
        """`ReceiverStats.receive` for several packets of one leg: the first of each, then the second of each…"""
        count = len(slots)
        order = slots.argsort(kind="stable")
        in_order = slots[order]
        begins = np.flatnonzero(np.r_[True, in_order[1:] != in_order[:-1]])
        turn = np.empty(count, np.int64)
        turn[order] = np.arange(count) - np.repeat(begins, np.diff(np.r_[begins, count]))
        extended = np.zeros(count, np.int64)
        fates = np.zeros(count, np.int64)
        limit = min(MOST_BURST, BURST + int((now - self._last_pass) / self.beat))
        for now_on in range(min(limit, int(turn.max()) + 1)):
            at = np.flatnonzero(turn == now_on)
            part = None if clocked is None else clocked[at]
            extended[at], fate = self._tables.stats.receive(
                slots[at],
                sequence[at],
                timestamps[at],
                ssrc[at],
                part,
                octets[at],
                now,
                None if arrivals is None else arrivals[at],
            )
            if fate is not None:
                fates[at] = fate
        fates[turn >= limit] = _EXCESS
        return extended, fates

    def _listen(self, batch: _Batch, extended: Ints, timestamps: Ints, ssrc: NDArray[np.uint32], now: float) -> None:
        """Telephone-events, and audio of legs in which keys may be sounding."""
        tables = self._tables
        at = (batch.kinds == KIND_EVENT) | (tables.slow[batch.slots] & (batch.kinds < KIND_EVENT))
        sounding: set[int] = set()
        for place in at.nonzero()[0].tolist():
            slot, row, kind = int(batch.slots[place]), int(batch.rows[place]), int(batch.kinds[place])
            payload = tables.buffer[row, HEADER : int(batch.lengths[place])].tobytes()
            if kind == KIND_EVENT:
                self._keys.telephone_event(slot, payload, int(ssrc[place]), int(timestamps[place]), now)
            else:
                self._keys.audio(slot, _CODEC_OF[kind], payload, int(extended[place]))
                sounding.add(slot)
        if sounding:
            self._keys.detect(list(sounding), now)

    def _transcode(self, batch: _Batch, listeners: Ints) -> None:
        """From the law the packet is in to the law its listener gets, in place."""
        tables = self._tables
        wanted = tables.streams.kind[listeners]
        for kind, other, table in ((KIND_PCMU, KIND_PCMA, ULAW_TO_ALAW), (KIND_PCMA, KIND_PCMU, ALAW_TO_ULAW)):
            at = ((batch.kinds == kind) & (wanted == other)).nonzero()[0]
            if len(at):
                longest = int(batch.lengths[at].max())
                rows = batch.rows[at]
                tables.buffer[rows, HEADER:longest] = table[tables.buffer[rows, HEADER:longest]]

    # ------------------------------------------------------------------------------------------------------ odd packets
    def _sort_out_odd(self, batch: _Batch, sources: Words, lanes: Words, now: float) -> None:
        """Packets that are not plain RTP of a known type from a known source. Those that can be used are made so."""
        tables = self._tables
        odd = np.flatnonzero(batch.kinds == ODD)
        first, second = batch.head[odd] >> 24, (batch.head[odd] >> 16) & 0xFF
        broken = (batch.lengths[odd] < HEADER) | (batch.lengths[odd] >= ROW) | (first >> 6 != 2)
        np.add.at(tables.drops[:, Drop.MALFORMED], batch.slots[odd[broken]], 1)
        strangers = odd[~broken & (batch.slots[odd] == NOBODY)]
        if len(strangers):  # they are held against where the legs stand now
            tables.express.settle()
        if len(strangers) > STRANGERS_UNSIEVED:
            strangers = self._sieve(batch, strangers, sources, lanes, now)
        for at in strangers.tolist():
            self._admit(batch, at, int(sources[at]), int(lanes[at]), now)
        ours = ~broken & (batch.slots[odd] != NOBODY) & (batch.kinds[odd] == ODD)
        control = (second >= 192) & (second <= 223)
        plain = ours & (first == 0x80) & ~control
        empty = batch.lengths[odd] == HEADER
        np.add.at(tables.drops[:, Drop.EMPTY], batch.slots[odd[plain & empty]], 1)
        np.add.at(tables.drops[:, Drop.UNKNOWN_TYPE], batch.slots[odd[plain & ~empty]], 1)
        for at in odd[ours & ~plain].tolist():
            self._make_usable(batch, at)

    def _sieve(self, batch: _Batch, at: Ints, sources: Words, lanes: Words, now: float) -> Ints:
        tables = self._tables
        ssrc = tables.words[batch.rows[at], 2].astype(np.uint32)
        near = tables.sources.interesting(sources[at], lanes[at], ssrc, now)
        tables.drops[NOBODY, Drop.UNKNOWN_SOURCE] += len(at) - int(np.count_nonzero(near))
        at = at[near]
        tables.drops[NOBODY, Drop.FLOOD] += max(0, len(at) - STRANGERS_PER_PASS)
        return at[:STRANGERS_PER_PASS]

    def _admit(self, batch: _Batch, at: int, word: int, lane: int, now: float) -> None:
        """A packet from an unknown source: latch a leg to it, or drop it."""
        tables = self._tables
        row, head = int(batch.rows[at]), int(batch.head[at])
        second = (head >> 16) & 0xFF
        slot: int | Stray = tables.sources.owner(word, lane)
        if slot == NOBODY:
            if is_rtcp(second):
                tables.drops[NOBODY, Drop.UNKNOWN_SOURCE] += 1
                return
            slot = tables.sources.stranger(
                word,
                lane,
                int(tables.words[row, 2]),
                head & 0xFFFF,
                lambda slot: bool(tables.kinds[slot * TYPES + second] != ODD),
                now,
            )
            if isinstance(slot, Stray):
                tables.drops[NOBODY, slot] += 1
                return
            self._latched(slot)
        batch.slots[at] = slot
        if head >> 24 == 0x80 and batch.lengths[at] > HEADER:
            batch.kinds[at] = tables.kinds[slot * TYPES + second]

    def _make_usable(self, batch: _Batch, at: int) -> None:
        tables = self._tables
        slot, row, length = int(batch.slots[at]), int(batch.rows[at]), int(batch.lengths[at])
        second = int(tables.buffer[row, 1])
        if is_rtcp(second):
            self.control_packets.append((slot, tables.buffer[row, :length].tobytes()))
            return
        try:
            length = make_plain(tables.buffer[row], length)
        except RtpError:
            tables.drops[slot, Drop.MALFORMED] += 1
            return
        kind = tables.kinds[slot * TYPES + second]
        if length == HEADER or kind == ODD:
            tables.drops[slot, Drop.EMPTY if length == HEADER else Drop.UNKNOWN_TYPE] += 1
            return
        batch.head[at], batch.lengths[at], batch.kinds[at] = int(tables.words[row, 0]), length, kind
