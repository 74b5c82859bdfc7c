"""When waits are estimated, with the real process; and what happens when it fails."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from acd import events as ev
from acd.dispatcher import Dispatcher
from acd.effects import Journal, OfferCall
from acd.estimates import ql_a
from acd.model import AcdConfig, AgentConfig, AnnouncePolicy, Member, QueueConfig
from acd.skills import parse
from softswitch.estimates.estimator import Estimator
from softswitch.estimates.process import EstimatorProcess
from softswitch.store.cdr import Record
from tests.support.journal_file import write_journal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(300)]

TOLD = AnnouncePolicy(wait=True)
PLAIN = QueueConfig("plain", needs=parse("desk >= 50"), announce=TOLD, wrap_up=0.0)
SKILLED = QueueConfig("skilled", needs=parse("{language} >= 50"), announce=TOLD, wrap_up=0.0)
SILENT = QueueConfig("silent", needs=parse("{language} >= 50"))
HANGS = "import signal, sys; signal.pause()"
BABBLES = "print('hello, world')"


class Floor:
    """A dispatcher under an estimator; `estimates` is what it was told last."""

    def __init__(self, folder: Path, *queues: QueueConfig, worker: str | None = None, timeout: float = 30.0) -> None:
        staff = (AgentConfig("olena", skills={"desk": 100, "uk": 100}), AgentConfig("piotr", skills={"desk": 100}))
        command: Sequence[str] | None = None if worker is None else (sys.executable, "-c", worker)
        self.acd = Dispatcher(AcdConfig(queues, staff))
        database = folder / "softswitch.db"
        process = EstimatorProcess(database, 0.0, timeout=timeout, command=command)
        self.estimator = Estimator(database, wall=0.0, interval=0.02, pause=0.02, process=process)
        self.estimates: dict[str, tuple[float, float, float]] = {}
        self.told = asyncio.Event()
        self.do(ev.AgentLoggedIn("olena", "1"), ev.AgentLoggedIn("piotr", "2"))

    def do(self, *events: ev.Event) -> None:
        for event in events:
            self.acd.receive(event, 0.0)
            for effect in self.acd.effects():
                if isinstance(effect, Journal):
                    self.estimator.learn(effect.record["kind"], effect.record)
                elif isinstance(effect, OfferCall):
                    self.do(ev.OfferAnswered(effect.offer))

    def join(self, queue: str, *calls: str) -> None:
        self.do(*(ev.CallJoined(call, queue, language="uk") for call in calls))

    def deliver(self, event: ev.WaitEstimated) -> None:
        self.estimates |= {call: (p50, p80, spread) for call, p50, p80, spread in event.estimates}
        self.told.set()

    async def next(self) -> dict[str, tuple[float, float, float]]:
        self.told.clear()
        await self.told.wait()
        return self.estimates


@asynccontextmanager
async def running(floor: Floor) -> AsyncIterator[Floor]:
    await floor.estimator.start(floor.acd, floor.deliver)
    try:
        yield floor
    finally:
        await floor.estimator.stop()
    assert floor.estimator.worker_pid is None


async def rounds(count: int) -> None:
    """Let the loop go on for so many rounds of the estimator."""
    over = asyncio.Event()
    asyncio.get_running_loop().call_later(0.02 * count, over.set)
    await over.wait()


async def test_plain_queues_are_reckoned_in_place(tmp_path: Path) -> None:
    async with running(Floor(tmp_path, PLAIN)) as floor:
        floor.join("plain", "a", "b", "first", "second")
        told = await floor.next()
        load = floor.estimator.load
        formula = ql_a(1, 2, load.mean_handling("plain", 0.0), load.mean_patience("plain"))
        assert told["second"] == (formula.p50, formula.p80, formula.spread)
        assert set(told) == {"first", "second"}
        assert floor.estimator.worker_pid is None
        assert floor.estimator.rounds == 0


async def test_skills_are_simulated_in_a_process_of_low_priority(tmp_path: Path) -> None:
    async with running(Floor(tmp_path, SKILLED)) as floor:
        floor.join("skilled", "a", "first", "second")
        told = await floor.next()
        assert 0 < told["first"][0] < told["first"][1]
        assert told["first"][0] < told["second"][0]
        pid = floor.estimator.worker_pid
        assert pid is not None
        assert os.getpriority(os.PRIO_PROCESS, pid) >= 10
        assert floor.estimator.stalled < 0.1


async def test_nothing_is_reckoned_where_nothing_is_told(tmp_path: Path) -> None:
    async with running(Floor(tmp_path, SILENT)) as floor:
        floor.join("silent", "a", "first")
        await rounds(5)
        assert floor.estimates == {}
        assert floor.estimator.worker_pid is None


async def test_nothing_is_reckoned_while_nobody_waits(tmp_path: Path) -> None:
    async with running(Floor(tmp_path, SKILLED)) as floor:
        floor.join("skilled", "a", "first")
        await floor.next()
        floor.do(ev.CallLeft("first"))
        await rounds(5)
        before = floor.estimator.rounds
        await rounds(5)
        assert floor.estimator.rounds == before
        floor.join("skilled", "next")
        await floor.next()
        assert "next" in floor.estimates


async def test_a_killed_process_is_replaced(tmp_path: Path) -> None:
    async with running(Floor(tmp_path, SKILLED)) as floor:
        floor.join("skilled", "a", "first")
        await floor.next()
        pid = floor.estimator.worker_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        floor.join("skilled", "second")
        while "second" not in floor.estimates:
            await floor.next()
        assert floor.estimator.worker_pid not in (None, pid)


@pytest.mark.parametrize("worker", [BABBLES, "raise SystemExit(3)", "import sys; sys.stdin.read(9)"])
async def test_a_process_that_is_of_no_use_harms_nobody(tmp_path: Path, worker: str) -> None:
    async with running(Floor(tmp_path, SKILLED, worker=worker)) as floor:
        floor.join("skilled", "a", "first")
        while floor.estimator.failures < 2 and "read" not in worker:
            await rounds(2)
        await rounds(3)
        assert floor.estimates == {}


HELLO = "import sys; m = b'{\"ready\": true}'; o = sys.stdout.buffer; o.write(len(m).to_bytes(8, 'big') + m); o.flush()"


async def test_a_process_that_does_not_answer_is_given_up(tmp_path: Path) -> None:
    worker = f"{HELLO}; import signal; signal.pause()"
    async with running(Floor(tmp_path, PLAIN, SKILLED, worker=worker, timeout=0.1)) as floor:
        floor.join("plain", "b", "c")
        floor.join("skilled", "first")
        while floor.estimator.failures < 2:
            await rounds(2)
        assert "first" not in floor.estimates


async def test_other_queues_are_reckoned_although_the_process_hangs(tmp_path: Path) -> None:
    front = QueueConfig("front", agents=(Member("piotr"),), announce=TOLD)
    skilled = replace(SKILLED, agents=(Member("olena"),))
    floor = Floor(tmp_path, front, skilled, worker=f"{HELLO}; import signal; signal.pause()", timeout=600.0)
    async with running(floor):
        floor.join("skilled", "a", "waits")
        floor.join("front", "b", "plain")
        for _ in range(3):
            await floor.next()
        assert set(floor.estimates) == {"plain"}
        assert floor.estimator.worker_pid is not None


async def test_earlier_days_are_learnt_from_when_the_process_starts(tmp_path: Path) -> None:
    records: list[Record] = []
    for i in range(60):
        at, call = i * 1000.0, f"c{i}"
        lines: tuple[tuple[str, dict[str, Any]], ...] = (
            ("acd.call_joined", {"at": at, "call": call, "queue": "skilled", "language": "uk"}),
            ("acd.queued", {"at": at, "call": call, "queue": "skilled", "since": at}),
            ("acd.offer", {"at": at, "offer": i, "call": call, "agent": "olena"}),
            ("acd.connect", {"at": at + 5, "offer": i, "call": call, "agent": "olena"}),
            ("acd.call_over", {"at": at + 605, "call": call, "how": "served"}),
            ("acd.from_another_version", {"at": at}),
            ("acd.connect", {"at": at, "nothing": "that is known"}),
        )
        for kind, data in lines:
            records.append(Record(len(records) + 1, 1000.0 + data["at"], kind, call, data))
    write_journal(tmp_path, records)
    async with running(Floor(tmp_path, SKILLED)) as floor:
        floor.join("skilled", "a", "first")
        told = await floor.next()
        assert floor.estimator.load.mean_talk("skilled") == pytest.approx(600, rel=0.15)
        assert told["first"][0] > 400


async def test_what_the_distributor_writes_is_learnt_and_still_written(tmp_path: Path) -> None:
    class Lines:
        def __init__(self) -> None:
            self.kinds: list[str] = []

        def append(self, kind: str, call: str | None, data: object, *, at: float) -> None:
            self.kinds.append(kind)

        def barrier(self, mark: str) -> None:
            self.kinds.append(mark)

    floor, lines = Floor(tmp_path, SKILLED), Lines()
    journal = floor.estimator.overhear(lines)
    journal.append("acd.queued", "c", {"at": 5.0, "call": "c", "queue": "skilled", "since": 5.0}, at=1000.0)
    journal.append("call.started", "c", {}, at=1000.0)
    journal.barrier("promised")
    assert lines.kinds == ["acd.queued", "call.started", "promised"]
    assert list(floor.estimator.load.plain()["open"]) == ["c"]
