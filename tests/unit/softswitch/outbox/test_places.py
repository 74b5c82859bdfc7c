"""Somebody puts an older copy of the journal back: what it writes from then on is told, and is told apart."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from softswitch.config import Config, parse_config
from softswitch.outbox.feeds import Feeds
from softswitch.outbox.places import keep_cursor, places, read_cursor
from softswitch.store.database import StoreError, rename_journal
from softswitch.store.journal import JournalWriter

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def config(folder: Path) -> Config:
    text = f'[server]\ndata_dir = "{folder}"\n[event_log]\nfile = "events.jsonl"\nevents = ["*"]\n'
    return parse_config(text.encode(), file="c.toml", folder=folder, env={})


def told(folder: Path) -> list[Any]:
    path = folder / "events.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


async def life(folder: Path, lines: int, name: str) -> tuple[list[Any], list[dict[str, object]]]:
    """One life of the switch that writes so many lines; the events of it, and how its receivers are in the end."""
    before, noted = len(told(folder)), 0
    journal = JournalWriter(folder / "j.db", interval=0.0)
    await journal.start()

    def note(kind: str, data: Mapping[str, object]) -> None:
        nonlocal noted
        noted += 1
        journal.append(kind, None, data, at=0.0)

    feeds = Feeds(config(folder), folder / "j.db", wall=lambda: 0.0, note=note)
    await feeds.start()
    for number in range(lines):
        journal.append("call.test", "c1", {"life": name, "n": number}, at=0.0)
    await journal.flush()
    async with asyncio.timeout(60):
        while feeds.delivered() != journal.last_seq:  # noqa: ASYNC110 (nothing tells us)
            await asyncio.sleep(0.02)
    state = feeds.state()
    await feeds.stop()
    await journal.close()
    return told(folder)[before:], state


@pytest.mark.asyncio
async def test_what_is_written_behind_an_older_copy_is_told_under_another_name(tmp_path: Path) -> None:
    await life(tmp_path, 10, "first")
    shutil.copy(tmp_path / "j.db", tmp_path / "copy")
    await life(tmp_path, 10, "second")
    for rest in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            (tmp_path / f"j.db{rest}").unlink()
    shutil.copy(tmp_path / "copy", tmp_path / "j.db")

    (behind, *third), state = await life(tmp_path, 6, "third")
    assert (behind["type"], behind["data"]["last"], behind["data"]["missing"]) == ("journal.behind", 10, 10)
    assert [event["data"] for event in third] == [{"life": "third", "n": n} for n in range(6)]
    assert "10 lines before what receivers have" in str(state[0]["alarm"])

    fourth, state = await life(tmp_path, 6, "fourth")
    assert [event["data"] for event in fourth] == [{"life": "fourth", "n": n} for n in range(6)]
    assert [at["alarm"] for at in state] == [""]

    ids = [event["id"] for event in told(tmp_path)]
    assert len(set(ids)) == len(ids) == 33


@pytest.mark.asyncio
async def test_each_receiver_goes_on_at_its_own_place_in_the_copy(tmp_path: Path) -> None:
    journal = JournalWriter(tmp_path / "j.db")
    await journal.start()
    for _ in range(5):
        journal.append("call.test", None, {}, at=0.0)
    await journal.close()
    before = places(tmp_path / "outbox", tmp_path / "j.db")
    assert (before.last, before.missing) == (5, 0)
    keep_cursor(before.folder / "slow.cursor", 3)
    keep_cursor(before.folder / "quick.cursor", 9)
    (before.folder / "torn.cursor").write_text("")

    after = places(tmp_path / "outbox", tmp_path / "j.db")
    assert (after.missing, after.before) == (4, before.source)
    assert [read_cursor(after.folder / f"{name}.cursor") for name in ("slow", "quick", "torn")] == [3, 5, None]
    assert places(tmp_path / "outbox", tmp_path / "j.db").source == after.source, "it is that one now"


def test_what_is_no_journal_cannot_be_named(tmp_path: Path) -> None:
    (tmp_path / "j.db").write_bytes(b"nonsense" * 100)
    with pytest.raises(StoreError, match=r"j\.db"):
        rename_journal(tmp_path / "j.db", "x")
