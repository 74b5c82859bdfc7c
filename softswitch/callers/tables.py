"""Tables that other systems keep and that are only read here: CSV files with a header, SQLite databases. Blocking."""

from __future__ import annotations

import csv
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SEPARATORS: Final = ",;\t"
#: SQLite looks at the clock after so many of its instructions.
_STEPS: Final = 1000
_ALLOWED: Final = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_LONGEST_HEADER: Final = 100_000


@dataclass(frozen=True, slots=True)
class Rows:
    """All rows by their key, the first of each; a million of them have the names of their columns once."""

    columns: tuple[str, ...]
    rows: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def find(self, key: str) -> dict[str, str] | None:
        """The row of *key* by its columns; those without a name are left out."""
        row = self.rows.get(key)
        return (
            None
            if row is None
            else {name: value.strip() for name, value in zip(self.columns, row, strict=False) if name}
        )


def read_header(path: Path) -> tuple[tuple[str, ...], str]:
    """The columns of a CSV file, and what separates them. Raises OSError, and ValueError for what is not UTF-8."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        head = file.readline(_LONGEST_HEADER)
    separator = max(SEPARATORS, key=head.count)
    return tuple(name.strip() for name in next(csv.reader([head], delimiter=separator), ())), separator


def read_rows(path: Path, column: str | None) -> Rows:
    """All of a CSV file, by *column* (None: the first). Raises OSError, csv.Error and ValueError."""
    columns, separator = read_header(path)
    key = column or next(iter(columns), "")
    if key not in columns:
        raise ValueError(f'{path} has no column "{key}"')
    found, place = Rows(columns), columns.index(key)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=separator)
        next(reader, None)
        for row in reader:
            if row:
                found.rows.setdefault(row[place].strip() if place < len(row) else "", tuple(row))
    return found


class Values(dict[str, str]):
    """Values for a query. What is not known is empty; `asked` are the names that stand in the query."""

    def __init__(self, known: Mapping[str, str]) -> None:
        super().__init__(known)
        self.asked: list[str] = []

    def __getitem__(self, name: str) -> str:
        self.asked.append(name)
        return self.get(name, "")


def select(path: Path, query: str, values: Values, until: float) -> dict[str, str] | None:
    """The first row of one SELECT; nothing is written, no other file opened. Raises sqlite3.Error.

    *until*: when it is given up, by `time.monotonic`.
    """
    with closing(_connect(path, until)) as connection:
        cursor = connection.execute(query, values)
        row = cursor.fetchone()
        if row is None:
            return None
        names = [column[0] for column in cursor.description]
        return {name: "" if value is None else str(value) for name, value in zip(names, row, strict=True)}


def columns_of(path: Path, query: str, values: Values, until: float) -> tuple[str, ...]:
    """What a row of *query* would have, without looking for one. Raises sqlite3.Error for one that cannot be asked."""
    with closing(_connect(path, until)) as connection:
        connection.execute(f"EXPLAIN {query}", values)
        cursor = connection.execute(f"SELECT * FROM ({query.rstrip().rstrip(';')}) LIMIT 0", values)
        return tuple(column[0] for column in cursor.description)


def _connect(path: Path, until: float) -> sqlite3.Connection:
    left = until - time.monotonic()
    if left <= 0:
        raise sqlite3.OperationalError("all threads are busy")
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=left)
    connection.set_authorizer(_only_read)
    connection.set_progress_handler(lambda: int(time.monotonic() > until), _STEPS)
    return connection


def _only_read(action: int, *_: str | None) -> int:
    return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY
