"""Rendered speech takes no more of the disk than it may, and nothing goes that is wanted."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from softswitch.tts.cache import RECENT, SpeechCache
from softswitch.tts.synthesizer import SpeechSettings, Synthesizer

if TYPE_CHECKING:
    from pathlib import Path

OLD = RECENT * 10


def put(cache: SpeechCache, text: str, age: float, size: int = 1000) -> Path:
    path = cache.target("engine", "voice", 150, text)
    path.write_bytes(bytes(size))
    at = time.time() - age
    os.utime(path, (at, at))
    return path


def left(cache: SpeechCache) -> set[Path]:
    return set(cache.directory.glob("*.wav"))


def test_what_was_not_heard_for_longest_makes_room(tmp_path: Path) -> None:
    cache = SpeechCache(tmp_path)
    files = [put(cache, f"text {n}", OLD - n) for n in range(10)]
    assert cache.clean(cache.uses(), 10_000) == 0
    assert cache.clean(cache.uses(), 5000) == 6, "down to nine tenths of what is allowed"
    assert left(cache) == set(files[6:])


def test_what_was_heard_is_younger_than_its_file_also_after_a_restart(tmp_path: Path) -> None:
    cache = SpeechCache(tmp_path)
    heard, other = put(cache, "heard", OLD), put(cache, "other", OLD / 2)
    cache.use(heard)
    cache.clean(cache.uses(), 10_000)
    again = SpeechCache(tmp_path)
    assert again.clean(again.uses(), 1500) == 1
    assert left(again) == {heard}
    assert other not in left(again)


def test_what_the_configuration_says_is_never_removed(tmp_path: Path) -> None:
    cache = SpeechCache(tmp_path)
    wanted, other = put(cache, "wanted", OLD), put(cache, "other", OLD / 2)
    cache.keep(wanted)
    assert cache.clean(cache.uses(), 100) == 1
    assert left(cache) == {wanted}
    assert other not in left(cache)


def test_what_somebody_may_hear_now_is_not_removed(tmp_path: Path) -> None:
    cache = SpeechCache(tmp_path)
    young, used = put(cache, "young", 5), put(cache, "used", OLD)
    cache.use(used)
    assert cache.clean(cache.uses(), 100) == 0
    assert left(cache) == {young, used}


@pytest.mark.asyncio
async def test_the_running_synthesiser_cleans_and_keeps_what_was_prepared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("softswitch.tts.synthesizer.CLEAN_EVERY", 0.01)
    speech = Synthesizer(SpeechSettings(engine="no-such-engine", cache=1500), tmp_path)
    prepared = speech._job("prepared", "en").target
    forgotten = speech._job("forgotten", "en").target
    for path in (prepared, forgotten):
        path.write_bytes(bytes(1000))
        os.utime(path, (1.0, 1.0))
    assert speech.prerender([("prepared", "en")]) == 0
    await speech.start()
    try:
        async with asyncio.timeout(60):
            while forgotten.exists():  # noqa: ASYNC110 (files tell nobody)
                await asyncio.sleep(0.01)
        assert prepared.exists()
    finally:
        await speech.stop()


def test_only_what_nobody_writes_any_more_is_cleared_away(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = [tmp_path / f".a.{gone.pid}.tmp", tmp_path / f".b.{gone.pid}.raw.tmp", tmp_path / ".c.tmp"]
    written = [tmp_path / f".d.{os.getpid()}.tmp", tmp_path / f".e.{os.getpid()}.raw.tmp"]
    for path in (*left, *written):
        path.touch()
    SpeechCache(tmp_path)
    assert sorted(tmp_path.iterdir()) == written
