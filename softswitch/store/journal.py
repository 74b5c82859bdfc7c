"""The journal writer: the call path appends to memory, one task carries it to SQLite in batches.

Whatever the disk does — full, read-only, locked, slow — `append` returns at once and calls go on. What cannot be
written waits in memory and is written when that is possible again; only beyond `capacity` are the oldest records given
up, counted and reported.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sqlite3
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import aiosqlite

from softswitch.store import bindings, left_behind
from softswitch.store.batches import Batch, as_json
from softswitch.store.database import StoreError, open_database

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from softswitch.messages import Message, Request
    from softswitch.store.batches import Row
    from softswitch.store.bindings import StoredBinding
    from softswitch.store.left_behind import Change
    from softswitch.store.snapshots import Snapshot

log = logging.getLogger(__name__)

CAPACITY = 100_000
BATCH = 2000
#: Longest time, in seconds, that a record waits for others to share a commit with.
INTERVAL = 0.05
#: Seconds between looks at whether the file is still there, and between attempts when it cannot be written.
WATCH = 2.0
RETRY = 0.5


class RecordLost(Exception):
    """The record could not be kept: memory ran out, or the journal was closed before the disk took it."""


@dataclass(frozen=True, slots=True)
class JournalState:
    """How the writer is doing. ``alarm`` says what is wrong, or is empty."""

    waiting: int
    written: int
    dropped: int
    alarm: str


async def _within(seconds: float, event: asyncio.Event) -> None:
    """Until *event* is set, or for so long."""
    if not event.is_set():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()


class JournalWriter:
    """One database; open it with `start`, and close it, or the process will not end."""

    def __init__(
        self,
        path: Path,
        *,
        capacity: int = CAPACITY,
        batch: int = BATCH,
        interval: float = INTERVAL,
        watch: float = WATCH,
        on_alarm: Callable[[str], None] | None = None,
        on_kept: Callable[[str, bool], None] | None = None,
    ) -> None:
        """*on_alarm* is told what is wrong, once, and "" when it is over; the log has both anyway.

        *on_kept* is told the mark of each `barrier`, and whether what was appended before it is in the database.
        """
        self._path = path
        self._capacity, self._batch = capacity, batch
        self._interval, self._watch = interval, watch
        self._on_alarm = on_alarm
        self._on_kept = on_kept
        self._barriers: set[asyncio.Task[None]] = set()
        self._waiting: deque[Row] = deque()
        self._bindings: dict[tuple[str, str], StoredBinding | None] = {}
        self._changes: deque[Change] = deque()
        self._snapshot: Snapshot | None = None
        self._last_seq = self._committed = self._lost = 0
        self._written = self._dropped = 0
        self._alarm = ""
        self._more = asyncio.Event()
        self._urgent = asyncio.Event()
        self._promises: list[tuple[int, asyncio.Future[None]]] = []
        self._connection: aiosqlite.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._wal_seen = False
        self._looked_at = float("-inf")
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        # A thread of its own: what is promised must not wait for anybody else's names, mails and files.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")

    # ------------------------------------------------------------------------------------------------ life
    async def start(self) -> None:
        """Open the database; raises `StoreError`. Records appended before are kept."""
        connection = await open_database(self._path)
        self._connection = connection
        try:
            async with connection.execute("SELECT coalesce(max(seq), 0) FROM journal") as cursor:
                row = await cursor.fetchone()
            before = int(row[0]) if row is not None else 0
            self._renumber(before)
            self._identity = self._look()
        except BaseException as error:
            await connection.close()
            self._connection = None
            if isinstance(error, sqlite3.Error):
                raise StoreError(f"{self._path}: {error}") from error
            raise
        self._task = asyncio.create_task(self._run(), name="journal writer")

    async def close(self, within: float = 5.0) -> int:
        """Write what waits, in at most *within* seconds, and close; returns how many records could not be kept."""
        self._closing = True
        self._urgent.set()
        self._more.set()
        if self._task is not None:
            done, _ = await asyncio.wait([self._task], timeout=within)
            if not done:
                self._task.cancel()
                await asyncio.wait([self._task])
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                await self._connection.close()
            self._connection = None
        self._thread.shutdown(wait=False, cancel_futures=True)
        lost = len(self._waiting)
        if lost:
            log.error("journal: %d records could not be written before the end", lost)
        for _, promise in self._promises:
            if not promise.done():
                promise.set_exception(RecordLost("the journal was closed"))
        self._promises.clear()
        return lost

    async def load_bindings(self, wall: float) -> list[StoredBinding]:
        """Registrations that have not run out at *wall* (seconds since the epoch)."""
        assert self._connection is not None, "start() first"
        return await bindings.load(self._connection, wall)

    async def load_left_behind(self) -> tuple[list[Message], list[Request]]:
        """Messages and requests to be called back."""
        assert self._connection is not None, "start() first"
        return await left_behind.load(self._connection)

    # ------------------------------------------------------------------------------------------------ call path
    def append(self, kind: str, call: str | None, data: Mapping[str, object], *, at: float) -> None:
        """Take a record down; never waits. *data* is turned to JSON here, so it may change afterwards."""
        self._last_seq += 1
        self._waiting.append((self._last_seq, at, kind, call, as_json(data)))
        if len(self._waiting) > self._capacity:
            self._lost = self._waiting.popleft()[0]
            self._dropped += 1
            self._break_promises(self._lost)
        self._more.set()

    def put_binding(self, binding: StoredBinding) -> None:
        self._bindings[binding.aor, binding.contact] = binding
        self._more.set()

    def remove_binding(self, aor: str, contact: str) -> None:
        self._bindings[aor, contact] = None
        self._more.set()

    def put_left(self, item: Message | Request) -> None:
        """Keep *item*, new or changed; it is durable when the record appended next is."""
        self._changes.append(left_behind.put(item))
        self._more.set()

    def remove_left(self, item: Message | Request) -> None:
        self._changes.append(left_behind.remove(item))
        self._more.set()

    def put_snapshot(self, snapshot: Snapshot) -> None:
        """Keep the state after a record that was appended; it is never in the database before that record."""
        self._snapshot = snapshot
        self._more.set()

    @property
    def last_seq(self) -> int:
        """Number of the record appended last; what `committed` waits for."""
        return self._last_seq

    @property
    def state(self) -> JournalState:
        return JournalState(len(self._waiting), self._written, self._dropped, self._alarm)

    # ------------------------------------------------------------------------------------------------ promises
    async def committed(self, seq: int) -> None:
        """Return when record *seq* is in the database; raises `RecordLost` when it never will be."""
        if seq <= self._committed:
            return
        if seq <= self._lost or (self._closing and self._task is None):
            raise RecordLost(f"record {seq} was given up")
        promise: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._promises.append((seq, promise))
        self._urgent.set()
        self._more.set()
        await promise

    def barrier(self, mark: str) -> None:
        """See `softswitch.ports.Journal.barrier`."""
        task = asyncio.get_running_loop().create_task(self._watch_for(mark, self._last_seq))
        self._barriers.add(task)
        task.add_done_callback(self._barriers.discard)

    async def _watch_for(self, mark: str, seq: int) -> None:
        try:
            await self.committed(seq)
        except RecordLost:
            kept = False
        else:
            kept = True
        if self._on_kept is not None and not self._closing:
            self._on_kept(mark, kept)

    async def flush(self) -> None:
        """Return when everything appended so far is in the database."""
        await self.committed(self._last_seq)

    def _keep_promises(self) -> None:
        kept = [promise for seq, promise in self._promises if seq <= self._committed]
        self._promises = [(seq, promise) for seq, promise in self._promises if seq > self._committed]
        for promise in kept:
            if not promise.done():
                promise.set_result(None)

    def _break_promises(self, lost: int) -> None:
        for seq, promise in self._promises:
            if seq <= lost and not promise.done():
                promise.set_exception(RecordLost(f"record {seq} was given up: memory is full"))
        self._promises = [(seq, promise) for seq, promise in self._promises if not promise.done()]

    # ------------------------------------------------------------------------------------------------ the writer
    async def _run(self) -> None:
        while True:
            await _within(self._watch, self._more)
            if self._more.is_set() and not self._closing:
                await _within(self._interval, self._urgent)  # let others share the commit, unless somebody waits for it
            self._more.clear()
            self._urgent.clear()
            try:
                await self._look_after_file()
                while self._waiting or self._bindings or self._changes or self._snapshot:
                    await self._write_batch()
            except Exception as error:  # a writer that died would lose everything after it
                self._raise_alarm(f"{type(error).__name__}: {error}")
                self._more.set()
                await asyncio.sleep(RETRY)  # while closing too: `close` says how long
                continue
            self._clear_alarm()
            if self._closing:
                return

    async def _write_batch(self) -> None:
        assert self._connection is not None
        rows = list(islice(self._waiting, self._batch))
        changed = dict(self._bindings)
        changes = list(self._changes)
        snapshot = self._snapshot
        if snapshot is not None and rows and rows[-1][0] < snapshot.seq:
            snapshot = None  # its records come first
        state = None if snapshot is None else await self._encode(snapshot)
        await Batch(rows, changed, changes, state).write(self._connection)
        if rows:
            self._committed = max(self._committed, rows[-1][0])
            self._written += len(rows)
        while self._waiting and self._waiting[0][0] <= self._committed:
            self._waiting.popleft()
        for key, found in changed.items():
            if self._bindings.get(key) is found:
                del self._bindings[key]
        for _ in changes:
            self._changes.popleft()
        if snapshot is not None and self._snapshot is snapshot:
            self._snapshot = None
        self._keep_promises()

    async def _encode(self, snapshot: Snapshot) -> tuple[object, ...] | None:
        """The row of a snapshot, made in another thread: it may be large. None when it cannot be written down."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, snapshot.row)
        except (TypeError, ValueError):
            log.exception("journal: a snapshot cannot be written; an older one is used at the next start")
            return None

    # ------------------------------------------------------------------------------------------------ trouble
    def _raise_alarm(self, what: str) -> None:
        if what != self._alarm:
            log.error("journal: cannot be written (%s); %d records wait in memory", what, len(self._waiting))
            if self._on_alarm is not None:
                self._on_alarm(what)
        self._alarm = what

    def _clear_alarm(self) -> None:
        if self._alarm:
            log.warning("journal: is written again; %d records were given up so far", self._dropped)
            self._alarm = ""
            if self._on_alarm is not None:
                self._on_alarm("")

    def _renumber(self, before: int) -> None:
        """Number records appended before the start after those in the database."""
        self._waiting = deque((before + n, *row[1:]) for n, row in enumerate(self._waiting, 1))
        self._last_seq = before + len(self._waiting)
        self._committed = self._lost = before

    def _look(self) -> tuple[int, int] | None:
        """Which file is at our path; None when there is none, or when its log was deleted."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        wal = self._path.with_name(self._path.name + "-wal").exists()
        if self._wal_seen and not wal:
            return None
        self._wal_seen = self._wal_seen or wal
        return found.st_dev, found.st_ino

    async def _look_after_file(self) -> None:
        """A database deleted under us is still whole behind our open file: put it back where it was.

        Looked at every `watch` seconds, and before a record that somebody waits for.
        """
        now = asyncio.get_running_loop().time()
        if self._connection is not None:
            if now - self._looked_at < self._watch and not self._promises and not self._closing:
                return
            identity = await asyncio.get_running_loop().run_in_executor(self._thread, self._look)
            if identity == self._identity:
                self._looked_at = now
                return
            if identity is not None:
                raise StoreError(f"{self._path}: is another file now; restart the switch to use it")
            self._raise_alarm(f"{self._path}: was deleted; it is being made anew")
            await self._rescue(self._connection)
        # closing the old connection deleted the old log by name, so the new file may take its place only now
        if self._rescued.exists():
            os.replace(self._rescued, self._path)
        self._connection = await open_database(self._path)
        self._wal_seen = False
        self._identity = self._look()

    @property
    def _rescued(self) -> Path:
        return self._path.with_name(self._path.name + ".rescued")

    async def _rescue(self, connection: aiosqlite.Connection) -> None:
        """Copy what *connection* still sees to a file beside, and close it."""
        self._rescued.unlink(missing_ok=True)
        os.close(os.open(self._rescued, os.O_RDWR | os.O_CREAT, 0o600))
        copy = await aiosqlite.connect(self._rescued)
        try:
            await connection.backup(copy)
        finally:
            await copy.close()
        await connection.close()
        self._connection = None
