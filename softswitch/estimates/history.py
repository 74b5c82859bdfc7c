"""What the journal of earlier days teaches about callers and agents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from acd.load import LEARNT_FROM, Load
from softswitch.store.queries import Reader

if TYPE_CHECKING:
    from pathlib import Path

#: So many of the newest records are read at most: a few seconds of work.
MOST_RECORDS: Final = 400_000
PREFIX: Final = "acd."
_STARTED: Final = "switch.started"
_KINDS: Final = frozenset({PREFIX + kind for kind in LEARNT_FROM} | {_STARTED})


def learn_history(database: Path, since: float, *, most: int = MOST_RECORDS) -> Load:
    """Everything that was written since that wall time; on the wall clock. Raises StoreError or sqlite3.Error."""
    load = Load()
    with Reader(database) as reader, reader.snapshot():
        first = max(reader.first_at(since), reader.last_seq() - most)
        for line in reader.lines(_KINDS, first):
            if line.kind == _STARTED:
                load.interrupted()
            else:
                try:
                    load.take(line.kind[len(PREFIX) :], line.data, line.at)
                except (KeyError, TypeError, ValueError):
                    continue  # a line of another version, or a damaged one
    return load
