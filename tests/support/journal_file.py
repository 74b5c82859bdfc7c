"""A journal on the disk as a switch would have written it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from softswitch.store.cdr import Record
from softswitch.store.database import FILE_NAME, migrations

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


Line = tuple[float, str, str | None, "Mapping[str, object]"]


def journal(*lines: Line, epoch: float = 0.0) -> list[Record]:
    """Records of these lines, numbered in their order; instants are seconds after *epoch*."""
    return [Record(seq, epoch + at, kind, call, data) for seq, (at, kind, call, data) in enumerate(lines, 1)]


def write_journal(folder: Path, records: Iterable[Record]) -> Path:
    """The database in *folder* with these records; returns its path."""
    path = folder / FILE_NAME
    with closing(sqlite3.connect(path)) as connection:
        for migration in migrations():
            for statement in migration.statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(migrations())}")
        rows = ((r.seq, r.at, r.kind, r.call, json.dumps(dict(r.data), ensure_ascii=False)) for r in records)
        connection.executemany("INSERT INTO journal (seq, at, kind, call, data) VALUES (?, ?, ?, ?, ?)", rows)
        connection.commit()
    return path
