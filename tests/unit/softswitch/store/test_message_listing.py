"""`softswitch voicemail` lists what callers have left."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from typer.testing import CliRunner

from softswitch.__main__ import cli
from softswitch.messages import Message, State
from softswitch.store.journal import JournalWriter

if TYPE_CHECKING:
    from pathlib import Path

HEARD = Message(
    "sales~c1~1", "sales", 1_795_000_000.0, State.HEARD, "c1", "+380441234567", "Олена", "Invoices", "uk", 65.0, True
)
NEW = Message("sales~c2~1", "sales", 1_795_000_100.0, State.NEW, "c2", seconds=7.0)
BOXES = "[voicemail.sales]\n[voicemail.director]\n"
MAILED = (
    '[mail]\nhost = "127.0.0.1"\nfrom = "switch@example.com"\n'
    '[voicemail.sales]\nmail_to = "sales@example.com"\n[voicemail.director]\n'
)
OTHER = Message("director~c3~1", "director", 1_795_000_200.0, State.NEW, "c3", "2001", seconds=3.0)


def shown(
    folder: Path, *words: str, messages: tuple[Message, ...] = (HEARD, NEW, OTHER), boxes: str = BOXES
) -> tuple[int, str]:
    async def fill() -> None:
        writer = JournalWriter(folder / "softswitch.db")
        await writer.start()
        for message in messages:
            writer.put_left(message)
        writer.append("switch.started", None, {}, at=0.0)
        await writer.close()

    asyncio.run(fill())
    file = folder / "config.toml"
    file.write_text(f'[server]\ndata_dir = "{folder}"\ntimezone = "Europe/Kyiv"\n{boxes}', encoding="utf-8")
    found = CliRunner(env={"COLUMNS": "200"}).invoke(cli, ["voicemail", *words, "--config", str(file)])
    return found.exit_code, found.output


def test_new_ones_come_first_box_by_box(tmp_path: Path) -> None:
    code, text = shown(tmp_path)
    assert code == 0
    assert [line.split()[0] for line in text.splitlines()] == ["box", "director", "sales", "sales"]
    assert "+380441234567 (Олена)" in text
    assert "Invoices" in text
    assert text.index("unknown number") < text.index("+380441234567"), "the new one first"


def test_one_box_as_json_with_its_files(tmp_path: Path) -> None:
    code, text = shown(tmp_path, "director", "--json")
    assert code == 0
    (message,) = json.loads(text)
    assert (message["number"], message["state"], message["seconds"]) == ("2001", "new", 3.0)
    assert message["file"] == str(tmp_path / "voicemail" / "director~c3~1.wav")


def test_what_is_said_stands_below_the_table_and_in_the_json(tmp_path: Path) -> None:
    said = replace(NEW, transcript="Привіт, це Олена.\nПередзвоніть, будь ласка.")
    code, text = shown(tmp_path, messages=(HEARD, said, OTHER))
    assert code == 0
    assert text.endswith("\nsales~c2~1:\nПривіт, це Олена.\nПередзвоніть, будь ласка.\n")
    _, text = shown(tmp_path, "sales", "--json", messages=(said, HEARD))
    assert [message["transcript"] for message in json.loads(text)] == [said.transcript, None]


def test_no_messages_and_no_such_box(tmp_path: Path) -> None:
    assert shown(tmp_path, messages=()) == (0, "there are no messages\n")
    code, text = shown(tmp_path, "nobody")
    assert code == 2
    assert 'there is no box "nobody"; there are: sales, director' in text


def letter(folder: Path, about: str, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = f"X-Softswitch-Recipient: sales@example.com\r\nMessage-ID: <{about}@softswitch>\r\n\r\nlisten"
    (folder / f"{name}.eml").write_bytes(text.encode())


def test_the_mail_waits_was_sent_or_refused_or_is_not_wanted(tmp_path: Path) -> None:
    waiting = replace(HEARD, id="sales~c4~1", call="c4")
    refused = replace(HEARD, id="sales~c5~1", call="c5")
    letter(tmp_path / "mail", waiting.id, "1")
    letter(tmp_path / "mail", refused.id, "2")
    letter(tmp_path / "mail" / "refused", refused.id, "3")
    letter(tmp_path / "mail" / "refused", "sales~c9", "4")
    (tmp_path / "mail" / "5.eml").write_bytes(b"somebody else's")
    messages = (HEARD, NEW, OTHER, waiting, refused)
    _, text = shown(tmp_path, "--json", messages=messages, boxes=MAILED)
    assert {message["id"]: (message["mail"], message["mailed"]) for message in json.loads(text)} == {
        HEARD.id: ("sent", True),
        NEW.id: ("waits", False),
        OTHER.id: ("none", False),
        waiting.id: ("waits", True),
        refused.id: ("refused", True),
    }
    _, text = shown(tmp_path, messages=messages, boxes=MAILED)
    stands = {line.split()[-1]: line.split()[-2] for line in text.splitlines()[1:]}
    told = {HEARD.id: "sent", NEW.id: "waits", OTHER.id: "new", waiting.id: "waits", refused.id: "refused"}
    assert stands == told, "of what is not wanted nothing is said"
