"""Whose packet is this? (lane, source address) → leg, for a batch; and the rule by which a leg learns its source.

A leg is found by the exact address it is known to send from: at first the one in its SDP. Other sources are held
against the rule below, one at a time (they are rare, and a flood of them is cut short):

* An unlatched leg takes its first packet from its SDP address, or from one of its candidate hosts if no other unlatched
  leg of the lane could be meant. Learnt that way it is on probation: the SDP address may still claim the leg, until
  five packets in a row have come.
* A latched leg moves to another source only with its own SSRC and a continuing sequence after its old source has fallen
  silent (NAT rebinding), or after five seconds of silence and from the same host.
* Everything else belongs to nobody. A removed leg's source is remembered for five seconds, so that its last packets
  cannot latch the next leg on that lane.

Addresses are 64-bit words that are in memory the first half of a `sockaddr_in`: family, port, host.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from rtp.legs import Address
    from rtp.stats import ReceiverStats

NOBODY = 0
"""Slot 0 is no leg."""

LOCK_AFTER = 5
REBIND_QUIET = 0.1
RELEARN_AFTER = 5.0
TOMBSTONE = 5.0

#: AF_INET; in memory little-endian, as on every platform with recvmmsg that we run on. The key of a source is its word
#: plus the number of the lane, which the 16 bits of the family have room for.
_FAMILY = 2


class Latch(IntEnum):
    UNLATCHED = 0
    PROBATION = 1
    LOCKED = 2


class Stray(IntEnum):
    """Why a packet belongs to no leg."""

    UNKNOWN_SOURCE = 0
    AMBIGUOUS = 1
    LATE = 2
    FLOOD = 3


def pack_host(host: str) -> int:
    """The host part of an address word; raises ValueError unless *host* is a dotted quad."""
    octets = host.split(".")
    if len(octets) != 4 or not all(part.isascii() and part.isdigit() and len(part) <= 3 for part in octets):
        raise ValueError(f"not an IPv4 address: {host!r}")
    return int.from_bytes(bytes(int(part) for part in octets), "little")


def pack_address(address: Address) -> int:
    host, port = address
    if not 0 < port < 65536:
        raise ValueError(f"not a port: {port}")
    return _FAMILY | int.from_bytes(port.to_bytes(2, "big"), "little") << 16 | pack_host(host) << 32


def unpack_address(word: int) -> Address:
    raw = word.to_bytes(8, "little")
    return ".".join(map(str, raw[4:8])), int.from_bytes(raw[2:4], "big")


@dataclass(slots=True)
class _Claims:
    """What is known of one leg's source, besides the arrays."""

    lane: int
    signalled: int | None
    hosts: frozenset[int]
    source: int | None = None
    learnt_at: float = 0.0
    in_row: int = 0
    keys: set[int] = field(default_factory=set)


