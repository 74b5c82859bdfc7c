"""Recordings on their way to the disk, in a thread beside the media loop: the beat never waits for a file.

A recording is a WAV file of 16-bit samples at 8 kHz, readable by its owner alone. It is written as it grows and its
header with it, so a worker that is killed leaves a file that plays and lacks less than its last second. It is told to
be complete when it is synced: a power cut takes it no more. A file that is there is continued: a worker that replaces a
dead one goes on where that one was, after silence for the time between.
"""

from __future__ import annotations

import contextlib
import os
import queue
import struct
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rtp.codecs.g711 import SAMPLE_RATE
from rtp.legs import Recorded, RecordingQuiet
from rtp.loudness import Loudness
from rtp.tape import Begin, End, Heard, Hush
from rtp.timeline import Timeline, passages
from softswitch.media.loader import SWITCH_INTERVAL
from softswitch.media.priorities import stand_back

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtp.codecs.g711 import Pcm
    from rtp.tape import Order, TakeId

PERIOD: Final = 0.5
"""Seconds between two hand-overs from the plane."""
LONGEST_GAP: Final = 30.0
"""Seconds of silence that a continued file gets at most."""
CLOSE_TIMEOUT: Final = 2.0
MOST_BEHIND: Final = 20
"""Hand-overs that may wait for the disk; what is said after that is lost."""

_HEADER: Final = struct.Struct("<4sI4s4sIHHIIHH4sI")
_SAMPLE: Final = 2
_MOST_OCTETS: Final = (1 << 32) - 256


def wav_header(samples: int) -> bytes:
    """RIFF/WAVE, one channel of 16-bit PCM at 8 kHz."""
    octets = samples * _SAMPLE
    rate = SAMPLE_RATE
    return _HEADER.pack(
        *(b"RIFF", octets + _HEADER.size - 8, b"WAVE"),
        *(b"fmt ", 16, 1, 1, rate, rate * _SAMPLE, _SAMPLE, 8 * _SAMPLE),
        *(b"data", octets),
    )


class WavFile:
    """A WAV file that is valid after every `append`. Raises OSError, ValueError for a file of another kind."""

    def __init__(self, path: str) -> None:
        self._folder = Path(path).parent
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
        self._file = os.open(path, flags, 0o600)
        try:
            self.samples, self.idle = self._measure()
        except BaseException:
            os.close(self._file)
            raise
        self.before = self.samples

    def _measure(self) -> tuple[int, float]:
        """How long it is, and for how many seconds nothing has been written to it."""
        status = os.fstat(self._file)
        if not status.st_size:
            _write(self._file, wav_header(0), 0)
            return 0, 0.0
        if os.pread(self._file, _HEADER.size, 0)[8:40] != wav_header(0)[8:40]:
            raise ValueError("a file of another kind is there")
        return max(0, status.st_size - _HEADER.size) // _SAMPLE, max(0.0, time.time() - status.st_mtime)

    def append(self, pcm: Pcm) -> None:
        if (self.samples + len(pcm)) * _SAMPLE > _MOST_OCTETS:
            raise ValueError("a WAV file cannot be longer")
        _write(self._file, pcm.astype("<i2").tobytes(), _HEADER.size + self.samples * _SAMPLE)
        self.samples += len(pcm)
        _write(self._file, wav_header(self.samples), 0)

    def skip(self, samples: int) -> None:
        """Silence, as a hole in the file."""
        os.ftruncate(self._file, _HEADER.size + (self.samples + samples) * _SAMPLE)
        self.samples += samples

    def sync(self) -> None:
        """It is on disk when this returns, with its name."""
        os.fsync(self._file)
        folder = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def close(self) -> None:
        os.close(self._file)


def _write(file: int, data: bytes, at: int) -> None:
    while data:
        written = os.pwrite(file, data, at)
        data, at = data[written:], at + written


@dataclass(slots=True)
class _Take:
    begin: Begin
    file: WavFile
    timeline: Timeline
    loudness: Loudness = field(default_factory=Loudness)
    told_quiet: bool = False

    @property
    def seconds(self) -> float:
        return self.file.samples / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Discard:
    """Delete a complete recording."""

    path: str


