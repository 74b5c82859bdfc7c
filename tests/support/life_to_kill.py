"""A process that recovers, works and writes its journal and snapshots until it is killed: `… DATABASE SEED`."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from acd.events import Reconfigured, Restarted
from softswitch.recovery import RECOVERED, SnapshotKeeper, recover
from softswitch.store.journal import JournalWriter
from tests.support.journaled import CONFIG, Life


async def live(path: Path, seed: int) -> None:
    writer = JournalWriter(path, interval=0.001)
    await writer.start()
    now, wall = time.monotonic(), time.time()
    found = recover(path, now=now, wall=wall)
    life = Life(found.dispatcher, wall - now, [])
    life.calls = seed * 1_000_000
    keeper = SnapshotKeeper(writer, life.acd.snapshot)
    life.note(RECOVERED, now, found.record())
    life.do(Restarted(), now)
    life.do(Reconfigured(CONFIG), now)
    for part in range(100_000):
        now = life.work(now, 5, seed=seed * 1000 + part)
        for record in life.records:
            writer.append(record.kind, record.call, record.data, at=record.at)
        life.records.clear()
        if part % 7 == 0:
            keeper.take(now, now + life.offset)
        if part >= 20:
            print("working", flush=True)
        await asyncio.sleep(0.001)


if __name__ == "__main__":
    asyncio.run(live(Path(sys.argv[1]), int(sys.argv[2])))
