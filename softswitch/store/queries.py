"""Reading the database from another process while the switch writes it. Nothing here changes anything."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from softswitch.messages import Message, Request
from softswitch.store import left_behind
from softswitch.store.cdr import CallRecord, Record, call_records
from softswitch.store.database import StoreError, migrations

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path
    from typing import Self

#: SQLite takes so many parameters in one statement everywhere.
_CHUNK = 500
_COLUMNS = "seq, at, kind, call, data"


@dataclass(frozen=True, slots=True)
class Customer:
    """`number`: as callers' numbers are kept; `customer_id`: what somebody has said of who it is."""

    number: str = ""
    customer_id: str = ""


class Reader:
    """A read-only view; use it as a context manager. Raises `StoreError` when there is nothing to read."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise StoreError(f"{path}: there is no database; has the switch been started with this configuration?")
        self._connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None)
        try:
            self._connection.execute("PRAGMA busy_timeout = 5000")
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        except sqlite3.Error as error:
            self._connection.close()
            raise StoreError(f"{path}: cannot be read: {error}") from error
        if version != len(migrations()):
            self._connection.close()
            newer = version > len(migrations())
            what = "a newer softswitch wrote it" if newer else "start the switch once to bring it up to date"
            raise StoreError(f"{path}: has schema {version}, this softswitch reads {len(migrations())}: {what}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def requests(self) -> list[Request]:
        """Requests to be called back that are not due yet, or are only in the mail; the earliest due first."""
        query = f"SELECT {', '.join(left_behind.columns(Request))} FROM callback_requests ORDER BY due, at, id"
        return [left_behind.request_of(row) for row in self._connection.execute(query)]

    def messages(self) -> list[Message]:
        """What callers have left in the boxes."""
        query = f"SELECT {', '.join(left_behind.columns(Message))} FROM messages ORDER BY at, id"
        return [left_behind.message_of(row) for row in self._connection.execute(query)]

    def last_calls(self, count: int) -> list[CallRecord]:
        """The calls that began last, oldest first."""
        query = "SELECT call FROM journal WHERE kind = 'call.started' AND call IS NOT NULL ORDER BY seq DESC LIMIT ?"
        with self.snapshot():
            calls = [call for (call,) in self._connection.execute(query, (max(count, 0),))]
            return self._calls(calls)

    def all_calls(self) -> list[CallRecord]:
        with self.snapshot():
            calls = self._connection.execute("SELECT DISTINCT call FROM journal WHERE kind = 'call.started'")
            return self._calls([call for (call,) in calls if call is not None])

    def find_calls(self, beginning: str) -> list[CallRecord]:
        """The calls whose id begins so (people copy the part that fits on their screen)."""
        query = (
            "SELECT DISTINCT call FROM journal WHERE kind = 'call.started' AND substr(call, 1, ?) = ? "
            "ORDER BY seq LIMIT 50"
        )
        with self.snapshot():
            return self._calls([call for (call,) in self._connection.execute(query, (len(beginning), beginning))])

    def journal(self, call: str) -> list[Record]:
        """Every line about one call, as it was written."""
        query = f"SELECT {_COLUMNS} FROM journal WHERE call = ? ORDER BY seq"
        return [_record(row) for row in self._connection.execute(query, (call,))]

    def lines(self, kinds: Collection[str], first: int = 0) -> Iterator[Record]:
        """Lines of these kinds from number *first* on, one by one: a journal may be larger than memory."""
        query = (
            f"SELECT {_COLUMNS} FROM journal WHERE seq >= ? AND kind IN ({', '.join('?' * len(kinds))}) ORDER BY seq"
        )
        for row in self._connection.execute(query, (first, *sorted(kinds))):
            yield _record(row)

    def after(self, seq: int, count: int) -> list[Record]:
        """At most *count* lines behind number *seq*."""
        query = f"SELECT {_COLUMNS} FROM journal WHERE seq > ? ORDER BY seq LIMIT ?"
        return [_record(row) for row in self._connection.execute(query, (seq, count))]

    def identity(self) -> str:
        """Which journal this is; another one has another, however alike their numbers are."""
        (name,) = self._connection.execute("SELECT id FROM identity").fetchone()
        return str(name)

    def seal_key(self) -> bytes:
        """See `softswitch.campaigns.sealing`."""
        (key,) = self._connection.execute("SELECT key FROM seal").fetchone()
        return bytes(key)

    def campaign_changes(self) -> list[Record]:
        """Every change of what campaigns have bound, oldest first."""
        query = f"SELECT {_COLUMNS} FROM journal WHERE kind = 'campaign.changed' ORDER BY seq"
        return [_record(row) for row in self._connection.execute(query)]

    def contacts(self, told_since: float = 0.0) -> list[Record]:
        """Every wish about offers, every change of a menu's versions, and what was told since then; oldest first."""
        query = (
            f"SELECT {_COLUMNS} FROM journal WHERE kind IN ('contact.opted', 'contact.told', 'rollout.changed') "
            "AND (kind <> 'contact.told' OR at > ?) ORDER BY seq"
        )
        return [_record(row) for row in self._connection.execute(query, (told_since,))]

    def peace(self) -> list[Record]:
        """Every wish for peace and its end, oldest first."""
        query = f"SELECT {_COLUMNS} FROM journal WHERE kind = 'phone.peace' ORDER BY seq"
        return [_record(row) for row in self._connection.execute(query)]

    def customers(self, calls: Collection[str]) -> dict[str, Customer]:
        """Who is the caller in each of *calls*, by the last word about it; of whom nothing is known is left out."""
        query = (
            "SELECT call, data ->> 'caller', data ->> 'customer_id' FROM journal "
            f"WHERE call IN ({', '.join('?' * len(calls))}) AND kind IN ('call.started', 'call.identified') "
            "ORDER BY seq"
        )
        found: dict[str, Customer] = {}
        for call, number, customer_id in self._connection.execute(query, tuple(calls)):
            before = found.get(call, Customer())
            found[call] = Customer(number or before.number, customer_id or before.customer_id)
        return {call: customer for call, customer in found.items() if customer != Customer()}

    def pruned_to(self) -> int:
        """The last record of the time whose records have been deleted; 0: all are there."""
        (found,) = self._connection.execute("SELECT max(up_to) FROM pruned").fetchone()
        return int(found)

    def last_seq(self) -> int:
        """The number of the last line; 0 when there is none."""
        (last,) = self._connection.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()
        return int(last)

    def lines_like(self, beginnings: Collection[str], first: int = 0) -> Iterator[Record]:
        """All lines from number *first* on whose kinds begin so, one by one."""
        matches = " OR ".join(["kind GLOB ? || '*'"] * len(beginnings))
        for row in self._connection.execute(
            f"SELECT {_COLUMNS} FROM journal WHERE seq >= ? AND ({matches}) ORDER BY seq", (first, *beginnings)
        ):
            yield _record(row)

    def first_at(self, at: float) -> int:
        """The number of the first line that was written at *at* or later, by halving: instants rise with numbers."""
        low, high = self._connection.execute(
            "SELECT coalesce(min(seq), 1), coalesce(max(seq), 0) FROM journal"
        ).fetchone()
        high += 1
        while low < high:
            middle = (low + high) // 2
            seq, found = self._connection.execute(
                "SELECT seq, at FROM journal WHERE seq >= ? ORDER BY seq LIMIT 1", (middle,)
            ).fetchone()
            if found < at:
                low = seq + 1
            else:
                high = middle
        return int(low)

    def standing_agents(self, before: int) -> list[Record]:
        """What the lines before number *before* say about each agent last, with the hold of who talks, and every start
        and end of the switch since."""
        found = self.agents_before(before)
        for agent in list(found):
            if agent.call is not None:
                query = f"SELECT {_COLUMNS} FROM journal WHERE call = ? AND seq > ? AND seq < ? AND kind LIKE 'leg.%'"
                found += [_record(row) for row in self._connection.execute(query, (agent.call, agent.seq, before))]
        if found:
            oldest = min(record.seq for record in found)
            query = f"SELECT {_COLUMNS} FROM journal WHERE seq > ? AND seq < ? AND kind LIKE 'switch.%'"
            found += [_record(row) for row in self._connection.execute(query, (oldest, before))]
        return sorted(found, key=lambda record: record.seq)

    def agents_before(self, before: int) -> list[Record]:
        """The last line about each agent's state before number *before*."""
        newest = "SELECT max(seq) FROM journal WHERE kind = 'acd.agent' AND seq < ? GROUP BY data ->> 'agent'"
        query = f"SELECT {_COLUMNS} FROM journal WHERE seq IN ({newest})"
        return [_record(row) for row in self._connection.execute(query, (before,))]

    def agent_after(self, agent: str, seq: int, count: int = 20) -> list[Record]:
        """The first lines about an agent's state behind number *seq*, at most so many."""
        query = (
            f"SELECT {_COLUMNS} FROM journal WHERE seq > ? AND kind = 'acd.agent' AND data ->> 'agent' = ? "
            "ORDER BY seq LIMIT ?"
        )
        return [_record(row) for row in self._connection.execute(query, (seq, agent, count))]

    def last_before(self, kind: str, seq: int) -> Record | None:
        """The last line of this kind before number *seq*."""
        query = f"SELECT {_COLUMNS} FROM journal WHERE seq < ? AND kind = ? ORDER BY seq DESC LIMIT 1"
        row = self._connection.execute(query, (seq, kind)).fetchone()
        return None if row is None else _record(row)

    def newest_call(self) -> str | None:
        """The id of the call that began last."""
        query = "SELECT call FROM journal WHERE kind = 'call.started' AND call IS NOT NULL ORDER BY seq DESC LIMIT 1"
        row = self._connection.execute(query).fetchone()
        return None if row is None else str(row[0])

    def calls_like(self, beginning: str, count: int = 20) -> list[str]:
        """Ids of calls that begin so, the oldest first."""
        query = (
            "SELECT DISTINCT call FROM journal WHERE kind = 'call.started' AND substr(call, 1, ?) = ? "
            "ORDER BY seq LIMIT ?"
        )
        return [str(call) for (call,) in self._connection.execute(query, (len(beginning), beginning, count))]

    def switch_pid(self) -> int:
        """The process of the switch that wrote last; 0 when it has ended properly, or is not known."""
        last = self._connection.execute(f"SELECT {_COLUMNS} FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
        query = f"SELECT {_COLUMNS} FROM journal WHERE kind = 'switch.started' ORDER BY seq DESC LIMIT 1"
        row = self._connection.execute(query).fetchone()
        pid = 0 if row is None or _record(last).kind == "switch.stopped" else _record(row).data.get("pid")
        return pid if isinstance(pid, int) else 0

    def _calls(self, calls: list[str]) -> list[CallRecord]:
        query = f"SELECT {_COLUMNS} FROM journal WHERE kind = 'switch.started' ORDER BY seq DESC LIMIT 1"
        records = [_record(row) for row in self._connection.execute(query)]
        for begin in range(0, len(calls), _CHUNK):
            chunk = calls[begin : begin + _CHUNK]
            query = f"SELECT {_COLUMNS} FROM journal WHERE call IN ({', '.join('?' * len(chunk))}) ORDER BY seq"
            records += [_record(row) for row in self._connection.execute(query, chunk)]
        return call_records(records)

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Several statements that see one state of the database."""
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK")


def campaign_changes(path: Path) -> list[Record]:
    """See `Reader.campaign_changes`."""
    with Reader(path) as reader:
        return reader.campaign_changes()


def seal_key(path: Path) -> bytes:
    """See `Reader.seal_key`."""
    with Reader(path) as reader:
        return reader.seal_key()


def contact_lines(path: Path, told_since: float = 0.0) -> list[Record]:
    """See `Reader.contacts`."""
    with Reader(path) as reader:
        return reader.contacts(told_since)


def wishes_for_peace(path: Path) -> list[Record]:
    """See `Reader.peace`."""
    with Reader(path) as reader:
        return reader.peace()


def _record(row: tuple[int, float, str, str | None, str]) -> Record:
    seq, at, kind, call, text = row
    try:
        data = json.loads(text)
    except ValueError:
        data = {}
    return Record(seq, at, kind, call, data if isinstance(data, dict) else {})
