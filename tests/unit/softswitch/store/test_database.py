from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Any

import aiosqlite
import pytest

from softswitch.store import database
from softswitch.store.database import Migration, StoreError, migrate, migrations, open_database, split_statements

if TYPE_CHECKING:
    from pathlib import Path


def schema(path: Path) -> tuple[int, set[str]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite%'")}
    return version, names


class Failing:
    """A connection whose *nth* statement fails as a disk does, before or after it was carried out."""

    def __init__(self, real: aiosqlite.Connection, nth: int, *, after: bool) -> None:
        self._real, self._left, self._after = real, nth, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def execute(self, sql: str, *args: Any) -> Any:
        self._left -= 1
        if self._left == 0 and not self._after:
            raise sqlite3.OperationalError("disk I/O error")
        result = self._real.execute(sql, *args)
        if self._left == 0:
            return _FailsAfter(result)
        return result


class _FailsAfter:
    def __init__(self, result: Any) -> None:
        self._result = result

    def __await__(self) -> Any:
        yield from self._result.__await__()
        raise sqlite3.OperationalError("disk I/O error")

    async def __aenter__(self) -> None:
        await self

    async def __aexit__(self, *_: object) -> None: ...


STEPS = (
    Migration(1, "0001_a.sql", ("CREATE TABLE a (x INTEGER)", "INSERT INTO a VALUES (1)")),
    Migration(2, "0002_b.sql", ("CREATE TABLE b (x INTEGER)", "INSERT INTO b SELECT x + 1 FROM a", "DROP TABLE a")),
)


@pytest.mark.asyncio
async def test_a_new_database_has_the_newest_schema_and_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "j.db"
    connection = await open_database(path)
    try:
        full = 2  # in WAL mode: a commit returns when the log has been synced, not only written
        for pragma, value in (
            ("journal_mode", "wal"),
            ("synchronous", full),
            ("busy_timeout", database.BUSY_TIMEOUT_MS),
        ):
            async with connection.execute(f"PRAGMA {pragma}") as cursor:
                assert await cursor.fetchone() == (value,)
    finally:
        await connection.close()
    version, names = schema(path)
    assert version == len(migrations())
    assert {"journal", "bindings"} <= names


@pytest.mark.asyncio
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("nth", range(1, 14))
async def test_a_migration_that_fails_anywhere_is_whole_or_not_there_and_resumes(
    tmp_path: Path, nth: int, after: bool
) -> None:
    path = tmp_path / "j.db"
    real = await aiosqlite.connect(path, isolation_level=None)
    try:
        with contextlib.suppress(sqlite3.OperationalError):
            await migrate(Failing(real, nth, after=after), STEPS)  # type: ignore[arg-type]
    finally:
        await real.close()
    expected = {0: set(), 1: {"a"}, 2: {"b"}}
    version, names = schema(path)
    assert names == expected[version]
    again = await aiosqlite.connect(path, isolation_level=None)
    try:
        await migrate(again, STEPS)
        async with again.execute("SELECT x FROM b") as cursor:
            assert list(await cursor.fetchall()) == [(2,)]
    finally:
        await again.close()
    assert schema(path) == (2, {"b"})


@pytest.mark.asyncio
async def test_a_newer_schema_is_refused_with_advice_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE future (x)")
        connection.execute("PRAGMA user_version = 999")
    with pytest.raises(StoreError, match="schema 999, written by a newer softswitch"):
        await open_database(path)
    assert schema(path) == (999, {"future"})


async def opened(path: Path) -> aiosqlite.Connection | StoreError:
    try:
        return await open_database(path)
    except StoreError as error:
        return error


@pytest.mark.asyncio
async def test_a_damaged_database_is_refused_or_opened_but_never_emptied(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    connection = await open_database(path)
    await connection.executemany(
        "INSERT INTO journal (at, kind, call, data) VALUES (?, 'k', 'c', ?)", [(n, "x" * 200) for n in range(300)]
    )
    await connection.close()
    whole = path.read_bytes()
    refused = 0
    for at in [0, 16, *range(100, len(whole), len(whole) // 40)]:
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        path.write_bytes(damaged)
        found = await opened(path)
        if isinstance(found, StoreError):
            refused += 1
            assert str(path) in str(found)
            assert path.read_bytes() == damaged
        else:
            async with found.execute("SELECT count(*) FROM journal") as cursor:
                assert await cursor.fetchone() == (300,)
            await found.close()
    assert refused >= 2


@pytest.mark.asyncio
async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    path.write_text("this is my shopping list, and it is longer than the header of a database.\n" * 9)
    with pytest.raises(StoreError, match="damaged"):
        await open_database(path)
    assert path.read_text().startswith("this is my shopping list")


@pytest.mark.asyncio
async def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be created"):
        await open_database(tmp_path / "file" / "j.db")


def test_a_script_is_split_at_its_statements() -> None:
    script = "-- a; comment\nCREATE TABLE a (\n x TEXT DEFAULT ';'\n);\nINSERT INTO a VALUES ('b');\n"
    first, second = split_statements(script)
    assert first.endswith(");")
    assert second == "INSERT INTO a VALUES ('b');"


def test_migrations_are_numbered_from_one() -> None:
    assert [step.number for step in migrations()] == list(range(1, len(migrations()) + 1))
