"""Conferences: every member hears the sum of the others.

What members say is decoded into a short ring each, which takes up the jitter of their packets; once in a frame one
frame is read from every ring, and all rooms are mixed at once. With `audio` one row a member, what goes out is
`matrix @ audio` where the matrix says who hears whom. In a room nearly everybody hears all but themselves, so the
product is taken as the room's total less one's own row, which costs the same for each member however many there are.

Who whispers is heard by those named alone; who monitors, by nobody (`rtp.legs.Conference`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from rtp.codecs.g711 import ALAW_DECODE, SILENCE, ULAW_DECODE, encode
from rtp.packet import HEADER, SAMPLES
from rtp.streams import KIND_EVENT, KIND_PCMA, KIND_PCMU, KINDS
from rtp.tones import sine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from rtp.codecs.g711 import Pcm
    from rtp.legs import Conference, LegId

    Ints = NDArray[np.int64]

RING: Final = 4096
DELAY: Final = 2 * SAMPLES
"""Samples by which a member is heard later at first: jitter of 40 ms is not heard."""
LONGEST_DELAY: Final = 6 * SAMPLES
MOST_AHEAD: Final = 5 * SAMPLES
"""Samples beyond the delay that may wait; then the member's clock is too fast, and is set anew."""
LATE_IN_A_ROW: Final = 3
"""So many late packets are no accident: the delay becomes longer."""

_HALF: Final = 1 << 31
_WHOLE: Final = (1 << 32) - 1
_DECODE: Final = np.zeros((KINDS, 256), np.int16)
_DECODE[KIND_PCMU], _DECODE[KIND_PCMA] = ULAW_DECODE, ALAW_DECODE


def _chime(*hertz: float) -> Pcm:
    return np.concatenate([sine(tone, 0.08, -20.0) for tone in hertz])


JOINED, LEFT = _chime(600.0, 900.0), _chime(900.0, 600.0)


@dataclass(slots=True)
class _Room:
    members: dict[int, Conference] = field(default_factory=dict)
    """By slot."""
    chime: list[NDArray[np.int16]] = field(default_factory=list)
    """Frames that everybody is still to hear."""


