"""The database without one number: one transaction, after which no page and no log holds it.

Numbers become a name that means nothing and is the same everywhere, so that whoever counts callers counts the same.
What identifies a caller beside the number goes, too: names, ids, what was keyed, and whatever became known of this
caller alone; what is known of others as well (a segment, a language) is no trace, and reports tell callers apart by it.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from zlib import crc32

from softswitch.campaigns.contacts import OPTED
from softswitch.campaigns.sealing import sealed
from softswitch.erasure.traces import Traces, look, read
from softswitch.store.batches import as_json

if TYPE_CHECKING:
    from pathlib import Path

    from softswitch.erasure.forms import Forms

#: Seconds for the lock on the database, and for other readers to leave the pages of before.
PATIENCE = 60.0
_KEYED = ("ivr.digits_entered", "ivr.digits_dropped")
#: Names under which a caller's id stands.
_IDS = ("customer", "customer_id")


class NotErased(Exception):
    """The database could not be rewritten, or not to its end; the message says why. Trying again does the rest."""


@dataclass(frozen=True, slots=True)
class Cleaner:
    """*name*: what stands for the number from now on."""

    forms: Forms
    traces: Traces
    name: str
    key: bytes

    def line(self, kind: str, call: str | None, data: dict[str, Any]) -> dict[str, Any]:
        """The data of a line, or of an event, without the number."""
        if kind == OPTED and self.forms.are(str(data.get("number", "")).rstrip("*")):
            return {**data, "number": sealed(self.forms.number, self.key)}
        theirs = call in self.traces.calls
        if theirs:
            data = self._without_person(kind, data)
        cleaned = self.value(data, theirs=theirs)
        assert isinstance(cleaned, dict)
        return cleaned

    def _without_person(self, kind: str, data: dict[str, Any]) -> dict[str, Any]:
        if kind == "call.started" and data.get("name"):
            return {**data, "name": ""}
        if kind == "call.ended" and data.get("label") and ("label", str(data["label"])) not in self.traces.shared:
            return {**data, "label": self.name}
        if kind in _KEYED:
            return {**data, "digits": "*" * len(str(data.get("digits", "")))}
        if kind == "ivr.variables_set" and isinstance(data.get("values"), dict):
            values = data["values"].items()
            kept = self.traces.shared
            return {**data, "values": {k: v if not v or (k, str(v)) in kept else self.name for k, v in values}}
        return data

    def value(self, value: Any, *, theirs: bool = False, name: str = "") -> Any:
        """*value*, which is called *name*, with everything that is in it."""
        match value:
            case str():
                if name in _IDS and value in self.traces.ids:
                    return self.id_of(value)
                return self.forms.replaced(value, self.name)
            case dict():
                theirs = theirs or value.get("call") in self.traces.calls
                return {
                    self.forms.replaced(key, self.name): (
                        _emptied(part) if key == "about" and theirs else self.value(part, theirs=theirs, name=key)
                    )
                    for key, part in value.items()
                }
            case list() if name == "returning":  # of the distributor: lists that begin with who may come back
                return [
                    [self.value(part, name="customer" if n == 0 else "") for n, part in enumerate(known)]
                    if isinstance(known, list)
                    else known
                    for known in value
                ]
            case list():
                return [self.value(part, theirs=theirs, name=name) for part in value]
        return value

    def id_of(self, customer: str) -> str:
        return customer_names(self.traces, self.name)[customer]

    def state(self, text: str) -> str:
        """Of a snapshot."""
        return json.dumps(self.value(json.loads(text)), ensure_ascii=False, separators=(",", ":"))


def customer_names(traces: Traces, name: str) -> dict[str, str]:
    """What stands for each id; another one for another."""
    return {customer: f"{name}.{number}" for number, customer in enumerate(sorted(traces.ids), 1)}


def _emptied(about: Any) -> Any:
    """Names stay, values go."""
    match about:
        case dict():
            return dict.fromkeys(about, "")
        case list():
            return [[pair[0], ""] if isinstance(pair, list) and len(pair) == 2 else pair for pair in about]
    return about


def key_of(connection: sqlite3.Connection) -> bytes:
    (key,) = connection.execute("SELECT key FROM seal").fetchone()
    return bytes(key)


def open_database(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Only what is there. Deleted content is overwritten."""
    mode = "ro" if read_only else "rw"
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode={mode}", uri=True, isolation_level=None)
    connection.execute(f"PRAGMA busy_timeout = {int(PATIENCE * 1000)}")
    connection.execute("PRAGMA secure_delete = ON")
    return connection


def rewrite(connection: sqlite3.Connection, forms: Forms, traces: Traces, name: str) -> int:
    """Write over what *traces* tells of, and over what has come since; how many lines. Raises sqlite3.Error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        look(connection, forms, traces)
        cleaner = Cleaner(forms, traces, name, key_of(connection))
        for line in traces.lines:
            text = as_json(cleaner.line(line.kind, line.call, read(line.text)))
            connection.execute("UPDATE journal SET data = ? WHERE seq = ?", (text, line.seq))
        for seq, state in traces.snapshots.items():
            text = cleaner.state(state)
            connection.execute(
                "UPDATE snapshots SET state = ?, checksum = ? WHERE seq = ?", (text, crc32(text.encode()), seq)
            )
        connection.executemany("DELETE FROM messages WHERE id = ?", [(m.id,) for m in traces.messages])
        connection.executemany("DELETE FROM callback_requests WHERE id = ?", [(r.id,) for r in traces.requests])
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        raise
    return len(traces.lines)


def purge(connection: sqlite3.Connection) -> None:
    """Make the file anew, page by page, and empty its log: what was written over before is nowhere any more.

    Others can write only before and after. Raises NotErased.
    """
    until = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("VACUUM")
            break
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise NotErased(
                    f"the number is erased, but old pages of the database are not overwritten: {error}"
                ) from error
    connection.execute("PRAGMA busy_timeout = 100")  # while it waits for readers nobody can write
    while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        if time.monotonic() > until:
            raise NotErased("the number is erased, but somebody reads the database, so that its log still holds it")
        time.sleep(0.05)
