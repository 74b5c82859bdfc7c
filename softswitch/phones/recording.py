"""What a phone hears, on the timeline on which it was heard.

Packets are kept as they came, and put in their places when the sound is asked for. A sender's timestamps say where its
frames stand to each other, the arrival times where all of them stand in time. A delay that is made up for (the machine
was busy) moves nothing; one that stays (the sender paused without counting) moves what follows.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Final

import numpy as np
import soundfile

from rtp.codecs.g711 import SAMPLE_RATE, decode

if TYPE_CHECKING:
    from pathlib import Path

    from rtp.codecs.g711 import Pcm
    from rtp.packet import RtpPacket

_LAWS: Final = {0: "PCMU", 8: "PCMA"}
#: Packets after a late one that are looked at before the sender is believed to have paused.
_LOOK_AHEAD: Final = 25
#: A shift of the sender's clock against ours below this is jitter, in seconds.
_SHIFT: Final = 0.06
_WRAP: Final = 1 << 32


@dataclass(frozen=True, slots=True)
class _Heard:
    at: float
    ssrc: int
    sequence_number: int
    timestamp: int
    payload_type: int
    payload: bytes


@dataclass(slots=True)
class Recording:
    """*began*: the instant (seconds, monotonic) at which the recording starts; what is before it is left out."""

    began: float
    _packets: list[_Heard] = field(default_factory=list, repr=False)

    def __len__(self) -> int:
        """How many packets with sound have been heard."""
        return len(self._packets)

    def add(self, packet: RtpPacket, at: float) -> None:
        """A packet that arrived at the instant *at*. Anything but G.711 is passed over."""
        if packet.payload_type in _LAWS and packet.payload:
            heard = _Heard(
                at, packet.ssrc, packet.sequence_number, packet.timestamp, packet.payload_type, packet.payload
            )
            self._packets.append(heard)

    def samples(self, since: float | None = None, until: float | None = None) -> Pcm:
        """The sound between two instants, by default all of it; silence where nothing was heard."""
        first = self.began if since is None else since
        packets = self._packets
        if since is not None:  # what is far in the past cannot reach into the stretch
            packets = packets[bisect_left(packets, since - 2.0, key=lambda packet: packet.at) :]
        placed = [item for _, run in groupby(packets, key=lambda p: p.ssrc) for item in _placed(list(run))]
        end = until
        if end is None:
            end = max((at + len(p.payload) / SAMPLE_RATE for at, p in placed), default=first)
        sound = np.zeros(max(round((end - first) * SAMPLE_RATE), 0), dtype=np.int16)
        for law, run in groupby(placed, key=lambda item: _LAWS[item[1].payload_type]):
            frames = list(run)
            pcm = decode(law, np.frombuffer(b"".join(packet.payload for _, packet in frames), np.uint8))
            for at, packet in frames:
                frame, pcm = pcm[: len(packet.payload)], pcm[len(packet.payload) :]
                begin = round((at - first) * SAMPLE_RATE)
                if begin < 0:
                    frame, begin = frame[-begin:], 0
                frame = frame[: max(len(sound) - begin, 0)]
                sound[begin : begin + len(frame)] = frame
        return sound

    def write(self, path: Path, until: float | None = None) -> float:
        """Leave a WAV file (16 bits, 8 kHz, mono); returns its length in seconds. Raises OSError."""
        sound = self.samples(until=until)
        try:
            soundfile.write(path, sound, SAMPLE_RATE, subtype="PCM_16", format="WAV")
        except soundfile.LibsndfileError as error:
            raise OSError(f"{path}: {error}") from error
        return len(sound) / SAMPLE_RATE


def _placed(packets: list[_Heard]) -> list[tuple[float, _Heard]]:
    """The packets of one source with the instant at which each begins to sound, duplicates left out."""
    fresh = list({(p.sequence_number, p.timestamp): p for p in reversed(packets)}.values())[::-1]
    if not fresh:
        return []
    offsets = _unwrapped(np.array([p.timestamp for p in fresh], dtype=np.int64)) / SAMPLE_RATE
    delays = np.array([p.at for p in fresh]) - offsets
    padded = np.concatenate([delays, np.full(_LOOK_AHEAD - 1, np.inf)])
    ahead = np.lib.stride_tricks.sliding_window_view(padded, _LOOK_AHEAD).min(axis=1)
    anchor = float(ahead[0])
    placed: list[tuple[float, _Heard]] = []
    for packet, offset, delay, least in zip(fresh, offsets, delays, ahead, strict=True):
        if least > anchor + _SHIFT:
            anchor = float(least)
        elif delay < anchor - _SHIFT:
            anchor = float(delay)
        placed.append((anchor + float(offset), packet))
    return placed


def _unwrapped(timestamps: np.ndarray[tuple[int], np.dtype[np.int64]]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """32-bit timestamps as a line without wraps that begins at 0."""
    steps = (np.diff(timestamps, prepend=timestamps[:1]) + _WRAP // 2) % _WRAP - _WRAP // 2
    return np.cumsum(steps)
