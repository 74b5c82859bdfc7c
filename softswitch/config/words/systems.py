"""Other systems: who is told what happens, and who may ask and change things over HTTP."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema

from softswitch.config.fields import Count, Seconds, Wrong
from softswitch.config.secrets import SecretField
from softswitch.config.words.values import FilePath, Name, Section, Strings


def _url(value: object) -> str:
    right = 'write "https://crm.example/events"'
    if not isinstance(value, str):
        raise Wrong("should be a string", right)
    try:
        url = urlsplit(value)
        usable = url.scheme in ("http", "https") and bool(url.hostname) and (url.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or not value.isprintable() or " " in value:
        raise Wrong("is not an address of the web", right)
    if "@" in url.netloc:
        raise Wrong("has a password in it", "receivers know us by the signature: give a secret")
    return value


def _pattern(value: object) -> str:
    right = 'write a type, "call.ended", or the beginning of types and a star, "ivr.*"'
    if not isinstance(value, str):
        raise Wrong("should be a string", right)
    if not _PATTERN.fullmatch(value):
        raise Wrong(f'"{value}" is not a type of event', right)
    return value


#: What is delivered where nothing else is asked for.
DEFAULT_TYPES = (
    "call.*",
    "ivr.*",
    "callback.*",
    "callback_request.*",
    "voicemail.*",
    "findme.*",
    "record.*",
    "conference.*",
    "feature.*",
    "contact.*",
)
_PATTERN = re.compile(r"\*|[a-z]+(?:\.[a-z_]+)*(?:\.\*|\*)?")

Url = Annotated[str, PlainValidator(_url), WithJsonSchema({"type": "string", "pattern": "^https?://.+"})]
EventPattern = Annotated[
    str,
    PlainValidator(_pattern),
    WithJsonSchema(
        {"type": "string", "pattern": f"^({_PATTERN.pattern})$", "examples": ["call.*", "ivr.prompts_ended"]}
    ),
]
EventPatterns = Annotated[tuple[EventPattern, ...], Field(min_length=1)]


class Webhook(Section):
    """Somebody who is sent events, in order and until they are taken; see docs/events.md."""

    name: Name
    url: Url
    secret: SecretField | None = None
    """Signs every request, so that the receiver knows that it comes from here."""
    events: EventPatterns = DEFAULT_TYPES
    timeout: Annotated[Seconds, Field(gt=0, le=120)] = 10.0


class EventLog(Section):
    """The same events in a file, one JSON document on each line."""

    file: FilePath
    events: EventPatterns = DEFAULT_TYPES


@dataclass(frozen=True, slots=True)
class HttpListen:
    """Where HTTP is served; port 0 is any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _http_listen(value: object) -> HttpListen:
    right = 'write "127.0.0.1:8080"'
    if not isinstance(value, str):
        raise Wrong("should be a string", right)
    host, _, port = value.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host:
        raise Wrong(f'"{value}" is no address with a port', right)
    try:
        ip_address(host)
    except ValueError:
        raise Wrong(f'"{host}" is not an IP address', right) from None
    if not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise Wrong(f'"{port}" is not a port', right)
    return HttpListen(host, int(port))


Role = Literal["admin", "marketing", "crm", "agent"]


class ApiToken(Section):
    """Who may use the HTTP API: whoever knows the token, as ``Authorization: Bearer …``."""

    name: Name
    """Written down with every change."""
    role: Role
    """``agent`` may do nothing but with the messages in ``boxes``."""
    token: SecretField
    boxes: Strings = ()
    """``[voicemail.NAME]`` whose messages are theirs to list, hear, mark and delete. Administrators have all."""


class Api(Section):
    """The HTTP API; without this table nothing listens."""

    listen: Annotated[
        HttpListen,
        PlainValidator(_http_listen),
        PlainSerializer(str),
        WithJsonSchema({"type": "string", "pattern": ".:[0-9]+$"}),
    ] = HttpListen("127.0.0.1", 8080)
    """Without encryption: for other machines put a proxy with TLS in front."""
    tokens: Annotated[tuple[ApiToken, ...], Field(alias="token", min_length=1)]
    max_body: Annotated[Count, Field(ge=1024)] = 65_536
    """Octets of a request."""
