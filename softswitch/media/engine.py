"""Media legs for call control: lanes are given out here, and what is wanted of each leg is told to its worker.

All verbs return at once. The engine keeps the wanted state of every leg, so that a worker that died can be replaced by
one that has the same legs on the same ports.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rtp.lanes import LaneAllocator, NoPortLeft
from rtp.legs import (
    Address,
    Bridge,
    Conference,
    Latched,
    LegId,
    LegRefused,
    LegSpec,
    LegStats,
    MediaEvent,
    Music,
    MusicPosition,
    Play,
    PlayFinished,
    Silence,
    WorkerRestarted,
)
from softswitch.media import protocol
from softswitch.media.link import WorkerLink
from softswitch.media.trunks import End, Trunks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rtp.legs import Source

__all__ = ["MediaEngine", "NoPortLeft", "lane_ports"]

log = logging.getLogger(__name__)

_LONGEST_SOCKET_PATH = 100
_CODECS = ("PCMA", "PCMU")


def lane_ports(first: int, last: int) -> list[int]:
    """The RTP ports in a range: the even ones whose odd neighbour, for RTCP, is in the range too."""
    return list(range(first + first % 2, last, 2))


@dataclass(slots=True)
class _Leg:
    spec: LegSpec
    """As call control wants it."""
    hosts: tuple[str, ...] = ()
    """Its candidates that are beyond doubt on its lane."""
    aimed_at: Address | None = None
    latched: Address | None = None
    hears_since: float = 0.0
    finished: int | None = None
    """The play that has been heard to its end."""


class MediaEngine:
    def __init__(
        self,
        *,
        host: str,
        ports: Sequence[int],
        workers: int = 1,
        run_dir: Path | str,
        on_event: Callable[[MediaEvent], None] | None = None,
        portable: bool = False,
        realtime: bool = True,
        grace: float = 30.0,
        legs_per_lane: int | None = None,
        record_below: Path | str = "",
    ) -> None:
        """*host*: IPv4 address the lanes are bound to. *ports*: even RTP ports, shared out between *workers*.

        *grace*: seconds for which workers go on without control, -1 for ever. *portable*: one packet per system call.
        *realtime*: ask for real-time scheduling, so that a busy machine is not heard. *legs_per_lane*: None: as many
        as the sockets' buffers, which the kernel may limit, can hold the packets of. *record_below*: the directory
        below which legs may be recorded; without one they may not.
        """
        if not 1 <= workers <= len(ports):
            raise ValueError(f"{workers} media workers on {len(ports)} lanes")
        shares = [list(ports[len(ports) * w // workers : len(ports) * (w + 1) // workers]) for w in range(workers)]
        self.on_event: Callable[[MediaEvent], None] = on_event or (lambda event: None)
        self.found: tuple[LegSpec, ...] = ()
        """Legs that workers still had from before a restart of control, after `start(adopt=True)`."""
        self._lanes = LaneAllocator(shares, legs_per_lane=legs_per_lane or 100)
        self._legs_per_lane = legs_per_lane
        self._trunks = Trunks(host, shares)
        self._links = [
            WorkerLink(
                index,
                host,
                share,
                _socket_path(Path(run_dir), index),
                portable=portable,
                realtime=realtime,
                grace=grace,
                record_below=str(record_below and Path(record_below).resolve()),
                on_connected=self._connected,
                on_message=self._heard,
            )
            for index, share in enumerate(shares)
        ]
        self._legs: dict[LegId, _Leg] = {}
        self._channels: dict[str, tuple[str, ...]] = {}
        self._music: dict[tuple[LegId, str], float] = {}
        self._rooms: dict[str, int] = {}
        """The worker that mixes a conference: that of its first member."""
        self._lists: dict[int, asyncio.Future[list[LegSpec]]] = {}
        self._starting = True
        self._closing = False

    async def start(self, *, adopt: bool = False) -> None:
        """Bring the workers up. *adopt*: keep the legs of workers that outlived control (`found`), else end them."""
        await asyncio.gather(*(link.start() for link in self._links))
        found = await asyncio.gather(*self._lists.values())
        specs = [spec for specs in found for spec in specs]
        if adopt:
            for spec in specs:
                if spec.leg < 0:  # the end of a trunk; laid anew when it is needed
                    continue
                self._lanes.adopt(spec.leg, spec.port, spec.candidate_ips, latched=spec.latched is not None)
                self._legs[spec.leg] = _Leg(spec, spec.candidate_ips, spec.remote, spec.latched, self._now())
            self.found = tuple(spec for spec in specs if spec.leg > 0)
        for index, specs_found in zip(self._lists, found, strict=True):
            for spec in specs_found:
                if not adopt or spec.leg < 0:
                    self._links[index].say([protocol.REMOVE, spec.leg])
        self._starting = False
        if self._legs_per_lane is None:
            self._lanes.legs_per_lane = min(link.legs_per_lane for link in self._links)

    async def close(self) -> None:
        """End the workers, and with them all legs."""
        self._closing = True
        await asyncio.gather(*(link.close() for link in self._links))

    def detach(self) -> None:
        """Go away without ending the workers: within their grace another engine may `start(adopt=True)`."""
        self._closing = True
        for link in self._links:
            link.detach()

    # ----------------------------------------------------------------------------------------------------------- verbs
    def allocate(
        self,
        leg: LegId,
        candidate_ips: Iterable[str],
        *,
        signalled_ip: str | None = None,
        near: LegId | None = None,
    ) -> int:
        """Reserve a lane for *leg* and return its RTP port; raises NoPortLeft.

        *candidate_ips*: hosts from which its first packet may come; *signalled_ip*: where its signalling comes from.
        *near*: a leg that it will be bridged with.
        """
        hosts = set(candidate_ips)
        if signalled_ip is not None:
            hosts.add(signalled_ip)
        return self._lanes.allocate(leg, hosts, self._now(), near=near)

    def put_leg(self, spec: LegSpec) -> None:
        """Make the leg as *spec* says; the port is the one `allocate` gave. Without an SSRC it is given one."""
        now = self._now()
        leg = self._legs.get(spec.leg)
        new = leg is None
        if leg is None:
            spec = spec if spec.ssrc else replace(spec, ssrc=secrets.randbits(32) or 1)
            leg = self._legs[spec.leg] = _Leg(spec, hears_since=now, latched=spec.latched)
        else:
            spec = spec if spec.ssrc else replace(spec, ssrc=leg.spec.ssrc)
            if leg.spec.source != spec.source:
                leg.hears_since, leg.finished = now, None
            leg.spec = spec
        moved = spec.remote is not None and spec.remote != leg.aimed_at
        if moved and leg.latched != spec.remote:
            leg.latched = spec.latched
        leg.hosts = self._lanes.aim(spec.leg, spec.remote, spec.candidate_ips, now, moved=moved and not leg.latched)
        if spec.remote is not None:
            leg.aimed_at = spec.remote
        self._put(leg)
        if new and len(self._links) > 1:
            for other in self._legs.values():
                if other.spec.source == Bridge(spec.leg):
                    self._put(other)  # only now is it known which worker its partner is with

    def remove_leg(self, leg: LegId) -> None:
        """End the leg's media and free its port. Its `LegStats` follow. Unknown legs are ignored."""
        self._say(leg, [protocol.REMOVE, leg])
        self._cut(leg)
        known = self._legs.pop(leg, None)
        if known is not None:
            for key in [key for key in self._music if key[0] == leg]:
                del self._music[key]
        self._lanes.release(leg, self._now())

    def set_music(self, channel: str, paths: Sequence[str]) -> None:
        """The audio files of a hold music channel, played one after the other; files are loaded on first use."""
        self._channels[channel] = tuple(paths)
        for link in self._links:
            link.say([protocol.CHANNEL, channel, list(paths)])

    def discard_recording(self, path: str) -> None:
        """Delete a file that legs were recorded to; the disk is the workers' affair."""
        self._links[0].say([protocol.DISCARD, path])

    def preload(self, path: str, codecs: Iterable[str] = _CODECS) -> None:
        """Have an audio file ready before it is first heard."""
        for link in self._links:
            for codec in codecs:
                link.say([protocol.PRELOAD, path, codec])

    def forget(self, path: str) -> None:
        """The audio file has changed."""
        for link in self._links:
            link.say([protocol.FORGET, path])

    # ----------------------------------------------------------------------------------------------------------- facts
    @property
    def legs(self) -> int:
        return len(self._lanes)

    @property
    def worker_pids(self) -> tuple[int | None, ...]:
        return tuple(link.pid for link in self._links)

    # ------------------------------------------------------------------------------------------------------- internals
    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    def _say(self, leg: LegId, message: protocol.Message) -> None:
        worker = self._lanes.worker_of(leg)
        if worker is not None:
            self._links[worker].say(message)

    def _put(self, leg: _Leg, spec: LegSpec | None = None) -> None:
        """Tell the worker; a partner who is with another worker is heard over a trunk."""
        spec = spec or self._wanted(leg)
        worker = self._lanes.worker_of(spec.leg)
        if worker is None:
            return
        other = self._partner(spec, worker)
        if other is not None and other != worker:
            spec = self._over_trunk(spec, worker, other)
        else:
            self._cut(spec.leg)
        self._links[worker].say([protocol.PUT, protocol.spec_to_wire(spec)])

    def _partner(self, spec: LegSpec, worker: int) -> int | None:
        """The worker of whom the leg hears: the partner, or the one that mixes its room."""
        match spec.source:
            case Bridge(peer):
                return self._lanes.worker_of(peer)
            case Conference(room):
                others = (leg.spec for leg in self._legs.values() if leg.spec.leg != spec.leg)
                taken = any(isinstance(at.source, Conference) and at.source.room == room for at in others)
                if not taken or room not in self._rooms:
                    self._rooms[room] = worker
                return self._rooms[room]
        return None

    def _over_trunk(self, spec: LegSpec, worker: int, other: int) -> LegSpec:
        source, ceased = spec.source, list[End]()
        assert isinstance(source, Bridge | Conference)
        try:
            if isinstance(source, Bridge):
                end, ends = self._trunks.listen(spec.leg, worker, source.peer, other, spec.codec)
            else:
                end, ends, ceased = self._trunks.attend(spec.leg, worker, source, other, spec.codec)
        except NoPortLeft as error:
            self._tell(LegRefused(spec.leg, str(error)))
            return replace(spec, source=Silence())
        for old in ceased:
            self._links[old.worker].say([protocol.REMOVE, old.spec.leg])
        for new in ends:
            self._links[new.worker].say([protocol.PUT, protocol.spec_to_wire(new.spec)])
        return replace(spec, source=Bridge(end))

    def _cut(self, leg: LegId) -> None:
        for end in self._trunks.cease(leg):
            self._links[end.worker].say([protocol.REMOVE, end.spec.leg])

    def _connected(self, worker: int, found: bool) -> None:
        """A worker is there, new or found alive: tell it everything it has to know."""
        link = self._links[worker]
        for channel, paths in self._channels.items():
            link.say([protocol.CHANNEL, channel, list(paths)])
        if found and self._starting:
            self._lists[worker] = asyncio.get_running_loop().create_future()
            link.say([protocol.LIST])
            return
        if self._starting:
            return
        now = self._now()
        for end in self._trunks.of_worker(worker):
            link.say([protocol.PUT, protocol.spec_to_wire(end)])
        restored = []
        for leg_id, leg in self._legs.items():
            if self._lanes.worker_of(leg_id) == worker:
                spec = self._wanted(leg)
                source = self._moved_on(leg_id, spec.source, now - leg.hears_since)
                self._put(leg, replace(spec, source=source, latched=leg.latched))
                restored.append(leg_id)
        self._tell(WorkerRestarted(worker, tuple(restored)))

    def _wanted(self, leg: _Leg) -> LegSpec:
        """What the worker is told: a play that has been heard is not begun again."""
        spec = leg.spec
        if isinstance(spec.source, Play) and spec.source.play_id == leg.finished:
            spec = replace(spec, source=Silence())
        return spec if spec.candidate_ips == leg.hosts else replace(spec, candidate_ips=leg.hosts)

    def _moved_on(self, leg: LegId, source: Source, elapsed: float) -> Source:
        """Recorded audio goes on where it would be by now."""
        match source:
            case Play():
                return replace(source, offset=source.offset + elapsed)
            case Music(channel, offset):
                start = self._music.get((leg, channel), 0.0) if offset is None else offset
                return Music(channel, start + elapsed)
        return source

    def _heard(self, worker: int, message: protocol.Message) -> None:
        match message:
            case [protocol.EVENT, str(name), list(values)]:
                event = protocol.event_from_wire(name, values)
                if getattr(event, "leg", 1) > 0:  # ends of trunks are our own affair
                    self._note(event)
                    self._tell(event)
            case [protocol.LEGS, list(specs)]:
                if (waiting := self._lists.get(worker)) is not None and not waiting.done():
                    waiting.set_result([protocol.spec_from_wire(wire) for wire in specs])
            case _:
                log.warning("media worker %d: not understood: %r", worker, message[0])

    def _note(self, event: MediaEvent) -> None:
        leg = self._legs.get(event.leg) if isinstance(event, Latched | MusicPosition | PlayFinished) else None
        if leg is None:
            return
        match event:
            case Latched(leg_id, address):
                leg.latched = address
                self._lanes.latched(leg_id)
            case MusicPosition(leg_id, channel, offset):
                self._music[leg_id, channel] = offset
            case PlayFinished(_, play_id):
                leg.finished = play_id

    def _tell(self, event: MediaEvent) -> None:
        if not self._closing or isinstance(event, LegStats):
            self.on_event(event)


def _socket_path(run_dir: Path, index: int) -> Path:
    """In *run_dir*; a path too long for a socket is replaced by one derived from it."""
    run_dir.mkdir(parents=True, exist_ok=True)
    path = run_dir.resolve() / f"media-{index}.sock"
    if len(str(path)) > _LONGEST_SOCKET_PATH:
        digest = hashlib.sha256(str(path).encode()).hexdigest()[:16]
        path = Path(tempfile.gettempdir()) / f"softswitch-{digest}-{index}.sock"
    return path
