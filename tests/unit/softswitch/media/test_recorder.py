"""Recordings in files: readable at any time, continued, confined, and never in the way of the call."""

from __future__ import annotations

import multiprocessing
import os
import resource
import stat
import threading
import time
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rtp.codecs.g711 import encode
from rtp.legs import Recorded, RecordingQuiet
from rtp.streams import KIND_PCMA
from rtp.tape import Begin, End, Heard
from rtp.tones import sine
from softswitch.media.recorder import Discard, Recorder

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


def begin(path: Path, take: int = 1, *, most: float = 60.0, quiet: float = 0.0, at: float = 100.0) -> Begin:
    return Begin(take, 7, str(path), at, most, quiet)


def speech(seconds: float, take: int = 1, *, at: float = 100.0) -> list[Heard]:
    """A second's packets of a party that speaks, each heard when its last sample was."""
    octets = encode("PCMA", sine(400, seconds)).reshape(-1, 160)
    first = round((at - 100.0) * 8000)
    one = np.ones(1, np.int64)
    return [
        Heard(
            one * take,
            one,
            one * (160 * n + first),
            np.full(1, KIND_PCMA, np.uint8),
            one * 160,
            row[None],
            at + (n + 1) * 0.02,
        )
        for n, row in enumerate(octets)
    ]


def settled(recorder: Recorder) -> list[Recorded | RecordingQuiet]:
    """What it has told once everything is worked off."""
    recorder.close()
    return recorder.events()


