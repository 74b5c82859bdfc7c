"""Takes snapshots of the distributor now and then, so that a start has little to relive."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from softswitch.store.snapshots import Snapshot

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, TimerHandle
    from collections.abc import Callable
    from typing import Any, Protocol

    class Writer(Protocol):
        """What it needs of `softswitch.store.journal.JournalWriter`."""

        @property
        def last_seq(self) -> int: ...
        def put_snapshot(self, snapshot: Snapshot) -> None: ...


log = logging.getLogger(__name__)

#: At least so many seconds lie between two looks, and so many between two snapshots of a quiet switch.
LOOK = 1.0
EVERY = 60.0
#: After so many records there is one at the next look: they are relived in a fraction of a second.
RECORDS = 5_000


class Snapshots:
    """Has *keeper* look as often as it should; *wall* tells the time of day at a time of the loop."""

    def __init__(self, keeper: SnapshotKeeper, loop: AbstractEventLoop, wall: Callable[[float], float]) -> None:
        self._keeper = keeper
        self._loop = loop
        self._wall = wall
        self._next: TimerHandle | None = None

    def start(self) -> None:
        now = self._loop.time()
        self._keeper.look(now, self._wall(now))
        self._next = self._loop.call_later(LOOK, self.start)

    def take(self) -> None:
        """Now, whether one is due or not."""
        now = self._loop.time()
        self._keeper.take(now, self._wall(now))

    def stop(self) -> None:
        if self._next is not None:
            self._next.cancel()


class SnapshotKeeper:
    """*state* is asked between two events, when all effects have been carried out."""

    def __init__(self, writer: Writer, state: Callable[[], dict[str, Any]]) -> None:
        self._writer = writer
        self._state = state
        self._seq = 0
        self._at = float("-inf")

    def look(self, now: float, wall: float) -> bool:
        """Take a snapshot if one is due; *now* and *wall* are the same instant. Call it every `LOOK` seconds."""
        new = self._writer.last_seq - self._seq
        if new >= RECORDS or (new and now - self._at >= EVERY):
            self.take(now, wall)
            return True
        return False

    def take(self, now: float, wall: float) -> None:
        self._seq, self._at = self._writer.last_seq, now
        try:
            self._writer.put_snapshot(Snapshot(self._seq, wall, now, self._state()))
        except Exception:  # the calls are more important
            log.exception("no snapshot could be taken")
