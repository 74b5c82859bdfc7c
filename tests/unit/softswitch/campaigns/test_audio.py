"""Recordings that somebody else keeps: fetched from a real server that lies, hangs and changes its mind."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from ivr.nodes import Audio
from softswitch.campaigns.audio import AGAIN, FAILED, FETCHED, LEFT, RemoteAudio, shown
from softswitch.config.words.campaigns import RemoteAudio as Words
from softswitch.media.assets import load_pcm
from tests.support.http_server import HttpServer, Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

LOCAL = Words(allow_private=("127.0.0.0/8",), max_bytes=500_000, timeout=2.0, refresh=600.0)  # type: ignore[arg-type]


def tone(seconds: float = 1.0, rate: int = 44_100, form: str = "FLAC", pitch: float = 440.0) -> bytes:
    """A recording as people make them: another rate, two channels."""
    file = io.BytesIO()
    wave = 0.3 * np.sin(2 * np.pi * pitch * np.arange(int(seconds * rate)) / rate)
    soundfile.write(file, np.stack([wave, wave], axis=1), rate, format=form)
    return file.getvalue()


class Shelf:
    """Remote audio in a folder, with a clock that a test sets and the notes that were made."""

    def __init__(self, folder: Path, words: Words = LOCAL) -> None:
        self.wall = 1_000_000.0
        self.notes: list[tuple[str, Mapping[str, object]]] = []
        self.ready = 0
        self.audio = RemoteAudio(
            words,
            folder,
            wall=lambda: self.wall,
            note=lambda kind, data: self.notes.append((kind, data)),
            on_ready=self._count,
        )

    def _count(self) -> None:
        self.ready += 1

    async def want(self, wanted: Audio) -> str | None:
        """What there is to play when all that was asked for has come, or not."""
        before = self.ready
        self.audio.want(wanted)
        async with asyncio.timeout(60):
            while self.ready == before:  # noqa: ASYNC110 (told by a plain callback)
                await asyncio.sleep(0.01)
        return self.audio.find(wanted, "en")

    def problems(self) -> list[str]:
        return [str(data["problem"]) for kind, data in self.notes if kind == FAILED]


@contextlib.asynccontextmanager
async def shelf(folder: Path, words: Words = LOCAL) -> AsyncIterator[Shelf]:
    shelf = Shelf(folder, words)
    await shelf.audio.start()
    try:
        yield shelf
    finally:
        await shelf.audio.stop()


@pytest.mark.asyncio
async def test_a_recording_is_fetched_once_and_made_playable(tmp_path: Path) -> None:
    server = HttpServer([Reply(body=tone(), media_type="audio/flac", headers=('ETag: "a"',)), Reply(304)])
    async with server as url, shelf(tmp_path) as here:
        wanted = Audio({"en": f"{url}/spring.flac?token=secret"})
        assert here.audio.find(wanted, "en") is None  # nobody waits
        path = await here.want(wanted)
        assert path is not None
        assert load_pcm(path).size == 8000
        assert here.audio.find(wanted, "uk") is None
        here.audio.want(wanted)
        await asyncio.sleep(0)
        assert len(server.requests) == 1  # fresh enough
        here.wall += LOCAL.refresh
        assert await here.want(wanted) == path
        assert server.requests[1][1]["if-none-match"] == '"a"'
    assert here.notes == [(FETCHED, {"url": f"{url}/spring.flac", "octets": len(tone()), "seconds": 1.0})]


@pytest.mark.asyncio
async def test_what_was_fetched_is_there_after_a_restart(tmp_path: Path) -> None:
    server = HttpServer([Reply(body=tone())])
    async with server as url:
        wanted = Audio({"en": f"{url}/a.flac"})
        async with shelf(tmp_path) as here:
            path = await here.want(wanted)
        async with shelf(tmp_path) as again:
            assert path is not None
            assert again.audio.find(wanted, "en") == path


@pytest.mark.asyncio
async def test_another_recording_at_the_same_address_is_another_file(tmp_path: Path) -> None:
    server = HttpServer([Reply(body=tone()), Reply(body=tone(2.0))])
    async with server as url, shelf(tmp_path) as here:
        wanted = Audio({"en": f"{url}/a.flac"})
        first = await here.want(wanted)
        here.wall += LOCAL.refresh
        second = await here.want(wanted)
        assert first is not None
        assert second not in (None, first)  # whoever hears the first goes on hearing it


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (Reply(404), "status 404"),
        (Reply(body=b"<html>no audio</html>"), "is not audio this switch can play"),
        (Reply(body=b""), "is empty"),
        (Reply(body=b"x" * 600_000), "has more than 500000 octets"),
        (Reply(302, headers=("Location: http://127.0.0.1/",)), "status 302"),
        (Reply(body=tone()[:-2000], cut=True), ""),
        (Reply(hang=True), "no answer within 0.5 s"),
    ],
)
async def test_what_cannot_be_played_is_told_once_and_tried_again(tmp_path: Path, reply: Reply, problem: str) -> None:
    server = HttpServer([reply, reply, Reply(body=tone())])
    words = LOCAL.model_copy(update={"timeout": 0.5} if reply.hang else {})
    async with server as url, shelf(tmp_path, words) as here:
        wanted = Audio({"en": f"{url}/a.flac"})
        assert await here.want(wanted) is None
        here.wall += AGAIN
        assert await here.want(wanted) is None
        (told,) = here.problems()
        assert problem in told
        here.wall += AGAIN
        assert await here.want(wanted) is not None


@pytest.mark.asyncio
async def test_a_server_that_is_down_takes_nothing_away_and_one_that_says_gone_does(tmp_path: Path) -> None:
    server = HttpServer([Reply(body=tone()), Reply(503), Reply(410)])
    async with server as url, shelf(tmp_path) as here:
        wanted = Audio({"en": f"{url}/a.flac"})
        path = await here.want(wanted)
        here.wall += LOCAL.refresh
        assert await here.want(wanted) == path
        here.wall += LOCAL.refresh
        assert await here.want(wanted) is None


@pytest.mark.asyncio
async def test_an_address_of_our_own_network_is_not_asked(tmp_path: Path) -> None:
    server = HttpServer()
    async with server as url, shelf(tmp_path, Words()) as here:
        assert await here.want(Audio({"en": f"{url}/a.flac"})) is None
        assert "not allowed" in here.problems()[0]
    assert server.requests == []


@pytest.mark.asyncio
async def test_a_recording_that_is_too_long_for_its_slot_is_not_played(tmp_path: Path) -> None:
    server = HttpServer([Reply(body=tone(3.0))])
    async with server as url, shelf(tmp_path) as here:
        address = f"{url}/a.flac"
        assert await here.want(Audio({"en": address}, longest=2.0)) is None
        assert here.problems() == ["takes 3 s; the slot allows 2 s"]
        assert here.audio.find(Audio({"en": address}, longest=5.0), "en") is not None


@pytest.mark.asyncio
async def test_files_that_nobody_refers_to_are_removed_in_time(tmp_path: Path) -> None:
    here = Shelf(tmp_path)
    for name, age in (("old.wav", LEFT + 1), ("young.wav", LEFT - 1), ("used.wav", LEFT + 1), ("index.json", 1e6)):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (here.wall - age, here.wall - age))
    here.audio._tidy(frozenset({"used.wav"}))
    assert set(os.listdir(tmp_path)) == {"young.wav", "used.wav", "index.json"}
    await here.audio.stop()


def test_an_address_is_written_down_without_its_secrets() -> None:
    assert shown("https://user:pw@cdn.example/a.mp3?sig=abc#x") == "https://cdn.example/a.mp3"
