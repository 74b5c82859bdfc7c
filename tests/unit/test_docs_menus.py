"""The examples of docs/menus.md and docs/webservices.md are configurations that work."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from ivr.verbs import read_verbs
from softswitch.config import parse_config

DOCS = Path(__file__).parents[2] / "docs"


def examples(page: str) -> list[str]:
    return re.findall(r"```toml\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


def works(toml: str, folder: Path) -> None:
    parse_config(toml.encode(), file="example.toml", folder=folder, env={"ERP_TOKEN": "secret", "SMS_TOKEN": "secret"})


@pytest.mark.parametrize("number", range(2))
def test_the_menus_work(number: int, tmp_path: Path) -> None:
    works(examples("menus.md")[number], tmp_path)


def test_the_first_menu_has_no_more_than_thirty_lines() -> None:
    lines = [line for line in examples("menus.md")[0].splitlines() if line.strip()]
    assert len(lines) <= 30


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
