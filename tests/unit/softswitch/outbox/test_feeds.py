"""Who is told changes with the configuration; who stays goes on where they were."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING

import pytest

from softswitch.config import Config, parse_config
from softswitch.outbox.feeds import Feeds
from softswitch.store.journal import JournalWriter

if TYPE_CHECKING:
    from pathlib import Path


def config(folder: Path, *files: str) -> Config:
    text = "".join(f'[event_log]\nfile = "{file}"\nevents = ["test.*"]\n' for file in files)
    return parse_config(text.encode(), file="c.toml", folder=folder, env={})


def numbers(path: Path) -> list[int]:
    lines = path.read_text().splitlines() if path.exists() else []
    return [json.loads(line)["data"]["n"] for line in lines]


async def until(path: Path, *last: int) -> None:
    async with asyncio.timeout(60):
        while numbers(path)[-len(last) :] != list(last):  # noqa: ASYNC110 (nothing tells us)
            await asyncio.sleep(0.02)


@pytest.mark.asyncio
async def test_another_configuration_goes_on_where_the_one_before_was(tmp_path: Path) -> None:
    database = tmp_path / "j.db"
    journal = JournalWriter(database)
    await journal.start()
    feeds = Feeds(config(tmp_path, "one.jsonl"), database, wall=lambda: 0.0)
    try:
        await feeds.start()
        journal.append("test.a", None, {"n": 1}, at=0.0)
        await until(tmp_path / "one.jsonl", 1)

        feeds.reconfigure(config(tmp_path))
        journal.append("test.a", None, {"n": 2}, at=0.0)
        feeds.reconfigure(config(tmp_path, "two.jsonl"))
        journal.append("test.a", None, {"n": 3}, at=0.0)

        await until(tmp_path / "two.jsonl", 2, 3)
        assert numbers(tmp_path / "two.jsonl") in ([2, 3], [1, 2, 3])  # at least once: it may have been interrupted
        assert numbers(tmp_path / "one.jsonl") == [1]
        assert [state["to"] for state in feeds.state()] == ["event_log"]
    finally:
        await feeds.stop()
        await journal.close()


@pytest.mark.asyncio
async def test_without_a_folder_it_is_an_alarm_until_there_is_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = f'[server]\ndata_dir = "{tmp_path}"\n[event_log]\nfile = "{tmp_path}/e.jsonl"\nevents = ["*"]\n'
    database, in_the_way = tmp_path / "j.db", tmp_path / "outbox"
    in_the_way.write_text("a file")
    journal = JournalWriter(database)
    await journal.start()
    told = parse_config(text.encode(), file="c.toml", folder=tmp_path, env={})
    feeds = Feeds(told, database, wall=lambda: 0.0, retry=0.01)
    try:
        await feeds.start()
        async with asyncio.timeout(60):
            while not feeds.state()[0]["alarm"]:  # noqa: ASYNC110 (nothing tells us)
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)  # some more tries
        (state,) = feeds.state()
        assert state["to"] == "event_log"
        assert re.fullmatch(rf"{in_the_way}/.*: Not a directory", str(state["alarm"]))
        assert feeds.delivered() == 0, "nothing of the journal may be deleted"
        assert sum(record.levelname == "ERROR" for record in caplog.records) == 1

        in_the_way.unlink()
        async with asyncio.timeout(60):
            while feeds.state()[0]["alarm"]:  # noqa: ASYNC110 (nothing tells us)
                await asyncio.sleep(0.01)
        journal.append("test.a", None, {"n": 1}, at=0.0)
        await until(tmp_path / "e.jsonl", 1)

        in_the_way.rename(tmp_path / "away")
        in_the_way.write_text("a file again")
        feeds.reconfigure(config(tmp_path))
        feeds.reconfigure(told)
    finally:
        await feeds.stop()
        await journal.close()
    assert [task.get_name() for task in asyncio.all_tasks() if "events to others" in task.get_name()] == []


@pytest.mark.asyncio
async def test_without_receivers_nothing_is_made(tmp_path: Path) -> None:
    feeds = Feeds(config(tmp_path), tmp_path / "none.db", wall=lambda: 0.0)
    await feeds.start()
    await feeds.stop()
    assert feeds.state() == []
