"""What the journal writer puts into the database with one commit: records, registrations, what was left behind, state.

All of a batch is kept, or nothing.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

from softswitch.store import bindings, snapshots

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import aiosqlite

    from softswitch.store.bindings import StoredBinding
    from softswitch.store.left_behind import Change

#: Number, wall time, kind, call, and data as JSON.
Row = tuple[int, float, str, str | None, str]

_INSERT = "INSERT OR IGNORE INTO journal (seq, at, kind, call, data) VALUES "
_VALUES = "(?, ?, ?, ?, ?)"
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str)


@dataclass(frozen=True, slots=True)
class Batch:
    """*changed*: registrations by address of record and contact, None where removed. *state*: the row of a snapshot."""

    rows: Sequence[Row]
    changed: Mapping[tuple[str, str], StoredBinding | None]
    changes: Sequence[Change]
    state: tuple[object, ...] | None

    async def write(self, connection: aiosqlite.Connection) -> None:
        """Commit it. What cannot be committed raises, and leaves no transaction open."""
        if not (self.changed or self.changes or self.state is not None):
            await self._insert(connection)  # a transaction by itself
            return
        await connection.execute("BEGIN IMMEDIATE")
        try:
            await self._insert(connection)
            removed = [key for key, found in self.changed.items() if found is None]
            await connection.executemany(bindings.REMOVE, removed)
            kept = [bindings.row(found) for found in self.changed.values() if found is not None]
            await connection.executemany(bindings.PUT, kept)
            for statement, values in self.changes:
                await connection.execute(statement, values)
            if self.state is not None:
                await connection.execute(snapshots.PUT, self.state)
                await connection.execute(snapshots.PRUNE)
            await connection.execute("COMMIT")
        except BaseException:
            # a full disk may have rolled back already; what was not committed is still in memory
            with contextlib.suppress(sqlite3.Error):
                if connection.in_transaction:
                    await connection.execute("ROLLBACK")
            raise

    async def _insert(self, connection: aiosqlite.Connection) -> None:
        if self.rows:
            await connection.execute(_insert(len(self.rows)), tuple(chain.from_iterable(self.rows)))


@lru_cache(maxsize=128)
def _insert(count: int) -> str:
    """One statement for so many rows: SQLite's thread is asked once, and lets go of the interpreter once."""
    return _INSERT + ",".join([_VALUES] * count)


def as_json(data: Mapping[str, object]) -> str:
    """*data* as SQLite takes it: bytes of a phone that are no UTF-8 become question marks."""
    try:
        text = _ENCODER.encode(dict(data))
    except (TypeError, ValueError):
        text = json.dumps({"unreadable": repr(data)[:1000]})
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
