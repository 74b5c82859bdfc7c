"""Lookups: one place to look in, and whether anything can be found there as it is.

What a file or a database lacks is a warning: it may be there again in a minute, and calls go on without it.
"""

from __future__ import annotations

import csv
import sqlite3
import time
from typing import TYPE_CHECKING, Any, Final

from softswitch.callers.tables import Values, columns_of, read_header
from softswitch.config.checks import mentions
from softswitch.config.checks.variables import known_variables
from softswitch.config.errors import nearest, one_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path as FilePath

    from softswitch.config.checks.raw import Raw
    from softswitch.config.errors import Problem
    from softswitch.config.positions import Path

CODE: Final = "lookup-fails"
_SOURCES = ("list", "file", "database")
_PART: Final = 1 << 20
#: Seconds for which a database is waited for.
_PATIENCE: Final = 2.0
_BUSY: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT}


def check(raw: Raw) -> Iterator[Problem]:
    lists = raw.names("list")
    for path, table in raw.select("lookup.*"):
        if not isinstance(table, dict):
            continue
        given = [source for source in _SOURCES if source in table]
        if not given:
            yield raw.error(path, "says nowhere to look", 'add list = "…", file = "….csv" or database = "…"')
        elif len(given) > 1:
            yield raw.error((*path, given[1]), f"there is {given[0]} already", "one lookup looks in one place")
        if ("database" in table) != ("query" in table):
            missing = "query" if "database" in table else "database"
            yield raw.error(path, f"needs a {missing}", 'as in query = "SELECT name FROM customers WHERE phone = :key"')
        name = table.get("list")
        if isinstance(name, str) and name not in lists:
            yield raw.error((*path, "list"), f"there is no [[list.{name}]]", nearest=nearest(name, lists))
    for path, name in raw.strings("lookup.*.file", "lookup.*.database"):
        file = raw.folder / name
        if "\0" not in name and not file.is_file():
            yield raw.error(path, f'there is no file "{file}"')
        elif "\0" not in name:
            table = raw.tables["lookup"][path[1]]
            yield from (_file if path[-1] == "file" else _database)(raw, path, table, file)


def _file(raw: Raw, path: Path, table: dict[str, Any], file: FilePath) -> Iterator[Problem]:
    try:
        if wrong := _not_utf8(file):
            yield raw.warning(path, f"{file}: {wrong}", 'save it as "CSV UTF-8"', code=CODE)
            return
        columns, _ = read_header(file)
    except (OSError, ValueError, csv.Error) as error:
        why = error.strerror if isinstance(error, OSError) else error
        yield raw.warning(path, f"{file} cannot be read: {why}", code=CODE)
        return
    if not any(columns):
        yield raw.warning(path, f"{file} is empty", "its first line names the columns", code=CODE)
        return
    if isinstance(table.get("column"), str):
        yield from _unknown(raw, [((*path[:2], "column"), table["column"])], columns, str(file))
    yield from _unknown(raw, raw.strings(f"lookup.{path[1]}.result.*"), columns, str(file))


def _database(raw: Raw, path: Path, table: dict[str, Any], file: FilePath) -> Iterator[Problem]:
    query = table.get("query")
    if not isinstance(query, str) or not query:
        return
    values = Values({})
    try:
        columns = columns_of(file, query, values, time.monotonic() + _PATIENCE)
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code == sqlite3.SQLITE_NOTADB:
            yield raw.warning(path, f"{file} is no SQLite database", code=CODE)
        elif code not in _BUSY:
            right = 'as in query = "SELECT name FROM customers WHERE phone = :key"'
            yield raw.warning((*path[:2], "query"), f"{file} cannot be asked so: {error}", right, code=CODE)
        return
    yield from _unknown(raw, raw.strings(f"lookup.{path[1]}.result.*"), columns, "a row of the answer")
    yield from mentions.unknown(raw, (*path[:2], "query"), values.asked, known_variables(raw))


def _unknown(raw: Raw, wanted: Iterable[tuple[Path, str]], columns: tuple[str, ...], where: str) -> Iterator[Problem]:
    for path, column in wanted:
        if column not in columns:
            likely = nearest(column, columns)
            right = f'did you mean "{likely}"?' if likely else f"there is {one_of(columns)}"
            yield raw.warning(path, f'{where} has no column "{column}"', right, code=CODE)


def _not_utf8(file: FilePath) -> str:
    """What is wrong with its octets, or nothing."""
    line = 1
    with file.open("rb") as opened:
        rest = b""
        while part := opened.read(_PART):
            whole, newline, rest = (rest + part).rpartition(b"\n")
            try:
                (whole + newline).decode()
            except UnicodeDecodeError as error:
                line += error.object.count(b"\n", 0, error.start)
                return f"line {line} is not UTF-8"
            line += whole.count(b"\n") + len(newline)
        try:
            rest.decode()
        except UnicodeDecodeError:
            return f"line {line} is not UTF-8"
    return ""