def samples(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (1, 8000, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def record_on_a_small_disk(folder: str, told: Connection) -> None:
    """In a process of its own, which is allowed no file of more than 16 KiB: a limit that pytest's output has too."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, resource.RLIM_INFINITY))
    recorder = Recorder(folder)
    recorder.put([begin(Path(folder, "a.wav")), *speech(3.0), End(1, 103.0)], 103.0)
    recorder.put([begin(Path(folder, "b.wav"), 2), *speech(0.5, 2), End(2, 100.5)], 100.5)
    told.send(settled(recorder))


def test_a_recording_is_a_wav_file_of_its_owner(tmp_path: Path) -> None:
    path, recorder = tmp_path / "calls" / "a.wav", Recorder(str(tmp_path))
    recorder.put([begin(path), *speech(2.0), End(1, 102.5)], 102.5)
    (event,) = settled(recorder)
    assert isinstance(event, Recorded)
    assert (event.leg, event.path, event.seconds, event.problem) == (7, str(path), 2.5, "")
    assert event.voiced == pytest.approx(2.0, abs=0.05)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    audio = samples(path)
    assert len(audio) == 20_000
    assert np.abs(audio[:16_000]).max() > 5000
    assert not audio[16_000:].any()


def test_a_recording_is_complete_when_the_disk_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever left a message is thanked for it after that, and a power cut takes it no more."""
    path, synced, told = tmp_path / "box" / "a.wav", list[tuple[int, int]](), list[int]()
    real = os.fsync

    def fsync(file: int) -> None:
        synced.append((os.fstat(file).st_ino, os.fstat(file).st_size))
        told.append(len(recorder.events()))
        real(file)

    monkeypatch.setattr("softswitch.media.recorder.os.fsync", fsync)
    recorder = Recorder(str(tmp_path))
    recorder.put([begin(path), *speech(1.0)], 101.0)
    recorder.put([End(1, 101.0)], 101.0)
    (recorded,) = settled(recorder)
    assert isinstance(recorded, Recorded)
    assert (path.stat().st_ino, path.stat().st_size) in synced
    assert path.parent.stat().st_ino in {inode for inode, _ in synced}, "its name, too"
    assert told == [0, 0]


def test_a_disk_that_does_not_take_the_end_is_the_recordings_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fsync(file: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("softswitch.media.recorder.os.fsync", fsync)
    recorder = Recorder(str(tmp_path))
    recorder.put([begin(tmp_path / "a.wav"), *speech(1.0), End(1, 101.0)], 101.0)
    (recorded,) = settled(recorder)
    assert isinstance(recorded, Recorded)
    assert recorded.problem == "Input/output error"


def test_the_file_plays_before_it_is_complete(tmp_path: Path) -> None:
    """As a worker leaves it that is killed: less than the last second is missing."""
    path, recorder = tmp_path / "a.wav", Recorder(str(tmp_path))
    recorder.put([begin(path), *speech(3.0)], 103.0)
    assert settled(recorder) == []
    assert 24_000 - len(samples(path)) < 0.5 * 8000


def test_a_file_that_is_there_is_continued_after_the_time_between(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    first = Recorder(str(tmp_path))
    first.put([begin(path), *speech(1.0)], 101.0)
    settled(first)
    kept = len(samples(path))
    os.utime(path, (time.time() - 2, time.time() - 2))
    second = Recorder(str(tmp_path))
    second.put([begin(path), *speech(1.0), End(1, 101.0)], 101.0)
    (event,) = settled(second)
    audio = samples(path)
    assert isinstance(event, Recorded)
    assert event.seconds == len(audio) / 8000 == pytest.approx(kept / 8000 + 3.0, abs=0.5)
    assert not audio[kept : kept + 15_000].any()
    assert np.abs(audio[-4000:]).max() > 5000


def test_a_path_outside_the_directory_is_refused(tmp_path: Path) -> None:
    inside, outside = tmp_path / "data", tmp_path / "other"
    inside.mkdir()
    outside.mkdir()
    (inside / "link").symlink_to(outside)
    (inside / "a.wav").symlink_to(outside / "a.wav")
    paths = [outside / "a.wav", inside / ".." / "b.wav", inside / "link" / "c.wav", inside / "a.wav"]
    recorder = Recorder(str(inside))
    recorder.put([begin(path, take) for take, path in enumerate(paths, 1)], 100.0)
    events = settled(recorder)
    assert len(events) == len(paths)
    assert all(isinstance(event, Recorded) and str(inside) in event.problem for event in events)
    assert not list(outside.iterdir())


def test_without_a_directory_nothing_is_recorded(tmp_path: Path) -> None:
    recorder = Recorder("")
    recorder.put([begin(tmp_path / "a.wav")], 100.0)
    (event,) = settled(recorder)
    assert isinstance(event, Recorded)
    assert "no directory" in event.problem


def test_a_file_of_another_kind_is_left_alone(tmp_path: Path) -> None:
    path, recorder = tmp_path / "a.wav", Recorder(str(tmp_path))
    path.write_text("my diary, which is not to be lost")
    recorder.put([begin(path), *speech(1.0), End(1, 101.0)], 101.0)
    assert settled(recorder) == [Recorded(7, str(path), 0.0, "a file of another kind is there")]
    assert path.read_text() == "my diary, which is not to be lost"


def test_a_full_disk_ends_that_recording_with_its_reason(tmp_path: Path) -> None:
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=record_on_a_small_disk, args=(str(tmp_path), theirs))
    process.start()
    theirs.close()
    failed, kept = ours.recv()
    process.join()
    ours.close()
    process.close()
    assert isinstance(failed, Recorded)
    assert failed.problem == "File too large"
    assert isinstance(kept, Recorded)
    assert (kept.seconds, kept.problem) == (0.5, "")


def test_the_longest_recording_is_told_once_and_keeps_its_length(tmp_path: Path) -> None:
    path, recorder = tmp_path / "a.wav", Recorder(str(tmp_path))
    recorder.put([begin(path, most=1.0), *speech(2.0)], 102.0)
    recorder.put([*speech(1.0, at=102.0), End(1, 103.0)], 103.0)
    (event,) = settled(recorder)
    assert isinstance(event, Recorded)
    assert event.seconds == 1.0
    assert len(samples(path)) == 8000


def test_quiet_is_told_once_after_the_last_word(tmp_path: Path) -> None:
    path, recorder = tmp_path / "a.wav", Recorder(str(tmp_path))
    recorder.put([begin(path, quiet=3.0), *speech(2.0)], 102.0)
    recorder.put([], 104.5)
    recorder.put([], 105.2)
    recorder.put([], 106.0)
    (event,) = settled(recorder)
    assert isinstance(event, RecordingQuiet)
    assert event.quiet == pytest.approx(3.2, abs=0.05)


def test_what_is_discarded_is_gone_and_nothing_else(tmp_path: Path) -> None:
    data, outside = tmp_path / "data", tmp_path / "b.wav"
    path, recorder = data / "a.wav", Recorder(str(data))
    data.mkdir()
    outside.write_bytes(b"other")
    (data / "journal.db").write_bytes(b"other")
    recorder.put([begin(path), *speech(1.0), End(1, 101.0)], 101.0)
    recorder.put([Discard(str(name)) for name in (path, data / "none.wav", outside, data / "journal.db")], 102.0)
    settled(recorder)
    assert sorted(data.iterdir()) == [data / "journal.db"]
    assert outside.exists()


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    fifo, path, recorder = tmp_path / "stuck.wav", tmp_path / "a.wav", Recorder(str(tmp_path))
    os.mkfifo(fifo)
    held = os.open(fifo, os.O_RDWR)
    recorder.put([begin(fifo, 1)], 100.0)
    (refused,) = settled(recorder)
    os.close(held)
    assert isinstance(refused, Recorded)
    assert refused.problem
    recorder.put([begin(path, 2), *speech(1.0, 2), End(2, 101.0)], 101.0)
    (kept,) = settled(recorder)
    assert isinstance(kept, Recorded)
    assert kept.seconds == 1.0


def test_a_disk_that_has_stopped_costs_silence_and_not_memory(tmp_path: Path) -> None:
    path, recorder = tmp_path / "a.wav", Recorder(str(tmp_path))
    stopped = threading.Event()
    recorder._obey = lambda orders, now, obey=recorder._obey: (stopped.wait(10.0), obey(orders, now))  # type: ignore[method-assign,misc,assignment]
    recorder.put([begin(path, most=600.0)], 100.0)
    for second in range(60):
        recorder.put(speech(1.0, at=100.0 + second), 101.0 + second)
    stopped.set()
    recorder.put([End(1, 160.0)], 160.0)
    (event,) = settled(recorder)
    assert isinstance(event, Recorded)
    assert event.seconds == 60.0
    audio = samples(path)
    assert np.abs(audio[8000:16_000]).max() > 5000
    assert not audio[30 * 8000 :].any()