class SourceTable:
    """All legs' sources. Arrays are indexed by slot."""

    def __init__(self, slots: int, stats: ReceiverStats) -> None:
        self.state: NDArray[np.uint8] = np.zeros(slots, np.uint8)
        self.destination: NDArray[np.uint64] = np.zeros((slots, 2), np.uint64)
        """Where the leg's packets are sent: in memory an array of `sockaddr_in`. All zero: nowhere yet."""
        self.lane: NDArray[np.uint16] = np.zeros(slots, np.uint16)
        self._stats = stats
        self._claims: dict[int, _Claims] = {}
        self._owner: dict[int, int] = {}
        self._waiting: dict[tuple[int, int], set[int]] = {}
        self._tombstones: dict[int, float] = {}
        self._keys: NDArray[np.uint64] = np.array([2**64 - 1], np.uint64)
        self._slots: NDArray[np.int64] = np.zeros(1, np.int64)
        self._stale = False
        self._slots_used: NDArray[np.int64] = np.zeros(0, np.int64)

    # ------------------------------------------------------------------------------------------------ desired state
    @staticmethod
    def check(signalled: Address | None, hosts: Iterable[str], latched: Address | None) -> None:
        """Raises ValueError for what `put` could not work with."""
        for address in filter(None, (signalled, latched)):
            pack_address(address)
        for host in hosts:
            pack_host(host)

    def put(
        self, slot: int, lane: int, signalled: Address | None, hosts: Iterable[str], latched: Address | None
    ) -> None:
        """A new leg, or one whose far end has moved by signalling: it is unlatched again unless *latched* is given."""
        self._forget(slot)
        claims = _Claims(lane, pack_address(signalled) if signalled else None, frozenset(map(pack_host, hosts)))
        self._claims[slot] = claims
        self._slots_used = self._slots_used[:0]
        self.lane[slot] = lane
        self.state[slot] = Latch.UNLATCHED
        self.destination[slot, 0] = claims.signalled or 0
        if latched is not None:
            self._settle(slot, pack_address(latched), Latch.LOCKED)
            return
        if claims.signalled is not None:
            key = claims.signalled + lane
            self._tombstones.pop(key, None)
            self._own(slot, key)
        for host in claims.hosts:
            self._waiting.setdefault((lane, host), set()).add(slot)

    def remove(self, slot: int, now: float) -> None:
        claims = self._claims.get(slot)
        if claims is not None:
            for key in (claims.source, claims.signalled and claims.signalled + claims.lane):
                if key is not None and self._owner.get(key, slot) == slot:
                    self._tombstones[key] = now + TOMBSTONE
        self._forget(slot)
        self._claims.pop(slot, None)
        self._slots_used = self._slots_used[:0]
        self.destination[slot] = 0
        self.state[slot] = Latch.UNLATCHED
        if len(self._tombstones) > 4096:
            self._tombstones = {key: until for key, until in self._tombstones.items() if until > now}

    def source(self, slot: int) -> Address | None:
        """The latched source of a leg."""
        claims = self._claims.get(slot)
        if claims is None or claims.source is None:
            return None
        return unpack_address(claims.source - claims.lane)

    # ------------------------------------------------------------------------------------------------------ packets
    def lookup(self, words: NDArray[np.uint64], lanes: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Slots of packets by their source, `NOBODY` where the source is not an accepted one."""
        if self._stale:
            self._index()
        keys = words + lanes
        at = self._keys.searchsorted(keys)
        slots = self._slots.take(at)
        slots *= self._keys.take(at) == keys
        return slots

    def owner(self, word: int, lane: int) -> int:
        """The slot whose accepted source this is, or `NOBODY`."""
        return self._owner.get(word + lane, NOBODY)

    def stranger(
        self, word: int, lane: int, ssrc: int, sequence: int, may_send: Callable[[int], bool], now: float
    ) -> int | Stray:
        """The slot that takes a packet from an unknown source (now latched to it), or why none does.

        *may_send*: whether a slot has negotiated the packet's payload type.
        """
        key = word + lane
        if self._tombstones.get(key, 0.0) > now:
            return Stray.LATE
        host = word >> 32
        waiting = [slot for slot in self._waiting.get((lane, host), ()) if may_send(slot)]
        for slot in waiting:  # only legs on probation have an SDP address that is not in the table
            claims = self._claims[slot]
            if self.state[slot] == Latch.PROBATION and claims.signalled == word:
                self._settle(slot, word, Latch.LOCKED)
                return slot
        if (slot := self._rebound(lane, ssrc, sequence, now)) != NOBODY and may_send(slot):
            self._settle(slot, word, Latch.LOCKED)
            return slot
        unlatched = [slot for slot in waiting if self._may_learn(slot, now)]
        if not unlatched:
            unlatched = [slot for slot in self._fallen_silent(lane, host, now) if may_send(slot)]
        if len(unlatched) != 1:
            return Stray.AMBIGUOUS if unlatched else Stray.UNKNOWN_SOURCE
        slot = unlatched[0]
        claims = self._claims[slot]
        claims.in_row, claims.learnt_at = 0, now
        self._settle(slot, word, Latch.PROBATION)
        return slot

    def confirm(self, slot: int) -> bool:
        """A valid packet from an accepted source of a leg that is not locked; True when the leg latches with it."""
        claims = self._claims[slot]
        if self.state[slot] == Latch.UNLATCHED:
            assert claims.signalled is not None
            self._settle(slot, claims.signalled, Latch.LOCKED)
            return True
        claims.in_row += 1
        if claims.in_row >= LOCK_AFTER and claims.source is not None:
            self._settle(slot, claims.source - claims.lane, Latch.LOCKED)
        return False

    def interesting(
        self, words: NDArray[np.uint64], lanes: NDArray[np.uint64], ssrc: NDArray[np.uint32], now: float
    ) -> NDArray[np.bool_]:
        """Which strangers could latch or move a leg at all: a cheap sieve for floods."""
        used, stats, upper = self._used(), self._stats, np.uint64(32)
        silent = used[stats.last_arrival[used] < now - RELEARN_AFTER]
        of_silent = (self.destination[silent, 0] >> upper << upper) | self.lane[silent]
        of_waiting = np.array([lane | host << 32 for lane, host in self._waiting], np.uint64)
        streams = (stats.ssrc[used].astype(np.uint64) << upper) | self.lane[used]
        near = np.isin((words >> upper << upper) | lanes, np.concatenate([of_waiting, of_silent]))
        mine: NDArray[np.bool_] = near | np.isin((ssrc.astype(np.uint64) << upper) | lanes, streams)
        return mine

    # ----------------------------------------------------------------------------------------------------- internals
    def _rebound(self, lane: int, ssrc: int, sequence: int, now: float) -> int:
        stats, used = self._stats, self._used()
        same = used[(stats.ssrc[used] == ssrc) & (self.lane[used] == lane)]
        for slot in same.tolist():
            if self.state[slot] == Latch.UNLATCHED or not stats.epoch[slot]:
                continue
            quiet = now - float(stats.last_arrival[slot])
            ahead = (sequence - int(stats.highest[slot])) & 0xFFFF
            if quiet >= REBIND_QUIET and 0 < ahead <= 50 + 100 * quiet:
                return int(slot)
        return NOBODY

    def _may_learn(self, slot: int, now: float) -> bool:
        """Unlatched, or on probation with a source that went silent before it was locked."""
        if self.state[slot] == Latch.PROBATION:
            heard = max(float(self._stats.last_arrival[slot]), self._claims[slot].learnt_at)
            return heard < now - REBIND_QUIET
        return bool(self.state[slot] == Latch.UNLATCHED)

    def _fallen_silent(self, lane: int, host: int, now: float) -> list[int]:
        used = self._used()
        here = used[self.destination[used, 0] >> np.uint64(32) == host]
        quiet = (self._stats.last_arrival[here] < now - RELEARN_AFTER) & (self._stats.epoch[here] > 0)
        slots = here[quiet & (self.lane[here] == lane) & (self.state[here] == Latch.LOCKED)]
        return [int(slot) for slot in slots]

    def _used(self) -> NDArray[np.int64]:
        """The slots of all legs."""
        if len(self._slots_used) != len(self._claims):
            self._slots_used = np.fromiter(self._claims, np.int64, len(self._claims))
        return self._slots_used

    def _settle(self, slot: int, word: int, state: Latch) -> None:
        claims = self._claims[slot]
        key = word + claims.lane
        for old in claims.keys - {key}:
            self._disown(slot, old)
        self._own(slot, key)
        claims.source = key
        self.state[slot] = state
        self.destination[slot, 0] = word
        if state == Latch.LOCKED:
            self._stop_waiting(slot)
        elif claims.signalled is not None:
            self._waiting.setdefault((claims.lane, claims.signalled >> 32), set()).add(slot)

    def _own(self, slot: int, key: int) -> None:
        if self._owner.setdefault(key, slot) == slot:  # a source in use stays with the leg that has it
            self._claims[slot].keys.add(key)
            self._stale = True

    def _disown(self, slot: int, key: int) -> None:
        self._claims[slot].keys.discard(key)
        if self._owner.get(key) == slot:
            del self._owner[key]
            self._stale = True

    def _stop_waiting(self, slot: int) -> None:
        claims = self._claims[slot]
        hosts = claims.hosts if claims.signalled is None else claims.hosts | {claims.signalled >> 32}
        for host in hosts:
            waiting = self._waiting.get((claims.lane, host))
            if waiting is not None:
                waiting.discard(slot)
                if not waiting:
                    del self._waiting[claims.lane, host]

    def _forget(self, slot: int) -> None:
        if (claims := self._claims.get(slot)) is not None:
            for key in tuple(claims.keys):
                self._disown(slot, key)
            self._stop_waiting(slot)

    def _index(self) -> None:
        count = len(self._owner)
        keys = np.fromiter(self._owner.keys(), np.uint64, count)
        slots = np.fromiter(self._owner.values(), np.int64, count)
        order = keys.argsort()
        self._keys = np.append(keys[order], np.uint64(2**64 - 1))
        self._slots = np.append(slots[order], NOBODY)
        self._stale = False
