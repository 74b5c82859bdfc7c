"""The journal does not grow for ever: what is older than it is to be kept is deleted, a little at a time.

Deleted is everything up to a snapshot of the distributor, so that the rest can still be replayed from there. Kept of
the time before it are the lines that a start or a report of a later day goes back to: the last word about each agent,
about hours and phones set by hand, the configuration of queues, everything that campaigns have changed, and all lines
of calls that are not over yet, callbacks among them. Nobody's delivery of events is overtaken.

It has a connection of its own and takes the database for some milliseconds at once, between the writer's batches.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

log = logging.getLogger(__name__)

DAY = 86_400.0
#: Seconds after the start, between two looks, and between two batches.
FIRST, EVERY, PAUSE = 300.0, 6 * 3600.0, 0.1
#: Lines looked at in one transaction.
BATCH = 1000
#: Kinds of which every line is needed.
KEPT = ("campaign.changed", "rollout.changed", "contact.opted")
#: Kinds of which the last line about each thing is needed, with what tells the things apart.
LAST = {
    "acd.agent": ("agent", "agent"),
    "hours.forced": ("hours", "hours"),
    "hours.released": ("hours", "hours"),
    "phone.peace": ("phone", "phone"),
    "acd.reconfigured": ("queues", ""),
}
_STATE = f"kind IN ({', '.join(repr(kind) for kind in LAST)})"
_OTHER = f"kind NOT IN ({', '.join(repr(kind) for kind in (*KEPT, *LAST))})"


@dataclass(frozen=True, slots=True)
class Needed:
    """``delivered``: the last line that everybody has who is told events; None: nobody is. ``calls``: not over yet."""

    delivered: int | None = None
    calls: frozenset[str] = frozenset()


@dataclass(slots=True)
class Plan:
    """A deletion under way; ``deleted``: lines so far."""

    path: Path
    up_to: int
    calls: frozenset[str]
    at: int = 0
    last: dict[tuple[str, str], int] = field(default_factory=dict)
    deleted: int = 0


def plan(path: Path, before: float, needed: Needed) -> Plan | None:
    """What is to be deleted of the time before *before* (wall time); None when there is nothing.

    Blocking, as `step` is. Raises sqlite3.Error.
    """
    limit = needed.delivered if needed.delivered is not None else 1 << 62
    with contextlib.closing(_open(path)) as connection:
        query = "SELECT seq FROM snapshots WHERE at <= ? AND seq <= ? ORDER BY seq DESC LIMIT 1"
        found = connection.execute(query, (before, limit)).fetchone()
        (done,) = connection.execute("SELECT max(up_to) FROM pruned").fetchone()
    return None if found is None or found[0] <= done else Plan(path, int(found[0]), needed.calls)


def step(plan: Plan) -> bool:
    """Delete the next lines; True when that was all. Raises sqlite3.Error: then nothing has changed, try again."""
    with contextlib.closing(_open(plan.path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        query = "SELECT max(seq) FROM (SELECT seq FROM journal WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?)"
        (end,) = connection.execute(query, (plan.at, plan.up_to, BATCH)).fetchone()
        last, deleted = dict(plan.last), 0
        if end is not None:
            old = _overtaken(connection, plan.at, end, plan.calls, last)
            deleted = _delete(connection, plan, end, old)
        else:
            connection.execute("UPDATE pruned SET up_to = ?", (plan.up_to,))
            connection.execute("DELETE FROM snapshots WHERE seq < ?", (plan.up_to,))
        connection.execute("COMMIT")
    plan.last, plan.deleted = last, plan.deleted + deleted
    plan.at = plan.up_to if end is None else end
    return end is None


def _overtaken(
    connection: sqlite3.Connection, begin: int, end: int, calls: frozenset[str], last: dict[tuple[str, str], int]
) -> list[int]:
    """Lines of the `LAST` kinds after which another one about the same thing has come."""
    old: list[int] = []
    query = f"SELECT seq, kind, call, data ->> 'agent', data ->> 'hours', data ->> 'phone' FROM journal WHERE {_STATE}"
    for seq, kind, call, agent, hours, phone in connection.execute(
        f"{query} AND seq > ? AND seq <= ? AND json_valid(data) ORDER BY seq", (begin, end)
    ):
        what, column = LAST[kind]
        thing = (what, str({"agent": agent, "hours": hours, "phone": phone}.get(column, "")))
        if thing in last:
            old.append(last[thing])
        last[thing] = 0 if call in calls else seq  # 0: it stays, whatever comes
    return old


def _delete(connection: sqlite3.Connection, plan: Plan, end: int, old: list[int]) -> int:
    query = f"SELECT seq, call FROM journal WHERE seq > ? AND seq <= ? AND {_OTHER}"
    rows = connection.execute(query, (plan.at, end)).fetchall()
    gone = [(seq,) for seq, call in rows if call is None or call not in plan.calls] + [(seq,) for seq in old]
    connection.executemany("DELETE FROM journal WHERE seq = ?", gone)
    return len(gone)


def _open(path: Path) -> sqlite3.Connection:
    """Only what is there: the writer puts back a database that was deleted."""
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True, isolation_level=None)
    connection.execute("PRAGMA busy_timeout = 1000")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


class Pruner:
    """Looks now and then whether there is something to delete. `start` it on the loop, `stop` it before its end."""

    def __init__(
        self,
        path: Path,
        *,
        days: Callable[[], int],
        wall: Callable[[], float],
        needed: Callable[[], Needed],
        note: Callable[[str, Mapping[str, object]], None],
        first: float = FIRST,
        pause: float = PAUSE,
    ) -> None:
        """*days*: how long lines are kept, 0: for ever. *note* writes a line about what was deleted."""
        self._path, self._days, self._wall = path, days, wall
        self._needed, self._note = needed, note
        self._first, self._pause = first, pause
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="journal pruner")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        await asyncio.sleep(self._first)
        while True:
            try:
                await self.prune()
            except Exception as error:
                log.warning("journal: old lines cannot be deleted now (%s); it is tried again", error)
            await asyncio.sleep(EVERY)

    async def prune(self) -> int:
        """Delete what is old enough; returns how many lines. Raises sqlite3.Error."""
        days = self._days()
        if not days:
            return 0
        needed, before = self._needed(), self._wall() - days * DAY
        found = await asyncio.to_thread(plan, self._path, before, needed)
        if found is None:
            held_up = None if needed.delivered is None else await asyncio.to_thread(plan, self._path, before, Needed())
            if held_up is not None:
                log.warning(
                    "journal: old lines stay, as a receiver of events has come to line %d only", needed.delivered
                )
            return 0
        while not await asyncio.to_thread(step, found):  # noqa: ASYNC110 (the writer is to have its turns)
            await asyncio.sleep(self._pause)
        log.info("journal: %d lines older than %d days have been deleted", found.deleted, days)
        self._note("journal.pruned", {"lines": found.deleted, "up_to": found.up_to, "days": days})
        return found.deleted
