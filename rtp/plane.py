"""The media plane of one worker: all legs at once.

The edge owns sockets and time. It fills the first rows of `tables.buffer` with received packets, calls `receive`, calls
`generate` for each due phase, and sends what stands in the out list of `tables`. Desired state comes through `put` and
`remove`; events collect in `events`.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtp.drops import Drop, by_name
from rtp.frames import FrameStore
from rtp.keys import Keys
from rtp.latch import NOBODY, unpack_address
from rtp.legs import Bridge, Conference, Echo, Latched, LegStats, MediaEvent, MediaTimeout
from rtp.mixing import Mixer
from rtp.packet import HEADER, SAMPLES
from rtp.player import Player
from rtp.receiving import Receiver
from rtp.reports import Reports
from rtp.stats import CLOCK
from rtp.streams import FRAME_TIME, TYPES, accepted_types
from rtp.tables import Tables
from rtp.tape import Tape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtp.legs import Address, LegId, LegSpec

    Ints = NDArray[np.int64]

PHASES = 3
"""A frame lasts as long as so many beats; a leg is sent its frame on one of them.

Waking up costs more than a pass over what has come; a beat is what a packet may wait for others.
"""
FEW_PHASES = 2
"""The beats of a frame while few legs are up: waking up is then most of the work."""
FEW_LEGS = 150
MANY_LEGS = 250


@dataclass(slots=True)
class _Leg:
    spec: LegSpec
    slot: int
    since: float
    aimed_at: Address | None = None
    """The address in the last SDP that had one; a leg on hold may have none for a while."""
    timed_out: bool = False


class LegLimitError(Exception):
    """The worker has no slot left."""


class Plane:
    def __init__(
        self,
        ports: Sequence[int],
        *,
        slots: int = 4096,
        receive_rows: int = 1024,
        store: FrameStore | None = None,
        cname: str = "softswitch",
    ) -> None:
        """*ports*: RTP ports of the lanes, in the order of their numbers. *cname*: how RTCP names us."""
        self.tables = Tables(slots, receive_rows, send_rows=slots // FEW_PHASES + 1)
        self.events: list[MediaEvent] = []
        self.player = Player(slots, store or FrameStore(), self.events)
        self.reports = Reports(self.tables, cname)
        self.tape = Tape(slots)
        self.mixer = Mixer(slots)
        self._keys = Keys(slots, self.events, self.tape)
        self._receiver = Receiver(self.tables, self._keys, self.tape, self.mixer, self._latched)
        self.receive = self._receiver.receive
        self._lane_of = {port: lane for lane, port in enumerate(ports)}
        self._legs: dict[LegId, _Leg] = {}
        self._by_slot: dict[int, _Leg] = {}
        self._ears: dict[LegId, dict[LegId, None]] = {}
        """Who is to hear a leg, present or not; of several the last one does."""
        self._free = list(range(1, slots))
        self._send_rows: Ints = np.arange(receive_rows, receive_rows + slots // FEW_PHASES + 1, dtype=np.int64)
        self._phases: list[Ints] = []
        self._players: list[int] = []
        """How many of a phase, the first of them, hear recorded audio; the others are in conferences."""
        self._divide(PHASES)

    # ------------------------------------------------------------------------------------------------ desired state
    def put(self, spec: LegSpec, now: float) -> None:
        """Make the leg as *spec* says; only differences take effect.

        Raises LegLimitError, and ValueError for a port, an address or a codec that cannot be.
        """
        if spec.port not in self._lane_of:
            raise ValueError(f"leg {spec.leg}: port {spec.port} is not a lane")
        kinds = accepted_types(spec)
        self.tables.sources.check(spec.remote, spec.candidate_ips, spec.latched)
        leg = self._legs.get(spec.leg)
        if leg is not None and leg.spec.port != spec.port:
            self.remove(spec.leg, now)
            leg = None
        before = None
        if leg is None:
            leg = self._open(spec, now)
        elif leg.spec == spec:
            return
        else:
            before, leg.spec = leg.spec, spec
        slot = leg.slot
        self.tables.express.dismiss_around(slot)
        if before is None or (leg.aimed_at, before.candidate_ips) != (spec.remote, spec.candidate_ips):
            self._aim(leg, before)
        if before is not None and before.codec != spec.codec:
            self.player.change_codec(slot, spec.codec)
        self.mixer.configure(slot, spec.codec, heard=spec.receive and spec.send)
        if before is None or (before.source, before.receive, before.send) != (spec.source, spec.receive, spec.send):
            self._wire(leg, before, now)
        if before is None or _recording(before) != _recording(spec):
            self.tape.record(slot, spec, now)
        self._keys.open(slot, spec.leg, spec.detect_inband)
        self.tables.slow[slot] = spec.detect_inband
        self.tables.kinds[slot * TYPES : (slot + 1) * TYPES] = kinds
        self._ready(leg)

    def remove(self, leg_id: LegId, now: float) -> None:
        """Forget the leg; its final `LegStats` is the last event about it."""
        leg = self._legs.get(leg_id)
        if leg is None:
            return
        slot, tables = leg.slot, self.tables
        tables.express.dismiss_around(slot)
        tables.listener[slot] = NOBODY
        self.player.remove(slot)
        self.mixer.leave(slot)
        self.tape.stop(slot, now)
        self.events.append(self._stats_of(leg, final=True))
        tables.sources.remove(slot, now)
        tables.streams.close(slot)
        tables.kinds[slot * TYPES : (slot + 1) * TYPES] = 0
        self._keys.close(slot)
        del self._legs[leg_id], self._by_slot[slot]
        self._deafen(leg.spec)
        self._phases_stale = True
        heapq.heappush(self._free, slot)

    def __len__(self) -> int:
        return len(self._legs)

    @property
    def specs(self) -> dict[LegId, LegSpec]:
        return {leg_id: leg.spec for leg_id, leg in self._legs.items()}

    def slot_of(self, leg_id: LegId) -> int:
        leg = self._legs.get(leg_id)
        return leg.slot if leg else NOBODY

    def lanes_in_use(self) -> list[int]:
        return sorted({self._lane_of[leg.spec.port] for leg in self._legs.values()})

    def _open(self, spec: LegSpec, now: float) -> _Leg:
        if not self._free:
            raise LegLimitError(f"leg {spec.leg}: all {len(self._legs)} slots are taken")
        slot = heapq.heappop(self._free)
        leg = _Leg(spec, slot, now)
        self._legs[spec.leg] = self._by_slot[slot] = leg
        self.tables.stats.reset(slot)
        self.tables.streams.open(slot, spec.ssrc, now)
        self.tables.drops[slot] = 0
        self.reports.open(slot)
        return leg

    def _aim(self, leg: _Leg, before: LegSpec | None) -> None:
        """Where packets of the leg may come from, and where they go."""
        spec, proven, sources = leg.spec, leg.spec.latched, self.tables.sources
        if before is not None:
            source = sources.source(leg.slot)
            if source is not None and spec.remote in (None, leg.aimed_at):
                return  # only the candidates changed, and the leg does not need them any more
            proven = source if source == spec.remote else None
        leg.aimed_at = spec.remote
        sources.put(leg.slot, self._lane_of[spec.port], spec.remote, spec.candidate_ips, proven)

    def _wire(self, leg: _Leg, before: LegSpec | None, now: float) -> None:
        """Connect the leg's ears; and who wants to hear it, to its mouth."""
        spec = leg.spec
        if before is not None and spec.receive and not before.receive:
            leg.since = now
        if before is None or before.source != spec.source:
            if before is not None:
                self._deafen(before)
            self.player.start(leg.slot, spec.leg, spec.source, spec.codec)
            self.mixer.leave(leg.slot)
            if isinstance(spec.source, Conference):
                self.mixer.join(leg.slot, spec.leg, spec.source, spec.codec)
                self.mixer.configure(leg.slot, spec.codec, heard=spec.receive and spec.send)
            if (heard := _heard(spec)) is not None:
                self._ears.setdefault(heard, {})[spec.leg] = None
                self._connect(heard)
        self.tables.streams.switch(leg.slot)
        self._connect(spec.leg)

    def _deafen(self, spec: LegSpec) -> None:
        """The leg does not hear any more whom it heard."""
        heard = _heard(spec)
        if heard is not None:
            self._ears[heard].pop(spec.leg, None)
            if not self._ears[heard]:
                del self._ears[heard]
            self._connect(heard)

    def _connect(self, leg_id: LegId) -> None:
        """Find out who hears the leg."""
        leg = self._legs.get(leg_id)
        if leg is None:
            return
        present = [self._legs[hearer].slot for hearer in self._ears.get(leg_id, ()) if hearer in self._legs]
        listener = present[-1] if present and leg.spec.receive else NOBODY
        if listener != self.tables.listener[leg.slot]:
            self.tables.express.dismiss_around(leg.slot)
            self.tables.listener[leg.slot] = listener
            self.tables.streams.switch(listener)

    def _ready(self, leg: _Leg) -> None:
        """A leg on hold, or one that has no address yet, sends nothing."""
        self.tables.express.dismiss((self.tables.listener == leg.slot).nonzero()[0])
        if leg.spec.send and self.tables.sources.destination[leg.slot, 0]:
            self.tables.streams.configure(leg.slot, leg.spec)
        else:
            self.tables.streams.close(leg.slot)
        self._phases_stale = True

    def _latched(self, slot: int) -> None:
        leg = self._by_slot[slot]
        self.tables.express.dismiss_around(slot)
        self.events.append(Latched(leg.spec.leg, unpack_address(int(self.tables.sources.destination[slot, 0]))))
        self._ready(leg)

    # ------------------------------------------------------------------------------------------------------ generating
    def generate(self, phase: int, now: float) -> None:
        """Append one frame of each leg of *phase* that hears recorded audio or a conference to the out list."""
        tables = self.tables
        if phase == 0 and self.mixer.active:
            self.mixer.mix()
        if self._phases_stale:
            self._find_phases()
        slots = self._phases[phase]
        count = len(slots)
        if not count:
            return
        begin, end = tables.receive_rows, tables.receive_rows + count
        players = self._players[phase]
        frames = tables.buffer[begin:end, HEADER : HEADER + SAMPLES]
        if players:
            self.player.advance(slots[:players], frames[:players])
        if players < count:
            frames[players:] = self.mixer.frames.take(slots[players:], 0)
        tables.streams.generate(tables.heads[begin:end], tables.words[begin:end], slots, now)
        tables.out.append((slots, self._send_rows[:count], HEADER + SAMPLES))
        tables.generated += count

    def pace(self) -> int:
        """Into how many beats to divide the next frame. To be asked between frames.

        A leg may be sent one frame up to half a frame early or late when the number changes.
        """
        legs, now = len(self._legs), len(self._phases)
        wanted = FEW_PHASES if legs < FEW_LEGS else PHASES if legs >= MANY_LEGS else now
        if wanted != now:
            self._divide(wanted)
        return wanted

    def _divide(self, beats: int) -> None:
        self._phases = [np.zeros(0, np.int64)] * beats
        self._players = [0] * beats
        self._phases_stale = True
        self._receiver.beat = FRAME_TIME / beats

    def skip_time(self, frames: int) -> None:
        """The edge was late by so many frames that it will not send them: recorded audio is heard later instead."""
        for slots in self._phases:
            self.tables.streams.advance(slots, frames)
        self.mixer.skip(frames)

    def _find_phases(self) -> None:
        sending = self.tables.streams.lead != 0
        playing, mixing = np.flatnonzero(self.player.playing & sending), np.flatnonzero(self.mixer.mixing & sending)
        beats = len(self._phases)
        players = [playing[playing % beats == phase] for phase in range(beats)]
        self._players = [len(slots) for slots in players]
        self._phases = [np.r_[slots, mixing[mixing % beats == phase]] for phase, slots in enumerate(players)]
        self._phases_stale = False

    # -------------------------------------------------------------------------------------------------------- watching
    def receive_control(self, lane: int, word: int, data: bytes, now: float, wall: float) -> None:
        """A datagram that came to a lane's RTCP port."""
        slot = self.reports.identify(lane, word, data)
        if slot == NOBODY:
            self.tables.drops[NOBODY, Drop.STRAY_CONTROL] += 1
        else:
            self.reports.receive(slot, data, now, wall)

    def due_reports(self, now: float, wall: float) -> list[tuple[int, int, bytes]]:
        """(lane, address word, RTCP packet) to be sent now; to be called every half second."""
        for slot, data in self._receiver.control_packets:
            if slot in self._by_slot and not self.reports.receive(slot, data, now, wall):
                self.tables.drops[slot, Drop.MALFORMED] += 1
        self._receiver.control_packets.clear()
        return self.reports.due(now, wall)

    def check_timeouts(self, now: float) -> None:
        """Once a second or so: report legs from which nothing comes."""
        self.tables.stats.catch_up()
        for leg in self._legs.values():
            spec, slot = leg.spec, leg.slot
            heard = max(float(self.tables.stats.last_arrival[slot]), float(self.reports.heard_at[slot]), leg.since)
            silent = now - heard
            if not spec.media_timeout or not spec.receive or silent < spec.media_timeout:
                leg.timed_out = False
            elif not leg.timed_out:
                leg.timed_out = True
                self.events.append(MediaTimeout(spec.leg, silent))

    def report(self, leg_id: LegId) -> None:
        """Have the `LegStats` of a leg, or of all (0), among the events."""
        for leg in self._legs.values() if not leg_id else filter(None, [self._legs.get(leg_id)]):
            self.events.append(self._stats_of(leg, final=False))

    def strays(self) -> dict[str, int]:
        """Packets dropped that belong to no leg, by reason."""
        return by_name(self.tables.drops[NOBODY].tolist())

    def _stats_of(self, leg: _Leg, *, final: bool) -> LegStats:
        slot, stats, streams, reports = leg.slot, self.tables.stats, self.tables.streams, self.reports
        reported = _known(reports.remote_jitter[slot]) is not None
        self.tables.express.settle()
        return LegStats(
            leg=leg.spec.leg,
            packets_received=int(stats.received[slot]),
            octets_received=int(stats.octets[slot]),
            packets_lost=max(0, stats.lost(slot)),
            duplicates=int(stats.duplicates[slot]),
            jitter=float(stats.jitter[slot]) / CLOCK,
            packets_sent=int(streams.packets[slot]),
            octets_sent=int(streams.octets[slot]),
            round_trip=_known(reports.round_trip[slot]),
            remote_lost=int(reports.remote_lost[slot]) if reported else None,
            remote_jitter=_known(reports.remote_jitter[slot]),
            dropped=by_name(self.tables.drops[slot].tolist()),
            final=final,
        )


def _heard(spec: LegSpec) -> LegId | None:
    """Whose packets the leg hears."""
    match spec.source:
        case Echo():
            return spec.leg
        case Bridge(peer):
            return peer
    return None


def _recording(spec: LegSpec) -> tuple[str, float, float]:
    return spec.record, spec.record_seconds, spec.record_quiet


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
