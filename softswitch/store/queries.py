"""Reading the database from another process while the switch writes it. Nothing here changes anything."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from typing import TYPE_CHECKING
from urllib.parse import quote

from softswitch.store.cdr import CallRecord, Record, call_records
from softswitch.store.database import StoreError, migrations

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Self

#: SQLite takes so many parameters in one statement everywhere.
_CHUNK = 500
_COLUMNS = "seq, at, kind, call, data"


class Reader:
    """A read-only view; use it as a context manager. Raises `StoreError` when there is nothing to read."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise StoreError(f"{path}: there is no database; has the switch been started with this configuration?")
        self._connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None)
        try:
            self._connection.execute("PRAGMA busy_timeout = 5000")
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        except sqlite3.Error as error:
            self._connection.close()
            raise StoreError(f"{path}: cannot be read: {error}") from error
        if version != len(migrations()):
            self._connection.close()
            newer = version > len(migrations())
            what = "a newer softswitch wrote it" if newer else "start the switch once to bring it up to date"
            raise StoreError(f"{path}: has schema {version}, this softswitch reads {len(migrations())}: {what}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def last_calls(self, count: int) -> list[CallRecord]:
        """The calls that began last, oldest first."""
        query = "SELECT call FROM journal WHERE kind = 'call.started' AND call IS NOT NULL ORDER BY seq DESC LIMIT ?"
        with self._snapshot():
            calls = [call for (call,) in self._connection.execute(query, (max(count, 0),))]
            return self._calls(calls)

    def all_calls(self) -> list[CallRecord]:
        with self._snapshot():
            calls = self._connection.execute("SELECT DISTINCT call FROM journal WHERE kind = 'call.started'")
            return self._calls([call for (call,) in calls if call is not None])

    def find_calls(self, beginning: str) -> list[CallRecord]:
        """The calls whose id begins so (people copy the part that fits on their screen)."""
        query = (
            "SELECT DISTINCT call FROM journal WHERE kind = 'call.started' AND substr(call, 1, ?) = ? "
            "ORDER BY seq LIMIT 50"
        )
        with self._snapshot():
            return self._calls([call for (call,) in self._connection.execute(query, (len(beginning), beginning))])

    def journal(self, call: str) -> list[Record]:
        """Every line about one call, as it was written."""
        query = f"SELECT {_COLUMNS} FROM journal WHERE call = ? ORDER BY seq"
        return [_record(row) for row in self._connection.execute(query, (call,))]

    def _calls(self, calls: list[str]) -> list[CallRecord]:
        query = f"SELECT {_COLUMNS} FROM journal WHERE kind = 'switch.started' ORDER BY seq DESC LIMIT 1"
        records = [_record(row) for row in self._connection.execute(query)]
        for begin in range(0, len(calls), _CHUNK):
            chunk = calls[begin : begin + _CHUNK]
            query = f"SELECT {_COLUMNS} FROM journal WHERE call IN ({', '.join('?' * len(chunk))}) ORDER BY seq"
            records += [_record(row) for row in self._connection.execute(query, chunk)]
        return call_records(records)

    @contextlib.contextmanager
    def _snapshot(self) -> Iterator[None]:
        """Several statements that see one state of the database."""
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK")


def _record(row: tuple[int, float, str, str | None, str]) -> Record:
    seq, at, kind, call, text = row
    try:
        data = json.loads(text)
    except ValueError:
        data = {}
    return Record(seq, at, kind, call, data if isinstance(data, dict) else {})
