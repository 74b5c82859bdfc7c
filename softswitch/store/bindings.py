"""Registrations as they are kept: everything a restart needs to reach the phones again."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import aiosqlite


@dataclass(frozen=True, slots=True)
class StoredBinding:
    """One contact of one phone. ``expires_at`` is wall time in seconds since the epoch."""

    aor: str
    contact: str
    transport: str
    local_host: str
    local_port: int
    remote_host: str
    remote_port: int
    expires_at: float
    call_id: str
    cseq: int
    q: float = 1.0


_COLUMNS = [field.name for field in fields(StoredBinding)]
PUT = f"INSERT OR REPLACE INTO bindings ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
REMOVE = "DELETE FROM bindings WHERE aor = ? AND contact = ?"


def row(binding: StoredBinding) -> tuple[object, ...]:
    return astuple(binding)


async def load(connection: aiosqlite.Connection, wall: float) -> list[StoredBinding]:
    """Those that have not run out at *wall*."""
    query = f"SELECT {', '.join(_COLUMNS)} FROM bindings WHERE expires_at > ? ORDER BY aor, contact"
    async with connection.execute(query, (wall,)) as cursor:
        return [StoredBinding(*found) async for found in cursor]