class Recorder:
    """`put` what the plane's tape holds, collect the `events`; neither waits."""

    def __init__(self, below: str) -> None:
        """*below*: the only directory in which files are written; "" is nowhere."""
        self._below = below and os.path.realpath(below)
        self._orders: queue.SimpleQueue[tuple[Sequence[Order | Discard], float] | None] = queue.SimpleQueue()
        self._events: deque[Recorded | RecordingQuiet] = deque()
        self._takes: dict[TakeId, _Take] = {}
        self._thread: threading.Thread | None = None
        self._put = 0
        self._done = 0

    @property
    def busy(self) -> bool:
        """Not all that was put has been worked off, or there are events."""
        return self._put != self._done or bool(self._events)

    def put(self, orders: Sequence[Order | Discard], now: float) -> None:
        """To be called every `PERIOD` while anything is recorded, and at once when a recording begins or ends."""
        if self._thread is None:
            sys.setswitchinterval(SWITCH_INTERVAL)
            self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
            self._thread.start()
        if self._put - self._done > MOST_BEHIND:  # the disk has stopped: better silence in a file than no memory
            orders = [order for order in orders if not isinstance(order, Heard)]
        self._put += 1
        self._orders.put((orders, now))

    def events(self) -> list[Recorded | RecordingQuiet]:
        told: list[Recorded | RecordingQuiet] = []
        while self._events:
            told.append(self._events.popleft())
        return told

    def close(self) -> None:
        """Finish what was put."""
        if self._thread is not None:
            self._orders.put(None)
            self._thread.join(CLOSE_TIMEOUT)
            self._thread = None

    # ------------------------------------------------------------------------------------------------- in the thread
    def _work(self) -> None:
        stand_back()
        while (work := self._orders.get()) is not None:
            try:
                self._obey(*work)
            except Exception as error:  # whatever is wrong with one recording, the thread is there for the next
                print(f"recorder: {type(error).__name__}: {error}", file=sys.stderr)
                for number, take in list(self._takes.items()):
                    self._fail(number, take, error)
            self._done += 1

    def _obey(self, orders: Sequence[Order | Discard], now: float) -> None:
        heard: list[Heard] = []
        for order in orders:
            match order:
                case Heard():
                    heard.append(order)
                case Begin():
                    self._begin(order)
                case Hush(take, since, until):
                    if (hushed := self._takes.get(take)) is not None:
                        hushed.timeline.hush(since, until)
                case Discard(path):
                    self._discard(path)
                case End(take, at):
                    self._place(heard)
                    heard.clear()
                    self._write(take, at, final=True)
        self._place(heard)
        for take in list(self._takes):
            self._write(take, now)

    def _begin(self, begin: Begin) -> None:
        try:
            if not self._is_below(begin.path):
                raise ValueError(f"recordings are kept below {self._below or 'no directory'} only")
            file = WavFile(begin.path)
        except (OSError, ValueError) as error:
            self._events.append(Recorded(begin.leg, begin.path, 0.0, _reason(error)))
            return
        left = begin.most_seconds - file.samples / SAMPLE_RATE
        take = _Take(begin, file, Timeline(begin.at, left))
        self._takes[begin.take] = take
        if file.samples:
            try:
                file.skip(round(max(0.0, min(file.idle, LONGEST_GAP, left)) * SAMPLE_RATE))
            except OSError as error:
                self._fail(begin.take, take, error)

    def _is_below(self, path: str) -> bool:
        return bool(self._below) and os.path.commonpath([self._below, os.path.realpath(path)]) == self._below

    def _discard(self, path: str) -> None:
        if path.endswith(".wav") and self._is_below(path):
            with contextlib.suppress(OSError):
                os.unlink(path)

    def _place(self, heard: Sequence[Heard]) -> None:
        for number, passage in passages(heard).items():
            if (take := self._takes.get(number)) is not None:
                take.timeline.place(passage)

    def _write(self, number: TakeId, now: float, *, final: bool = False) -> None:
        take = self._takes.get(number)
        if take is None:  # it has failed, or has become as long as it may
            return
        try:
            pcm = take.timeline.settle(now, final=final)
            take.loudness.hear(pcm)
            if len(pcm):
                take.file.append(pcm)
        except (OSError, ValueError) as error:
            self._fail(number, take, error)
            return
        if final or take.timeline.full:
            self._over(number, take, "")
        elif take.begin.quiet_after:
            self._watch(take, now)

    def _watch(self, take: _Take, now: float) -> None:
        quiet = now - take.begin.at - take.loudness.last_voice
        if quiet < take.begin.quiet_after:
            take.told_quiet = False
        elif not take.told_quiet:
            take.told_quiet = True
            self._events.append(RecordingQuiet(take.begin.leg, take.begin.path, quiet))

    def _fail(self, number: TakeId, take: _Take, error: Exception) -> None:
        self._over(number, take, _reason(error))

    def _over(self, number: TakeId, take: _Take, problem: str) -> None:
        del self._takes[number]
        try:
            take.file.sync()  # whoever left a message is thanked for it next
        except OSError as error:
            problem = problem or _reason(error)
        with contextlib.suppress(OSError):
            take.file.close()
        begin = take.begin
        self._events.append(Recorded(begin.leg, begin.path, take.seconds, problem, take.loudness.voiced))


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
