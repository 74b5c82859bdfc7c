"""From a snapshot and the records behind it to the distributor as it was at the last record.

Replay is exact: every input is fed in at its own instant of the clock that the process of that time had. Where the
journal goes on in another process, the state is moved to that process's clock first, as that process did itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acd.dispatcher import Dispatcher
from acd.journal import INPUTS, replay
from acd.model import AcdConfig

if TYPE_CHECKING:
    from collections.abc import Iterable

    from softswitch.store.cdr import Record
    from softswitch.store.snapshots import Snapshot

#: How the distributor's records are called in the journal of the switch.
PREFIX = "acd."
#: Written at each start, before the first input: ``shift`` (seconds) from the clock of the process before, or
#: ``fresh`` when nothing was taken over.
RECOVERED = "switch.recovered"
#: What `Rebuilder.read` wants to see.
KINDS = (RECOVERED, *sorted(PREFIX + kind for kind in INPUTS))

#: Effects of the past are of no interest, but they pile up.
_DRAIN = 500


@dataclass(slots=True)
class Rebuilder:
    """A distributor that relives the past. ``offset``: wall time minus its clock, as last seen."""

    dispatcher: Dispatcher
    offset: float | None = None
    inputs: int = 0
    unreadable: int = 0

    @classmethod
    def from_snapshot(cls, snapshot: Snapshot) -> Rebuilder:
        """Raises what a state of another version or a damaged one makes the core raise."""
        return cls(Dispatcher.restore(snapshot.state), snapshot.at - snapshot.clock)

    @classmethod
    def from_nothing(cls, config: AcdConfig | None = None) -> Rebuilder:
        """As before the first record of the journal."""
        return cls(Dispatcher(config or AcdConfig(), now=float("-inf")))

    def read(self, records: Iterable[Record]) -> None:
        """Feed the inputs among *records*. An input that cannot be read is passed over and counted."""
        for record in records:
            if record.kind == RECOVERED:
                self._another_process(record)
            elif record.kind.startswith(PREFIX):
                self._input(record)
        self.dispatcher.effects()

    def _another_process(self, record: Record) -> None:
        shift = record.data.get("shift")
        if not isinstance(shift, int | float):  # it took over nothing
            self.dispatcher = Dispatcher(AcdConfig(), now=float("-inf"))
        else:
            self.dispatcher = Dispatcher.restore(self.dispatcher.snapshot(), shift=shift)

    def _input(self, record: Record) -> None:
        at = record.data.get("at")
        if not isinstance(at, int | float):
            self.unreadable += 1
            return
        try:
            replay(self.dispatcher, [{**record.data, "kind": record.kind.removeprefix(PREFIX)}])
        except (KeyError, ValueError, TypeError):
            self.unreadable += 1
            return
        self.offset = record.at - at
        self.inputs += 1
        if self.inputs % _DRAIN == 0:
            self.dispatcher.effects()

    def moved(self, *, now: float, wall: float) -> tuple[Dispatcher, float]:
        """The distributor on a clock that shows *now* at wall time *wall*, and by how much it was moved.

        A wall clock that was set back meanwhile makes nothing happen in the future.
        """
        shift = 0.0
        if self.offset is not None:
            shift = min(self.offset - (wall - now), now - self.dispatcher.now)
        return Dispatcher.restore(self.dispatcher.snapshot(), shift=shift), shift
