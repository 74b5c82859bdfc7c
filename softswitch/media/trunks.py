"""Conversations and conferences of legs of different workers: a pair of hidden legs carries them over loopback.

Each of the two workers has one end of the trunk. An end sends what its worker's leg says to the other end, and is heard
by that leg in place of the partner; in a conference, which is mixed by one worker, the end there is the member in
place of a leg that is elsewhere. Ends have negative numbers, and call control never hears of them. The two lanes of
a trunk belong to no other trunk, so that ends are told apart by where packets come from, like all legs.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rtp.lanes import NoPortLeft
from rtp.legs import Bridge, LegSpec, Silence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtp.legs import Conference, LegId

_EVENTS = 101
_ROOM = 0
"""Stands for the conference, which is no leg, among the ends of a trunk."""


@dataclass(frozen=True, slots=True)
class End:
    worker: int
    spec: LegSpec


@dataclass(slots=True)
class _Trunk:
    ends: dict[LegId, End]
    """By the leg that hears it."""
    listeners: set[LegId] = field(default_factory=set)


class Trunks:
    def __init__(self, host: str, lanes: Sequence[Sequence[int]]) -> None:
        """*host*: what the lanes are bound to. *lanes*: RTP ports of each worker."""
        self._host = "127.0.0.1" if host == "0.0.0.0" else host
        self._lanes = lanes
        self._trunks: dict[frozenset[LegId], _Trunk] = {}
        self._used: set[tuple[int, int]] = set()
        self._last = 0

    def listen(self, leg: LegId, worker: int, peer: LegId, other: int, codec: str) -> tuple[LegId, list[End]]:
        """*leg* of *worker* is to hear *peer* of the *other* one: the end to bridge it with, and ends to be put first.

        Raises NoPortLeft.
        """
        key = frozenset((leg, peer))
        trunk, new = self._trunks.get(key), []
        if trunk is None:
            trunk = self._trunks[key] = self._lay(leg, worker, peer, other, codec)
            new = list(trunk.ends.values())
        trunk.listeners.add(leg)
        return trunk.ends[leg].spec.leg, new

    def attend(
        self, leg: LegId, worker: int, room: Conference, home: int, codec: str
    ) -> tuple[LegId, list[End], list[End]]:
        """*leg* of *worker* is to be in a *room* that is mixed by its *home*.

        The end to bridge it with; ends to be put first; ends to be removed. Raises NoPortLeft.
        """
        key = frozenset((leg,))
        known = self._trunks.get(key)
        removed: list[End] = []
        if known is None or known.ends[_ROOM].worker != home:
            removed = self.cease(leg)
            known = self._trunks[key] = self._lay(leg, worker, _ROOM, home, codec)
            known.listeners.add(leg)
        there = known.ends[_ROOM]
        known.ends[_ROOM] = End(home, replace(there.spec, source=room))
        return known.ends[leg].spec.leg, list(known.ends.values()), removed

    def cease(self, leg: LegId) -> list[End]:
        """*leg* does not listen over a trunk any more: ends to be removed."""
        removed: list[End] = []
        for key, trunk in list(self._trunks.items()):
            trunk.listeners.discard(leg)
            if leg in key and not trunk.listeners:
                del self._trunks[key]
                one, other = trunk.ends.values()
                self._used.discard((one.spec.port, other.spec.port))
                removed += (one, other)
        return removed

    def of_worker(self, worker: int) -> list[LegSpec]:
        """The ends that a worker has to have."""
        return [end.spec for trunk in self._trunks.values() for end in trunk.ends.values() if end.worker == worker]

    def _lay(self, leg: LegId, worker: int, peer: LegId, other: int, codec: str) -> _Trunk:
        near, far = self._pair(worker, other)
        self._last += 2
        here = self._end(-self._last, near, far, leg, codec)
        there = self._end(-self._last - 1, far, near, peer, codec)
        return _Trunk({leg: End(worker, here), peer: End(other, there)})

    def _pair(self, worker: int, other: int) -> tuple[int, int]:
        for near in self._lanes[worker]:
            for far in self._lanes[other]:
                if not {(near, far), (far, near)} & self._used:
                    self._used.add((near, far))
                    return near, far
        raise NoPortLeft(f"workers {worker} and {other} have no lanes left between them")

    def _end(self, number: LegId, port: int, far: int, leg: LegId, codec: str) -> LegSpec:
        return LegSpec(
            leg=number,
            port=port,
            remote=(self._host, far),
            codec=codec,
            payload_type=0 if codec == "PCMU" else 8,
            telephone_event=_EVENTS,
            telephone_event_rx=_EVENTS,
            source=Silence() if leg == _ROOM else Bridge(leg),
            ssrc=-number,
        )
