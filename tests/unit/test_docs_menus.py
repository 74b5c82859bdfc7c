"""The examples of docs/menus.md and docs/webservices.md are configurations that work."""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ivr.verbs import read_verbs
from softswitch.__main__ import cli
from softswitch.config import parse_config
from softswitch.tryout.command import Request, attempt
from softswitch.tryout.walk import Walk, walk

DOCS = Path(__file__).parents[2] / "docs"


def examples(page: str) -> list[str]:
    return re.findall(r"```toml\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


def works(toml: str, folder: Path) -> None:
    parse_config(toml.encode(), file="example.toml", folder=folder, env={"ERP_TOKEN": "secret", "SMS_TOKEN": "secret"})


@pytest.mark.parametrize("number", range(2))
def test_the_menus_work(number: int, tmp_path: Path) -> None:
    works(examples("menus.md")[number], tmp_path)


def test_the_first_thirty_lines_are_a_whole_switch(tmp_path: Path) -> None:
    """As they stand in the page: nothing is warned of, and each choice leads to somebody or says something."""
    text = examples("menus.md")[0]
    assert len([line for line in text.splitlines() if line.strip()]) == 30
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    checked = CliRunner().invoke(cli, ["check", "--strict", "--config", str(file)])
    assert checked.exit_code == 0, checked.output
    assert "2 phones, 1 agent, 1 queue, 1 menu, 1 route." in checked.output
    config = parse_config(text.encode(), file="config.toml", folder=tmp_path, env={})

    def tried(at: str, digits: str = "") -> Walk:
        request = Request("100", phone="1002", at=f"2026-11-23 {at}", digits=digits)
        return walk(config, attempt(config, request, datetime(2026, 11, 23, tzinfo=UTC)))

    begin = ["hours:office", "menu:main"]
    assert tried("10:00", "1").path == [*begin, "queue:sales"]
    parcel = tried("10:00", "2,47110815,1")
    assert (parcel.path, parcel.variables["parcel"]) == ([*begin, "collect:parcel", "queue:sales"], "47110815")
    assert tried("10:00", "3").path[:4] == [*begin, "say:address", "menu:main"]
    assert tried("10:00", "-").path == [*begin, "queue:sales"]
    closed = tried("20:00")
    assert closed.path == ["hours:office", "say:closed", "hangup"]
    assert closed.said


def test_the_verbs_work() -> None:
    (verbs,) = re.findall(r"```json\n(.*?)```", (DOCS / "webservices.md").read_text(encoding="utf-8"), re.DOTALL)
    assert [verb["verb"] for verb in read_verbs(verbs)] == ["say", "gather", "queue"]


def test_the_web_services_work(tmp_path: Path) -> None:
    first, code, texts, lookups, application = examples("webservices.md")
    works(texts + '[queue.reception]\n[menu.main]\nsay = "x"\nkeys = { 1 = "sms:address" }\n', tmp_path)
    works(application, tmp_path)
    (tmp_path / "customers.csv").write_text("phone,name\n")
    sqlite3.connect(tmp_path / "crm.db").close()
    works(first, tmp_path)
    works(code + '[queue.claims]\n[queue.customers]\n[[route]]\ndid = "1"\nto = "collect:code"\n', tmp_path)
    works(
        lookups + '[set.customer]\nthen = "menu:main"\n[menu.main]\nsay = "x"\nkeys = { 1 = "lookup:balance" }\n',
        tmp_path,
    )
