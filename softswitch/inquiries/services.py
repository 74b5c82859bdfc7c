"""Web services and applications of the configuration, each with its connections."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from ivr.events import OK
from ivr.verbs import VERBS
from softswitch.config.words.dialogue import Verbs as VerbsWords
from softswitch.webservice.client import BODY, Service, WebserviceClient
from softswitch.webservice.guard import Guard, guarded_client

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx2

    from softswitch.config import Config
    from softswitch.config.words.dialogue import Webservice as WebserviceWords

log = logging.getLogger(__name__)

#: Asked what a caller is to hear at a control point: the answer is a document, and stays one.
SLOT = "slot"


class HttpSource:
    """One ``[webservice.name]`` or ``[verbs.name]``, or the former on behalf of a control point or a text message."""

    def __init__(self, kind: str, name: str, words: WebserviceWords | VerbsWords, now: Callable[[], float]) -> None:
        self.words = words
        self._called = f"{kind} {name}"
        self._http: httpx2.AsyncClient = guarded_client(Guard(words.allow_private))
        service = service_of(name, words)
        self._client = WebserviceClient(replace(service, document=kind == SLOT), self._http, now=now)

    async def ask(self, variables: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
        """Outcome and variables."""
        answer = await self._client.ask(variables)
        if answer.failure is not None:
            # the details may hold what the caller entered
            log.warning("%s: %s%s", self._called, answer.failure, f" {answer.status}" if answer.status else "")
            return str(answer.failure), {}
        if isinstance(self.words, VerbsWords):
            return OK, {VERBS: answer.values[BODY]}
        return OK, answer.values

    async def close(self) -> None:
        """End its connections."""
        await self._http.aclose()


def gateways(config: Config) -> dict[str, WebserviceWords]:
    """How the gateway of each ``[sms.name]`` is asked: every time, and once, so that one message is one message."""
    return {
        name: config.webservices[message.webservice].model_copy(update={"cache": 0.0, "retries": 0})
        for name, message in config.sms.items()
    }


def service_of(name: str, words: WebserviceWords | VerbsWords) -> Service:
    """How to ask, as the configuration says; an application is told everything that is known of the call."""
    service = Service(
        name,
        words.url,
        headers=dict(words.headers),
        secret_headers=dict(words.secret_headers),
        basic=None if words.basic is None else (words.basic.user, words.basic.password),
        bearer=words.bearer,
        timeout=words.timeout,
        max_bytes=words.max_bytes,
    )
    if isinstance(words, VerbsWords):
        return replace(service, method="POST", body="json", retries=0, everything=True)
    return replace(
        service,
        method=words.method,
        body=words.body,
        fields=dict(words.fields),
        result=dict(words.result),
        retries=words.retries,
        cache=words.cache,
    )
