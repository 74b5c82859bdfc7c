"""Everybody who is asked on behalf of callers: each question is a task of its own, and holds nobody up."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from ivr.events import OK
from ivr.verbs import VERBS, VerbsError, read_verbs, targets
from softswitch.config import flows
from softswitch.inquiries.lookups import DatabaseSource, FileSource, ListSource, Lookup
from softswitch.webservice.client import BODY, Failure, Service, WebserviceClient
from softswitch.webservice.guard import Guard, guarded_client

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx2

    from ivr.nodes import Flow
    from softswitch.config import Config
    from softswitch.config.words.dialogue import Verbs as VerbsWords
    from softswitch.config.words.dialogue import Webservice as WebserviceWords

    OnAnswer = Callable[[int, str, Mapping[str, str]], None]

log = logging.getLogger(__name__)

#: Questions of a kind or a name that nobody answers, and those that broke something.
UNAVAILABLE = "unavailable"
_THREADS = 4


class _Service:
    """A web service with its connections, which end when nobody asks it any more."""

    def __init__(self, name: str, words: WebserviceWords, now: Callable[[], float]) -> None:
        self.name, self.words = name, words
        self._http: httpx2.AsyncClient = guarded_client(Guard(words.allow_private))
        self._client = WebserviceClient(_service(name, words), self._http, now=now)

    async def ask(self, variables: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
        answer = await self._client.ask(variables)
        if answer.failure is None:
            return OK, answer.values
        # the details may hold what the caller entered
        log.warning("webservice %s: %s%s", self.name, answer.failure, f" {answer.status}" if answer.status else "")
        return str(answer.failure), {}

    async def close(self) -> None:
        await self._http.aclose()


class _Application:
    """An application that says what happens to the call; what it says is checked before it is taken."""

    def __init__(self, name: str, words: VerbsWords, flow: Flow, now: Callable[[], float]) -> None:
        self.name, self.words, self.flow = name, words, flow
        service = Service(
            name,
            words.url,
            method="POST",
            body="json",
            headers=dict(words.headers),
            secret_headers=dict(words.secret_headers),
            basic=None if words.basic is None else (words.basic.user, words.basic.password),
            bearer=words.bearer,
            timeout=words.timeout,
            retries=0,
            max_bytes=words.max_bytes,
            everything=True,
        )
        self._http: httpx2.AsyncClient = guarded_client(Guard(words.allow_private))
        self._client = WebserviceClient(service, self._http, now=now)

    async def ask(self, variables: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
        answer = await self._client.ask(variables)
        if answer.failure is not None:
            log.warning("verbs %s: %s%s", self.name, answer.failure, f" {answer.status}" if answer.status else "")
            return str(answer.failure), {}
        text = answer.values[BODY]
        try:
            for target in targets(read_verbs(text)):
                if self.flow.find(target) is None:
                    raise VerbsError(f"there is no {target}")
        except VerbsError as error:
            log.warning("verbs %s: %s", self.name, error)
            return str(Failure.UNREADABLE), {}
        return OK, {VERBS: text}

    async def close(self) -> None:
        await self._http.aclose()


class Inquiries:
    """`softswitch.ports.Oracle` over HTTP, files and databases; *on_answer* is told question, outcome and values."""

    def __init__(self, config: Config, on_answer: OnAnswer) -> None:
        self._on_answer = on_answer
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="lookup")
        self._services: dict[str, _Service] = {}
        self._lookups: dict[str, Lookup] = {}
        self._applications: dict[str, _Application] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self.reconfigure(config)

    def reconfigure(self, config: Config) -> None:
        """Another configuration. What has not changed goes on as it is; questions that were asked are answered."""
        before = self._services
        self._services = {
            name: before[name]
            if name in before and before[name].words == words
            else _Service(name, words, self._loop.time)
            for name, words in config.webservices.items()
        }
        for name, service in before.items():
            if self._services.get(name) is not service:
                self._retire(service)
        for application in self._applications.values():
            self._retire(application)
        flow = flows.flow(config) if config.verbs else None
        self._applications = {
            name: _Application(name, words, flow, self._loop.time) for name, words in config.verbs.items() if flow
        }
        self._lookups = {name: self._lookup(config, name) for name in config.lookups}

    def _lookup(self, config: Config, name: str) -> Lookup:
        words = config.lookups[name]
        if words.list is not None:
            return Lookup(name, words, ListSource(config.lists[words.list], config.plan))
        if words.file is not None:
            return Lookup(name, words, FileSource(words.file, words.column))
        assert words.database is not None, "checked when the configuration was read"
        assert words.query is not None, "the same"
        return Lookup(name, words, DatabaseSource(words.database, words.query, words.timeout, self._threads))

    def _retire(self, service: _Service | _Application) -> None:
        """Close its connections when the last question is answered: no later than its time limit."""

        async def close() -> None:
            await asyncio.sleep(service.words.timeout)
            await service.close()

        task = self._loop.create_task(close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    # ------------------------------------------------------------------------------------------------ the port
    def ask(self, question: int, kind: str, name: str, variables: Mapping[str, str]) -> None:
        """See `softswitch.ports.Oracle`."""
        asked: _Service | Lookup | _Application | None = None
        if kind == "webservice":
            asked = self._services.get(name)
        elif kind == "lookup":
            asked = self._lookups.get(name)
        elif kind == "verbs":
            asked = self._applications.get(name)
        self._tasks[question] = self._loop.create_task(self._answer(question, asked, dict(variables)))

    def forget(self, question: int) -> None:
        """See `softswitch.ports.Oracle`."""
        if (task := self._tasks.pop(question, None)) is not None:
            task.cancel()

    async def _answer(
        self, question: int, asked: _Service | Lookup | _Application | None, variables: Mapping[str, str]
    ) -> None:
        outcome: str = UNAVAILABLE
        values: Mapping[str, str] = {}
        if asked is not None:
            try:
                outcome, values = await asked.ask(variables)
            except Exception:
                log.exception("internal error while somebody was asked")
        if self._tasks.pop(question, None) is not None:
            self._on_answer(question, outcome, values)

    async def close(self) -> None:
        """Forget all questions and close all connections."""
        tasks = [*self._tasks.values(), *self._closing]
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        asked: list[_Service | _Application] = [*self._services.values(), *self._applications.values()]
        for each in asked:
            await each.close()
        self._threads.shutdown(wait=False, cancel_futures=True)


def _service(name: str, words: WebserviceWords) -> Service:
    return Service(
        name,
        words.url,
        method=words.method,
        body=words.body,
        fields=dict(words.fields),
        headers=dict(words.headers),
        secret_headers=dict(words.secret_headers),
        basic=None if words.basic is None else (words.basic.user, words.basic.password),
        bearer=words.bearer,
        result=dict(words.result),
        timeout=words.timeout,
        retries=words.retries,
        cache=words.cache,
        max_bytes=words.max_bytes,
    )
