"""Where on its timeline every packet of a recorded leg belongs.

Packets are placed by their RTP timestamps, so what was lost or never sent (silence suppression, a pause) is silence of
the right length, and packets that overtook each other are in order again. A new source, or a clock that jumps, is put
where it was heard. Nothing of a telephone-event is kept, nor of the audio around it: keys may be a PIN.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from rtp.codecs.g711 import ALAW_DECODE, SAMPLE_RATE, ULAW_DECODE
from rtp.streams import KIND_EVENT, KIND_PCMA, KIND_PCMU, KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtp.codecs.g711 import Pcm
    from rtp.tape import Heard, TakeId

    Ints = NDArray[np.int64]

HELD_BACK: Final = round(0.3 * SAMPLE_RATE)
"""Samples behind the newest that are still open: for packets on their way, and keys about to be recognised."""
PATIENCE: Final = 2 * SAMPLE_RATE
"""Samples for which a party from whom nothing comes may turn out to be late; then it is silence."""
TOLERANCE: Final = 3 * SAMPLE_RATE
"""How far a timestamp may be off from when it was heard."""
AROUND_KEY: Final = round(0.1 * SAMPLE_RATE)
"""Samples before and after a key in which its tone may be heard: phones are not exact about it."""

_HALF: Final = 1 << 31
_WHOLE: Final = (1 << 32) - 1
_DECODE: Final = np.zeros((KINDS, 256), np.int16)
_DECODE[KIND_PCMU], _DECODE[KIND_PCMA] = ULAW_DECODE, ALAW_DECODE


@dataclass(frozen=True, slots=True)
class Passage:
    """Packets of one recording, in the order in which they came: columns as in `rtp.tape.Heard`."""

    epochs: Ints
    timestamps: Ints
    kinds: NDArray[np.uint8]
    sizes: Ints
    payload: NDArray[np.uint8]
    at: NDArray[np.float64]


def passages(heard: Sequence[Heard]) -> dict[TakeId, Passage]:
    """Sort what was heard in several passes by recording."""
    if not heard:
        return {}
    width = max(part.payload.shape[1] for part in heard)
    takes = np.concatenate([part.takes for part in heard])
    payload = np.zeros((len(takes), width), np.uint8)
    begin = 0
    for part in heard:
        payload[begin : begin + len(part.takes), : part.payload.shape[1]] = part.payload
        begin += len(part.takes)
    columns = (
        np.concatenate([part.epochs for part in heard]),
        np.concatenate([part.timestamps for part in heard]),
        np.concatenate([part.kinds for part in heard]),
        np.concatenate([part.sizes for part in heard]),
        payload,
        np.repeat([part.at for part in heard], [len(part.takes) for part in heard]),
    )
    order = takes.argsort(kind="stable")
    sorted_takes = takes[order]
    bounds = np.flatnonzero(np.r_[True, sorted_takes[1:] != sorted_takes[:-1], True]).tolist()
    sorted_columns = [column[order] for column in columns]
    return {
        int(sorted_takes[first]): Passage(*(column[first:last] for column in sorted_columns))
        for first, last in pairwise(bounds)
    }


class Timeline:
    """One recording. `place` packets as they come; `settle` gives out samples that are final, in order."""

    def __init__(self, since: float, most_seconds: float) -> None:
        """*since*: when the recording begins, by the clock of the packets; *most_seconds*: where it ends at last."""
        self.settled = 0
        """Samples given out."""
        self._since = since
        self._most = max(0, round(most_seconds * SAMPLE_RATE))
        self._open: Pcm = np.zeros(0, np.int16)
        """What follows them, as far as it is known."""
        self._reach = 0
        """Where the newest packet ends."""
        self._anchor: tuple[int, int, int] | None = None
        """Epoch, timestamp and position of a packet whose place is known."""
        self._hushes: list[tuple[int, int]] = []

    @property
    def full(self) -> bool:
        return self.settled >= self._most

    def place(self, packets: Passage) -> None:
        sounding = packets.kinds != KIND_EVENT
        if sounding.any():
            self._place_audio(packets if sounding.all() else _part(packets, sounding))
        if not sounding.all():
            self._place_events(_part(packets, ~sounding))

    def hush(self, since: float, until: float) -> None:
        """A key was heard in the audio between these two instants."""
        self._hush(self._clock(since), self._clock(until))

    def settle(self, now: float, *, final: bool = False) -> Pcm:
        """The samples that will not change any more; all of them up to *now* when the recording is over."""
        clock = self._clock(now)
        end = max(self._reach, clock) if final else max(self._reach - HELD_BACK, clock - PATIENCE)
        count = max(0, min(end, self._most) - self.settled)
        settled = np.zeros(count, np.int16)
        known = self._open[:count]
        settled[: len(known)] = known
        self._open = self._open[count:]
        for begin, until in self._hushes:
            settled[max(0, begin - self.settled) : max(0, until - self.settled)] = 0
        self.settled += count
        self._hushes = [hush for hush in self._hushes if hush[1] > self.settled]
        return settled

    # ------------------------------------------------------------------------------------------------------- internals
    def _clock(self, at: float) -> int:
        return round((at - self._since) * SAMPLE_RATE)

    def _hush(self, begin: int, end: int) -> None:
        begin, end = begin - AROUND_KEY, end + AROUND_KEY
        if self._hushes and begin <= self._hushes[-1][1] and self._hushes[-1][0] <= end:
            last_begin, last_end = self._hushes[-1]
            self._hushes[-1] = (min(begin, last_begin), max(end, last_end))
        else:
            self._hushes.append((begin, end))

    def _place_audio(self, packets: Passage) -> None:
        positions = self._positions(packets)
        ends = positions + packets.sizes
        self._reach = max(self._reach, int(ends.max()))
        missing = min(self._reach, self._most) - self.settled - len(self._open)
        if missing > 0:
            self._open = np.concatenate([self._open, np.zeros(missing, np.int16)])
        offsets = np.arange(packets.payload.shape[1])
        at = (positions - self.settled)[:, None] + offsets
        usable = (offsets < packets.sizes[:, None]) & (at >= 0) & (at < len(self._open))
        samples = _DECODE[packets.kinds[:, None], packets.payload]
        self._open[at[usable]] = samples[usable]

    def _positions(self, packets: Passage) -> Ints:
        heard = np.rint((packets.at - self._since) * SAMPLE_RATE).astype(np.int64) - packets.sizes
        positions = np.empty(len(heard), np.int64)
        at = 0
        while at < len(heard):
            epoch = int(packets.epochs[at])
            if self._anchor is None or self._anchor[0] != epoch:
                follows = self._reach if abs(self._reach - int(heard[at])) < TOLERANCE else 0
                self._anchor = (epoch, int(packets.timestamps[at]), max(0, int(heard[at]), follows))
            _, timestamp, position = self._anchor
            ahead = ((packets.timestamps[at:] - timestamp + _HALF) & _WHOLE) - _HALF
            places = position + ahead
            strange = (np.abs(places - heard[at:]) > TOLERANCE) | (packets.epochs[at:] != epoch)
            if strange[0]:  # a clock that was set: this packet is where it was heard
                places = places - places[0] + max(0, int(heard[at]))
                strange = (np.abs(places - heard[at:]) > TOLERANCE) | (packets.epochs[at:] != epoch)
                strange[0] = False
            count = int(strange.argmax()) or len(strange)
            positions[at : at + count] = places[:count]
            at += count
            self._anchor = (epoch, int(packets.timestamps[at - 1]), int(positions[at - 1]))
        return positions

    def _place_events(self, packets: Passage) -> None:
        """RFC 4733 §2.5: the timestamp is when the event began; octets 2 and 3 of the payload are how long it lasts."""
        for n in range(len(packets.at)):
            clock = self._clock(float(packets.at[n]))
            octets = packets.payload[n, : int(packets.sizes[n])].tolist()
            lasting = (octets[2] << 8 | octets[3]) if len(octets) >= 4 else 0
            self._hush(clock - min(lasting, TOLERANCE), clock)
            if self._anchor is not None and self._anchor[0] == int(packets.epochs[n]):
                _, timestamp, position = self._anchor
                begin = position + ((int(packets.timestamps[n]) - timestamp + _HALF) & _WHOLE) - _HALF
                if abs(begin + lasting - clock) < TOLERANCE:
                    self._hush(begin, begin + lasting)


def _part(packets: Passage, at: NDArray[np.bool_]) -> Passage:
    return Passage(
        packets.epochs[at],
        packets.timestamps[at],
        packets.kinds[at],
        packets.sizes[at],
        packets.payload[at],
        packets.at[at],
    )
