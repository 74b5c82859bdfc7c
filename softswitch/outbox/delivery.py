"""Carrying the journal to one sink: from its cursor on, in order, again and again until it is taken.

The journal itself is the queue: nothing is copied, an hour without the receiver costs nothing, and a restart goes on
where the cursor is. The cursor moves after the delivery, so an event may come twice and never not at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from softswitch.outbox.events import Selection, event_of
from softswitch.outbox.places import keep_cursor, read_cursor
from softswitch.outbox.sinks import NotDelivered
from softswitch.store.database import StoreError
from softswitch.store.queries import Reader

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from softswitch.outbox.events import Event
    from softswitch.outbox.sinks import Sink
    from softswitch.store.queries import Customer

log = logging.getLogger(__name__)

#: Lines of the journal looked at, and events sent, at once.
READ, BATCH = 2000, 100
#: SQLite takes so many parameters in one statement everywhere.
_CALLS = 500
POLL = 0.5
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
#: Refusals of one single event after which it is given up.
REFUSALS = 5


class Delivery:
    """One sink's task. `start` it on the loop, `stop` it before the loop ends."""

    def __init__(
        self,
        sink: Sink,
        journal: Path,
        cursor: Path,
        *,
        source: str,
        selection: Selection | None = None,
        poll: float = POLL,
        first_pause: float = FIRST_PAUSE,
        on_alarm: Callable[[str], None] | None = None,
    ) -> None:
        """*journal*: the database; *cursor*: a file with the number of the last line that was dealt with."""
        self._sink = sink
        self._journal = journal
        self._cursor = cursor
        self._source = source
        self._selection = selection or Selection()
        self._poll = poll
        self._first_pause = first_pause
        self._on_alarm = on_alarm
        self._alarm = ""
        self._failures = 0
        self._refusals = 0
        self._at = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def position(self) -> int:
        """The last line of the journal that was dealt with."""
        return self._at

    @property
    def alarm(self) -> str:
        """What keeps the events here, or nothing."""
        return self._alarm

    async def start(self) -> None:
        """A sink that has no cursor yet begins with what happens from now on. Raises OSError, StoreError."""
        self._at = await asyncio.to_thread(self._begin)
        self._task = asyncio.create_task(self._run(), name=f"events to {self._sink.name}")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        await self._sink.close()

    def _begin(self) -> int:
        if (found := read_cursor(self._cursor)) is not None:
            return found
        with Reader(self._journal) as reader:
            last = reader.last_seq()
        keep_cursor(self._cursor, last)
        return last

    # ------------------------------------------------------------------------------------------------ the task
    async def _run(self) -> None:
        while True:
            try:
                more = await self._step()
            except NotDelivered as error:
                await self._wait_out(error)
            except (OSError, StoreError) as error:
                await self._wait_out(NotDelivered(str(error)))
            except Exception as error:  # a task that died would say nothing for ever
                what = f"{type(error).__name__}: {error}"
                if what not in self._alarm:
                    log.exception("events to %s: internal error; it is tried again", self._sink.name)
                await self._wait_out(NotDelivered(what))
            else:
                self._failures = 0
                self._set_alarm("")
                if not more:
                    await asyncio.sleep(self._poll)

    async def _step(self) -> bool:
        """Deliver what the next lines hold; True when there may be more."""
        events, last = await asyncio.to_thread(self._read)
        for begin in range(0, len(events), BATCH):
            await self._deliver(events[begin : begin + BATCH])
        if last > self._at:
            await self._moved(last)
            return True
        return False

    def _read(self) -> tuple[list[Event], int]:
        with Reader(self._journal) as reader:
            records = reader.after(self._at, READ)
            wanted = [record for record in records if self._selection.wants(record.kind)]
            customers: dict[str, Customer] = {}
            calls = sorted({record.call for record in wanted if record.call is not None})
            for begin in range(0, len(calls), _CALLS):
                customers |= reader.customers(calls[begin : begin + _CALLS])
        events = [event_of(record, self._source, customers.get(record.call or "")) for record in wanted]
        return events, records[-1].seq if records else self._at

    async def _deliver(self, events: list[Event]) -> None:
        try:
            await self._sink.deliver(events)
        except NotDelivered as error:
            if not error.refused:
                raise
            if len(events) > 1:  # one of them is not to be had; find it
                for event in events:
                    await self._deliver([event])
                return
            self._refusals += 1
            if self._refusals < REFUSALS:
                raise
            log.error("event %s was refused by %s (%s) and is given up", events[0].id, self._sink.name, error)
        self._refusals = self._failures = 0
        self._set_alarm("")  # there may be much more to deliver
        await self._moved(events[-1].seq)

    async def _moved(self, seq: int) -> None:
        await asyncio.to_thread(keep_cursor, self._cursor, seq)
        self._at = seq

    async def _wait_out(self, error: NotDelivered) -> None:
        self._failures += 1
        self._set_alarm(f"events are not taken by {self._sink.name}: {error}")
        await asyncio.sleep(min(LONGEST_PAUSE, self._first_pause * 2.0 ** min(self._failures - 1, 16)))

    def _set_alarm(self, alarm: str) -> None:
        if alarm and not self._alarm:
            log.warning("%s; they wait in the journal", alarm)
        elif self._alarm and not alarm:
            log.info("events are taken again by %s", self._sink.name)
        if alarm != self._alarm:
            self._alarm = alarm
            if self._on_alarm is not None:
                self._on_alarm(alarm)
