from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from softswitch.store.journal import JournalWriter
from softswitch.store.snapshots import KEPT, Snapshot, StateReader

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@contextlib.asynccontextmanager
async def journal(path: Path, **options: Any) -> AsyncIterator[JournalWriter]:
    writer = JournalWriter(path, **options)
    await writer.start()
    try:
        yield writer
    finally:
        await writer.close(2.0)


def change(path: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


@pytest.mark.asyncio
async def test_a_snapshot_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with journal(path) as writer:
        writer.append("acd.clock", None, {"at": 7.5}, at=107.5)
        writer.put_snapshot(Snapshot(writer.last_seq, 108.0, 8.0, {"name": "Олена", "at": 1 / 3}))
    with StateReader(path) as reader:
        (stored,) = reader.snapshots()
    assert stored.read() == Snapshot(1, 108.0, 8.0, {"name": "Олена", "at": 1 / 3})


@pytest.mark.asyncio
async def test_a_snapshot_is_never_there_before_its_records(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with journal(path, batch=2, interval=0.0) as writer:
        for n in range(9):
            writer.append("k", None, {"n": n}, at=n)
        writer.put_snapshot(Snapshot(7, 0.0, 0.0, {}))
        seen: list[tuple[int, int]] = []
        with contextlib.closing(sqlite3.connect(path)) as connection:
            while not seen or seen[-1][1] == 0:
                await writer.committed(min(len(seen) + 1, 9))
                query = "SELECT (SELECT count(*) FROM journal), (SELECT count(*) FROM snapshots)"
                seen.append(connection.execute(query).fetchone())
    assert all(records >= 7 for records, snapshots in seen if snapshots), seen


@pytest.mark.asyncio
async def test_only_the_last_snapshots_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with journal(path) as writer:
        for n in range(1, 7):
            writer.append("k", None, {}, at=n)
            writer.put_snapshot(Snapshot(n, n, n, {"n": n}))
            await writer.flush()
    with StateReader(path) as reader:
        found = [stored.seq for stored in reader.snapshots()]
    assert found == [6, 5, 4][:KEPT]


@pytest.mark.asyncio
async def test_a_snapshot_that_cannot_be_written_down_stops_no_record(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with journal(path) as writer:
        writer.append("k", None, {}, at=1)
        writer.put_snapshot(Snapshot(1, 1, 1, {"odd": {1, 2}}))
        await writer.flush()
        assert writer.state.alarm == ""
    with StateReader(path) as reader:
        assert reader.snapshots() == []
        assert len(list(reader.records_after(0, ("k",)))) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        ("UPDATE snapshots SET state = substr(state, 1, 4)", "checksum"),
        ("UPDATE snapshots SET checksum = checksum + 1", "checksum"),
        ("UPDATE snapshots SET format = 99", "format 99"),
    ],
)
async def test_a_damaged_snapshot_says_so(tmp_path: Path, damage: str, complaint: str) -> None:
    path = tmp_path / "j.db"
    async with journal(path) as writer:
        writer.append("k", None, {}, at=1)
        writer.put_snapshot(Snapshot(1, 1, 1, {"n": 1}))
    change(path, damage)
    with StateReader(path) as reader, pytest.raises(ValueError, match=complaint):
        reader.snapshots()[0].read()


@pytest.mark.asyncio
async def test_records_after_a_snapshot_are_those_of_the_wanted_kinds_and_readable(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with journal(path) as writer:
        for kind in ("a", "b", "a", "c", "a", "a"):
            writer.append(kind, None, {}, at=1)
    change(path, "UPDATE journal SET data = '{\"torn' WHERE seq = 5")
    with StateReader(path) as reader:
        assert [record.seq for record in reader.records_after(1, ("a", "c"))] == [3, 4, 6]
        assert reader.missing_after(1) == 0
    change(path, "DELETE FROM journal WHERE seq IN (2, 4)")
    with StateReader(path) as reader:
        assert reader.missing_after(1) == 2
        assert reader.missing_after(6) == 0


@pytest.mark.asyncio
async def test_the_last_word_about_each_agent_is_found(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with journal(path) as writer:
        for agent, status in (("olena", "available"), ("piotr", "on_break"), ("olena", "logged_out")):
            writer.append("acd.agent", None, {"agent": agent, "status": status}, at=1)
    with StateReader(path) as reader:
        found = {record.data["agent"]: record.data["status"] for record in reader.last_of_agents()}
    assert found == {"olena": "logged_out", "piotr": "on_break"}
