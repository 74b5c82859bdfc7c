from __future__ import annotations

import io
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from softswitch.store.database import StoreError
from softswitch.store.journal import JournalWriter
from softswitch.store.listing import duration, show_calls
from softswitch.store.queries import Reader
from tests.unit.softswitch.store.test_cdr import AGENT_HANGS_UP, QUEUED, SERVED

if TYPE_CHECKING:
    from pathlib import Path

CALLS = {"call-one-4711": SERVED + AGENT_HANGS_UP, "call-two-4712": QUEUED}


async def written(path: Path) -> JournalWriter:
    """A journal with two calls, still open."""
    writer = JournalWriter(path)
    await writer.start()
    writer.append("switch.started", None, {}, at=900.0)
    for call, lines in CALLS.items():
        for at, kind, data in lines:
            writer.append(kind, call, data, at=1_767_261_600.0 + at)
    await writer.flush()
    return writer


def printed(path: Path, **options: Any) -> tuple[bool, str]:
    output = io.StringIO()
    console = Console(file=output, width=200, color_system=None)
    return show_calls(path.parent, console, **options), output.getvalue()


@pytest.mark.asyncio
async def test_calls_are_listed_while_the_switch_writes(tmp_path: Path) -> None:
    path = tmp_path / "softswitch.db"
    writer = await written(path)
    try:
        found, text = printed(path, zone=ZoneInfo("Europe/Kyiv"))
        assert found
        one, two = (next(line for line in text.splitlines() if name in line) for name in ("call-one", "call-two"))
        assert one.startswith("2026-01-01 12:00:00")
        assert "380501112233 (Ivan)" in one
        assert "menu main → key 1 → queue sales → piotr did not answer → waited 12.3 s → agent olena" in one
        assert "1:00" in one
        assert "served" in one
        assert "in progress" in two
        assert printed(path, last=1)[1].count("380501112233") == 1
        assert "call-two" in printed(path, last=1)[1]
    finally:
        await writer.close()


@pytest.mark.asyncio
async def test_one_call_is_told_step_by_step(tmp_path: Path) -> None:
    path = tmp_path / "softswitch.db"
    await (await written(path)).close()
    found, text = printed(path, call="call-one", zone=ZoneInfo("Europe/Kyiv"))
    assert found
    for expected in ("call-one-4711", "trunk kyiv", "12:01:00, agent hung up", "agent olena, talked 45.0 s", "12.3 s"):
        assert expected in text, expected
    assert printed(path, call="call-")[1].count("380501112233") == 2
    assert printed(path, call="nobody") == (False, "there is no call whose id begins with nobody\n")


@pytest.mark.asyncio
async def test_json_has_everything(tmp_path: Path) -> None:
    path = tmp_path / "softswitch.db"
    await (await written(path)).close()
    one, two = json.loads(printed(path, as_json=True)[1])
    assert (one["call"], one["disposition"], one["agent"]) == ("call-one-4711", "served", "olena")
    assert [segment["kind"] for segment in one["path"]] == ["menu", "queue", "talk"]
    assert one["path"][1]["offers"][0]["how"] == "no_answer"
    assert two["ended"] is None


@pytest.mark.asyncio
async def test_reading_changes_nothing_and_cannot(tmp_path: Path) -> None:
    path = tmp_path / "softswitch.db"
    await (await written(path)).close()
    before = path.read_bytes()
    with Reader(path) as reader:
        assert len(reader.all_calls()) == 2
        assert len(reader.journal("call-two-4712")) == len(QUEUED)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader._connection.execute("DELETE FROM journal")
    assert path.read_bytes() == before


@pytest.mark.asyncio
async def test_what_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "softswitch.db"
    with pytest.raises(StoreError, match="there is no database"):
        printed(path)
    await (await written(path)).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")
    with pytest.raises(StoreError, match="newer softswitch"):
        printed(path)


@pytest.mark.asyncio
async def test_an_empty_journal_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "softswitch.db"
    writer = JournalWriter(path)
    await writer.start()
    await writer.close()
    assert printed(path) == (True, "there are no calls yet\n")
    assert printed(path, as_json=True) == (True, "[]\n")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (59.94, "59.9 s"), (59.96, "1:00"), (3599.6, "1:00:00"), (3723, "1:02:03"), (-1, "0.0 s")],
)
def test_lengths_are_written_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text
