"""Which lane a leg gets: a lane is an RTP port that many legs share, told apart by where their packets come from.

Rule: a lane never holds two unlatched legs that one unknown packet could belong to. An unlatched leg could own any
packet from one of its candidate hosts. So a leg goes to the first lane with room on which none of its hosts is in
doubt, and few calls sit on few lanes. When there is none, a leg behind a single host (its SDP address is its signalling
address) may go where it is in doubt, but then only packets from exactly its SDP address are taken; any other leg cannot
be had.

A leg that goes away unlatched leaves its hosts in doubt for five seconds: its packets may still be on their way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rtp.legs import Address, LegId

QUARANTINE = 5.0


class NoPortLeft(Exception):
    """Every lane is in doubt about this leg, or full."""


@dataclass(slots=True)
class _Leg:
    lane: int
    hosts: frozenset[str]
    exact: bool = False
    latched: bool = False


@dataclass(slots=True)
class _Lane:
    port: int
    worker: int
    legs: int = 0
    doubts: dict[str, set[LegId]] = field(default_factory=dict)
    """Unlatched legs that a packet of a host could belong to."""
    quarantine: dict[str, float] = field(default_factory=dict)
    """Hosts of departed unlatched legs, and until when."""

    def clear_for(self, hosts: Iterable[str], now: float, leg: LegId | None = None) -> bool:
        for host in hosts:
            doubts = self.doubts.get(host)
            if doubts and (leg not in doubts or len(doubts) > 1):
                return False
            if self.quarantine.get(host, now) > now:
                return False
        return True


class LaneAllocator:
    """leg → lane. All methods are cheap; *now* is monotonic."""

    def __init__(
        self, workers: Sequence[Sequence[int]], *, legs_per_lane: int = 100, legs_per_worker: int = 4000
    ) -> None:
        """*workers*: RTP ports of each worker. *legs_per_lane*: how many fill a lane before the next is begun."""
        self.legs_per_lane = legs_per_lane
        self._legs_per_worker = legs_per_worker
        self._lanes = [_Lane(port, worker) for worker, ports in enumerate(workers) for port in ports]
        self._lane_of = {lane.port: at for at, lane in enumerate(self._lanes)}
        self._of_worker = [[at for at, lane in enumerate(self._lanes) if lane.worker == w] for w in range(len(workers))]
        self._load = [0] * len(workers)
        self._legs: dict[LegId, _Leg] = {}

    def allocate(self, leg: LegId, hosts: Iterable[str], now: float, *, near: LegId | None = None) -> int:
        """A port for *leg*, whose first packet may come from any of *hosts*; raises NoPortLeft.

        *near*: a leg that this one may be bridged with: both must be with the same worker. Asking again for a leg that
        has a port returns it.
        """
        if (present := self._legs.get(leg)) is not None:
            return self._lanes[present.lane].port
        wanted = frozenset(hosts)
        for worker in self._workers(near):
            lanes = [self._lanes[at] for at in self._of_worker[worker]]
            lane = self._fair_lane(lanes, wanted, now)
            exact = lane is None
            if lane is None and len(wanted) == 1:
                lane = min(lanes, key=lambda lane: lane.legs, default=None)
            if lane is not None:
                self._enter(leg, _Leg(self._lane_of[lane.port], wanted, exact))
                return lane.port
        raise NoPortLeft(f"no lane can tell leg {leg} ({', '.join(sorted(wanted)) or 'any host'}) from others")

    def _fair_lane(self, lanes: Sequence[_Lane], hosts: frozenset[str], now: float) -> _Lane | None:
        """The first with room of those that are in no doubt about *hosts*; the emptiest of them when all are full."""
        emptiest = None
        for lane in lanes:
            if lane.clear_for(hosts, now):
                if lane.legs < self.legs_per_lane:
                    return lane
                if emptiest is None or lane.legs < emptiest.legs:
                    emptiest = lane
        return emptiest

    def adopt(self, leg: LegId, port: int, hosts: Iterable[str], *, latched: bool) -> None:
        """A leg that is with a worker already, from before a restart of control."""
        if leg not in self._legs and port in self._lane_of:
            self._enter(leg, _Leg(self._lane_of[port], frozenset(hosts), latched=latched))

    def aim(
        self, leg: LegId, remote: Address | None, hosts: Iterable[str], now: float, *, moved: bool
    ) -> tuple[str, ...]:
        """The far end's SDP says *remote*: the hosts that a first packet may come from without doubt.

        *moved*: the address has changed, so a latched leg is unlatched again. Empty: exactly *remote* only.
        """
        present = self._legs.get(leg)
        if present is None:
            return ()
        lane = self._lanes[present.lane]
        wanted = frozenset(hosts) | ({remote[0]} if remote else frozenset())
        if present.latched and not moved:
            return tuple(sorted(wanted))
        self._leave_doubt(leg, present)
        present.latched = False
        sure = frozenset(host for host in wanted if lane.clear_for((host,), now, leg))
        present.exact, present.hosts = False, sure
        self._doubt(leg, present)
        return tuple(sorted(sure))

    def latched(self, leg: LegId) -> None:
        """The leg's source is known: nothing else can be meant for it."""
        present = self._legs.get(leg)
        if present is not None and not present.latched:
            self._leave_doubt(leg, present)
            present.latched = True

    def release(self, leg: LegId, now: float) -> None:
        present = self._legs.pop(leg, None)
        if present is None:
            return
        lane = self._lanes[present.lane]
        if not present.latched and not present.exact:
            lane.quarantine = {host: until for host, until in lane.quarantine.items() if until > now}
            lane.quarantine |= dict.fromkeys(present.hosts, now + QUARANTINE)
        self._leave_doubt(leg, present)
        lane.legs -= 1
        self._load[lane.worker] -= 1

    def worker_of(self, leg: LegId) -> int | None:
        present = self._legs.get(leg)
        return self._lanes[present.lane].worker if present else None

    def __len__(self) -> int:
        return len(self._legs)

    def ambiguous(self) -> list[tuple[int, str]]:
        """(port, host) pairs that break the rule; always empty."""
        return [(lane.port, host) for lane in self._lanes for host, legs in lane.doubts.items() if len(legs) > 1]

    def _workers(self, near: LegId | None) -> list[int]:
        """The workers to try: that of *near* alone, else the least loaded first."""
        if near is not None and (beside := self.worker_of(near)) is not None:
            return [beside]
        order = sorted(range(len(self._load)), key=lambda worker: self._load[worker])
        return [worker for worker in order if self._load[worker] < self._legs_per_worker]

    def _enter(self, leg: LegId, entry: _Leg) -> None:
        self._legs[leg] = entry
        lane = self._lanes[entry.lane]
        lane.legs += 1
        self._load[lane.worker] += 1
        if not entry.latched:
            self._doubt(leg, entry)

    def _doubt(self, leg: LegId, entry: _Leg) -> None:
        if not entry.exact:
            for host in entry.hosts:
                self._lanes[entry.lane].doubts.setdefault(host, set()).add(leg)

    def _leave_doubt(self, leg: LegId, entry: _Leg) -> None:
        doubts = self._lanes[entry.lane].doubts
        for host in entry.hosts:
            if host in doubts:
                doubts[host].discard(leg)
                if not doubts[host]:
                    del doubts[host]
