"""Where the receivers are: a folder for each journal, in it a cursor for each receiver.

A journal that somebody has replaced by an older copy of itself knows less than its receivers: it would count on with
numbers that they have seen, and what it writes would be taken for told. It gets another name, under which its numbers
are new, and goes on behind what the copy holds.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from softswitch.store.database import rename_journal
from softswitch.store.queries import Reader

if TYPE_CHECKING:
    from pathlib import Path

SUFFIX = ".cursor"


@dataclass(frozen=True, slots=True)
class Places:
    """`source` names the journal. `missing`: so many of its lines, behind `last`, are known to receivers alone."""

    source: str
    folder: Path
    last: int
    missing: int = 0
    before: str = ""


def places(root: Path, journal: Path) -> Places:
    """Those of the *journal* as it is now. Raises OSError, StoreError."""
    with Reader(journal) as reader:
        source, last = reader.identity(), reader.last_seq()
    folder = root / source
    cursors = {path.name: found for path in folder.glob(f"*{SUFFIX}") if (found := read_cursor(path)) is not None}
    highest = max(cursors.values(), default=0)
    if highest <= last:
        return Places(source, folder, last)
    name = secrets.token_hex(6)
    for receiver, at in cursors.items():
        keep_cursor(root / name / receiver, min(at, last))
    rename_journal(journal, name)  # only now: whoever is killed before finds all as it was
    return Places(name, root / name, last, highest - last, source)


def read_cursor(path: Path) -> int | None:
    with contextlib.suppress(FileNotFoundError, ValueError):
        return int(path.read_text())
    return None


def keep_cursor(path: Path, seq: int) -> None:
    """It is on disk when this returns. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_suffix(".part")
    with written.open("w") as file:
        file.write(str(seq))
        file.flush()
        os.fsync(file.fileno())
    written.replace(path)
