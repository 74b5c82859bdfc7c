"""The file of events while somebody else puts another one in its place."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from softswitch.outbox.events import event_of
from softswitch.outbox.sinks import EventFile, locked
from softswitch.store.cdr import Record

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.asyncio
@pytest.mark.parametrize("octets", [0, 10, (1 << 16) - 1, 1 << 16, 200_000])
@pytest.mark.parametrize("before", ["", '{"id": "j-1"}\n'])
async def test_a_torn_line_of_any_length_is_taken_off(tmp_path: Path, octets: int, before: str) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text(before + "x" * octets)
    await EventFile(path).deliver([event_of(Record(2, 5.0, "call.test", "c1", {}), "j")])
    *first, last = path.read_text().splitlines(keepends=True)
    assert "".join(first) == before
    assert json.loads(last)["id"] == "j-2"


@pytest.mark.asyncio
async def test_what_is_told_meanwhile_is_in_the_new_file(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    sink = EventFile(path)
    await sink.deliver([event_of(Record(1, 0.0, "call.started", "c1", {}), "j")])
    with locked(path) as before:
        delivery = asyncio.create_task(sink.deliver([event_of(Record(2, 1.0, "call.ended", "c1", {}), "j")]))
        await asyncio.sleep(0.05)
        assert not delivery.done()
        new = tmp_path / "new"
        new.write_bytes(before.read().replace(b"c1", b"c2"))
        new.replace(path)
    await delivery
    assert [line.count("c2") for line in path.read_text().splitlines()] == [1, 0]
