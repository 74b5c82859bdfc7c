"""How long a start takes to find out where the last one was: `python -m bench.recovery [--inputs N] [--agents N]`.

A day of a call centre is written into a journal as the switch writes it (records of decisions and all); then `recover`
is timed from the beginning of that journal, and from a snapshot with as many records behind it as there are at most.
Seconds of CPU and of wall time; the state found is compared with the one that was.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from acd.dispatcher import Dispatcher
from acd.events import Reconfigured
from acd.model import AcdConfig, AgentConfig, QueueConfig
from softswitch.recovery import recover
from softswitch.recovery.keeper import RECORDS
from softswitch.store.journal import JournalWriter
from softswitch.store.snapshots import Snapshot
from tests.support.journaled import Life

OFFSET = 1_000_000.0


async def write(path: Path, life: Life, snapshot: Snapshot | None = None) -> None:
    writer = JournalWriter(path, capacity=10_000_000)
    await writer.start()
    for record in life.records:
        writer.append(record.kind, record.call, record.data, at=record.at)
        if snapshot is not None and record.seq == snapshot.seq:
            writer.put_snapshot(snapshot)
            await writer.flush()
    await writer.close(600.0)


def measure(what: str, path: Path, life: Life, now: float) -> None:
    began, cpu = time.perf_counter(), time.process_time()
    found = recover(path, now=now, wall=now + OFFSET)
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    same = {a.id: (a.status, a.state, a.calls) for a in found.dispatcher.agents.values()} == {
        a.id: (a.status, a.state, a.calls) for a in life.acd.agents.values()
    }
    rate = found.inputs / cpu if cpu else 0.0
    print(f"{what}: {found.inputs} inputs, {cpu:.2f} s of CPU, {wall:.2f} s, {rate:,.0f} inputs/s, state equal: {same}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--agents", type=int, default=50)
    options = parser.parse_args()
    agents = tuple(AgentConfig(f"agent{i}", position=i) for i in range(options.agents))
    life = Life(Dispatcher(AcdConfig(), now=50.0), OFFSET, [])
    life.do(Reconfigured(AcdConfig((QueueConfig("sales", wrap_up=7.0),), agents)), 50.0)
    now = 60.0
    steps = options.inputs * 2 // 3  # some lead to nothing, and timers are inputs, too
    now = life.work(now, steps, seed=1)
    kept = Snapshot(len(life.records), now + OFFSET, now, life.acd.snapshot())
    behind = 0
    while behind < RECORDS:
        now = life.work(now, 100, seed=len(life.records))
        behind = len(life.records) - kept.seq
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(write(Path(folder) / "all.db", life))
        asyncio.run(write(Path(folder) / "kept.db", life, kept))
        print(f"{len(life.records)} records of {options.agents} agents in one queue")
        measure("from the beginning", Path(folder) / "all.db", life, now)
        measure("from a snapshot", Path(folder) / "kept.db", life, now)


if __name__ == "__main__":
    main()
