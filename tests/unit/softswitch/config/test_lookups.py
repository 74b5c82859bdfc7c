"""Lookups that would find nothing, told before anybody calls."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from softswitch.config import parse_config

if TYPE_CHECKING:
    from pathlib import Path

QUERY = "SELECT name, balance FROM customers WHERE phone = :key AND code = :code;"


def told(folder: Path, words: str) -> list[str]:
    text = f"[lookup.c]\n{words}\n"
    warnings = parse_config(text.encode(), file="f", folder=folder, env={}).warnings
    return [each.render("f").replace(f"{folder}/", "") for each in warnings if each.code == "lookup-fails"]


@pytest.mark.parametrize(
    ("content", "words", "message"),
    [
        (b"phone,name\n1,Olena\n", 'column = "phone"\nresult = { who = "name" }', ""),
        (b"\xef\xbb\xbfphone;name\n1;Olena\n", 'column = "phone"', ""),
        (b"phone\tname\r\n1\tOlena\r\n", 'column = "name"', ""),
        (b"", "", "2:1: warning: lookup.c.file: c.csv is empty; its first line names the columns [lookup-fails]"),
        (b"phone\n1\n\xce\xeb\xe5\xed\xe0\n", "", 'lookup.c.file: c.csv: line 3 is not UTF-8; save it as "CSV UTF-8"'),
        (b"phone\n" + b"1\n" * 1_000_000 + b"\xce", "", "line 1000002 is not UTF-8"),
        (b"phone,name\n", 'column = "fone"', '3:1: warning: lookup.c.column: c.csv has no column "fone"; did you mean'),
        (
            b"phone,name\n",
            'result = { who = "client" }',
            'lookup.c.result.who: c.csv has no column "client"; there is one',
        ),
    ],
)
def test_a_file(tmp_path: Path, content: bytes, words: str, message: str) -> None:
    (tmp_path / "c.csv").write_bytes(content)
    found = told(tmp_path, f'file = "c.csv"\n{words}')
    assert [message in line for line in found] == ([True] if message else []), found


@pytest.mark.parametrize(
    ("query", "words", "message"),
    [
        (QUERY, 'result = { who = "name" }', ""),
        ("WITH x AS (SELECT 1 AS a) SELECT a FROM x", "", ""),
        ("SELEC name", "", '3:1: warning: lookup.c.query: c.db cannot be asked so: near "SELEC": syntax error'),
        ("SELECT nam FROM customers", "", "cannot be asked so: no such column: nam"),
        ("SELECT name FROM clients", "", "cannot be asked so: no such table: clients"),
        ("DELETE FROM customers", "", "cannot be asked so: not authorized"),
        (
            "SELECT name FROM customers; SELECT 1",
            "",
            "cannot be asked so: You can only execute one statement at a time",
        ),
        (
            QUERY,
            'result = { who = "nam" }',
            'lookup.c.result.who: a row of the answer has no column "nam"; did you mean',
        ),
    ],
)
def test_a_database(tmp_path: Path, query: str, words: str, message: str) -> None:
    with closing(sqlite3.connect(tmp_path / "c.db")) as database:
        database.execute("CREATE TABLE customers (phone, code, name, balance)")
        database.execute("INSERT INTO customers VALUES ('1', '2', 'Olena', 12.5)")
        database.commit()
        found = told(tmp_path, f'database = "c.db"\nquery = "{query}"\n{words}')
        assert database.execute("SELECT count(*) FROM customers").fetchone() == (1,)
    assert [message in line for line in found] == ([True] if message else []), found


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "c.db").write_bytes(b"phone,name\n" * 200)
    assert told(tmp_path, f'database = "c.db"\nquery = "{QUERY}"') == [
        "f:2:1: warning: lookup.c.database: c.db is no SQLite database [lookup-fails]"
    ]


def test_a_database_that_somebody_else_has_locked_is_not_blamed(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "c.db", isolation_level=None)) as database:
        database.execute("CREATE TABLE customers (phone, code, name, balance)")
        database.execute("BEGIN EXCLUSIVE")
        assert told(tmp_path, f'database = "c.db"\nquery = "{QUERY}"') == []
