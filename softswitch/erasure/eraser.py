"""Everything about one number, counted or erased. Blocking, for a stopped switch or a thread of one that runs.

Files go first: by the lines of the journal they are found again, should this process end before the work does.
"""

from __future__ import annotations

import secrets
import sqlite3
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from acd.ticket import CALLED_BACK
from softswitch.erasure import files
from softswitch.erasure.rewriting import Cleaner, NotErased, key_of, open_database, purge, rewrite
from softswitch.erasure.traces import look
from softswitch.recovery import recover
from softswitch.store.database import FILE_NAME
from softswitch.store.missed import ERASED
from softswitch.store.queries import Reader

if TYPE_CHECKING:
    from pathlib import Path

    from softswitch.config import Config
    from softswitch.erasure.forms import Forms
    from softswitch.erasure.traces import Traces

#: What was said to callers, numbers read back to them included.
SPEECH = "speech"


@dataclass(frozen=True, slots=True)
class Erased:
    """How many there were. ``lists``: of the configuration, where the number still is; ``left``: files with it."""

    calls: int
    lines: int
    messages: int
    requests: int
    audio: int
    letters: int
    events: int
    name: str = ""
    lists: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        return {**asdict(self), "lists": list(self.lists), "left": list(self.left)}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a switch keeps what it knows; ``events``: the file of events, if there is one."""

    data_dir: Path
    events: Path | None

    @classmethod
    def of(cls, config: Config) -> Place:
        return cls(config.server.data_dir, None if config.event_log is None else config.event_log.file)

    @property
    def database(self) -> Path:
        return self.data_dir / FILE_NAME


def lists_with(config: Config, forms: Forms) -> tuple[str, ...]:
    """The lists of callers in which the number is."""
    number = config.plan.read(forms.number)
    return tuple(sorted(name for name, known in config.lists.items() if known.find(number) is not None))


def new_name() -> str:
    """What stands for a number that was erased: made of chance, so that nothing leads back."""
    return f"{ERASED}{secrets.token_hex(6)}"


def find(place: Place, forms: Forms) -> Traces:
    """Raises sqlite3.Error and StoreError."""
    with Reader(place.database), closing(open_database(place.database, read_only=True)) as connection:
        return look(connection, forms)


def demand_no_order(config: Config, forms: Forms, wall: float) -> None:
    """Of a stopped switch: a callback that is ordered is for the switch to take back. Raises NotErased."""
    state = recover(config.server.data_dir / FILE_NAME, now=0.0, wall=wall).dispatcher
    for ticket in state.tickets.values():
        if ticket.place in CALLED_BACK and (forms.are(ticket.number) or forms.are(ticket.customer)):
            what = f"is to be called back by the queue {ticket.queue}: start the switch, and erase it while it runs"
            raise NotErased(f"{forms.number} {what}")


def erase(config: Config, forms: Forms, *, dry_run: bool = False) -> Erased:
    """What a stopped switch has left. Raises NotErased, OSError and StoreError. A *dry_run* only counts."""
    done = erase_in(Place.of(config), forms, new_name(), dry_run=dry_run)
    return replace(done, lists=lists_with(config, forms))


def erase_in(place: Place, forms: Forms, name: str, *, dry_run: bool = False, running: bool = False) -> Erased:
    """The same; the cache of speech of a *running* switch is its own."""
    data_dir = place.data_dir
    with Reader(place.database):  # there, and of a schema that is known
        pass
    try:
        with closing(open_database(place.database, read_only=dry_run)) as connection:
            traces = look(connection, forms)
            cleaner = Cleaner(forms, traces, name, key_of(connection))
            sounds, letters = files.audio(data_dir, traces), files.letters(data_dir, forms, traces)
            events = 0 if place.events is None else files.rewrite_events(place.events, cleaner, count_only=dry_run)
            lines = len(traces.lines)
            if not dry_run:
                files.remove([*sounds, *letters])
                if not running:
                    files.remove((data_dir / SPEECH).glob("*.wav"))
                lines = rewrite(connection, forms, traces, name)
                purge(connection)
    except sqlite3.Error as error:
        raise NotErased(f"the database cannot be rewritten: {error}") from error
    return Erased(
        calls=len(traces.calls),
        lines=lines,
        messages=len(traces.messages),
        requests=len(traces.requests),
        audio=len(sounds),
        letters=len(letters),
        events=events,
        name="" if dry_run or not lines else name,
        left=() if dry_run else tuple(str(file) for file in files.left(data_dir, forms)),
    )
