"""`softswitch status` at a real socket: what is wrong is seen at a glance."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from softswitch.__main__ import cli
from softswitch.admin.protocol import socket_path
from softswitch.admin.server import AdminServer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.asyncio
WELL: dict[str, Any] = {
    "calls": 3,
    "pid": 4242,
    "config": "/etc/softswitch/config.toml",
    "journal": {"waiting": 0, "written": 1234, "dropped": 0, "alarm": ""},
    "events": [
        {"to": "webhook-crm", "position": 1200, "alarm": ""},
        {"to": "event_log", "position": 1234, "alarm": ""},
    ],
    "mail": {"mail": "", "waiting": 0, "disk": ""},
    "version": 7,
    "hash": "0123456789abcdef",
}


async def shown(folder: Path, answer: Any, *words: str, columns: int = 200) -> tuple[int, str]:
    path, file = socket_path(folder), folder / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'[server]\ndata_dir = "{folder}"\n', encoding="utf-8")
    server = AdminServer(path, {"status": lambda args: answer})
    await server.start()
    try:
        runner = CliRunner(env={"COLUMNS": str(columns)})
        found = await asyncio.to_thread(runner.invoke, cli, ["status", *words, "--config", str(file)])
    finally:
        await server.close()
    return found.exit_code, found.output


async def test_a_switch_that_is_well_says_so_in_the_first_line(tmp_path: Path) -> None:
    code, text = await shown(tmp_path, WELL)
    assert code == 0
    assert text.splitlines()[0] == "all is well"
    assert "ALARM" not in text
    rows = dict(line.split("  ", 1) for line in text.splitlines()[2:])
    told = {name: what.strip() for name, what in rows.items()}
    assert told == {
        "process": "4242",
        "configuration": "/etc/softswitch/config.toml, version 7 (0123456789ab)",
        "calls": "3",
        "journal": "lines since the start: 1234, waiting: 0",
        "events to webhook-crm": "up to line 1200",
        "events to event_log": "up to line 1234",
        "mail": "letters that wait: 0",
        "disk of messages": "well",
    }


async def test_alarms_are_counted_first_and_each_stands_whole_at_its_part(tmp_path: Path) -> None:
    trouble = "mail cannot be sent through smtp.example.com:587: [Errno 111] Connect call failed"
    answer = WELL | {
        "journal": {"waiting": 9, "written": 5, "dropped": 2, "alarm": "OperationalError: disk full"},
        "events": [{"to": "webhook-crm", "position": 3, "alarm": "status 503"}],
        "mail": {"mail": trouble, "waiting": 4, "disk": "/var/voicemail: only 12 KB are free"},
    }
    code, text = await shown(tmp_path, answer)
    assert code == 0, "it runs"
    assert text.splitlines()[0] == "ALARMS: 4"
    for told in (
        "ALARM: OperationalError: disk full; lines that are lost: 2 (lines since the start: 5, waiting: 9)",
        "ALARM: status 503 (up to line 3)",
        f"ALARM: {trouble} (letters that wait: 4)",
        "ALARM: /var/voicemail: only 12 KB are free",
    ):
        assert told in text
    _, narrow = await shown(tmp_path, answer, columns=60)
    assert trouble.replace(" ", "") in "".join(narrow.split()), "nothing is cut off"


async def test_json_is_what_the_switch_answers(tmp_path: Path) -> None:
    code, text = await shown(tmp_path, WELL, "--json")
    assert (code, json.loads(text)) == (0, WELL)


async def test_no_switch_is_exit_code_1_and_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f'[server]\ndata_dir = "{tmp_path}"\n', encoding="utf-8")
    found = CliRunner().invoke(cli, ["status", "--config", str(file)])
    assert found.exit_code == 1
    assert "no switch is running here" in found.output
