"""How the queues have served since midnight, kept up with every record of the journal as it is written."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from acd.figures.clock import micros
from acd.figures.stays import KINDS, Outcome, Stays
from acd.figures.tally import Standard, Tally
from softswitch.admin.waits import ExpectedWaits
from softswitch.store.database import StoreError
from softswitch.store.queries import Reader

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo
    from pathlib import Path

    from acd.figures.stays import Stay
    from softswitch.config import Config
    from softswitch.ports import Journal
    from softswitch.store.cdr import Record

#: As the journal of the switch calls them.
_KINDS = frozenset(kind if "." in kind else f"acd.{kind}" for kind in KINDS)
#: Records a little before midnight may be of callers who came after it, as clocks are corrected.
_MARGIN = 120.0


class Today:
    """A `Journal` that passes everything on to *journal* and counts what goes by."""

    def __init__(self, journal: Journal, standards: Mapping[str, Standard], zone: tzinfo) -> None:
        self._journal = journal
        self.standards = standards
        self._zone = zone
        self._stays = Stays()
        self.waits = ExpectedWaits()
        self._tallies: dict[str, Tally] = {}
        self._midnight = self._tomorrow = 0.0

    def append(self, kind: str, call: str | None, data: Mapping[str, object], *, at: float) -> None:
        self._journal.append(kind, call, data, at=at)
        self.read(kind, at, call, data)

    def barrier(self, mark: str) -> None:
        """See `softswitch.ports.Journal`."""
        self._journal.barrier(mark)

    def read(self, kind: str, at: float, call: str | None, data: Mapping[str, object]) -> None:
        """One record of the journal."""
        self._turn(at)
        self.waits.read(kind, at, call, data)
        self._stays.read(kind, at, call, data)
        for stay in self._stays.done():
            self._count(stay, self._tallies)

    def catch_up(self, records: list[Record]) -> None:
        """What was written before this process began."""
        for record in records:
            self.read(record.kind, record.at, record.call, record.data)

    def tallies(self, wall: float) -> dict[str, Tally]:
        """By queue: everybody who came since midnight and whose wait is over, also who still talks."""
        self._turn(wall)
        found: dict[str, Tally] = {}
        for queue, tally in self._tallies.items():
            found[queue] = Tally()
            found[queue] += tally
        for stay in self._stays.going_on():
            if stay.outcome is not Outcome.WAITING:
                self._count(stay, found)
        return found

    def _count(self, stay: Stay, tallies: dict[str, Tally]) -> None:
        standard = self.standards.get(stay.queue)
        if standard is not None and stay.arrived >= micros(self._midnight):
            tallies.setdefault(stay.queue, Tally()).add(stay, standard)

    def _turn(self, wall: float) -> None:
        """A new day begins with nothing."""
        if wall >= self._tomorrow:
            self._midnight = midnight_before(wall, self._zone)
            self._tomorrow = midnight_before(self._midnight + 36 * 3600, self._zone)
            self._tallies.clear()

    def begin(self, wall: float) -> None:
        """Count from the midnight before *wall* on."""
        self._turn(wall)


def standards(config: Config) -> dict[str, Standard]:
    """What each queue promises."""
    return {
        name: Standard(level.answered_within, level.short_abandon, level.target, level.definition)
        for name, level in ((name, queue.service_level) for name, queue in config.queues.items())
    }


def midnight_before(wall: float, zone: tzinfo) -> float:
    day = datetime.fromtimestamp(wall, zone)
    return day.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).timestamp()


def records_of_today(database: Path, wall: float, zone: tzinfo) -> list[Record]:
    """What the journal already has of this day; nothing when it cannot be read."""
    try:
        with Reader(database) as reader, reader.snapshot():
            return list(reader.lines(_KINDS, reader.first_at(midnight_before(wall, zone) - _MARGIN)))
    except StoreError:
        return []
