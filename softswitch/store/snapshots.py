"""Snapshots of the distributor: written by the journal's writer behind the records they include, read at a start."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zlib import crc32

from softswitch.store.cdr import Record
from softswitch.store.queries import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: Of what `StoredSnapshot.read` can make a state; raised when an older version could not go on from it.
FORMAT = 1
#: So many are kept: a damaged one is no reason to go back to the beginning.
KEPT = 3

_SNAPSHOT = "seq, at, clock, format, checksum, state"
PUT = "INSERT OR REPLACE INTO snapshots (seq, at, clock, format, checksum, state) VALUES (?, ?, ?, ?, ?, ?)"
#: The last one of each day stays too: a journal whose beginning is deleted can be replayed from there.
PRUNE = (
    f"DELETE FROM snapshots WHERE seq NOT IN (SELECT seq FROM snapshots ORDER BY seq DESC LIMIT {KEPT}) "
    "AND seq NOT IN (SELECT max(seq) FROM snapshots GROUP BY CAST(at / 86400 AS INTEGER))"
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state after record *seq*. *at* (wall time) and *clock* (the state's own) are the same instant."""

    seq: int
    at: float
    clock: float
    state: Mapping[str, Any]

    def row(self) -> tuple[object, ...]:
        """As it is stored. Raises TypeError or ValueError for what JSON cannot say."""
        text = json.dumps(self.state, ensure_ascii=False, separators=(",", ":"))
        octets = text.encode("utf-8", "replace")  # of a phone, that are no UTF-8
        return (self.seq, self.at, self.clock, FORMAT, crc32(octets), octets.decode())


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """As it was found; `read` says whether it can be used."""

    seq: int
    at: float
    clock: float
    format: int
    checksum: int
    state: str

    def read(self) -> Snapshot:
        """Raises ValueError, which says what is wrong with it."""
        if self.format != FORMAT:
            raise ValueError(f"has format {self.format}, not {FORMAT}")
        if crc32(self.state.encode()) != self.checksum:
            raise ValueError("is damaged: its checksum is wrong")
        state = json.loads(self.state)
        if not isinstance(state, dict):
            raise ValueError("is not an object")
        return Snapshot(self.seq, self.at, self.clock, state)


class StateReader(Reader):
    """What a start needs to know of the time before it."""

    def snapshots(self) -> list[StoredSnapshot]:
        """The newest first; so many as are kept for a start."""
        query = f"SELECT {_SNAPSHOT} FROM snapshots ORDER BY seq DESC LIMIT {KEPT}"
        return [StoredSnapshot(*row) for row in self._connection.execute(query)]

    def snapshot_at(self, seq: int) -> StoredSnapshot | None:
        """The one of that very record."""
        query = f"SELECT {_SNAPSHOT} FROM snapshots WHERE seq = ?"
        row = self._connection.execute(query, (seq,)).fetchone()
        return None if row is None else StoredSnapshot(*row)

    def records_after(self, seq: int, kinds: Sequence[str]) -> Iterator[Record]:
        """Records of these kinds in order; those that cannot be read are passed over."""
        marks = ", ".join("?" * len(kinds))
        query = f"SELECT seq, at, kind, call, data FROM journal WHERE seq > ? AND kind IN ({marks}) ORDER BY seq"
        for number, at, kind, call, text in self._connection.execute(query, (seq, *kinds)):
            try:
                data = json.loads(text)
            except ValueError:
                continue
            if isinstance(data, dict):
                yield Record(number, at, kind, call, data)

    def last_seq(self) -> int:
        """Number of the last record; 0 when there is none."""
        (last,) = self._connection.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()
        return int(last)

    def missing_after(self, seq: int) -> int:
        """How many records behind *seq* were given up before they could be written."""
        query = "SELECT count(*), max(seq) FROM journal WHERE seq > ?"
        count, last = self._connection.execute(query, (seq,)).fetchone()
        return 0 if last is None else int(last) - seq - int(count)

    def last_of_hours(self) -> list[Record]:
        """The last record of each opening hours that were ever set by hand, in the order of the records."""
        query = (
            "SELECT max(seq), at, kind, call, data FROM journal WHERE kind IN ('hours.forced', 'hours.released') "
            "AND json_valid(data) GROUP BY data ->> 'hours' ORDER BY seq"
        )
        return [
            Record(s, at, kind, call, json.loads(text)) for s, at, kind, call, text in self._connection.execute(query)
        ]

    def last_of_agents(self) -> list[Record]:
        """The last record of each agent's state, in the order of the records."""
        query = (
            "SELECT max(seq), at, kind, call, data FROM journal WHERE kind = 'acd.agent' AND json_valid(data) "
            "GROUP BY data ->> 'agent' ORDER BY seq"
        )
        return [
            Record(s, at, kind, call, json.loads(text)) for s, at, kind, call, text in self._connection.execute(query)
        ]
