"""Hours that were set by hand are found in the journal, however long it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from softswitch.recovery import recover
from softswitch.store.cdr import Record
from softswitch.store.snapshots import StateReader
from tests.unit.softswitch.recovery.test_recover import write

if TYPE_CHECKING:
    from pathlib import Path


def line(seq: int, kind: str, **data: object) -> Record:
    return Record(seq, 1_000_000.0 + seq, kind, None, data)


def test_the_last_record_of_each_hours_is_found(tmp_path: Path) -> None:
    write(
        tmp_path / "x.db",
        [
            line(1, "hours.forced", hours="office", state="open", until=None, by="1001"),
            line(2, "hours.forced", hours="shop", state="closed", until=1_000_900.0, by="ops"),
            line(3, "feature.used", hours="shop"),
            line(4, "hours.forced", hours="office", state="closed", until=None, by="1002"),
            line(5, "hours.released", hours="shop", by="expiry"),
        ],
    )
    found = recover(tmp_path / "x.db", now=3.0, wall=1_000_003.0).hours
    assert [(record.seq, record.kind, record.data["hours"]) for record in found] == [
        (4, "hours.forced", "office"),
        (5, "hours.released", "shop"),
    ]


def test_a_long_journal_is_not_read_for_it(tmp_path: Path) -> None:
    write(tmp_path / "x.db", [line(1, "hours.released", hours="shop", by="ops")])
    with StateReader(tmp_path / "x.db") as reader:
        query = (
            "SELECT max(seq) FROM journal WHERE kind IN ('hours.forced', 'hours.released') GROUP BY data ->> 'hours'"
        )
        plan = " ".join(str(row) for row in reader._connection.execute(f"EXPLAIN QUERY PLAN {query}"))
    assert "journal_hours" in plan
