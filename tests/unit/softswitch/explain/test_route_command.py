"""The question where a call would go, as it is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from softswitch.__main__ import cli
from tests.unit.softswitch.explain.test_route import CONFIG

if TYPE_CHECKING:
    from pathlib import Path

NIGHT = ["--at", "2026-12-25 10:00", "--did", "100", "--ani", "0501234567"]


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "config.toml"
    path.write_bytes(CONFIG)
    return str(path)


def test_explain_with_a_time_a_number_and_a_caller_is_explain_route(config: str) -> None:
    short = CliRunner().invoke(cli, ["explain", *NIGHT, "-c", config])
    long = CliRunner().invoke(cli, ["explain", "route", *NIGHT, "-c", config])
    assert (short.exit_code, short.stdout) == (0, long.stdout)
    assert "goes to agent:olena, then queue:vip" in short.stdout


def test_options_before_a_command_of_explain_are_refused_rather_than_forgotten(config: str) -> None:
    told = CliRunner().invoke(cli, ["explain", "-c", config, "call", "last"])
    assert told.exit_code == 2
    assert "write the options after the command: softswitch explain call" in " ".join(told.stderr.split())


def test_explain_without_the_number_that_is_dialled_asks_for_it(config: str) -> None:
    told = CliRunner().invoke(cli, ["explain", "--at", "10:00", "-c", config])
    assert (told.exit_code, "--did" in told.stderr) == (2, True)
    assert "Usage" in CliRunner().invoke(cli, ["explain"]).output
