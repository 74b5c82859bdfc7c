from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from softswitch.store.batches import Batch
from softswitch.store.bindings import StoredBinding
from softswitch.store.journal import JournalWriter, RecordLost

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    import aiosqlite

T = TypeVar("T")
ROOT = Path(__file__).parents[4]


@contextlib.asynccontextmanager
async def journal(path: Path, **options: Any) -> AsyncIterator[JournalWriter]:
    writer = JournalWriter(path, **options)
    await writer.start()
    try:
        yield writer
    finally:
        await writer.close(1.0)


def rows(path: Path, what: str = "seq, at, kind, call, data") -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return list(connection.execute(f"SELECT {what} FROM journal ORDER BY seq"))


@pytest.mark.asyncio
async def test_what_is_appended_is_in_the_database_after_a_flush(tmp_path: Path) -> None:
    path = tmp_path / "var" / "softswitch.db"
    async with journal(path) as writer:
        data = {"caller": "Олена", "n": 1.5, "none": None}
        writer.append("call.started", "c1", data, at=100.25)
        data["caller"] = "changed afterwards"
        writer.append("switch.started", None, {}, at=101.0)
        await writer.flush()
        assert rows(path) == [
            (1, 100.25, "call.started", "c1", '{"caller":"Олена","n":1.5,"none":null}'),
            (2, 101.0, "switch.started", None, "{}"),
        ]
        assert (writer.state.waiting, writer.state.written, writer.state.alarm) == (0, 2, "")


@pytest.mark.asyncio
async def test_what_a_phone_sends_cannot_stop_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    loop: dict[str, object] = {}
    loop["self"] = loop
    async with journal(path) as writer:
        writer.append("k", None, {"name": b"caf\xe9 \x00".decode("utf-8", "surrogateescape")}, at=1)
        writer.append("k", None, loop, at=2)
        writer.append("k", None, {"odd": {1, 2}}, at=3)
        writer.append("k", None, {}, at=4)
        await soon(writer.flush())
        assert writer.state.alarm == ""
    assert rows(path, "seq, json_valid(data)") == [(1, 1), (2, 1), (3, 1), (4, 1)]


@pytest.mark.asyncio
async def test_numbers_go_on_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with journal(path) as writer:
        writer.append("a", None, {}, at=1)
    writer = JournalWriter(path)
    writer.append("before the start", None, {}, at=2)
    await writer.start()
    writer.append("b", None, {}, at=3)
    assert writer.last_seq == 3
    assert await writer.close() == 0
    assert rows(path, "seq, kind") == [(1, "a"), (2, "before the start"), (3, "b")]


