"""Control's side of speech synthesis: a queue of texts in front of one worker process.

Asking is synchronous when the speech is on disk. Otherwise it is rendered once, however many ask; a worker that
crashes or hangs is replaced, the text is tried once more, and then the askers are told that it failed.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from softswitch.child import ChildFailed
from softswitch.tts.cache import SpeechCache
from softswitch.tts.process import WorkerProcess

log = logging.getLogger(__name__)

MAX_TEXT: Final = 4000
ATTEMPTS: Final = 2
FAILURE_REMEMBERED: Final = 30.0  # seconds for which a text that failed is not tried again
RESTART_PAUSE: Final = 1.0
#: So many different failures are written to the log in a row.
MOST_TOLD: Final = 20
#: The cache is looked at once in so many seconds.
CLEAN_EVERY: Final = 600.0

_UNSPEAKABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\s]+")

DEFAULT_VOICES: Final = {"en": "en-gb", "uk": "uk", "ru": "ru", "pl": "pl"}
#: Words a minute as espeak-ng counts them, chosen so that equal sentences last equally long in the four languages.
DEFAULT_RATES: Final = {"en": 150, "uk": 240, "ru": 150, "pl": 190}


class SynthesisFailed(Exception):
    """The text could not be spoken; the message says why and never repeats the text."""


@dataclass(frozen=True, slots=True)
class SpeechSettings:
    """Who speaks. A language without a voice is refused; one without a rate is spoken at 150."""

    engine: str = "pyttsx3"
    voices: Mapping[str, str] = field(default_factory=lambda: DEFAULT_VOICES)
    rates: Mapping[str, int] = field(default_factory=lambda: DEFAULT_RATES)
    command: tuple[str, ...] = ()
    timeout: float = 10.0  # seconds for one text
    cache: int = 0  # octets that rendered speech may take on the disk; 0: any number

    def rate(self, language: str) -> int:
        return self.rates.get(language, 150)


@dataclass(frozen=True, slots=True)
class _Job:
    """`order` is what the worker is told, `by` who speaks."""

    target: Path
    order: Mapping[str, object]
    by: str


@dataclass(frozen=True, slots=True)
class SpeechOrder:
    """One text to be spoken: who is to speak it, and how."""

    engine: str
    voice: str
    rate: int
    text: str

    @property
    def identity(self) -> tuple[str, str, int, str]:
        """What tells this speech from any other."""
        return self.engine, self.voice, self.rate, self.text

    def told(self, target: Path) -> dict[str, object]:
        """What the worker is told."""
        return {"text": self.text, "voice": self.voice, "rate": self.rate, "target": str(target)}


def speech_order(settings: SpeechSettings, text: str, language: str) -> SpeechOrder:
    """How *text* is to be spoken. Raises SynthesisFailed where it cannot be."""
    voice = settings.voices.get(language)
    if voice is None:
        raise SynthesisFailed(f"no voice is configured for language {language!r}")
    if len(text) > MAX_TEXT:
        raise SynthesisFailed(f"a text of {len(text)} characters is longer than {MAX_TEXT}")
    clean = _UNSPEAKABLE.sub(" ", text).strip()
    if not clean:
        raise SynthesisFailed("there is nothing to say")
    return SpeechOrder(" ".join((settings.engine, *settings.command)), voice, settings.rate(language), clean)


Done = Callable[[Path | SynthesisFailed], None]


class Synthesizer:
    """Texts in, paths of 8 kHz mono WAV files out. Use between `start` and `stop`, on one event loop."""

    def __init__(self, settings: SpeechSettings, cache_dir: Path, *, timeout: float | None = None) -> None:
        """*timeout*: after how long an answer is no longer waited for; a second more than the engine has."""
        self._settings = settings
        self._cache = SpeechCache(cache_dir)
        self._worker = WorkerProcess(
            settings.engine,
            settings.command,
            command_timeout=settings.timeout,
            timeout=settings.timeout + 1.0 if timeout is None else timeout,
        )
        self._queue: asyncio.PriorityQueue[tuple[int, int, _Job]] = asyncio.PriorityQueue()
        self._order = itertools.count()
        self._pending: dict[Path, asyncio.Future[Path]] = {}
        self._failed: dict[Path, tuple[float, SynthesisFailed]] = {}
        self._told: set[str] = set()  # what has been wrong since something was spoken last
        self._runner: asyncio.Task[None] | None = None
        self._cleaner: asyncio.Task[None] | None = None
        self._warm = asyncio.Event()
        self.renders = 0
        self.restarts = 0

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker while one runs."""
        return self._worker.pid

    async def start(self) -> None:
        """Begin to serve; the worker warms up in the background."""
        self._runner = asyncio.create_task(self._run(), name="tts")
        if self._settings.cache:
            self._cleaner = asyncio.create_task(self._clean(), name="speech cache")

    async def ready(self) -> None:
        """Return when a worker is up."""
        await self._warm.wait()

    async def stop(self) -> None:
        """End the worker; whatever is still waiting fails."""
        for task in (self._runner, self._cleaner):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        self._runner = self._cleaner = None
        await self._worker.stop()
        for target in list(self._pending):
            self._fail(target, "speech synthesis was stopped")

    def lookup(self, text: str, language: str) -> Path | None:
        """The rendered file if there is one; renders nothing."""
        try:
            target = self._job(text, language).target
        except SynthesisFailed:
            return None
        return target if self._cache.holds(target) else None

    def request(self, text: str, language: str, done: Done | None = None) -> Path | None:
        """The rendered file, or None and *done* is called later with it or with the failure."""
        return self._request(partial(self._job, text, language), done)

    def join(self, parts: Sequence[Path | float], done: Done | None = None) -> Path | None:
        """As `request`, for one file made of recordings and of seconds of silence."""
        return self._request(partial(self._joining, parts), done)

    def _request(self, make_job: Callable[[], _Job], done: Done | None) -> Path | None:
        try:
            job = make_job()
            self._cache.use(job.target)
            if self._cache.holds(job.target):
                return job.target
            future = self._ask(job, urgent=True)
        except SynthesisFailed as failure:
            if done is not None:
                asyncio.get_running_loop().call_soon(done, failure)
            return None
        if done is not None:
            report = done
            future.add_done_callback(lambda ended: report(_outcome(ended)))
        return None

    async def render(self, text: str, language: str) -> Path:
        """The file, rendered first if need be; raises SynthesisFailed."""
        job = self._job(text, language)
        if self._cache.holds(job.target):
            return job.target
        return await asyncio.shield(self._ask(job, urgent=True))

    def prerender(self, texts: Iterable[tuple[str, str]]) -> int:
        """Queue (text, language) pairs behind everything a caller waits for; returns how many were missing."""
        return sum(self._prepare(partial(self._job, text, language)) for text, language in texts)

    def prejoin(self, announcements: Iterable[Sequence[Path | float]]) -> int:
        """As `prerender`, for `join`."""
        return sum(self._prepare(partial(self._joining, parts)) for parts in announcements)

    def _prepare(self, make_job: Callable[[], _Job]) -> bool:
        try:
            job = make_job()
            self._cache.keep(job.target)
            if not self._cache.holds(job.target):
                self._ask(job, urgent=False)
                return True
        except SynthesisFailed as failure:
            self._tell(str(failure))
        return False

    def _job(self, text: str, language: str) -> _Job:
        order = speech_order(self._settings, text, language)
        target = self._cache.target(*order.identity)
        return _Job(target, order.told(target), f'voice "{order.voice}"')

    def _joining(self, parts: Sequence[Path | float]) -> _Job:
        named: list[str | float] = []
        identity: list[str] = []
        for part in parts:
            if isinstance(part, float):
                named.append(part)
                identity.append(f"{part:g}")
                continue
            try:
                status = part.stat()
            except OSError as error:
                raise SynthesisFailed(f"{part}: {error.strerror}") from None
            named.append(str(part))
            identity += [str(part), str(status.st_mtime_ns), str(status.st_size)]
        target = self._cache.target("recordings", "", 0, "\0".join(identity))
        return _Job(target, {"parts": named, "target": str(target)}, "recordings")

    def _ask(self, job: _Job, *, urgent: bool) -> asyncio.Future[Path]:
        loop = asyncio.get_running_loop()
        if job.target in self._failed:
            until, failure = self._failed[job.target]
            if loop.time() < until:
                raise failure
            del self._failed[job.target]
        future = self._pending.get(job.target)
        if future is None:
            future = self._pending[job.target] = loop.create_future()
            future.add_done_callback(_outcome)  # nobody need be waiting
        elif not urgent:
            return future
        # A text already queued as not urgent is queued again; the later turn finds it done.
        self._queue.put_nowait((0 if urgent else 1, next(self._order), job))
        return future

    async def _clean(self) -> None:
        while True:
            await asyncio.sleep(CLEAN_EVERY)
            try:
                removed = await asyncio.to_thread(self._cache.clean, self._cache.uses(), self._settings.cache)
            except Exception:
                log.exception("the cache of speech cannot be cleaned; it is tried again")
                continue
            if removed:
                log.info("speech: %d files that were not heard for longest have made room", removed)

    async def _run(self) -> None:
        while True:
            await self._warm_up()
            job = await self._next_job()
            if job is None:  # the idle worker died
                log.warning("speech worker ended; starting another")
                self.restarts += 1
                self._warm.clear()
                await asyncio.sleep(RESTART_PAUSE)
            elif (future := self._pending.get(job.target)) is not None and not future.done():
                await self._serve(job)

    async def _warm_up(self) -> None:
        if not self._worker.running and self._queue.empty():
            try:
                await self._worker.start()
                self._warm.set()
            except ChildFailed as failure:
                log.error("speech worker does not start: %s", failure)

    async def _next_job(self) -> _Job | None:
        if not self._worker.running:
            return (await self._queue.get())[2]
        waiting = asyncio.ensure_future(self._queue.get())
        ended = asyncio.ensure_future(self._worker.wait())
        try:
            await asyncio.wait({waiting, ended}, return_when=asyncio.FIRST_COMPLETED)
            return waiting.result()[2] if waiting.done() else None
        finally:
            waiting.cancel()
            ended.cancel()

    async def _serve(self, job: _Job) -> None:
        problem = ""
        for _attempt in range(ATTEMPTS):
            try:
                if not self._worker.running:
                    await self._worker.start()
                    self._warm.set()
                refusal = await self._worker.do(job.order)
            except ChildFailed as failure:
                problem = str(failure)
                self.restarts += 1
                log.warning("speech worker failed (%s); a new one is started", failure)
                continue
            if refusal is None and self._cache.holds(job.target):
                self.renders += 1
                self._told.clear()
                self._pending.pop(job.target).set_result(job.target)
                return
            problem = refusal or "the engine left no audio"
        self._tell(f"{job.by}: {problem}")
        self._fail(job.target, problem)

    def _tell(self, problem: str) -> None:
        """Once: what is wrong with one text is mostly wrong with all of them."""
        if problem not in self._told and len(self._told) < MOST_TOLD:
            self._told.add(problem)
            log.error("what callers should hear cannot be spoken: %s", problem)

    def _fail(self, target: Path, problem: str) -> None:
        failure = SynthesisFailed(problem)
        self._failed[target] = (asyncio.get_running_loop().time() + FAILURE_REMEMBERED, failure)
        while len(self._failed) > 1000:
            self._failed.pop(next(iter(self._failed)))
        future = self._pending.pop(target)
        if not future.done():
            future.set_exception(failure)


def _outcome(future: asyncio.Future[Path]) -> Path | SynthesisFailed:
    if future.cancelled():
        return SynthesisFailed("cancelled")
    failure = future.exception()
    if failure is None:
        return future.result()
    return failure if isinstance(failure, SynthesisFailed) else SynthesisFailed(str(failure))
