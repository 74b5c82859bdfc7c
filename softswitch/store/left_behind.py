"""What callers have left, as it is kept: messages and requests to be called back."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    import aiosqlite

#: A statement and its values, written in the order in which they were given.
Change = tuple[str, tuple[object, ...]]


class State(StrEnum):
    RECORDING = "recording"  # the caller speaks, or the switch was killed meanwhile
    NEW = "new"
    HEARD = "heard"


@dataclass(frozen=True, slots=True)
class Message:
    """``at`` is wall time in seconds since the epoch; the audio is in a file that is called like ``id``."""

    id: str
    box: str
    at: float
    state: State = State.RECORDING
    call: str = ""
    number: str = ""
    name: str = ""
    path: str = ""
    language: str = ""
    seconds: float = 0.0
    mailed: bool = False

    @property
    def file_name(self) -> str:
        return f"{self.id}.wav"


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody wants to be called back. ``kind``: ``[callback.KIND]``; ``at`` and ``due`` are wall times."""

    id: str
    kind: str
    at: float
    due: float
    number: str
    name: str = ""
    path: str = ""
    language: str = ""
    trunk: str = ""
    dialled: str = ""
    asked: int = 1
    mailed: bool = False


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
    return Request(**found | {"mailed": bool(found["mailed"])})


async def load(connection: aiosqlite.Connection) -> tuple[list[Message], list[Request]]:
    """All of it, the oldest first."""
    messages: list[Message] = []
    async with connection.execute(f"SELECT {', '.join(columns(Message))} FROM messages ORDER BY at, id") as rows:
        async for row in rows:
            found = dict(zip(columns(Message), row, strict=True))
            messages.append(Message(**found | {"state": State(found["state"]), "mailed": bool(found["mailed"])}))
    requests: list[Request] = []
    names = ", ".join(columns(Request))
    async with connection.execute(f"SELECT {names} FROM callback_requests ORDER BY at, id") as rows:
        async for row in rows:
            requests.append(request_of(row))
    return messages, requests
