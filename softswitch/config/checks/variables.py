"""What can be known of a caller: every variable that some part of the configuration gives to calls."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from softswitch.config.checks.raw import Raw

#: Known of every call, or of those that are on a list.
ALWAYS = ("language", "ani", "did", "name", "label", "lists", "agent", "deputy", "priority", "verified", "customer_id")
#: Where a table names variables as its keys.
_TABLES = ("list.*.*.data", "route.*.data", "set.*.data", "lookup.*.result", "webservice.*.result")
#: Where callers enter something, and the name that it has by default.
_ENTERED = ("collect.*", "webservice.*.collect")


@dataclass(frozen=True, slots=True)
class Known:
    """``secret``: entered masked, and told to nobody. ``open``: places that may tell anything, by path."""

    names: frozenset[str]
    secret: frozenset[str]
    open: tuple[str, ...]


def known_variables(raw: Raw) -> Known:
    """Whatever is not as it should be tells nothing."""
    entered = [table for _, table in raw.select(*_ENTERED) if isinstance(table, dict)]
    secret = {_variable(table, "digits") for table in entered if table.get("mask") is True}
    names = {str(name) for _, table in raw.select(*_TABLES) if isinstance(table, dict) for name in table}
    names |= {_variable(table, "digits") for table in entered}
    for _, record in raw.select("record.*"):
        if isinstance(record, dict):
            names |= {_variable(record, "recording"), _variable(record, "recording") + "_seconds"}
    for _, file in raw.strings("list.*.*.file", "lookup.*.file"):
        names |= _columns(raw, file)
    return Known(frozenset({*ALWAYS, *names} - secret), frozenset(secret), tuple(_open(raw)))


def _variable(table: dict[str, Any], default: str) -> str:
    name = table.get("variable", default)
    return name if isinstance(name, str) else default


def _open(raw: Raw) -> Iterator[str]:
    """Those whose answers become variables as they come."""
    everything = chain(raw.select("webservice.*"), raw.select("lookup.*"))
    for path, table in everything:
        if isinstance(table, dict) and not table.get("result") and not {"list", "file"} & table.keys():
            yield ".".join(map(str, path))
    yield from (f"verbs.{name}" for name in raw.names("verbs"))


def _columns(raw: Raw, file: str) -> set[str]:
    try:
        with (raw.folder / file).open(encoding="utf-8-sig", newline="") as text:
            head = text.readline(10_000)
    except (OSError, ValueError):
        return set()
    separator = max(",;\t", key=head.count)
    written = [name.strip() for name in next(csv.reader([head], delimiter=separator), [])]
    return {*written, *(name.lower() for name in written)}
