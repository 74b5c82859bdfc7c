"""A caller of a whole day is erased from what it has left on the disk: nothing names them, and all figures stay."""

from __future__ import annotations

import json
import shutil
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from acd.dispatcher import Dispatcher
from softswitch.__main__ import cli
from softswitch.admin.lock import DataDirLock
from softswitch.campaigns.contacts import Contacts
from softswitch.config import Config, parse_config
from softswitch.config.acd import acd_config
from softswitch.erasure import eraser, rewriting
from softswitch.erasure.eraser import erase
from softswitch.erasure.forms import Forms, forms_of
from softswitch.erasure.rewriting import NotErased
from softswitch.explain.replay import PREFIX, RECOVERED, verify
from softswitch.mail.compose import compose
from softswitch.messages import Message, Request, State
from softswitch.outbox.events import event_of
from softswitch.store import left_behind, snapshots
from softswitch.store.cdr import Record
from softswitch.store.database import FILE_NAME
from softswitch.store.queries import Reader, contact_lines, seal_key
from softswitch.store.snapshots import Snapshot
from tests.sim.day import CENTRE, Day, staff_tables
from tests.support.journal_file import write_journal
from tests.support.sim_ports import EPOCH, MemoryJournal, SimClock

if TYPE_CHECKING:
    from pathlib import Path

