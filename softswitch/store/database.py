"""Opening the database: settings, integrity, migrations.

A database is opened only if it is sound and of a schema that this version knows; anything else is refused with a
`StoreError` that says what to do. Nothing is ever thrown away to get going.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

import aiosqlite

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "softswitch.db"
#: How long SQLite itself waits for a lock, in its own thread, before it says so.
BUSY_TIMEOUT_MS = 2000
_NUMBERED = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


class StoreError(Exception):
    """The database cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    statements: tuple[str, ...]


def migrations() -> tuple[Migration, ...]:
    """Those that come with this version, in order."""
    found: list[Migration] = []
    for file in resources.files("softswitch.store").joinpath("migrations").iterdir():
        if match := _NUMBERED.fullmatch(file.name):
            found.append(Migration(int(match[1]), file.name, split_statements(file.read_text("utf-8"))))
    found.sort(key=lambda migration: migration.number)
    assert [m.number for m in found] == list(range(1, len(found) + 1)), "migrations are numbered without gaps"
    return tuple(found)


def split_statements(script: str) -> tuple[str, ...]:
    """The single statements of a script; ``executescript`` would commit the transaction that protects them."""
    statements: list[str] = []
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            statements.append(pending.strip())
            pending = ""
    assert not pending.strip(), "the last statement lacks its semicolon"
    return tuple(statements)


async def open_database(path: Path) -> aiosqlite.Connection:
    """Open or create the database and bring its schema up to date; raises `StoreError`.

    Close what this returns: a connection that is left open keeps the process from ending.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # created here and not by SQLite, so that nobody else may read who called whom
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreError(f"{path}: cannot be created or written: {error.strerror}") from error
    connection = await aiosqlite.connect(path, isolation_level=None)
    try:
        await _prepare(connection, path)
    except BaseException:
        await connection.close()
        raise
    return connection


async def _prepare(connection: aiosqlite.Connection, path: Path) -> None:
    try:
        await connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        await _check(connection, path)
        await connection.execute("PRAGMA journal_mode = WAL")
        # in WAL mode NORMAL outlasts the process, not the power: a commit is what people are promised things after
        await connection.execute("PRAGMA synchronous = FULL")
        await connection.execute("PRAGMA foreign_keys = ON")
        await migrate(connection, migrations())
    except sqlite3.DatabaseError as error:
        hint = " (is another program writing to it?)" if "locked" in str(error) else ""
        raise StoreError(f"{path}: {error}{hint}") from error


async def _check(connection: aiosqlite.Connection, path: Path) -> None:
    advice = f"restore a copy, or move it away (a new one is made) and keep it for: sqlite3 {path.name} .recover"
    try:
        async with connection.execute("PRAGMA quick_check(1)") as cursor:
            row = await cursor.fetchone()
    except sqlite3.OperationalError:
        raise  # locked, unreadable: not a matter of its content
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise StoreError(f"{path}: damaged ({error}); {advice}") from error
    if row is None or row[0] != "ok":
        raise StoreError(f"{path}: damaged ({'no answer' if row is None else row[0]}); {advice}")


async def migrate(connection: aiosqlite.Connection, steps: tuple[Migration, ...]) -> None:
    """Apply what is missing, each migration and its number in one transaction: whole, or not at all."""
    current = await schema_version(connection)
    if current > len(steps):
        raise StoreError(
            f"the database has schema {current}, written by a newer softswitch; this one knows up to {len(steps)}: "
            "install the newer version, or restore the copy made before it"
        )
    for step in steps[current:]:
        await connection.execute("BEGIN IMMEDIATE")
        try:
            if await schema_version(connection) < step.number:  # another process may have been faster
                for statement in step.statements:
                    await connection.execute(statement)
                await connection.execute(f"PRAGMA user_version = {step.number}")
            await connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                await connection.execute("ROLLBACK")
            raise


def rename_journal(path: Path, name: str) -> None:
    """The journal that is there is another one from now on, though the switch has it open. Raises `StoreError`."""
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
            connection.execute("UPDATE identity SET id = ?", (name,))
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path}: {error}") from error


async def schema_version(connection: aiosqlite.Connection) -> int:
    async with connection.execute("PRAGMA user_version") as cursor:
        row = await cursor.fetchone()
    return int(row[0]) if row is not None else 0
