"""Journals of simulated days and the stories they tell. ``UPDATE_GOLDEN=1 pytest …`` rewrites them; read the diff."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from softswitch.config import parse_config
from softswitch.explain.command import ExplainError, explain_call
from softswitch.store.cdr import Record
from tests.support.journal_file import write_journal

if TYPE_CHECKING:
    from softswitch.config import Config

GOLDEN = Path(__file__).parents[3] / "golden" / "explain"


def recorded(name: str) -> list[Record]:
    with (GOLDEN / f"{name}.jsonl").open(encoding="utf-8") as file:
        return [Record(*json.loads(line)) for line in file]


def config(folder: Path) -> Config:
    text = f'[server]\ndata_dir = "{folder}"\ntimezone = "UTC"\n'
    return parse_config(text.encode(), file="config.toml", folder=folder, env={})


def told(folder: Path, call: str, *, as_json: bool = False) -> str:
    output = io.StringIO()
    explain_call(config(folder), call, Console(file=output, width=80, color_system=None), json=as_json)
    return output.getvalue()


@pytest.mark.parametrize("name", ["office", "earlier"])
def test_recorded_calls_are_told_as_ever(name: str, tmp_path: Path) -> None:
    """``earlier`` was written by a version whose records of offers said less."""
    records = recorded(name)
    write_journal(tmp_path, records)
    calls = [record.call for record in records if record.kind == "call.started"]
    text = "\n".join(told(tmp_path, str(call)) for call in calls)
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_a_call_is_found_by_the_beginning_of_its_id_and_as_the_last(tmp_path: Path) -> None:
    write_journal(tmp_path, recorded("office"))
    assert told(tmp_path, "call-00004").startswith("call call-00004\n")
    assert told(tmp_path, "last") == told(tmp_path, "call-00013") == told(tmp_path, "call-00013")
    with pytest.raises(ExplainError, match=r'several calls begin with "call-": call-00001, call-00002, .* …'):
        told(tmp_path, "call-")
    with pytest.raises(
        ExplainError, match='there is no call whose id begins with "xyz"; "softswitch calls" lists them'
    ):
        told(tmp_path, "xyz")


def test_in_a_new_journal_there_is_no_last_call(tmp_path: Path) -> None:
    write_journal(tmp_path, [])
    with pytest.raises(ExplainError, match="there are no calls yet"):
        told(tmp_path, "last")


def test_json_has_the_sentences_and_the_legs(tmp_path: Path) -> None:
    write_journal(tmp_path, recorded("office"))
    document = json.loads(told(tmp_path, "call-00004", as_json=True))
    assert document["sentences"][0]["why"] == ["route 1 (did 100) leads to menu:main"]
    for leg in document["legs"]:
        assert sum(s["ended"] - s["began"] for s in leg["segments"]) == pytest.approx(leg["ended"] - leg["began"])


def test_a_journal_that_is_full_of_nonsense_is_told_all_the_same(tmp_path: Path) -> None:
    odd: list[object] = [None, [], {}, "x", -1, 1e9, [[]], [["a"]], True]
    records = []
    for n, record in enumerate(recorded("office")):
        data = {name: odd[(n + i) % len(odd)] for i, name in enumerate(record.data)} | {"future": odd}
        kind = record.kind if record.kind == "call.started" or n % 3 else record.kind + "_of_the_future"
        records.append(Record(record.seq, record.at, kind, record.call, {} if n % 7 == 0 else data))
    write_journal(tmp_path, records)
    for call in sorted({record.call for record in records if record.kind == "call.started" and record.call}):
        assert told(tmp_path, call).startswith(f"call {call}\n")
