"""Where one number is in the database: lines of the journal, snapshots, messages, requests to be called back.

A caller's lines tell more than the number: names, ids and what was keyed. So all lines of a caller's calls are found.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from softswitch.messages import Message, Request
from softswitch.store import left_behind

if TYPE_CHECKING:
    import sqlite3

    from softswitch.erasure.forms import Forms

#: What is known of a caller by name, as (variable, value).
Fact = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    seq: int
    at: float
    kind: str
    call: str | None
    text: str


@dataclass(slots=True)
class Traces:
    """``calls``: of the caller; ``ids``: who somebody has said the caller is; ``facts``: what became known in them.

    ``shared``: facts that are known of other callers, too. ``last``: the last line that was looked at.
    """

    calls: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    facts: set[Fact] = field(default_factory=set)
    shared: set[Fact] = field(default_factory=set)
    lines: list[Line] = field(default_factory=list)
    snapshots: dict[int, str] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    last: int = 0


def look(connection: sqlite3.Connection, forms: Forms, traces: Traces | None = None) -> Traces:
    """All there are; with *traces* what has come since they were found. Blocking. Raises sqlite3.Error."""
    traces = traces or Traces()
    (last,) = connection.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()
    span = (traces.last, int(last))
    _calls(connection, forms, traces, span)
    _lines(connection, forms, traces, span)
    marks = [f'"{customer}"' for customer in map(_written, traces.ids)]
    for seq, state in connection.execute("SELECT seq, state FROM snapshots"):
        if forms.inside(state) or any(mark in state for mark in marks):
            traces.snapshots[int(seq)] = str(state)
    names = ", ".join(left_behind.columns(Message))
    messages = map(left_behind.message_of, connection.execute(f"SELECT {names} FROM messages"))
    traces.messages = [m for m in messages if m.call in traces.calls or forms.are(m.number)]
    names = ", ".join(left_behind.columns(Request))
    requests = map(left_behind.request_of, connection.execute(f"SELECT {names} FROM callback_requests"))
    traces.requests = [r for r in requests if r.id.rpartition("~")[2] in traces.calls or forms.are(r.number)]
    traces.last = int(last)
    return traces


def _calls(connection: sqlite3.Connection, forms: Forms, traces: Traces, span: tuple[int, int]) -> None:
    query = "SELECT call, data FROM journal WHERE kind = 'call.started' AND call IS NOT NULL AND seq > ? AND seq <= ?"
    for call, text in connection.execute(query, span):
        if forms.inside(text) or call in traces.calls:
            data = read(text)
            if any(forms.are(str(data.get(name) or "")) for name in ("caller", "raw")):
                traces.calls.add(call)
    for call in traces.calls:
        lines = "SELECT kind, data FROM journal WHERE call = ? AND kind IN ('call.started', 'call.identified', ?)"
        for kind, text in connection.execute(lines, (call, "ivr.variables_set")):
            data = read(text)
            if customer := str(data.get("customer_id") or ""):
                traces.ids.add(customer)
            if kind == "ivr.variables_set":
                traces.facts |= facts(data)


def _lines(connection: sqlite3.Connection, forms: Forms, traces: Traces, span: tuple[int, int]) -> None:
    marks = [f'"{customer}"' for customer in map(_written, traces.ids)]
    query = "SELECT seq, at, kind, call, data FROM journal WHERE seq > ? AND seq <= ?"
    for seq, at, kind, call, text in connection.execute(query, span):
        if call in traces.calls or forms.inside(text) or any(mark in text for mark in marks):
            traces.lines.append(Line(seq, at, kind, call, text))
        elif kind == "ivr.variables_set" and traces.facts:
            traces.shared |= traces.facts & facts(read(text))


def facts(data: dict[str, Any]) -> set[Fact]:
    """What a line ``ivr.variables_set`` tells."""
    values = data.get("values")
    return {(str(name), str(value)) for name, value in values.items()} if isinstance(values, dict) else set()


def read(text: str) -> dict[str, Any]:
    """Nothing for what is no object of JSON."""
    try:
        data = json.loads(text)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _written(text: str) -> str:
    """As it stands inside a string of JSON."""
    return json.dumps(text, ensure_ascii=False)[1:-1]
