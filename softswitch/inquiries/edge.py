"""Everybody who is asked on behalf of callers: each question is a task of its own, and holds nobody up.

Who is asked is what the configuration says with which the call began. A service that a reload has changed or taken away
is therefore kept for a while: as long as it is asked now and then.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ivr.services import Sms
from softswitch.inquiries.lookups import DatabaseSource, Files, ListSource, Lookup
from softswitch.inquiries.services import SLOT, HttpSource, gateways

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from softswitch.config import Config

    OnAnswer = Callable[[int, str, Mapping[str, str]], None]

log = logging.getLogger(__name__)

#: Questions of a kind or a name that nobody answers, and those that broke something.
UNAVAILABLE = "unavailable"
#: Seconds after the last question for which somebody is kept whom the configuration names no more.
LINGER = 900.0


class Source(Protocol):
    """Somebody to ask."""

    async def ask(self, variables: Mapping[str, str]) -> tuple[str, Mapping[str, str]]: ...
    async def close(self) -> None: ...


@dataclass(slots=True)
class _Known:
    """One version of somebody to ask: `words` are all that the configuration says of them."""

    words: object
    source: Source
    asked: int = 0  # questions that are not answered yet
    used: float = 0.0  # when the last one was put, or the configuration named it last


class Inquiries:
    """`softswitch.ports.Oracle` over HTTP, files and databases; *on_answer* is told question, outcome and values."""

    def __init__(self, config: Config, on_answer: OnAnswer) -> None:
        self._on_answer = on_answer
        self._loop = asyncio.get_running_loop()
        self._files = Files()
        self._known: dict[tuple[str, str], list[_Known]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._sweeping: asyncio.TimerHandle | None = None
        self.reconfigure(config)

    def reconfigure(self, config: Config) -> None:
        """Another configuration. What has not changed goes on as it is; files are read before anybody asks."""
        self._config = config
        for known in self._current():
            known.used = self._loop.time()
        self._files.keep((words.file, words.column) for words in config.lookups.values() if words.file is not None)
        self._sweep()

    # ------------------------------------------------------------------------------------------------ the port
    def ask(self, question: int, kind: str, name: str, variables: Mapping[str, str], config: Config) -> None:
        """See `softswitch.ports.Oracle`."""
        known = self._find(kind, name, config)
        self._tasks[question] = self._loop.create_task(self._answer(question, known, dict(variables)))

    def forget(self, question: int) -> None:
        """See `softswitch.ports.Oracle`."""
        if (task := self._tasks.pop(question, None)) is not None:
            task.cancel()

    async def _answer(self, question: int, known: _Known | None, variables: Mapping[str, str]) -> None:
        outcome: str = UNAVAILABLE
        values: Mapping[str, str] = {}
        if known is not None:
            known.asked += 1
            known.used = self._loop.time()
            try:
                outcome, values = await known.source.ask(variables)
            except Exception:
                log.exception("internal error while somebody was asked")
            finally:
                known.asked -= 1
        if self._tasks.pop(question, None) is not None:
            self._on_answer(question, outcome, values)

    # ------------------------------------------------------------------------------------------------ who is there
    def _find(self, kind: str, name: str, config: Config) -> _Known | None:
        """The version of *config*; one that there is already if nothing is different."""
        if (words := _words(kind, name, config)) is None:
            return None
        if kind == "lookup" and (callers := config.lookups[name].list) is not None:  # it is there already
            return _Known(words, Lookup(name, config.lookups[name], ListSource(config.lists[callers], config.plan)))
        versions = self._known.setdefault((kind, name), [])
        for known in versions:
            if known.words == words:
                return known
        versions.append(known := _Known(words, self._open(kind, name, config), used=self._loop.time()))
        return known

    def _open(self, kind: str, name: str, config: Config) -> Source:
        if kind in ("webservice", SLOT):
            return HttpSource(kind, name, config.webservices[name], self._loop.time)
        if kind == Sms.kind:
            return HttpSource(kind, name, gateways(config)[name], self._loop.time)
        if kind == "verbs":
            return HttpSource(kind, name, config.verbs[name], self._loop.time)
        words = config.lookups[name]
        if words.file is not None:
            return Lookup(name, words, self._files.open(words.file, words.column))
        assert words.database is not None, "checked when the configuration was read"
        assert words.query is not None, "the same"
        return Lookup(name, words, DatabaseSource(words.database, words.query, words.timeout))

    def _current(self) -> list[_Known]:
        """Everybody who has been asked and whom the configuration names as they are."""
        return [
            known
            for (kind, name), versions in self._known.items()
            for known in versions
            if known.words == _words(kind, name, self._config)
        ]

    def _sweep(self) -> None:
        """Let go of whom the configuration names no more and nobody has asked for long."""
        now, current = self._loop.time(), {id(known) for known in self._current()}
        waits = False
        for where, versions in list(self._known.items()):
            for known in versions[:]:
                if id(known) in current:
                    continue
                if known.asked or now - known.used < LINGER:
                    waits = True
                    continue
                versions.remove(known)
                self._close(known.source)
            if not versions:
                del self._known[where]
        if self._sweeping is not None:
            self._sweeping.cancel()
        self._sweeping = self._loop.call_later(LINGER, self._sweep) if waits else None

    def _close(self, source: Source) -> None:
        task = self._loop.create_task(source.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Forget all questions and close all connections."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        tasks = [*self._tasks.values()]
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *self._closing, return_exceptions=True)
        for versions in self._known.values():
            for known in versions:
                await known.source.close()
        self._known.clear()
        await self._files.close()


def _words(kind: str, name: str, config: Config) -> object | None:
    """All that *config* says of somebody; None when it does not name them."""
    tables: dict[str, Mapping[str, object]] = {
        "webservice": config.webservices,
        SLOT: config.webservices,
        Sms.kind: gateways(config) if kind == Sms.kind else {},
        "verbs": config.verbs,
        "lookup": config.lookups,
    }
    return tables.get(kind, {}).get(name)
