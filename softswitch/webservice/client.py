"""One web service and how to ask it: the request from a template, the answer as variables, failures by name.

Nothing here raises: a caller is waiting, and every outcome leads somewhere. The time limit is for everything together,
retries and the slowest body included; an answer is read up to a limit and no further.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import escape

import httpx2

from ivr.texts import fill
from softswitch.webservice.answers import AnswerError, read_answer
from softswitch.webservice.breaker import Breaker
from softswitch.webservice.cache import Cache
from softswitch.webservice.guard import PATIENCE, AddressRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from softswitch.config.secrets import Secret

#: Of the answer to a service that is told everything.
BODY = "body"

_LONGEST_TAG = 200
NOT_MODIFIED = 304
#: Octets of an answer that may be read where calls are served; a longer one is read beside them.
_READ_AT_ONCE = 16 * 1024
#: Pieces of an answer after which calls have their turn, however small the pieces are.
_PIECES = 64


#: URL, body and headers: everything that makes one caller's question differ from another's.
_Question = tuple[str, bytes, tuple[tuple[str, str], ...]]


class Failure(StrEnum):
    """Why there is no answer; for the journal and for people."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    ADDRESS_REFUSED = "address-refused"
    STATUS = "status"
    TOO_LARGE = "too-large"
    UNREADABLE = "unreadable"
    CIRCUIT_OPEN = "circuit-open"


@dataclass(frozen=True, slots=True)
class Answer:
    """Variables, or a `failure` with details for people; `cached` when nobody was asked."""

    values: Mapping[str, str] = field(default_factory=dict)
    failure: Failure | None = None
    detail: str = ""
    status: int = 0
    cached: bool = False
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """What to ask, and how patiently. Templates hold `{variables}`; in the URL they are percent-encoded."""

    name: str
    url: str
    method: Literal["GET", "POST"] = "GET"
    body: Literal["", "json", "form", "xml"] = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Names and templates of what is posted; of XML the elements below `<request>`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    secret_headers: Mapping[str, Secret] = field(default_factory=dict)
    basic: tuple[str, Secret] | None = None
    bearer: Secret | None = None
    result: Mapping[str, str] = field(default_factory=dict)
    """Variable → where it is in the answer; see `read_answer`."""
    timeout: float = 3.0
    retries: int = 1
    """Further attempts within the timeout after failures of the network and 502, 503, 504; a POST is made once."""
    cache: float = 0.0
    """Seconds for which an answer to the same question is good."""
    max_bytes: int = 256 * 1024
    everything: bool = False
    """Post all variables, and take the answer as it stands: a text in the variable `BODY`."""
    document: bool = False
    """Take the answer as it stands, and ask with its ETag the next time: 304 is the same answer once more."""


