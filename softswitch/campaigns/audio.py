"""Recordings that somebody else keeps, here: fetched behind the scenes, made playable once, looked after.

A message may say where its audio is. Nobody waits for it: while it is not here, the message's text is spoken. A file
is asked for again from time to time (ETag, Last-Modified); one whose server does not answer stays what it was, one that
is gone (404, 410) or cannot be played is given up.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import httpx2

from softswitch.child import run_module
from softswitch.webservice.guard import AddressRefused, Guard, guarded_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from ivr.nodes import Audio
    from softswitch.config.words.campaigns import RemoteAudio as Words

log = logging.getLogger(__name__)

FETCHED, FAILED = "campaign.audio_fetched", "campaign.audio_failed"
#: Files fetched at the same time, addresses remembered, seconds between two looks at what is due.
AT_ONCE, MOST_KEPT, LOOK = 4, 500, 15.0
#: Seconds after which what failed is tried again, and that files nobody refers to any more are kept (calls play them).
AGAIN, LEFT = 60.0, 3600.0
#: Seconds that making a file playable may take.
PATIENCE = 90.0
_INDEX = "index.json"


class Unusable(Exception):
    """The file is not there, or cannot be played; says why."""


@dataclass(slots=True)
class Kept:
    """What is known of one address. `file` is empty while there is nothing to play; times are wall times."""

    file: str = ""
    seconds: float = 0.0
    etag: str = ""
    modified: str = ""
    checked_at: float = 0.0
    used_at: float = 0.0
    problem: str = ""


@dataclass(slots=True)
class _Work:
    """What is being done."""

    fetching: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    saving: asyncio.Lock = field(default_factory=asyncio.Lock)
    looking: asyncio.Task[None] | None = None


class RemoteAudio:
    """`find` is for calls and touches nothing but memory; everything else happens in tasks of the loop."""

    def __init__(
        self,
        words: Words,
        folder: Path,
        *,
        wall: Callable[[], float],
        note: Callable[[str, Mapping[str, object]], None],
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        """*note* writes a line of the journal; *on_ready* is told when there is something new to play."""
        self._words, self._folder, self._wall, self._note, self._on_ready = words, folder, wall, note, on_ready
        self._kept: dict[str, Kept] = {}
        self._standing: frozenset[str] = frozenset()
        self._work = _Work()
        self._client: httpx2.AsyncClient = guarded_client(Guard(words.allow_private))

    async def start(self) -> None:
        """Know what was fetched before, and look after it from now on."""
        self._kept = await asyncio.to_thread(self._load) | self._kept
        self._work.looking = asyncio.create_task(self._look_after(), name="audio of campaigns")

    async def stop(self) -> None:
        """Nothing is fetched any more."""
        work, self._work = self._work, _Work()
        tasks = [*work.fetching.values(), *([] if work.looking is None else [work.looking])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.aclose()

    def reconfigure(self, words: Words) -> None:
        """Other limits from the next file on."""
        if words.allow_private != self._words.allow_private:
            old, self._client = self._client, guarded_client(Guard(words.allow_private))
            self._work.fetching[""] = asyncio.create_task(self._retire(old))
        self._words = words

    async def _retire(self, client: httpx2.AsyncClient) -> None:
        await asyncio.sleep(self._words.timeout)
        await client.aclose()
        self._work.fetching.pop("", None)

    # ------------------------------------------------------------------------------------------------ calls
    def find(self, audio: Audio, language: str) -> str | None:
        """The file to play, if it is here and not too long."""
        kept = self._kept.get(audio.urls.get(language, ""))
        if kept is None or not kept.file or kept.seconds > audio.longest:
            return None
        kept.used_at = self._wall()
        return str(self._folder / kept.file)

    # ------------------------------------------------------------------------------------------------ what is wanted
    def keep(self, audios: Iterable[Audio]) -> None:
        """These stand somewhere: they are fetched now, and asked for again as long as they stand."""
        wanted = list(audios)
        self._standing = frozenset(url for audio in wanted for url in audio.urls.values())
        for audio in wanted:
            self.want(audio)

    def want(self, audio: Audio) -> None:
        """Somebody refers to this: fetch what is not here, or has not been asked for in a while."""
        for url in audio.urls.values():
            known = self._kept.get(url)
            if known is not None and known.file and known.seconds > audio.longest:
                self._complain(url, known, f"takes {known.seconds:.0f} s; the slot allows {audio.longest:g} s")
            if self._is_due(url):
                self._fetch_soon(url, audio.longest)

    def _is_due(self, url: str) -> bool:
        if url in self._work.fetching:
            return False
        known = self._kept.get(url)
        pause = AGAIN if known is not None and known.problem else self._words.refresh
        return known is None or self._wall() - known.checked_at >= min(pause, self._words.refresh)

    def _fetch_soon(self, url: str, longest: float = float("inf")) -> None:
        if len(self._work.fetching) >= MOST_KEPT:
            log.warning("too many recordings of campaigns are wanted at once; %s is left out", shown(url))
            return
        self._work.fetching[url] = asyncio.create_task(self._fetch(url, longest))

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            for url in self._standing:
                if self._is_due(url):
                    self._fetch_soon(url)
            with contextlib.suppress(OSError):
                await asyncio.to_thread(self._tidy, frozenset(kept.file for kept in self._kept.values()))

    # ------------------------------------------------------------------------------------------------ fetching
    async def _fetch(self, url: str, longest: float) -> None:
        known = self._kept.get(url, Kept())
        try:
            async with self._work.gate:
                found = await self._ask(url, known)
        except Unusable as problem:
            found = Kept(used_at=known.used_at)
            self._complain(url, known, str(problem))
            found.problem = str(problem)
        except (TimeoutError, httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            why = f"no answer within {self._words.timeout:g} s" if isinstance(error, TimeoutError) else str(error)
            found = known  # what is here stays good
            self._complain(url, known, why or type(error).__name__)
        except Exception:
            log.exception("internal error while a recording of a campaign was fetched")
            found = known
            found.problem = "internal error"
        finally:
            self._work.fetching.pop(url, None)
        found.checked_at = self._wall()
        self._kept[url] = found
        if found.file and found.seconds > longest:
            self._complain(url, found, f"takes {found.seconds:.0f} s; the slot allows {longest:g} s")
        while len(self._kept) > MOST_KEPT:
            self._kept.pop(min(self._kept, key=lambda one: (one in self._standing, self._kept[one].used_at)))
        try:
            async with self._work.saving:
                await asyncio.to_thread(self._save, {one: asdict(kept) for one, kept in self._kept.items()})
        except OSError as error:
            log.warning("what is known of the audio of campaigns cannot be kept: %s", error)
        self._on_ready()

    async def _ask(self, url: str, known: Kept) -> Kept:
        headers = {"Accept": "audio/*, */*;q=0.1", "Accept-Encoding": "identity"}
        if known.file and (self._folder / known.file).is_file():
            headers |= {"If-None-Match": known.etag} if known.etag else {}
            headers |= {"If-Modified-Since": known.modified} if known.modified else {}
        async with asyncio.timeout(self._words.timeout):
            try:
                async with self._client.stream("GET", url, headers=headers) as response:
                    if response.status_code == 304:
                        known.problem = ""
                        return known
                    body = await self._read(response)
                    validators = response.headers.get("ETag", ""), response.headers.get("Last-Modified", "")
            except AddressRefused as error:
                raise Unusable(str(error)) from None
        name = f"{sha256(body).hexdigest()}.wav"
        same = next((kept for kept in self._kept.values() if kept.file == name), None)
        seconds = await self._make_playable(body, name, url) if same is None else same.seconds
        self._note(FETCHED, {"url": shown(url), "octets": len(body), "seconds": round(seconds, 3)})
        log.info("audio of a campaign is here: %s, %.1f s", shown(url), seconds)
        return Kept(name, seconds, *validators, used_at=known.used_at)

    async def _read(self, response: httpx2.Response) -> bytes:
        if response.status_code in (404, 410):
            raise Unusable(f"status {response.status_code}")
        if response.status_code != 200:
            raise OSError(f"status {response.status_code}")
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise Unusable("is compressed, unasked")
        body = bytearray()
        async for chunk in response.aiter_raw(65_536):
            body += chunk
            if len(body) > self._words.max_bytes:
                raise Unusable(f"has more than {self._words.max_bytes} octets")
        return bytes(body)

    async def _make_playable(self, body: bytes, name: str, url: str) -> float:
        """Seconds of audio. Another process decodes: a file that was made to break decoders breaks no switch."""
        target = self._folder / name
        source = self._folder / f"{sha256(url.encode()).hexdigest()}.in"
        made = source.with_suffix(".out")
        try:
            await asyncio.to_thread(_write, source, body)
            seconds = await _transcode(source, made)
            await asyncio.to_thread(os.replace, made, target)
        finally:
            await asyncio.to_thread(_remove, source, made)
        return seconds

    def _complain(self, url: str, known: Kept, problem: str) -> None:
        if known.problem != problem:  # said once, not each minute
            log.warning("audio of a campaign: %s: %s", shown(url), problem)
            self._note(FAILED, {"url": shown(url), "problem": problem})
        known.problem = problem

    # ------------------------------------------------------------------------------------------------ disk
    def _load(self) -> dict[str, Kept]:
        try:
            plain: dict[str, Any] = json.loads((self._folder / _INDEX).read_text())
            found = {url: Kept(**kept) for url, kept in plain.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}
        return {url: kept for url, kept in found.items() if kept.file and (self._folder / kept.file).is_file()}

    def _save(self, plain: dict[str, Any]) -> None:
        _write(self._folder / "index.new", json.dumps(plain).encode())
        os.replace(self._folder / "index.new", self._folder / _INDEX)

    def _tidy(self, used: frozenset[str]) -> None:
        if not self._folder.is_dir():
            return
        for file in self._folder.iterdir():
            left = file.suffix in (".wav", ".in", ".out") and file.name not in used
            if left and self._wall() - file.stat().st_mtime > LEFT:
                _remove(file)


def shown(url: str) -> str:
    """An address as it may be written down: without what stands behind the question mark."""
    with contextlib.suppress(ValueError):
        parts = urlsplit(url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    return "?"


def _write(file: Path, body: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(body)


def _remove(*files: Path) -> None:
    for file in files:
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)


async def _transcode(source: Path, target: Path) -> float:
    """Raises Unusable."""
    try:
        made = await run_module("softswitch.media.transcode", str(source), str(target), within=PATIENCE)
    except TimeoutError:
        raise Unusable(f"could not be made playable within {PATIENCE:g} s") from None
    if made.status != 0:
        last = made.complaint.splitlines()[-1:] or ["cannot be decoded"]
        raise Unusable(last[0][:300])
    return float(made.said)