class Mixer:
    def __init__(self, slots: int) -> None:
        self.active = 0
        """How many legs are in conferences."""
        self.mixing: NDArray[np.bool_] = np.zeros(slots, np.bool_)
        """Legs that hear a conference."""
        self.frames: NDArray[np.uint8] = np.zeros((slots, SAMPLES), np.uint8)
        """What each of them hears next, encoded; by slot."""
        self.late: Ints = np.zeros(slots, np.int64)
        """Packets that came when their time was over."""
        self._heard: NDArray[np.bool_] = np.zeros(slots, np.bool_)
        self._ring: NDArray[np.int16] = np.zeros((slots, RING), np.int16)
        self._read: Ints = np.zeros(slots, np.int64)
        self._epoch: Ints = np.full(slots, -1, np.int64)
        self._timestamp: Ints = np.zeros(slots, np.int64)
        self._position: Ints = np.zeros(slots, np.int64)
        self._delay: Ints = np.zeros(slots, np.int64)
        self._lateness: Ints = np.zeros(slots, np.int64)
        self._laws: dict[int, str] = {}
        self._slots: dict[LegId, int] = {}
        self._legs: dict[int, LegId] = {}
        self._rooms: dict[str, _Room] = {}
        self._stale = True
        self._members: Ints = np.zeros(0, np.int64)
        self._starts: Ints = np.zeros(0, np.int64)
        self._room_of: Ints = np.zeros(0, np.int64)
        self._open: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._whispers: tuple[Ints, Ints] = (self._members, self._members)
        self._by_law: dict[str, tuple[Ints, Ints]] = {}

    # ------------------------------------------------------------------------------------------------ desired state
    def join(self, slot: int, leg: LegId, source: Conference, codec: str) -> None:
        """The leg hears the room from the next frame on, and is heard in it."""
        room = self._rooms.setdefault(source.room, _Room())
        room.members[slot] = source
        self._laws[slot], self._slots[leg], self._legs[slot] = codec, slot, leg
        self.active += 1
        self.mixing[slot] = self._heard[slot] = True
        self._ring[slot] = 0
        self._read[slot] = self._lateness[slot] = self.late[slot] = 0
        self._epoch[slot], self._delay[slot] = -1, DELAY
        self.frames[slot] = SILENCE[codec]
        self._ring_out(room, JOINED, source)

    def leave(self, slot: int) -> None:
        if not self.mixing[slot]:
            return
        self.active -= 1
        self.mixing[slot] = self._heard[slot] = False
        del self._laws[slot]
        self._slots.pop(self._legs.pop(slot))
        for name, room in list(self._rooms.items()):
            if (source := room.members.pop(slot, None)) is not None:
                self._ring_out(room, LEFT, source)
                if not room.members:
                    del self._rooms[name]

    def configure(self, slot: int, codec: str, *, heard: bool) -> None:
        """What the member is sent, and whether they are *heard* at all: not while they hold, with music or without."""
        if self.mixing[slot]:
            self._stale |= self._laws[slot] != codec
            self._laws[slot] = codec
            self._heard[slot] = heard

    def _ring_out(self, room: _Room, sound: Pcm, source: Conference) -> None:
        self._stale = True
        if source.chime:
            room.chime = list(sound.reshape(-1, SAMPLES))

    # ------------------------------------------------------------------------------------------------ what is said
    def hear(
        self,
        slots: Ints,
        rows: Ints,
        epochs: Ints,
        timestamps: Ints,
        kinds: NDArray[np.uint8],
        lengths: Ints,
        buffer: NDArray[np.uint8],
    ) -> None:
        """Accepted packets in *rows* of *buffer*, not yet rewritten for anybody; several of a slot in order."""
        at = (self._heard.take(slots) & (kinds < KIND_EVENT)).nonzero()[0]
        if not len(at):
            return
        slots, rows, epochs, timestamps, kinds = slots[at], rows[at], epochs[at], timestamps[at], kinds[at]
        sizes = lengths[at] - HEADER
        ahead = ((timestamps - self._timestamp[slots] + _HALF) & _WHOLE) - _HALF
        positions = self._position[slots] + ahead
        waiting = positions - self._read[slots]
        strange = (self._epoch[slots] != epochs) | (waiting < 0) | (waiting > self._delay[slots] + MOST_AHEAD)
        if strange.any():
            usable = np.ones(len(at), np.bool_)
            for n in strange.nonzero()[0].tolist():
                place = self._find_place(int(slots[n]), int(epochs[n]), int(timestamps[n]))
                usable[n], positions[n] = place is not None, place or 0
            if not usable.all():
                slots, rows, timestamps, kinds = slots[usable], rows[usable], timestamps[usable], kinds[usable]
                sizes, positions = sizes[usable], positions[usable]
            if not len(slots):
                return
        self._timestamp[slots], self._position[slots] = timestamps, positions
        self._lateness[slots] = 0
        width = int(sizes.max())
        samples = _DECODE[kinds[:, None], buffer[rows, HEADER : HEADER + width]]
        offsets = np.arange(width)
        columns = (positions[:, None] + offsets) % RING
        if int(sizes.min()) == width:
            self._ring[slots[:, None], columns] = samples
        else:
            used = offsets < sizes[:, None]
            self._ring[np.broadcast_to(slots[:, None], used.shape)[used], columns[used]] = samples[used]

    def _find_place(self, slot: int, epoch: int, timestamp: int) -> int | None:
        """Where a packet goes that is not where it is expected; None: it is too late for it."""
        read = int(self._read[slot])
        place = int(self._position[slot]) + ((timestamp - int(self._timestamp[slot]) + _HALF) & _WHOLE) - _HALF
        if self._epoch[slot] == epoch:
            if 0 <= place - read <= self._delay[slot] + MOST_AHEAD:
                return place
            if place < read:
                self.late[slot] += 1
                self._lateness[slot] += 1
                if self._lateness[slot] < LATE_IN_A_ROW:
                    return None
                self._delay[slot] = min(LONGEST_DELAY, int(self._delay[slot]) + SAMPLES)
        place = read + int(self._delay[slot])
        self._epoch[slot], self._timestamp[slot], self._position[slot] = epoch, timestamp, place
        self._lateness[slot] = 0
        return place

    # ------------------------------------------------------------------------------------------------ what is heard
    def mix(self) -> None:
        """One frame further: `frames` of all members. To be called once in a frame."""
        if self._stale:
            self._arrange()
        members = self._members
        if not len(members):
            return
        columns = (self._read[members][:, None] + np.arange(SAMPLES)) % RING
        rows = members[:, None]
        audio = self._ring[rows, columns].astype(np.int32)
        self._ring[rows, columns] = 0
        self._read[members] += SAMPLES
        said = audio if self._open.all() else audio * self._open[:, None]
        heard = np.add.reduceat(said, self._starts, axis=0)[self._room_of]
        heard -= said
        speakers, listeners = self._whispers
        if len(speakers):
            np.add.at(heard, listeners, audio[speakers])
        for at, room in self._chiming():
            heard[at] += room.chime.pop(0)
        pcm = np.clip(heard, -32768, 32767).astype(np.int16)
        for law, (places, slots) in self._by_law.items():
            self.frames[slots] = encode(law, pcm[places])

    def skip(self, frames: int) -> None:
        """Time passes in which nobody is sent anything."""
        if frames and self.active:
            self._read[self._members] += frames * SAMPLES
            self._ring[self._members] = 0

    def _chiming(self) -> Iterator[tuple[NDArray[np.bool_], _Room]]:
        for number, room in enumerate(self._rooms.values()):
            if room.chime:
                yield self._room_of == number, room

    def _arrange(self) -> None:
        """Rooms have changed: who stands where in the matrix."""
        self._stale = False
        rooms = list(self._rooms.values())
        order = [(number, slot, source) for number, room in enumerate(rooms) for slot, source in room.members.items()]
        self._members = np.array([slot for _, slot, _ in order], np.int64)
        self._room_of = np.array([number for number, _, _ in order], np.int64)
        self._starts = np.flatnonzero(np.r_[True, np.diff(self._room_of) != 0]) if order else self._room_of
        self._open = np.array([source.heard_by is None for _, _, source in order], np.bool_)
        at = {slot: place for place, (_, slot, _) in enumerate(order)}
        pairs = [
            (at[slot], at[listener])
            for number, slot, source in order
            for listener in (self._slots.get(leg, -1) for leg in source.heard_by or ())
            if listener in rooms[number].members and listener != slot
        ]
        self._whispers = (np.array([one for one, _ in pairs], np.int64), np.array([two for _, two in pairs], np.int64))
        self._by_law = {}
        for law in sorted(set(self._laws.values())):
            places = np.array([place for slot, place in at.items() if self._laws[slot] == law], np.int64)
            self._by_law[law] = (places, self._members[places])
