from __future__ import annotations

import asyncio
from typing import Any

from softswitch.recovery.keeper import EVERY, LOOK, RECORDS, SnapshotKeeper, Snapshots
from softswitch.store.snapshots import Snapshot
from tests.support.virtual_time import run_virtual


class Writer:
    def __init__(self) -> None:
        self.last_seq = 0
        self.kept: list[Snapshot] = []

    def put_snapshot(self, snapshot: Snapshot) -> None:
        self.kept.append(snapshot)


def test_the_first_look_takes_one_and_a_quiet_switch_takes_no_more() -> None:
    writer = Writer()
    keeper = SnapshotKeeper(writer, lambda: {"n": 1})
    writer.last_seq = 3
    assert keeper.look(100.0, 1100.0)
    assert writer.kept == [Snapshot(3, 1100.0, 100.0, {"n": 1})]
    assert not any(keeper.look(100.0 + n, 1100.0 + n) for n in range(1000))


def test_a_busy_switch_takes_one_every_minute_and_after_so_many_records() -> None:
    writer = Writer()
    keeper = SnapshotKeeper(writer, dict)
    writer.last_seq = 1
    keeper.look(0.0, 0.0)
    writer.last_seq = RECORDS
    assert not keeper.look(EVERY / 2, 0.0)
    writer.last_seq = RECORDS + 1
    assert keeper.look(EVERY / 2, 0.0)
    writer.last_seq += 1
    assert not keeper.look(EVERY, 0.0)
    assert keeper.look(EVERY * 1.5, 0.0)
    assert [snapshot.seq for snapshot in writer.kept] == [1, RECORDS + 1, RECORDS + 2]


def test_a_state_that_cannot_be_had_is_tried_again_later_and_harms_nobody(caplog: Any) -> None:
    def broken() -> dict[str, Any]:
        raise RuntimeError("in the middle of something")

    writer = Writer()
    writer.last_seq = 1
    keeper = SnapshotKeeper(writer, broken)
    keeper.look(0.0, 0.0)
    assert writer.kept == []
    assert "no snapshot" in caplog.text


def test_snapshots_are_taken_as_time_passes_until_that_is_stopped() -> None:
    writer = Writer()
    writer.last_seq = 1

    async def life() -> None:
        loop = asyncio.get_running_loop()
        snapshots = Snapshots(SnapshotKeeper(writer, dict), loop, lambda now: now + 1000.0)
        snapshots.start()
        writer.last_seq = 2
        await asyncio.sleep(EVERY + LOOK)
        snapshots.take()
        snapshots.stop()
        writer.last_seq = RECORDS * 2
        await asyncio.sleep(EVERY * 2)

    run_virtual(life())
    assert [(kept.seq, kept.at - kept.clock) for kept in writer.kept] == [(1, 1000.0), (2, 1000.0), (2, 1000.0)]
