from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from acd.agent import State, Status
from acd.dispatcher import Dispatcher
from acd.events import AgentBreakStarted, AgentLoggedIn, Reconfigured
from acd.journal import INPUTS
from acd.model import AcdConfig
from softswitch.config import parse_config
from softswitch.explain.command import explain_replay
from softswitch.recovery import RECOVERED, recover
from softswitch.recovery.rebuild import Rebuilder
from softswitch.store.database import FILE_NAME
from softswitch.store.journal import JournalWriter
from softswitch.store.pruning import Needed, plan, step
from softswitch.store.snapshots import Snapshot
from tests.support.journaled import CONFIG, Life

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from softswitch.store.cdr import Record

#: Wall time minus the clock of the first process, and of the one that starts.
THEN, NOW = 1_000_000.0, 1_003_000.0


def write(path: Path, records: Iterable[Record], snapshots: Iterable[Snapshot] = ()) -> None:
    async def fill() -> None:
        writer = JournalWriter(path)
        await writer.start()
        states = {snapshot.seq: snapshot for snapshot in snapshots}
        for record in records:
            writer.append(record.kind, record.call, record.data, at=record.at)
            if record.seq in states:
                writer.put_snapshot(states[record.seq])
                await writer.flush()
        await writer.close()

    asyncio.run(fill())