class WebserviceClient:
    """Asks one service. `client` must not follow redirects: where one leads was never checked."""

    def __init__(
        self, service: Service, client: httpx2.AsyncClient, *, now: Callable[[], float], breaker: Breaker | None = None
    ) -> None:
        self._service = service
        self._client = client
        self._now = now
        self._breaker = breaker or Breaker()
        self._cache: Cache[tuple[float, Answer]] = Cache()
        self._tagged: Cache[Answer] = Cache()

    async def ask(self, variables: Mapping[str, str]) -> Answer:
        """The answer for these variables, within the timeout."""
        service = self._service
        try:
            request = self._request(variables)
        except (httpx2.InvalidURL, ValueError) as error:
            return Answer(failure=Failure.UNREACHABLE, detail=str(error))
        question = (str(request.url), request.content, tuple(request.headers.multi_items()))
        if (known := self._cached(question)) is not None:
            return known
        if not self._breaker.admits(self._now()):
            return Answer(failure=Failure.CIRCUIT_OPEN, detail=f"{service.name} failed too often")
        answered = False
        tagged = self._tagged.find(question)
        if tagged is not None:
            request.headers["If-None-Match"] = tagged.etag
        try:
            answer = await self._within_time(request)
            answered = True
        finally:
            if not answered:  # the caller hung up
                self._breaker.gave_up(self._now())
        # an answer that cannot be used is still an answer of a service that is there
        if answer.failure in (Failure.TIMEOUT, Failure.UNREACHABLE) or answer.status >= 500:
            self._breaker.failed(self._now())
        else:
            self._breaker.succeeded()
        if answer.status == NOT_MODIFIED and tagged is not None:
            answer = replace(tagged, cached=True)
        if answer.failure is None and service.cache > 0:
            self._cache.keep(question, (self._now() + service.cache, answer), *_texts(question, answer))
        if answer.failure is None and answer.etag and not answer.cached:
            self._tagged.keep(question, answer, *_texts(question, answer))
        return answer

    def _cached(self, question: _Question) -> Answer | None:
        good_until, answer = self._cache.find(question) or (0.0, Answer())
        if good_until <= self._now():
            self._cache.forget(question)
            return None
        return Answer(answer.values, status=answer.status, cached=True)

    async def _within_time(self, request: httpx2.Request) -> Answer:
        try:
            async with asyncio.timeout(self._service.timeout):
                return await self._attempt(request, self._service.retries if request.method == "GET" else 0)
        except TimeoutError:
            return Answer(failure=Failure.TIMEOUT, detail=f"no answer within {self._service.timeout:g} s")

    async def _attempt(self, request: httpx2.Request, retries: int) -> Answer:
        url, extensions = request.url, request.extensions
        for attempt in range(retries + 1):
            request.url, request.extensions = url, extensions  # the guard has put an address in
            try:
                response = await self._client.send(request, stream=True, follow_redirects=False)
                try:
                    answer = await self._read(response)
                finally:
                    await response.aclose()
            except AddressRefused as error:
                return Answer(failure=Failure.ADDRESS_REFUSED, detail=str(error))
            except httpx2.TimeoutException:
                raise TimeoutError from None
            except (httpx2.HTTPError, OSError) as error:
                answer = Answer(failure=Failure.UNREACHABLE, detail=str(error) or type(error).__name__)
            if answer.failure is not Failure.UNREACHABLE and answer.status not in (502, 503, 504):
                break
            if attempt < retries:
                await asyncio.sleep(0.1 * 2**attempt)
        return answer

    async def _read(self, response: httpx2.Response) -> Answer:
        status = response.status_code
        if status == NOT_MODIFIED and "If-None-Match" in response.request.headers:
            return Answer(status=status)
        if not 200 <= status < 300:
            return Answer(failure=Failure.STATUS, detail=f"status {status}", status=status)
        body = bytearray()
        if response.headers.get("Content-Encoding", "identity") != "identity":
            return Answer(failure=Failure.UNREADABLE, detail="the answer is compressed, unasked", status=status)
        pieces = 0
        async for chunk in response.aiter_raw():
            body += chunk
            pieces += 1
            if pieces % _PIECES == 0:
                await asyncio.sleep(0)
            if len(body) > self._service.max_bytes:
                detail = f"more than {self._service.max_bytes} octets"
                return Answer(failure=Failure.TOO_LARGE, detail=detail, status=status)
        if self._service.everything or self._service.document:
            etag = response.headers.get("ETag", "")[:_LONGEST_TAG] if self._service.document else ""
            return Answer({BODY: bytes(body).decode("utf-8", "replace")}, status=status, etag=etag)
        try:
            kind = response.headers.get("Content-Type", "")
            if len(body) > _READ_AT_ONCE:
                values = await asyncio.to_thread(read_answer, bytes(body), kind, self._service.result)
            else:
                values = read_answer(bytes(body), kind, self._service.result)
        except AnswerError as error:
            return Answer(failure=Failure.UNREADABLE, detail=f"the answer {error}", status=status)
        return Answer(values, status=status)

    def _request(self, variables: Mapping[str, str]) -> httpx2.Request:
        service = self._service
        headers = {name: _header(fill(value, variables)) for name, value in service.headers.items()}
        headers |= {name: secret.reveal() for name, secret in service.secret_headers.items()}
        headers.setdefault("Accept", "application/json, application/xml;q=0.9, */*;q=0.1")
        headers["Accept-Encoding"] = "identity"  # a small answer must not unfold into a large one
        if service.bearer is not None:
            headers["Authorization"] = f"Bearer {service.bearer.reveal()}"
        fields = {name: fill(value, variables) for name, value in service.fields.items()}
        if service.everything:
            fields = dict(variables)
        content: dict[str, object] = {}
        match service.body:
            case "json":
                content = {"json": fields}
            case "form":
                content = {"data": fields}
            case "xml":
                elements = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
                content = {"content": f"<request>{elements}</request>".encode()}
                headers.setdefault("Content-Type", "application/xml; charset=utf-8")
        url = fill(service.url, variables, lambda value: quote(value, safe=""))
        if _dots(url) > _dots(service.url):
            raise ValueError("a value makes the path of the URL lead elsewhere")
        request = self._client.build_request(
            service.method,
            url,
            headers=httpx2.Headers(headers, encoding="utf-8"),  # as names of callers are
            **content,  # type: ignore[arg-type]
        )
        request.extensions = {**request.extensions, PATIENCE: service.timeout}
        if service.basic is not None:
            user, password = service.basic
            request = next(httpx2.BasicAuth(user, password.reveal()).auth_flow(request))
        return request


def _dots(url: str) -> int:
    """Segments of the path that are no names, but steps to another one."""
    return sum(segment in (".", "..") for segment in urlsplit(url).path.split("/"))


def _texts(question: _Question, answer: Answer) -> list[str | bytes]:
    """All that is kept of an answer, with what it is the answer to."""
    url, content, headers = question
    return [url, content, *(text for header in headers for text in header), *answer.values, *answer.values.values()]


def _header(value: str) -> str:
    """What a caller said or keyed cannot add a header."""
    return "".join(character if character.isprintable() else " " for character in value)
