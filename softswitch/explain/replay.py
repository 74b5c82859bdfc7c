"""The journal put to the proof: its inputs, fed to a fresh distributor, must lead to its decisions, bit for bit."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from acd.dispatcher import Dispatcher
from acd.effects import Journal
from acd.journal import INPUTS, replay
from acd.model import AcdConfig

if TYPE_CHECKING:
    from collections.abc import Iterable

    from softswitch.store.cdr import Record

PREFIX = "acd."
#: The line in which a start says how the state of the time before was taken over: see `softswitch.recovery`.
RECOVERED = "switch.recovered"
#: So many differences are kept; after the first one the rest follows from it.
KEPT = 10


@dataclass(frozen=True, slots=True)
class Difference:
    """Line *seq* of the journal says *written*; the distributor decides *decided* (None: nothing)."""

    seq: int
    written: dict[str, Any] | None
    decided: dict[str, Any] | None


@dataclass(slots=True)
class Replayed:
    inputs: int = 0
    decisions: int = 0
    restarts: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def exact(self) -> bool:
        return not self.differences


def verify(records: Iterable[Record], dispatcher: Dispatcher | None = None) -> Replayed:
    """Replay every line of the distributor and compare what follows with what was written.

    *records* in order, from the first of the journal (or the first after *dispatcher* was as it is). Stops after
    `KEPT` differences.
    """
    dispatcher = dispatcher or Dispatcher(AcdConfig(), now=float("-inf"))
    found, expected = Replayed(), deque[dict[str, Any]]()
    seq = 0
    for record in records:
        seq = record.seq
        if record.kind == RECOVERED:
            found.restarts += 1
            dispatcher = _on_another_clock(dispatcher, record)
            continue
        if not record.kind.startswith(PREFIX):
            continue
        written = {"kind": record.kind.removeprefix(PREFIX), **record.data}
        if written["kind"] in INPUTS:
            while expected:
                found.differences.append(Difference(seq, None, expected.popleft()))
            replay(dispatcher, [written])
            expected.extend(_written(e.record) for e in dispatcher.effects() if isinstance(e, Journal))
            found.inputs += 1
        else:
            found.decisions += 1
        decided = expected.popleft() if expected else None
        if decided != written:
            found.differences.append(Difference(seq, written, decided))
        if len(found.differences) >= KEPT:
            return found
    found.differences += [Difference(seq, None, decided) for decided in expected]
    return found


def _written(record: dict[str, Any]) -> dict[str, Any]:
    """As the journal gives it back."""
    plain: dict[str, Any] = json.loads(json.dumps(record, default=str))
    return plain


def _on_another_clock(dispatcher: Dispatcher, record: Record) -> Dispatcher:
    """As the process that wrote this line began: with the state of the one before, or with nothing."""
    shift = record.data.get("shift")
    if record.data.get("fresh") or not isinstance(shift, int | float):
        return Dispatcher(AcdConfig(), now=float("-inf"))
    return Dispatcher.restore(dispatcher.snapshot(), shift=shift)
