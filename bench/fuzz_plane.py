"""The media plane among strangers: whole batches of spoilt packets from right and wrong addresses, to every lane.

Nothing is raised, every packet is accounted for exactly once, what goes out is plain RTP of the leg that it goes to,
no leg is ever sent to an address that its far end cannot have, and no recording becomes longer than it has lasted.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.fuzz_cases import Broken, Target, mutate
from bench.fuzz_parsers import RTCP, RTP
from rtp.drops import Drop
from rtp.frames import FrameStore
from rtp.latch import pack_address, unpack_address
from rtp.legs import Bridge, Conference, Echo, LegSpec, LegStats, Music, Play, Silence, Tone
from rtp.packet import HEADER, ROW, SAMPLES
from rtp.plane import PHASES, Plane
from rtp.streams import FRAME_TIME
from rtp.tape import Begin, End, Heard, Hush
from rtp.timeline import TOLERANCE, Timeline, passages

if TYPE_CHECKING:
    import random

    from numpy.typing import NDArray

    from rtp.legs import Address, Source

    Bytes = NDArray[np.uint8]

#: Packets of each pass: more than the plane looks at when they come from strangers, and few enough to look at all.
BATCHES = (192, 48, 16) * 6
BATCH = max(BATCHES)
INPUTS = sum(BATCHES)
_PORTS = (30_000, 30_002, 30_004)
_HOSTS = tuple(f"10.0.0.{n}" for n in range(1, 7))
_STRANGERS = ("10.9.9.1", "10.9.9.2")
_LEGS = 6


@dataclass
class _Peer:
    """The far end of a leg: what its next packet would be."""

    spec: LegSpec
    address: Address
    ssrc: int
    sequence: int
    timestamp: int


class _Room:
    """A plane with `_LEGS` legs, and who may be sent to."""

    def __init__(self, rng: random.Random, *, insiders: bool) -> None:
        self.rng = rng
        self.dice = np.random.default_rng(rng.randrange(1 << 62))
        self.insiders = insiders
        self.now = 1000.0
        self.beats = 0
        self.fed = self.control = 0
        self.dropped = 0
        self.plane = Plane(_PORTS, slots=16, receive_rows=BATCH, store=FrameStore(8000))
        self.plane.player.set_channel("default", ["music"])
        self.peers: dict[int, _Peer] = {}
        self.serial = 0
        self.takes: dict[int, tuple[Begin, Timeline]] = {}
        for _ in range(_LEGS):
            self.add()

    # --- legs -------------------------------------------------------------------------------------------------------
    def add(self) -> None:
        self.serial += 1
        rng, leg = self.rng, self.serial
        host = _HOSTS[leg % len(_HOSTS)]
        address = (host, 4000 + 2 * leg)
        spec = LegSpec(
            leg=leg,
            port=rng.choice(_PORTS),
            remote=rng.choice((address, address, (host, 9), None)),
            candidate_ips=rng.choice(((host,), (host,), ())),
            codec=rng.choice(("PCMA", "PCMU")),
            payload_type=0,
            telephone_event=rng.choice((None, 101)),
            telephone_event_rx=rng.choice((None, 101, 96)),
            source=self.source(leg),
            detect_inband=rng.random() < 0.2,
            ssrc=leg << 20,
            media_timeout=rng.choice((0.0, 30.0)),
            record=rng.choice(("", "a.wav")),
            record_seconds=rng.choice((1.0, 600.0)),
        )
        spec = replace(spec, payload_type=8 if spec.codec == "PCMA" else 0)
        self.plane.put(spec, self.now)
        numbers = rng.randrange(1 << 32), rng.randrange(1 << 16), rng.randrange(1 << 32)
        self.peers[leg] = _Peer(spec, address, *numbers)

    def source(self, leg: int) -> Source:
        other = self.rng.choice([*self.peers, leg + 1])
        return self.rng.choice(
            (
                *(Echo(), Echo(), Bridge(other), Bridge(other), Silence(), Tone("busy"), Music("default")),
                *(Play(("a",), leg), Conference("a"), Conference("a", chime=True)),
                *(Conference("b", ()), Conference("a", (other, leg))),
            )
        )

    def change(self) -> None:
        """Something happens to a leg."""
        rng = self.rng
        leg = rng.choice(list(self.peers))
        peer = self.peers[leg]
        match rng.randrange(6):
            case 0:
                self.plane.remove(leg, self.now)
                del self.peers[leg]
                self.add()
                return
            case 1:
                spec = replace(peer.spec, source=self.source(leg))
            case 2:
                spec = replace(peer.spec, send=not peer.spec.send)
            case 3:
                spec = replace(peer.spec, receive=not peer.spec.receive)
            case 4:
                spec = replace(peer.spec, record=rng.choice(("", "a.wav", "b.wav")))
            case _:
                spec = replace(peer.spec, remote=rng.choice((peer.address, None)))
        peer.spec = spec
        self.plane.put(spec, self.now)

    # --- packets ----------------------------------------------------------------------------------------------------
    def fill(self, count: int) -> tuple[NDArray[np.uint32], NDArray[np.uint64], NDArray[np.uint64]]:
        """A batch into the plane's rows: lengths, sources, lanes."""
        rng, dice = self.rng, self.dice
        rows: Bytes = dice.integers(0, 256, (count, ROW), np.uint8)
        lengths = np.full(count, HEADER + SAMPLES, np.uint32)
        sources = np.zeros(count, np.uint64)
        lanes = np.zeros(count, np.uint64)
        legs = list(self.peers.values())
        for row in range(count):
            peer = rng.choice(legs)
            kind = rng.random()
            stranger = kind < 0.3
            peer.sequence = peer.sequence + rng.choice((0, 1, 1, 1, 1, 2, 70, 5000)) & 0xFFFF
            peer.timestamp = peer.timestamp + SAMPLES & 0xFFFFFFFF
            ssrc = peer.ssrc if not stranger or self.insiders else rng.randrange(1 << 32)
            types = (8, 8, 8, 0, 0, 13, 101, 96, 0x88, 200, 201)
            head = b"\x80%c%b" % (rng.choice(types), peer.sequence.to_bytes(2, "big"))
            head += peer.timestamp.to_bytes(4, "big") + ssrc.to_bytes(4, "big")
            rows[row, :HEADER] = np.frombuffer(head, np.uint8)
            host, port = peer.address
            if stranger:
                host = rng.choice((*_STRANGERS, *_STRANGERS, host))
                port = rng.choice((port, 1, 4444, 65_535))
            sources[row] = pack_address((host, port))
            lanes[row] = _PORTS.index(peer.spec.port) if kind < 0.95 else rng.randrange(len(_PORTS))
        self._spoil(rows, lengths)
        self.plane.tables.buffer[:count] = rows
        self.fed += count
        return lengths, sources, lanes

    def _spoil(self, rows: Bytes, lengths: NDArray[np.uint32]) -> None:
        dice, count = self.dice, len(rows)
        spoilt = np.flatnonzero(dice.random(count) < 0.4)
        rows[spoilt, dice.integers(0, 16, len(spoilt))] = dice.integers(0, 256, len(spoilt), np.uint8)
        short = np.flatnonzero(dice.random(count) < 0.15)
        lengths[short] = dice.integers(0, ROW + 1, len(short), np.uint32)
        for row in np.flatnonzero(dice.random(count) < 0.05).tolist():
            data = bytearray(self.rng.choice(RTP + RTCP))
            mutate(data, RTP + RTCP, self.rng)
            if not self.insiders:  # else a stranger and a leg may turn out to have the same SSRC
                data[8:12] = self.rng.randbytes(4)
            part = np.frombuffer(bytes(data[:ROW]), np.uint8)
            rows[row, : len(part)] = part
            lengths[row] = len(part)

    # --- a beat -----------------------------------------------------------------------------------------------------
    def beat(self, count: int) -> float:
        """One batch and all that a worker does between two of them; CPU seconds of the batch."""
        plane, rng = self.plane, self.rng
        self.now += rng.choice((*3 * (FRAME_TIME / PHASES,), 0.3, 6.0))
        self.beats += 1
        lengths, sources, lanes = self.fill(count)
        waiting = len(plane._receiver.control_packets)
        started = time.process_time()
        plane.receive(lengths, sources, lanes, self.now)
        plane.generate(self.beats % PHASES, self.now)
        self.record()
        took = time.process_time() - started
        self.control += len(plane._receiver.control_packets) - waiting
        self.check_sent()
        for _ in range(rng.randrange(8)):
            self.control_packet()
        before = self._malformed_control()
        for lane, word, _ in plane.due_reports(self.now, 1.7e9 + self.now):
            self._check_reached(lane, unpack_address(word)[0])
        self.dropped -= self._malformed_control() - before  # counted among control packets already
        plane.check_timeouts(self.now)
        for key in plane.player.wanted:
            if rng.random() < 0.5:
                plane.player.supply(key, np.full((20, SAMPLES), 0x55, np.uint8))
            else:
                plane.player.fail(key, "not there")
        plane.player.wanted.clear()
        if rng.random() < 0.5:
            self.change()
        for event in plane.events:
            if isinstance(event, LegStats) and event.final:
                self.dropped += sum(event.dropped.values())
        plane.events.clear()
        return took

    def record(self) -> None:
        """What the thread that writes recordings does."""
        heard: list[Heard] = []
        over: list[int] = []
        for order in self.plane.tape.take(self.now):
            match order:
                case Heard():
                    heard.append(order)
                case Begin():
                    self.takes[order.take] = order, Timeline(order.at, order.most_seconds)
                case Hush(take, since, until):
                    self.takes[take][1].hush(since, until)
                case End(take):
                    over.append(take)
        for take, passage in passages(heard).items():
            self.takes[take][1].place(passage)
        for take, (begin, timeline) in list(self.takes.items()):
            timeline.settle(self.now, final=take in over)
            if timeline.settled > min((self.now - begin.at) * 8000 + TOLERANCE + ROW, begin.most_seconds * 8000):
                raise Broken(f"a recording of {self.now - begin.at} s has {timeline.settled} samples")
            if take in over:
                del self.takes[take]

    def control_packet(self) -> None:
        rng = self.rng
        peer = rng.choice(list(self.peers.values()))
        data = bytearray(rng.choice(RTCP))
        if rng.random() < 0.5:
            data[4:8] = peer.ssrc.to_bytes(4, "big")
        if rng.random() < 0.5:
            mutate(data, RTCP, rng)
        host = rng.choice((peer.address[0], *_STRANGERS))
        lane = _PORTS.index(peer.spec.port)
        self.plane.receive_control(lane, pack_address((host, rng.choice((4001, 4444)))), bytes(data), self.now, 1.7e9)

    def _malformed_control(self) -> int:
        return int(self.plane.tables.drops[1:, Drop.MALFORMED].sum())

    # --- what must hold ---------------------------------------------------------------------------------------------
    def check_sent(self) -> None:
        tables = self.plane.tables
        by_slot = {self.plane.slot_of(leg): peer for leg, peer in self.peers.items()}
        for slots, rows, lengths in tables.out:
            sizes: Any = np.broadcast_to(lengths, len(slots))
            if not ((sizes > HEADER) & (sizes < ROW)).all():
                raise Broken(f"lengths {sizes.tolist()} go out")
            if (tables.buffer[rows, 0] != 0x80).any() or (tables.words[rows, 2] != tables.streams.ssrc[slots]).any():
                raise Broken("what goes out is not plain RTP of its leg")
            for slot, row in zip(slots.tolist(), rows.tolist(), strict=True):
                spec = by_slot[slot].spec
                if tables.buffer[row, 1] & 0x7F not in (spec.payload_type, spec.telephone_event):
                    raise Broken(f"leg {spec.leg} is sent payload type {tables.buffer[row, 1] & 0x7F}")
                if not spec.send:
                    raise Broken(f"leg {spec.leg} is on hold and is sent to")
        tables.out.clear()
        for slot in by_slot:
            word = int(tables.sources.destination[slot, 0])
            if word:
                self._check_reached(int(tables.sources.lane[slot]), unpack_address(word)[0])

    def _check_reached(self, lane: int, host: str) -> None:
        if host in _STRANGERS and not self.insiders:
            raise Broken(f"lane {lane} sends to {host}")

    def check_account(self) -> None:
        """Every packet was passed on, heard by nobody, dropped for a reason, or RTCP."""
        tables = self.plane.tables
        drops = int(tables.drops.sum() - tables.drops[0, Drop.STRAY_CONTROL])
        live = [self.plane.slot_of(leg) for leg in self.peers]
        stale = int(tables.drops[[s for s in range(1, tables.slots) if s not in live]].sum())
        relayed = tables.relayed + tables.unheard + drops - stale + self.dropped + self.control
        if not self.fed == tables.received == relayed:
            raise Broken(f"{self.fed} packets came, {tables.received} were seen, {relayed} accounted for")

    def close(self) -> None:
        for leg in list(self.peers):
            self.plane.remove(leg, self.now)
        self.record()
        sources = self.plane.tables.sources
        if len(self.plane) or sources._claims or sources._owner or sources._waiting or self.plane._ears or self.takes:
            raise Broken("legs left something behind")


def batches(data: bytes, rng: random.Random) -> float:
    """`BATCHES`; the worst CPU seconds of one."""
    room = _Room(rng, insiders=rng.random() < 0.3)
    worst = max(room.beat(count) for count in BATCHES)
    room.check_account()
    room.close()
    return worst


PLANE = Target("media-plane", batches, [], 0, inputs=INPUTS)