def change(path: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def first_life(seed: int = 1, events: int = 200) -> tuple[Life, list[Snapshot], float]:
    """A process that works for a while, and what it kept of itself on the way."""
    life = Life(Dispatcher(AcdConfig(), now=50.0), THEN, [])
    life.do(Reconfigured(CONFIG), 50.0)
    snapshots, now = [], 60.0
    for part in range(4):
        now = life.work(now, events // 4, seed=seed * 10 + part)
        snapshots.append(Snapshot(len(life.records), now + THEN, now, json.loads(json.dumps(life.acd.snapshot()))))
    now = life.work(now, events // 4, seed=seed * 10 + 9)
    return life, snapshots[1:], now


def on_this_clock(acd: Dispatcher, shift: float) -> dict[str, Any]:
    return Dispatcher.restore(acd.snapshot(), shift=shift).snapshot()


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Equal but for the rounding of moved instants."""

    def close(a: object, b: object) -> bool:
        if isinstance(a, float) and isinstance(b, float):
            return a == pytest.approx(b, abs=1e-6)
        if isinstance(a, dict) and isinstance(b, dict):
            return a.keys() == b.keys() and all(close(a[name], b[name]) for name in a)
        if isinstance(a, list | tuple) and isinstance(b, list | tuple):
            return len(a) == len(b) and all(map(close, a, b))
        return a == b

    return close(one, other)


def test_an_empty_database_is_a_fresh_start(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path / "j.db", [])
    found = recover(tmp_path / "j.db", now=5.0, wall=NOW)
    assert found.fresh
    assert found.dispatcher.agents == {}
    assert found.record() == {"fresh": True, "inputs": 0, "seconds": found.record()["seconds"]}
    assert not caplog.records


@pytest.mark.parametrize("kept", [0, 1, 3])
def test_the_state_is_that_of_the_last_record_on_the_new_clock(tmp_path: Path, kept: int) -> None:
    life, snapshots, last = first_life()
    write(tmp_path / "j.db", life.records, snapshots[:kept])
    now = 12.0
    wall = last + THEN + 7.0  # seven seconds after the last record
    found = recover(tmp_path / "j.db", now=now, wall=wall)
    assert not found.fresh
    assert found.snapshot == (snapshots[kept - 1].seq if kept else 0)
    assert found.shift == pytest.approx(now - (last + 7.0))
    assert same(found.dispatcher.snapshot(), on_this_clock(life.acd, found.shift))
    assert found.dispatcher.now <= now - 7.0 + 1e-6


def test_agents_idle_clocks_and_wrap_up_go_on_over_the_gap(tmp_path: Path) -> None:
    life, snapshots, last = first_life(seed=4)
    wrapping = [agent for agent in life.acd.agents.values() if agent.state is State.WRAP_UP]
    write(tmp_path / "j.db", life.records, snapshots)
    found = recover(tmp_path / "j.db", now=3.0, wall=last + THEN + 1.0)
    for agent in life.acd.agents.values():
        restored = found.dispatcher.agents[agent.id]
        assert 3.0 - restored.idle_since == pytest.approx(last + 1.0 - agent.idle_since)
        assert (restored.status, restored.state, restored.phone) == (agent.status, agent.state, agent.phone)
        assert restored.calls == agent.calls
    for agent in wrapping:
        until = found.dispatcher.agents[agent.id].wrap_up_until
        assert until is not None
        assert agent.wrap_up_until is not None
        assert until - 3.0 == pytest.approx(agent.wrap_up_until - (last + 1.0))


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE snapshots SET state = substr(state, 1, 100) WHERE seq = {last}",
        "UPDATE snapshots SET format = 2 WHERE seq = {last}",
        "UPDATE snapshots SET state = '[]', checksum = 223132457 WHERE seq = {last}",
        "UPDATE snapshots SET state = '{{}}', checksum = 2745614147 WHERE seq = {last}",
        "UPDATE snapshots SET format = 2",
    ],
)
def test_a_damaged_snapshot_is_passed_over_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    life, snapshots, last = first_life()
    write(tmp_path / "j.db", life.records, snapshots)
    change(tmp_path / "j.db", damage.format(last=snapshots[-1].seq))
    found = recover(tmp_path / "j.db", now=12.0, wall=last + THEN)
    assert found.snapshot == (0 if "WHERE" not in damage else snapshots[-2].seq)
    assert same(found.dispatcher.snapshot(), on_this_clock(life.acd, found.shift))
    assert f"snapshot {snapshots[-1].seq} " in caplog.text


def cut_off(path: Path, wall: float) -> int:
    """Delete what is older than *wall*; up to which line that was."""
    found = plan(path, wall, Needed())
    assert found is not None
    while not step(found):
        pass
    return found.up_to


def test_a_journal_without_its_beginning_gives_the_same_state_and_is_still_replayed(tmp_path: Path) -> None:
    life, snapshots, last = first_life()
    write(tmp_path / FILE_NAME, life.records, snapshots)
    assert cut_off(tmp_path / FILE_NAME, snapshots[0].at) == snapshots[0].seq
    found = recover(tmp_path / FILE_NAME, now=12.0, wall=last + THEN)
    assert same(found.dispatcher.snapshot(), on_this_clock(life.acd, found.shift))
    config = parse_config(b"", file="config.toml", folder=tmp_path, env={})
    config = config.model_copy(update={"server": config.server.model_copy(update={"data_dir": tmp_path})})
    output = io.StringIO()
    assert explain_replay(config, Console(file=output, width=300)), output.getvalue()
    after = [record for record in life.records if record.seq > snapshots[0].seq]
    assert f"{sum(record.kind.removeprefix('acd.') in INPUTS for record in after)} inputs" in output.getvalue()


def test_a_journal_without_its_beginning_is_not_relived_from_the_middle(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    life, snapshots, last = first_life()
    write(tmp_path / "j.db", life.records, snapshots)
    cut_off(tmp_path / "j.db", snapshots[0].at)
    change(tmp_path / "j.db", "UPDATE snapshots SET format = 2")
    found = recover(tmp_path / "j.db", now=12.0, wall=last + THEN)
    assert found.fresh
    assert len(found.agents) == len(CONFIG.agents)
    assert "agents are logged in as the journal saw them last" in caplog.text


def test_a_torn_record_costs_itself_and_nothing_else(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    life, _, last = first_life()
    write(tmp_path / "j.db", life.records)
    torn = max(record.seq for record in life.records if record.kind == "acd.call_joined")
    change(tmp_path / "j.db", f"UPDATE journal SET data = '{{\"at\": 1.5}}' WHERE seq = {torn}")
    found = recover(tmp_path / "j.db", now=12.0, wall=last + THEN)
    assert not found.fresh
    assert "1 records of the journal behind 0 cannot be read" in caplog.text


def test_missing_records_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    life, snapshots, last = first_life()
    write(tmp_path / "j.db", life.records, snapshots)
    change(tmp_path / "j.db", f"DELETE FROM journal WHERE seq = {snapshots[-1].seq + 2}")
    recover(tmp_path / "j.db", now=12.0, wall=last + THEN)
    assert "1 records are missing" in caplog.text


def test_a_journal_that_cannot_be_relived_still_tells_who_was_logged_in(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    life, _, last = first_life()
    life.do(AgentBreakStarted("agent3", "lunch"), last)
    write(tmp_path / "j.db", life.records)
    change(
        tmp_path / "j.db", "UPDATE journal SET data = '{\"at\": 50.0, \"config\": {}}' WHERE kind = 'acd.reconfigured'"
    )
    found = recover(tmp_path / "j.db", now=12.0, wall=last + THEN)
    assert found.fresh
    assert AgentLoggedIn("agent1", "phone of agent1", reachable=False) in found.agents
    assert AgentBreakStarted("agent3", "lunch") in found.agents
    assert "agents are logged in as the journal saw them last" in caplog.text


def test_an_error_inside_the_core_does_not_stop_a_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    life, snapshots, last = first_life()
    write(tmp_path / "j.db", life.records, snapshots)

    def broken(*_: object) -> None:
        raise RuntimeError("cannot happen")

    monkeypatch.setattr("softswitch.recovery.rebuild.replay", broken)
    found = recover(tmp_path / "j.db", now=12.0, wall=last + THEN)
    assert found.fresh
    assert len(found.agents) == len(CONFIG.agents)
    assert "cannot happen" in caplog.text


def test_a_database_that_is_not_there_is_a_fresh_start_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = recover(tmp_path / "none.db", now=12.0, wall=NOW)
    assert found.fresh
    assert "there is no database" in caplog.text


def test_a_wall_clock_that_was_set_back_puts_nothing_into_the_future(tmp_path: Path) -> None:
    life, snapshots, last = first_life()
    write(tmp_path / "j.db", life.records, snapshots)
    found = recover(tmp_path / "j.db", now=12.0, wall=last + THEN - 3600.0)
    assert found.dispatcher.now <= 12.0


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(1, 1000), offsets=st.lists(st.sampled_from([THEN, NOW, 5.0]), min_size=1, max_size=3))
def test_the_journal_of_several_processes_gives_the_state_of_the_last(seed: int, offsets: list[float]) -> None:
    life, _, now = first_life(seed=seed, events=60)
    for n, offset in enumerate(offsets):
        wall = now + life.offset + 2.0
        rebuilder = Rebuilder.from_nothing()
        rebuilder.read(life.records)
        now = wall - offset
        acd, shift = rebuilder.moved(now=now, wall=wall)
        life = Life(acd, offset, life.records)
        life.calls = 1000 * (n + 1)
        life.note(RECOVERED, now, {"shift": shift})
        now = life.work(now, 20, seed=seed + n)
    again = Rebuilder.from_nothing()
    again.read(life.records)
    assert again.dispatcher.snapshot() == life.acd.snapshot()
    assert not again.unreadable


def test_a_process_that_took_over_nothing_begins_anew(tmp_path: Path) -> None:
    life, _, _ = first_life()
    second = Life(Dispatcher(AcdConfig(), now=3.0), NOW, life.records)
    second.note(RECOVERED, 3.0, {"fresh": True})
    second.do(Reconfigured(CONFIG), 3.0)
    second.work(4.0, 30)
    write(tmp_path / "j.db", life.records)
    found = recover(tmp_path / "j.db", now=100.0, wall=NOW + 100.0)
    assert same(found.dispatcher.snapshot(), on_this_clock(second.acd, found.shift))
    assert found.dispatcher.agents["agent0"].status is Status.AVAILABLE


@pytest.fixture(autouse=True)
def _warnings(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
