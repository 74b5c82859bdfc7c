"""Other systems: who is told what happens."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, PlainValidator, WithJsonSchema

from softswitch.config.fields import Seconds, Wrong
from softswitch.config.secrets import SecretField
from softswitch.config.words.values import FilePath, Name, Section
from softswitch.outbox.events import DEFAULT_TYPES


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


_PATTERN = re.compile(r"\*|[a-z]+(?:\.[a-z_]+)*(?:\.\*|\*)?")

Url = Annotated[str, PlainValidator(_url), WithJsonSchema({"type": "string", "pattern": "^https?://.+"})]
EventPattern = Annotated[
    str, PlainValidator(_pattern), WithJsonSchema({"type": "string", "examples": ["call.*", "ivr.prompts_ended"]})
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
