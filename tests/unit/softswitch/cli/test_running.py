"""Commands for the running switch while its file is being edited."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from softswitch.__main__ import cli
from softswitch.admin.protocol import socket_path
from softswitch.admin.server import AdminServer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = pytest.mark.asyncio
SERVER = '[server]\ndata_dir = "there"\ntimezone = "Europe/Kyiv"\n'
UNUSED = '[say.nobody]\nsay = "Nobody comes here."\n'
BROKEN = {
    "a word": (SERVER + '[[phone]]\nusr = "1001"\npassword = "olena-7x-kite"\n', "has 2 errors"),
    "a target": (SERVER + '[[route]]\ndid = "100"\nto = "menu:mian"\n', "has an error"),
    "a word of the table": ('[server]\ndata_dir = "there"\nlanguage = "xx"\n', "has an error"),
    "no TOML": ('[say.x]\nsay = "never ends\n' + SERVER + "[sip]\n", "has an error"),
    "no TOML in the last line": (SERVER + "[[phone", "has an error"),
    "an included file": (f'include = ["gone.toml"]\n{SERVER}', "has an error"),
}


async def told(
    folder: Path, text: str, *words: str, works_in: str = "there", verbs: Mapping[str, Any]
) -> tuple[int, str, str]:
    """Exit code, standard output and errors of a command, beside a switch that works in a folder."""
    file, path = folder / "config.toml", socket_path(folder / works_in)
    file.write_text(text, encoding="utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    server = AdminServer(path, verbs)
    await server.start()
    try:
        found = await asyncio.to_thread(CliRunner().invoke, cli, [*words, "--config", str(file)])
    finally:
        await server.close()
    return found.exit_code, found.stdout, found.stderr


@pytest.mark.parametrize("what", BROKEN)
async def test_a_file_with_errors_is_one_line_and_the_switch_is_asked_all_the_same(tmp_path: Path, what: str) -> None:
    text, tells = BROKEN[what]
    code, out, err = await told(
        tmp_path, text, "rollout", "--json", verbs={"rollouts": lambda args: [{"place": "menu:main"}]}
    )
    assert (code, "menu:main" in out) == (0, True), err
    assert len(err.splitlines()) == 1
    assert f"config.toml {tells}" in err
    assert "softswitch check" in err


async def test_each_command_for_the_running_switch_goes_on_and_repeats_no_warning(tmp_path: Path) -> None:
    hours = {"hours": "office", "state": "closed", "next_change": None, "timezone": "UTC"}
    why = {"forced_by": "ann", "by_rules": "open", "why": "", "reason": ""}
    verbs: dict[str, Any] = {
        "queues": lambda args: {"at": 0.0, "queues": []},
        "agents": lambda args: {"at": 0.0, "agents": []},
        "hours": lambda args: {"at": 0.0, "hours": []},
        "hours.change": lambda args: hours | why,
        "agents.change": lambda args: {"changed": [], "refused": []},
        "call.change": lambda args: {"call": "c1", "queue": None},
        "call.verify": lambda args: {"call": "c1", "verified": "passed"},
        "optouts": lambda args: {"optouts": [], "total": 0},
        "callback.cancel": lambda args: {"cancelled": "c1"},
    }
    for words in (
        ("queues",),
        ("agents",),
        ("hours",),
        ("hours", "office", "closed"),
        ("agent", "all", "logout"),
        ("call", "c1", "--priority", "5"),
        ("verify", "c1", "passed"),
        ("optouts",),
        ("callbacks", "--cancel", "c1"),
    ):
        code, _, err = await told(tmp_path, SERVER + UNUSED, *words, verbs=verbs)
        assert (code, err) == (0, ""), words
        code, _, err = await told(tmp_path, SERVER + UNUSED + "[nonsense]\n", *words, verbs=verbs)
        assert (code, len(err.splitlines())) == (0, 1), words


@pytest.mark.parametrize(
    "text",
    [
        'include = ["more.toml"]\n[say.x]\nsay = "never ends\n',
        'server.data_dir = "there"\nnonsense\n',
        "[server]\ndata_dir = 5\n",
        "server = 5\n",
    ],
)
async def test_who_cannot_tell_where_the_switch_works_is_told_the_errors(tmp_path: Path, text: str) -> None:
    code, out, err = await told(tmp_path, text, "rollout", verbs={"rollouts": lambda args: []})
    assert (code, out) == (2, "")
    assert "config.toml:" in err


@pytest.mark.parametrize("command", ["diff", "reload"])
async def test_another_data_dir_in_the_file_is_told_how_to_reach_the_switch(tmp_path: Path, command: str) -> None:
    moved = SERVER.replace("there", "elsewhere")
    answer = {"version": 1, "hash": "0" * 64, "errors": [], "warnings": [], "changes": []}
    verb = {f"config.{command}": lambda args: answer | {"needs_restart": ["server.data_dir"]}}
    code, _, err = await told(tmp_path, moved, command, verbs=verb)
    assert code == 3
    assert "no switch is running here" in err
    assert "--data-dir" in err
    code, out, _ = await told(tmp_path, moved, command, "--data-dir", str(tmp_path / "there"), verbs=verb)
    assert code == (1 if command == "diff" else 0)
    assert "waits for a restart" in out
    _, _, err = await told(tmp_path, moved, command, "--data-dir", str(tmp_path / "nowhere"), verbs=verb)
    assert "no switch is running here" in err
    assert "--data-dir" not in err, "it is given already"