NUMBER = "+380500000007"
DIGITS, NAME, ID = "500000007", "Мар'яна Козак", "K-1704"
DATE = datetime.fromtimestamp(EPOCH, UTC).strftime("%Y-%m-%d")
REPORTS = (
    *(("report", "--by", by) for by in ("queue", "agent", "interval")),
    *(("report", "containment", "--by", by) for by in ("topic", "path", "language")),
    ("report", "survey"),
)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory at the end of a day."""
    folder = tmp_path_factory.mktemp("day")
    day = Day(7, calls=60, hours=2.0)
    day.live()
    lines = list(day.switch.journal.lines)
    call = next(line.call for line in lines if line.kind == "call.started" and line.data["caller"] == NUMBER)
    other = next(line.call for line in lines if line.kind == "call.started" and line.data["caller"] != NUMBER)
    assert call is not None
    at = lines[-1].at

    def add(kind: str, about: str | None, data: dict[str, Any]) -> None:
        lines.append(Record(len(lines) + 1, at, kind, about, data))

    for about, values in (
        (call, {"segment": "gold", "debt": "1812.25", "customer_id": ID}),
        (other, {"segment": "gold"}),
    ):
        add("ivr.variables_set", about, {"node": "lookup:crm", "values": values})
    add("call.identified", call, {"node": "lookup:crm", "customer_id": ID})
    add("ivr.digits_entered", call, {"node": "collect:card", "digits": "7733"})
    add("record.kept", call, {"record": "complaint", "path": f"{folder}/recordings/complaint/{call}-1.wav"})
    add("contact.opted", call, {"number": NUMBER, "campaign": "", "out": True, "by": "caller"})
    add("contact.told", call, {"number": NUMBER, "prompt": "spring"})
    add("callback_request.taken", None, {"request": f"sales~{call}", "name": "sales", "number": "050 000 00 07"})
    told = {"call.started": "name", "call.ended": "label"}
    named = [
        Record(
            r.seq,
            r.at,
            r.kind,
            r.call,
            {**r.data, told[r.kind]: NAME} if r.kind in told and r.call == call else r.data,
        )
        for r in lines
    ]
    database = write_journal(folder, named)
    message = Message(
        f"sales~{call}~1", "sales", at, State.NEW, call, NUMBER, NAME, seconds=3.0, transcript="0 500 00 00 07"
    )
    request = Request(f"sales~{call}", "sales", at, at, NUMBER, NAME)
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA secure_delete = OFF")
        for item in (message, request):
            connection.execute(*left_behind.put(item))
        state = day.switch.dispatcher.snapshot() | {
            "extra": [{"call": call, "customer": NUMBER, "about": {"name": NAME}}]
        }
        connection.execute(snapshots.PUT, Snapshot(len(lines), at, 0.0, state).row())
        connection.execute("CREATE TABLE gone (text TEXT)")  # what was deleted before is still in the pages
        connection.executemany("INSERT INTO gone VALUES (?)", [(f"{NUMBER} {NAME} {n}" * 20,) for n in range(100)])
        connection.execute("DROP TABLE gone")
    for file in (
        f"voicemail/{message.file_name}",
        f"recordings/complaint/{call}-1.wav",
        f"recordings/complaint/{other}-1.wav",
    ):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(b"RIFF")
    (folder / "mail/refused").mkdir(parents=True)
    for name, to in (("mail/1.eml", NUMBER), ("mail/refused/2.eml", NUMBER), ("mail/3.eml", "+380500000008")):
        letter = compose(
            sender="a@b.c",
            to=["d@e.f"],
            subject=f"Voicemail from {to}",
            text=f"From: {to}",
            at=datetime.fromtimestamp(at, UTC),
            message_id=f"{name[-5]}@pbx",
        )
        (folder / name).write_bytes(letter.as_bytes())
    with Reader(database) as reader:
        records = reader.after(0, 100_000)
        customers = reader.customers({record.call for record in records if record.call is not None})
    documents = [event_of(r, "day", customers.get(r.call or "")).document for r in records]
    (folder / "events.jsonl").write_text("".join(json.dumps(d, ensure_ascii=False) + "\n" for d in documents))
    return folder


@pytest.fixture
def data_dir(lived: Path, tmp_path: Path) -> Path:
    shutil.copytree(lived, tmp_path / "var")
    return tmp_path / "var"


def text(folder: Path) -> str:
    return (
        CENTRE
        + staff_tables()
        + f'[event_log]\nfile = "{folder}/events.jsonl"\n[server]\ndata_dir = "{folder}"\ncountry = "UA"\n'
    )


def config(folder: Path) -> Config:
    return parse_config(text(folder).encode(), file="config.toml", folder=folder, env={})


def forms(folder: Path, written: str = "050 000 00 07") -> Forms:
    return forms_of(written, config(folder).plan)


def run(folder: Path, *words: str) -> str:
    file = folder.parent / "config.toml"
    file.write_text(text(folder), encoding="utf-8")
    found = CliRunner(env={"COLUMNS": "250"}).invoke(cli, [*words, "--config", str(file)])
    assert found.exit_code == 0, found.output
    return found.stdout


def figures(folder: Path) -> list[object]:
    return [json.loads(run(folder, *words, "--from", DATE, "--to", DATE, "--json")) for words in REPORTS]


def holding(folder: Path, *words: str) -> set[str]:
    """Files in which one of *words* stands, in whatever octets."""
    return {
        f"{word} in {file.relative_to(folder)}"
        for file in folder.rglob("*")
        if file.is_file()
        for word in words
        if word.encode() in file.read_bytes()
    }


def replayed(folder: Path) -> tuple[int, int]:
    """How many inputs and decisions there are; all of them are as they were."""
    with Reader(folder / FILE_NAME) as reader:
        found = verify(reader.lines_like((PREFIX, RECOVERED)), Dispatcher(acd_config(config(folder))))
    assert found.exact
    return found.inputs, found.decisions


def test_nothing_names_the_caller_and_every_figure_is_what_it_was(data_dir: Path, lived: Path) -> None:
    before = figures(data_dir)
    assert holding(data_dir, DIGITS, NAME, ID, "1812.25")
    erased = erase(config(data_dir), forms(data_dir))
    assert holding(data_dir, DIGITS, NAME, ID, "1812.25", "050 000 00 07", '"7733"') == set()
    assert figures(data_dir) == before
    assert replayed(data_dir) == replayed(lived)
    assert erased.left == ()
    assert (erased.calls, erased.messages, erased.requests, erased.audio, erased.letters) == (1, 1, 1, 2, 2)
    assert erased.lines > 20
    assert erased.events == erased.lines
    audio = {file.parent.name for file in data_dir.rglob("*.wav")}
    assert audio == {"complaint"}, "that of another caller"
    assert (data_dir / "mail/3.eml").exists()


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file() and "-shm" not in f.name
    }


def test_a_dry_run_counts_the_same_and_changes_nothing(data_dir: Path) -> None:
    before = contents(data_dir)
    counted = erase(config(data_dir), forms(data_dir), dry_run=True)
    after = contents(data_dir)
    assert {name: after[name] for name in before} == before
    erased = erase(config(data_dir), forms(data_dir))
    assert replace(erased, name="") == counted


def test_what_a_crash_has_left_is_found_by_the_next_attempt(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> int:
        raise KeyboardInterrupt

    for step in ("rewrite", "purge"):
        with monkeypatch.context() as patched:
            patched.setattr(eraser, step, crash)
            with pytest.raises(KeyboardInterrupt):
                erase(config(data_dir), forms(data_dir))
    erase(config(data_dir), forms(data_dir))
    assert holding(data_dir, DIGITS, NAME, ID, "1812.25") == set()
    assert sorted(file.parent.name for file in data_dir.rglob("*.wav")) == ["complaint"]
    again = erase(config(data_dir), forms(data_dir))
    assert (again.calls, again.lines, again.name) == (0, 0, "")


def test_while_somebody_reads_the_log_of_the_database_keeps_what_it_has_and_that_is_said(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewriting, "PATIENCE", 0.3)
    with Reader(data_dir / FILE_NAME) as reader, reader.snapshot():
        reader.newest_call()
        with pytest.raises(NotErased, match="somebody reads the database"):
            erase(config(data_dir), forms(data_dir))
    erase(config(data_dir), forms(data_dir))
    assert holding(data_dir, DIGITS, NAME) == set()


def contacts_of(folder: Path) -> Contacts:
    known = Contacts(config(folder), SimClock(), MemoryJournal())
    known.key = seal_key(folder / FILE_NAME)
    known.remember(contact_lines(folder / FILE_NAME))
    return known


def test_who_wants_no_offers_still_gets_none_and_may_change_their_mind(data_dir: Path) -> None:
    running = contacts_of(data_dir)
    assert not running.wants(NUMBER)
    running.erase(NUMBER)
    erase(config(data_dir), forms(data_dir))
    for known in (running, contacts_of(data_dir)):
        assert not known.wants(NUMBER)
        assert known.wants("+380500000008")
        (wish,) = known.wishes(NUMBER)
        assert DIGITS not in str(wish)
        assert not known.opt(NUMBER, 0.0, out=True, by="caller"), "that is known"
        assert known.opt(NUMBER, 0.0, out=False, by="caller")
        assert known.wants(NUMBER)
        assert known.wishes(NUMBER) == []


def callers_of(folder: Path) -> set[str]:
    with Reader(folder / FILE_NAME) as reader:
        return {line.data["caller"] for line in reader.lines(("call.started",))}


def test_what_others_share_stays_and_what_only_this_caller_has_is_no_trace_any_more(data_dir: Path) -> None:
    before = callers_of(data_dir)
    erased = erase(config(data_dir), forms(data_dir))
    with Reader(data_dir / FILE_NAME) as reader:
        told = [line.data["values"] for line in reader.lines(("ivr.variables_set",)) if "debt" in line.data["values"]]
        (identified,) = [line.data["customer_id"] for line in reader.lines(("call.identified",))]
    assert told == [{"segment": "gold", "debt": erased.name, "customer_id": erased.name}]
    assert identified == f"{erased.name}.1"
    assert callers_of(data_dir) == before - {NUMBER} | {erased.name}


def invoke(folder: Path, *words: str) -> tuple[int, str]:
    file = folder.parent / "config.toml"
    file.write_text(text(folder), encoding="utf-8")
    found = CliRunner(env={"COLUMNS": "250"}).invoke(cli, [*words, "--config", str(file)])
    return found.exit_code, found.output


def test_the_command_of_a_stopped_switch_counts_erases_and_says_so(data_dir: Path) -> None:
    code, counted = invoke(data_dir, "erase", "0500000007", "--dry-run")
    assert (code, counted.startswith(f"{NUMBER}: 1 calls, ")) == (0, True)
    code, said = invoke(data_dir, "erase", "0500000007")
    assert (code, said.splitlines()[0]) == (0, f"erased of {counted.strip()}")
    assert "in call records it is erased-" in said
    assert holding(data_dir, DIGITS, NAME) == set()
    assert invoke(data_dir, "erase", NUMBER) == (0, f"erased of {NUMBER}: nothing\n")
    assert invoke(data_dir, "erase", "1001")[0] == 2
    with closing(sqlite3.connect(data_dir / FILE_NAME)) as connection:
        (mode,) = connection.execute("PRAGMA integrity_check").fetchone()
    assert mode == "ok"


def test_a_switch_that_holds_its_data_is_asked_and_nothing_is_done_behind_its_back(data_dir: Path) -> None:
    lock = DataDirLock(data_dir)
    lock.take()
    try:
        code, said = invoke(data_dir, "erase", NUMBER)
    finally:
        lock.release()
    assert (code, "a switch is running already" in said) == (1, True)
    assert holding(data_dir, DIGITS)


def test_what_still_stands_somewhere_is_named(data_dir: Path) -> None:
    (data_dir / "notes.txt").write_text("call 050 000 00 07 back")
    code, said = invoke(data_dir, "erase", NUMBER)
    assert (code, f"it still stands in {data_dir}/notes.txt" in said) == (1, True)


def test_all_that_is_known_is_handed_out_with_recordings(data_dir: Path, tmp_path: Path) -> None:
    code, said = invoke(data_dir, "export", NUMBER)
    assert code == 0
    document = json.loads(said)
    (call,) = document["calls"]
    assert any(line["type"] == "call.started" and line["data"]["name"] == NAME for line in call["lines"])
    assert [message["transcript"] for message in document["messages"]] == ["0 500 00 00 07"]
    assert [line["type"] for line in document["mentioned"]] == ["callback_request.taken"]
    target = tmp_path / "customer.zip"
    code, said = invoke(data_dir, "export", NUMBER, "--to", str(target))
    assert (code, target.stat().st_mode & 0o777) == (0, 0o600)
    with zipfile.ZipFile(target) as packed:
        assert json.loads(packed.read("data.json"))["files"] == document["files"]
        assert {f"files/{name}" for name in document["files"]} < set(packed.namelist())
        assert {name.partition("/")[0] for name in document["files"]} == {"voicemail", "recordings", "mail"}
    assert "+380500000008" not in json.dumps(document)


def test_after_an_erasure_only_the_wish_is_left_to_hand_out(data_dir: Path) -> None:
    erase(config(data_dir), forms(data_dir))
    document = json.loads(invoke(data_dir, "export", NUMBER)[1])
    (wish,) = document["wishes_after_erasure"]
    assert wish["data"]["out"] is True
    assert [document[name] for name in ("calls", "mentioned", "messages", "callbacks", "files")] == [[]] * 5
