"""What a start finds in the database, and how it gets along with damage: never by refusing to start."""

from __future__ import annotations

import gc
import logging
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from acd.agent import Status
from acd.dispatcher import Dispatcher
from acd.events import AgentBreakStarted, AgentLoggedIn
from acd.model import AcdConfig
from softswitch.recovery.rebuild import KINDS, Rebuilder
from softswitch.store.database import StoreError
from softswitch.store.snapshots import StateReader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from softswitch.store.cdr import Record

log = logging.getLogger(__name__)

#: So many records are relived at most; a switch that is to start does not read a year's journal.
MOST = 500_000


@dataclass(frozen=True, slots=True)
class Recovered:
    """The distributor to go on with, on the clock of this process.

    ``fresh``: nothing (or nothing that can be used as it was) is known of the time before; the distributor has no
    configuration yet. ``agents``: events that bring back at least who was logged in where. ``hours``: records of those
    set by hand.
    """

    dispatcher: Dispatcher
    fresh: bool
    shift: float = 0.0
    snapshot: int = 0
    inputs: int = 0
    seconds: float = 0.0
    agents: tuple[AgentLoggedIn | AgentBreakStarted, ...] = ()
    hours: tuple[Record, ...] = ()

    def record(self) -> dict[str, object]:
        """Data of the journal's line about it."""
        known: dict[str, object] = {"fresh": True} if self.fresh else {"shift": self.shift, "snapshot": self.snapshot}
        return known | {"inputs": self.inputs, "seconds": round(self.seconds, 3)}


def recover(path: Path, *, now: float, wall: float) -> Recovered:
    """Read the database at *path*, which is open and up to date; *now* and *wall* are the same instant.

    From the newest snapshot that can be used; with a warning from an older one, or from the journal's beginning; and if
    the journal cannot be relived (another version wrote it), from the last record of each agent.
    """
    began = time.perf_counter()
    collects = gc.isenabled()
    gc.disable()  # all that is made here stays: looking for garbage would take a quarter of the time
    try:
        with StateReader(path) as reader:
            found = _relive(reader, now, wall) or _agents_only(reader, now)
            found = replace(found, hours=tuple(reader.last_of_hours()))
    except StoreError as error:
        log.warning("the state before the restart cannot be read (%s): agents have to log in anew", error)
        found = Recovered(Dispatcher(AcdConfig(), now=now), fresh=True)
    finally:
        if collects:
            gc.enable()
    seconds = time.perf_counter() - began
    return replace(found, seconds=seconds)


def _starts(reader: StateReader) -> Iterator[tuple[int, Rebuilder]]:
    """Where to begin, the best first."""
    for stored in reader.snapshots():
        try:
            yield stored.seq, Rebuilder.from_snapshot(stored.read())
        except Exception as error:  # whatever is in it, the switch has to start
            log.warning("snapshot %d %s; going on from an older state", stored.seq, _why(error))
    if not reader.pruned_to():
        yield 0, Rebuilder.from_nothing()


def _relive(reader: StateReader, now: float, wall: float) -> Recovered | None:
    for seq, rebuilder in _starts(reader):
        if reader.last_seq() - seq > MOST:
            log.warning("too much happened after record %d to be relived", seq)
            continue
        try:
            rebuilder.read(reader.records_after(seq, KINDS))
            dispatcher, shift = rebuilder.moved(now=now, wall=wall)
        except Exception as error:
            log.warning("the journal behind record %d cannot be relived: %s", seq, _why(error))
            continue
        if missing := reader.missing_after(seq):
            log.warning("%d records are missing in the journal behind record %d", missing, seq)
        if rebuilder.unreadable:
            log.warning("%d records of the journal behind %d cannot be read", rebuilder.unreadable, seq)
            if not dispatcher.agents:
                return None
        if not dispatcher.agents and not seq and not rebuilder.inputs:
            return Recovered(Dispatcher(AcdConfig(), now=now), fresh=True)
        return Recovered(dispatcher, False, shift, seq, rebuilder.inputs)
    return None


def _agents_only(reader: StateReader, now: float) -> Recovered:
    """Who was logged in where, from the journal's consequences: they outlast any change of the inputs' form."""
    log.warning("queues start anew; agents are logged in as the journal saw them last")
    events: list[AgentLoggedIn | AgentBreakStarted] = []
    for record in reader.last_of_agents():
        events += _agent(record)
    return Recovered(Dispatcher(AcdConfig(), now=now), fresh=True, agents=tuple(events))


def _agent(record: Record) -> Iterator[AgentLoggedIn | AgentBreakStarted]:
    agent, phone, status = (str(record.data.get(name) or "") for name in ("agent", "phone", "status"))
    if not agent or not phone or status not in (Status.AVAILABLE.value, Status.ON_BREAK.value):
        return
    yield AgentLoggedIn(agent, phone, reachable=False)
    if status == Status.ON_BREAK.value:
        yield AgentBreakStarted(agent, str(record.data.get("reason") or ""))


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, ValueError) else f"cannot be used ({type(error).__name__}: {error})"
