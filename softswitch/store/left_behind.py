"""What callers have left, as it is kept: messages and requests to be called back."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from softswitch.messages import Message, Request, State

if TYPE_CHECKING:
    from collections.abc import Iterable

    import aiosqlite

#: A statement and its values, written in the order in which they were given.
Change = tuple[str, tuple[object, ...]]


_TABLES: dict[type[Message] | type[Request], str] = {Message: "messages", Request: "callback_requests"}


def columns(kind: type[Message] | type[Request]) -> list[str]:
    return [field.name for field in fields(kind)]


def put(item: Message | Request) -> Change:
    names = columns(type(item))
    values = tuple(_plain(getattr(item, name)) for name in names)
    places = ", ".join("?" * len(names))
    return f"INSERT OR REPLACE INTO {_TABLES[type(item)]} ({', '.join(names)}) VALUES ({places})", values


def remove(item: Message | Request) -> Change:
    return f"DELETE FROM {_TABLES[type(item)]} WHERE id = ?", (item.id,)


def _plain(value: object) -> object:
    """As SQLite takes it: octets of a phone that are no UTF-8 become question marks."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def request_of(row: Iterable[Any]) -> Request:
    """From `columns(Request)`."""
    found = dict(zip(columns(Request), row, strict=True))
    return Request(**found | {"mailed": bool(found["mailed"]), "vague": bool(found["vague"])})


def message_of(row: Iterable[Any]) -> Message:
    """From `columns(Message)`."""
    found = dict(zip(columns(Message), row, strict=True))
    return Message(**found | {"state": State(found["state"]), "mailed": bool(found["mailed"])})


async def load(connection: aiosqlite.Connection) -> tuple[list[Message], list[Request]]:
    """All of it, the oldest first."""
    messages: list[Message] = []
    async with connection.execute(f"SELECT {', '.join(columns(Message))} FROM messages ORDER BY at, id") as rows:
        async for row in rows:
            messages.append(message_of(row))
    requests: list[Request] = []
    names = ", ".join(columns(Request))
    async with connection.execute(f"SELECT {names} FROM callback_requests ORDER BY at, id") as rows:
        async for row in rows:
            requests.append(request_of(row))
    return messages, requests
