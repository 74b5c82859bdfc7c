"""Old lines go, a few at a time; nothing goes that a start, a report, a delivery or a callback still needs."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from softswitch.store import pruning
from softswitch.store.journal import JournalWriter
from softswitch.store.pruning import DAY, Needed, Pruner, plan, step
from softswitch.store.queries import Reader
from softswitch.store.snapshots import KEPT, Snapshot, StateReader
from tests.support.journal_file import Line, journal, write_journal

if TYPE_CHECKING:
    from pathlib import Path


def agent(at: float, name: str, state: str = "idle", call: str | None = None) -> Line:
    return (at, "acd.agent", call, {"agent": name, "state": state, "status": "available"})


def call(name: str, at: float) -> list[Line]:
    return [
        (at, "call.started", name, {"caller": "1"}),
        (at + 1, "ivr.node_entered", name, {"node": "menu:main"}),
        (at + 9, "call.ended", name, {"by": "caller"}),
    ]


OLD: list[Line] = [
    (0.0, "switch.started", None, {"pid": 1}),
    (0.1, "acd.reconfigured", None, {"config": {"n": 1}}),
    (0.2, "acd.reconfigured", None, {"config": {"n": 2}}),
    agent(1, "olena"),
    agent(2, "piotr"),
    *call("a", 10),
    (15.0, "campaign.changed", None, {"slot": "promo", "version": 1}),
    (16.0, "rollout.changed", None, {"place": "menu:main"}),
    (17.0, "contact.opted", None, {"number": "1", "out": True}),
    (18.0, "hours.forced", None, {"hours": "office", "state": "closed"}),
    (18.5, "phone.peace", None, {"phone": "1001", "on": True}),
    agent(20, "olena", "talking", "b"),
    *call("b", 30),
    (40.0, "callback.ordered", "pending", {"queue": "sales", "number": "+380501"}),
    (41.0, "acd.queued", "pending", {"queue": "sales"}),
    agent(50, "olena"),
    (60.0, "hours.released", None, {"hours": "office"}),
    (61.0, "phone.peace", None, {"phone": "1001", "on": False}),
    *call("c", 70),
]
NEW: list[Line] = [agent(2 * DAY, "olena"), *call("d", 2 * DAY + 10)]
CUT = len(OLD)


def database(folder: Path, lines: list[Line] | None = None, snapshots: tuple[tuple[int, float], ...] = ()) -> Path:
    path = write_journal(folder, journal(*(OLD + NEW if lines is None else lines)))
    with closing(sqlite3.connect(path)) as connection:
        for seq, at in snapshots or ((CUT, 100.0),):
            connection.execute("INSERT INTO snapshots VALUES (?, ?, 0, 1, 0, '{}')", (seq, at))
        connection.commit()
    return path


def pruned(path: Path, before: float = DAY, needed: Needed | None = None) -> list[tuple[str, str | None]]:
    found = plan(path, before, needed or Needed())
    while found is not None and not step(found):
        pass
    with Reader(path) as reader:
        return [(record.kind, record.call) for record in reader.after(0, 1000)]


def test_what_is_left_is_what_is_needed(tmp_path: Path) -> None:
    left = pruned(database(tmp_path), needed=Needed(None, frozenset({"pending"})))
    assert left[: -len(NEW)] == [
        ("acd.reconfigured", None),
        ("acd.agent", None),  # of piotr
        ("campaign.changed", None),
        ("rollout.changed", None),
        ("contact.opted", None),
        ("callback.ordered", "pending"),
        ("acd.queued", "pending"),
        ("acd.agent", None),  # of olena
        ("hours.released", None),
        ("phone.peace", None),
    ]
    assert len(left[-len(NEW) :]) == len(NEW)


def test_what_an_agent_did_in_a_call_that_goes_on_stays() -> None:
    last: dict[tuple[str, str], int] = {}
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE journal (seq INTEGER PRIMARY KEY, at, kind, call, data)")
        rows = [(1, "goes on"), (2, "over"), (3, None), (4, None)]
        for seq, name in rows:
            values = (seq, "acd.agent", name, '{"agent": "olena"}')
            connection.execute("INSERT INTO journal (seq, kind, call, data) VALUES (?, ?, ?, ?)", values)
        old = pruning._overtaken(connection, 0, 4, frozenset({"goes on"}), last)
    assert [seq for seq in old if seq] == [2, 3]


def test_the_last_words_are_the_last_ones(tmp_path: Path) -> None:
    path = database(tmp_path)
    with Reader(path) as reader:
        before = [(r.at, r.data) for r in reader.standing_agents(CUT + 1) if r.kind == "acd.agent"]
        peace = reader.peace()[-1]
    pruned(path)
    with StateReader(path) as reader:
        after = [(r.at, r.data) for r in reader.standing_agents(CUT + 1)]
        assert after == before
        assert [record.kind for record in reader.last_of_hours()] == ["hours.released"]
        assert reader.peace() == [peace]
        assert reader.pruned_to() == CUT
        assert reader.snapshot_at(CUT) is not None


@pytest.mark.parametrize("batch", [1, 2, 3, 7])
def test_the_size_of_a_batch_changes_nothing(tmp_path: Path, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    whole = pruned(database(tmp_path / "a"))
    monkeypatch.setattr(pruning, "BATCH", batch)
    assert pruned(database(tmp_path / "b")) == whole


def test_a_second_time_takes_what_the_first_had_to_leave(tmp_path: Path) -> None:
    path = database(tmp_path, snapshots=((CUT, 100.0), (CUT + len(NEW), 3 * DAY)))
    pruned(path, needed=Needed(None, frozenset({"pending"})))
    left = pruned(path, before=4 * DAY)
    assert ("callback.ordered", "pending") not in left
    assert [kind for kind, _ in left].count("acd.agent") == 2


def test_nothing_goes_without_a_snapshot_and_nothing_beyond_it(tmp_path: Path) -> None:
    path = database(tmp_path)
    assert plan(path, 99.0, Needed()) is None
    found = plan(path, 10 * DAY, Needed())
    assert found is not None
    assert found.up_to == CUT


def test_nobodys_delivery_is_overtaken(tmp_path: Path) -> None:
    path = database(tmp_path)
    assert plan(path, DAY, Needed(delivered=CUT - 1)) is None
    assert plan(path, DAY, Needed(delivered=CUT)) is not None


def test_a_batch_that_fails_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = database(tmp_path)
    found = plan(path, DAY, Needed())
    assert found is not None

    def broken(*_: Any) -> int:
        raise sqlite3.OperationalError("database is locked")

    with monkeypatch.context() as patched:
        patched.setattr(pruning, "_delete", broken)
        with pytest.raises(sqlite3.OperationalError):
            step(found)
    with Reader(path) as reader:
        assert len(reader.after(0, 1000)) == len(OLD + NEW)
    assert (found.at, found.last) == (0, {})
    assert not step(found)


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        plan(tmp_path / "softswitch.db", DAY, Needed())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.asyncio
async def test_a_running_switch_prunes_while_it_writes(tmp_path: Path) -> None:
    path = tmp_path / "softswitch.db"
    writer = JournalWriter(path, interval=0.0)
    await writer.start()
    notes: list[dict[str, object]] = []
    for n in range(5000):
        writer.append("leg.media", f"c{n}", {"n": n}, at=float(n))
    writer.put_snapshot(Snapshot(5000, 5000.0, 0.0, {}))
    await writer.flush()
    needed = Needed(None, frozenset({"c17"}))
    pruner = Pruner(
        path,
        days=lambda: 7,
        wall=lambda: 8 * DAY,
        needed=lambda: needed,
        note=lambda kind, data: notes.append({"kind": kind, **data}),
        pause=0.0,
    )
    task = asyncio.create_task(pruner.prune())
    while not task.done():
        writer.append("call.started", "new", {}, at=8 * DAY)
        await writer.flush()
    assert await task == 4999
    await writer.close()
    assert notes == [{"kind": "journal.pruned", "lines": 4999, "up_to": 5000, "days": 7}]
    with Reader(path) as reader:
        assert reader.after(0, 1)[0].call == "c17"
        assert {record.kind for record in reader.after(5000, 100_000)} == {"call.started"}


@pytest.mark.asyncio
async def test_a_receiver_that_holds_up_everything_is_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    behind = [CUT - 1, CUT]
    pruner = Pruner(
        database(tmp_path),
        days=lambda: 7,
        wall=lambda: 8 * DAY,
        needed=lambda: Needed(behind[0]),
        note=lambda kind, data: None,
        pause=0.0,
    )
    assert await pruner.prune() == 0
    assert f"has come to line {CUT - 1} only" in caplog.text
    caplog.clear()
    del behind[0]
    assert await pruner.prune() > 0
    assert await pruner.prune() == 0
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


@pytest.mark.asyncio
async def test_one_snapshot_of_each_day_stays(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path / "softswitch.db", interval=0.0)
    await writer.start()
    for n in range(40):
        writer.append("call.test", None, {}, at=n * DAY / 10)
        writer.put_snapshot(Snapshot(n + 1, n * DAY / 10, 0.0, {"n": n}))
        await writer.flush()
    await writer.close()
    with StateReader(tmp_path / "softswitch.db") as reader:
        assert len(reader.snapshots()) == KEPT
        days = [n for n in range(1, 41) if reader.snapshot_at(n) is not None]
    assert days == [10, 20, 30, 38, 39, 40]