@pytest.mark.asyncio
async def test_records_are_written_soon_without_a_flush_and_share_commits(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with journal(path, interval=0.01) as writer:
        for n in range(500):
            writer.append("k", None, {"n": n}, at=n)
        await eventually(lambda: rows(path, "count(*)") == [(500,)])


@pytest.mark.asyncio
async def test_a_promise_is_kept_after_the_commit_and_not_before(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with journal(path, interval=600.0) as writer:
        writer.append("promised", None, {}, at=1)
        assert rows(path) == []
        async with asyncio.timeout(60):  # somebody who waits does not wait for the interval
            await writer.committed(writer.last_seq)
        assert rows(path, "kind") == [("promised",)]
        await writer.committed(writer.last_seq)


@pytest.mark.asyncio
async def test_all_who_wait_are_told_after_one_synced_commit_and_not_before_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was promised outlasts a power cut: every commit waits for the disk itself, and many promises share one."""
    seen: list[str] = []
    write = Batch.write

    async def watched(batch: Batch, connection: aiosqlite.Connection) -> None:
        async with connection.execute("PRAGMA synchronous") as cursor:
            assert await cursor.fetchone() == (2,), "FULL: a commit in WAL mode ends with a sync of the log"
        seen.append(f"begin {len(batch.rows)}")
        await write(batch, connection)
        seen.append("synced")

    monkeypatch.setattr(Batch, "write", watched)

    async def promised(writer: JournalWriter, name: str) -> None:
        writer.append(name, None, {}, at=1)
        await writer.flush()
        seen.append(name)

    async with journal(tmp_path / "j.db", interval=600.0) as writer, asyncio.timeout(60):
        await asyncio.gather(*(promised(writer, name) for name in ("a", "b", "c")))
    assert seen == ["begin 3", "synced", "a", "b", "c"]


@pytest.mark.asyncio
async def test_only_the_owner_may_read_the_database(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with journal(path) as writer:
        writer.append("a", None, {}, at=1)
        await writer.flush()
        modes = {name: stat.S_IMODE(os.stat(tmp_path / name).st_mode) for name in os.listdir(tmp_path)}
        assert modes == {"j.db": 0o600, "j.db-wal": 0o600, "j.db-shm": 0o600}


async def soon(awaitable: Awaitable[T]) -> T:
    async with asyncio.timeout(60):
        return await awaitable


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not await asyncio.to_thread(condition):
            pass


# ------------------------------------------------------------------------------------------------ trouble


@contextlib.contextmanager
def locked(path: Path) -> Any:
    """Another process holds the database, as a backup or a curious person does."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield other
        if other.in_transaction:
            other.execute("ROLLBACK")


@pytest.mark.asyncio
async def test_a_locked_database_holds_up_nothing_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("softswitch.store.database.BUSY_TIMEOUT_MS", 50)
    monkeypatch.setattr("softswitch.store.journal.RETRY", 0.02)
    path = tmp_path / "j.db"
    alarms: asyncio.Queue[str] = asyncio.Queue()
    async with journal(path, on_alarm=alarms.put_nowait, interval=0.0) as writer:
        with locked(path):
            for n in range(12_000):
                writer.append("k", "c", {"n": n}, at=n)
            assert "locked" in await soon(alarms.get())
            assert writer.state.alarm
            assert writer.state.waiting == 12_000
        await writer.flush()
        assert await soon(alarms.get()) == ""
        assert writer.state.dropped == 0
    assert rows(path, "count(*), min(seq), max(seq)") == [(12_000, 1, 12_000)]


@pytest.mark.asyncio
async def test_a_full_disk_is_survived_and_everything_is_written_when_there_is_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("softswitch.store.journal.RETRY", 0.02)
    path = tmp_path / "j.db"
    alarms: asyncio.Queue[str] = asyncio.Queue()
    async with journal(path, on_alarm=alarms.put_nowait, interval=0.0) as writer:
        connection = writer._connection
        assert connection is not None
        async with connection.execute("PRAGMA page_count") as cursor:
            (pages,) = await cursor.fetchone() or (0,)
        await connection.execute(f"PRAGMA max_page_count = {pages + 2}")  # SQLITE_FULL, as on a full disk
        for n in range(10_000):
            writer.append("k", "c", {"text": "x" * 50}, at=n)
        assert "full" in await soon(alarms.get())
        assert writer.state.waiting == 10_000
        await connection.execute("PRAGMA max_page_count = 1000000")
        await writer.flush()
    assert rows(path, "count(*), count(DISTINCT seq)") == [(10_000, 10_000)]


@pytest.mark.asyncio
async def test_beyond_the_bound_the_oldest_records_are_given_up_counted_and_confessed(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with journal(path, capacity=10, interval=0.0) as writer:
        with locked(path):
            writer.append("k", None, {"n": 0}, at=0)
            broken = asyncio.create_task(writer.committed(1))
            await asyncio.to_thread(bool)  # let it begin to wait
            for n in range(1, 25):
                writer.append("k", None, {"n": n}, at=n)
            with pytest.raises(RecordLost):
                await soon(broken)
            assert writer.state.dropped == 15
            with pytest.raises(RecordLost):
                await writer.committed(3)
        await writer.flush()
    assert rows(path, "at") == [(float(n),) for n in range(15, 25)]


@pytest.mark.asyncio
async def test_a_deleted_database_comes_back_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("softswitch.store.journal.RETRY", 0.02)
    path = tmp_path / "j.db"
    alarms: asyncio.Queue[str] = asyncio.Queue()
    async with journal(path, on_alarm=alarms.put_nowait, watch=0.02) as writer:
        writer.append("before", None, {}, at=1)
        await writer.flush()
        for name in ("j.db", "j.db-wal", "j.db-shm"):
            (tmp_path / name).unlink()
        assert "was deleted" in await soon(alarms.get())
        assert await soon(alarms.get()) == ""
        writer.append("after", None, {}, at=2)
        await writer.flush()
        assert rows(path, "kind") == [("before",), ("after",)]
    assert rows(path, "kind") == [("before",), ("after",)]
    assert os.listdir(tmp_path) == ["j.db"]


@pytest.mark.asyncio
async def test_a_database_put_in_our_place_is_never_taken_for_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("softswitch.store.journal.RETRY", 0.01)
    path = tmp_path / "j.db"
    alarms: asyncio.Queue[str] = asyncio.Queue()
    async with journal(path, on_alarm=alarms.put_nowait, watch=0.05) as writer:
        writer.append("before", None, {}, at=1)
        await writer.flush()
        looks: list[int] = []
        look = writer._look

        def counted() -> tuple[int, int] | None:
            looks.append(1)
            return look()

        monkeypatch.setattr(writer, "_look", counted)
        ours = path.rename(tmp_path / "ours.db")
        path.write_bytes(b"another")
        assert "another file" in await soon(alarms.get())
        writer.append("after", None, {}, at=2)
        seen = len(looks)
        await eventually(lambda: len(looks) > seen + 2)
        assert alarms.empty()
        assert writer.state.waiting == 1
        ours.replace(path)
        assert await soon(alarms.get()) == ""
    assert rows(path, "kind") == [("before",), ("after",)]


@pytest.mark.asyncio
async def test_records_that_nobody_waits_for_are_written_without_looking_at_the_file_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with journal(tmp_path / "j.db", watch=60.0, interval=0.0) as writer:
        writer.append("k", None, {}, at=0)
        await writer.flush()
        looks: list[int] = []
        monkeypatch.setattr(writer, "_look", lambda: looks.append(1))
        for n in range(3):
            writer.append("k", None, {}, at=n)
            await eventually(lambda: not writer.state.waiting)
        assert not looks
        monkeypatch.undo()
    assert len(rows(tmp_path / "j.db", "kind")) == 4


@pytest.mark.asyncio
async def test_a_deleted_log_does_not_take_records_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("softswitch.store.journal.RETRY", 0.02)
    path = tmp_path / "j.db"
    alarms: asyncio.Queue[str] = asyncio.Queue()
    async with journal(path, on_alarm=alarms.put_nowait, watch=0.02) as writer:
        writer.append("before", None, {}, at=1)
        await writer.flush()
        await eventually(lambda: writer._wal_seen)
        (tmp_path / "j.db-wal").unlink()
        assert "was deleted" in await soon(alarms.get())
        assert await soon(alarms.get()) == ""
        writer.append("after", None, {}, at=2)
        await writer.flush()
    assert rows(path, "kind") == [("before",), ("after",)]


@pytest.mark.asyncio
async def test_closing_while_the_disk_refuses_ends_and_says_what_was_lost(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    writer = JournalWriter(path)
    await writer.start()
    with locked(path):
        writer.append("k", None, {}, at=0)
        promise, lost = await asyncio.gather(writer.committed(1), writer.close(0.3), return_exceptions=True)
        assert lost == 1
        assert isinstance(promise, RecordLost)


# ------------------------------------------------------------------------------------------------ bindings


def binding(contact: str, expires_at: float = 1000.0) -> StoredBinding:
    return StoredBinding("1001", contact, "udp", "192.0.2.1", 5060, "192.0.2.9", 40000, expires_at, "id@x", 7, 0.5)


@pytest.mark.asyncio
async def test_registrations_survive_a_restart_until_they_run_out(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with journal(path) as writer:
        writer.put_binding(binding("sip:a"))
        writer.put_binding(binding("sip:b"))
        await writer.flush()
        writer.put_binding(binding("sip:b", 2000.0))
        writer.put_binding(binding("sip:c"))
        writer.remove_binding("1001", "sip:a")
    async with journal(path) as writer:
        assert await writer.load_bindings(500.0) == [binding("sip:b", 2000.0), binding("sip:c")]
        assert await writer.load_bindings(1000.0) == [binding("sip:b", 2000.0)]


@pytest.mark.asyncio
async def test_a_registration_that_changes_while_it_is_written_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    loop = asyncio.get_running_loop()
    async with journal(path, interval=0.0) as writer:

        async def refresh() -> None:
            writer.put_binding(binding("sip:a", 2000.0))

        def trace(statement: str) -> None:
            """Runs in SQLite's thread, while the writer is in the middle of its transaction."""
            if statement == "COMMIT" and not refreshed:
                refreshed.append(statement)
                asyncio.run_coroutine_threadsafe(refresh(), loop).result()

        refreshed: list[str] = []
        connection = writer._connection
        assert connection is not None
        await connection.set_trace_callback(trace)
        writer.put_binding(binding("sip:a", 1000.0))
        writer.append("k", None, {}, at=1)
        await writer.flush()
        writer.append("k", None, {}, at=2)
        await writer.flush()
        assert refreshed
        assert await writer.load_bindings(0.0) == [binding("sip:a", 2000.0)]


# ------------------------------------------------------------------------------------------------ processes

WRITER = """
import asyncio, sys
from pathlib import Path
from softswitch.store.journal import JournalWriter

async def main():
    writer = JournalWriter(Path(sys.argv[1]), interval=0.0, batch=7)
    await writer.start()
    for n in range(1_000_000):
        writer.append("k", "c", {"n": n, "text": "x" * 100}, at=n)
        if n % 50 == 49:
            await writer.flush()
            print(n, flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("lines", [1, 2, 5, 11, 20])
def test_a_killed_process_leaves_a_whole_database_with_everything_that_was_promised(tmp_path: Path, lines: int) -> None:
    path = tmp_path / "j.db"
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    try:
        promised = -1
        for _ in range(lines):
            promised = int(process.stdout.readline())
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    found = rows(path, "seq, json_extract(data, '$.n'), length(data)")
    assert len(found) > promised
    assert [(seq, n) for seq, n, _ in found] == [(n + 1, n) for n in range(len(found))]


def test_a_process_that_closes_its_journal_ends(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom softswitch.store.journal import JournalWriter\n"
        "async def main():\n    w = JournalWriter(Path(sys.argv[1]))\n    await w.start()\n"
        "    w.append('k', None, {}, at=1)\n    print(await w.close())\nasyncio.run(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "j.db")], capture_output=True, text=True, timeout=60, cwd=ROOT
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "")


@pytest.mark.asyncio
async def test_ten_thousand_records_take_a_moment(tmp_path: Path, record_property: Any) -> None:
    path = tmp_path / "j.db"
    async with journal(path) as writer:
        began = time.perf_counter()
        for n in range(10_000):
            writer.append("ivr.node_entered", f"call-{n % 100}", {"node": "menu:main", "n": n}, at=n)
        appended = time.perf_counter() - began
        await writer.flush()
        took = time.perf_counter() - began
        record_property("microseconds_per_append", appended * 100)
        record_property("records_per_second", 10_000 / took)
        print(f"append {appended * 100:.1f} us, {10_000 / took:,.0f} records/s")
    assert rows(path, "count(*)") == [(10_000,)]


@pytest.mark.asyncio
async def test_a_barrier_is_told_when_everything_before_it_is_in_the_database(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    told = asyncio.Event()
    seen: list[tuple[str, bool, int]] = []

    def kept(mark: str, durable: bool) -> None:
        seen.append((mark, durable, len(rows(path))))
        told.set()

    async with journal(path, on_kept=kept) as writer:
        for n in range(5):
            writer.append("k", None, {"n": n}, at=float(n))
        writer.barrier("order 1")
        assert seen == [], "nobody is told before the disk has it"
        await asyncio.wait_for(told.wait(), 60)
    assert seen == [("order 1", True, 5)]


@pytest.mark.asyncio
async def test_a_barrier_is_told_when_what_was_before_it_is_given_up(tmp_path: Path) -> None:
    told = asyncio.Event()
    seen: list[tuple[str, bool]] = []

    def kept(mark: str, durable: bool) -> None:
        seen.append((mark, durable))
        told.set()

    async with journal(tmp_path / "j.db", capacity=2, on_kept=kept) as writer:
        writer.append("k", None, {}, at=1.0)
        writer.barrier("order 1")
        await asyncio.sleep(0)
        for _ in range(3):  # in one turn of the loop, before the writer has had one
            writer.append("k", None, {}, at=2.0)
        await asyncio.wait_for(told.wait(), 60)
    assert seen == [("order 1", False)]


@pytest.mark.asyncio
async def test_promises_are_kept_while_the_threads_of_everybody_are_stuck(tmp_path: Path) -> None:
    loop, go_on = asyncio.get_running_loop(), threading.Event()
    loop.set_default_executor(ThreadPoolExecutor(1))
    stuck = loop.run_in_executor(None, go_on.wait)
    try:
        async with journal(tmp_path / "j.db") as writer:
            writer.append("voicemail.left", "c1", {}, at=1.0)
            async with asyncio.timeout(60):
                await writer.flush()
            assert not stuck.done()
    finally:
        go_on.set()
        await stuck
