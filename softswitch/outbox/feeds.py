"""All who are told what happens: a delivery for each webhook and for the file of events."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from softswitch.outbox.delivery import Delivery
from softswitch.outbox.events import Selection
from softswitch.outbox.places import SUFFIX, places
from softswitch.outbox.sinks import EventFile, Webhook
from softswitch.store.database import StoreError
from softswitch.webservice.guard import ANYWHERE, guarded_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from softswitch.config import Config
    from softswitch.outbox.places import Places
    from softswitch.outbox.sinks import Sink

log = logging.getLogger(__name__)

FOLDER = "outbox"
#: Seconds between attempts to begin at all.
RETRY = 30.0


class Feeds:
    """`start` when the journal can be read, `stop` while the loop still runs."""

    def __init__(
        self,
        config: Config,
        journal: Path,
        *,
        wall: Callable[[], float],
        note: Callable[[str, Mapping[str, object]], None] | None = None,
        retry: float = RETRY,
    ) -> None:
        """*journal*: the database of the switch; *wall*: seconds since the epoch; *note* writes a line of it."""
        self._config = config
        self._journal = journal
        self._wall = wall
        self._note = note
        self._behind = self._trouble = ""
        self._retry = retry
        self._retrying: asyncio.Task[None] | None = None
        self._deliveries: dict[str, Delivery] = {}
        self._renewing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """What keeps all of them from being told anything is an alarm; it is tried again until it is over."""
        try:
            await self._begin()
        except (OSError, StoreError) as error:
            await self._end()
            trouble = (
                f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else str(error)
            )
            if trouble != self._trouble:
                log.error("events cannot be told to anybody: %s; they wait in the journal", trouble)
            self._trouble = trouble
            self._retrying = asyncio.create_task(self._start_later(), name="events to others, once more")
        else:
            if self._trouble:
                log.info("events are told again")
            self._trouble = ""

    async def _start_later(self) -> None:
        await asyncio.sleep(self._retry)
        await self.start()

    async def _begin(self) -> None:
        # a journal that was begun anew counts from one again: its receivers' places are its own
        root = self._config.server.data_dir / FOLDER
        if not root.exists() and not self._config.webhooks and self._config.event_log is None:
            return
        there = await asyncio.to_thread(places, root, self._journal)
        if there.missing:
            self._tell_behind(there)
        for key, sink, patterns in self._sinks():
            cursor = there.folder / f"{key}{SUFFIX}"
            delivery = Delivery(sink, self._journal, cursor, source=there.source, selection=Selection(patterns))
            self._deliveries[key] = delivery
            await delivery.start()

    def _tell_behind(self, there: Places) -> None:
        self._behind = (
            f"the journal ends at line {there.last}, {there.missing} lines before what receivers have: "
            f'an older copy of it? Its events begin with "{there.source}" from now on, not "{there.before}"'
        )
        log.error("events: %s", self._behind)
        if self._note is not None:
            data = {"last": there.last, "missing": there.missing, "name": there.source, "before": there.before}
            self._note("journal.behind", data)

    def reconfigure(self, config: Config) -> None:
        """Tell those whom *config* names from now on; who stays goes on at the same place."""
        same = (config.webhooks, config.event_log) == (self._config.webhooks, self._config.event_log)
        self._config = config
        if not same:
            self._renewing = asyncio.create_task(self._renew(self._renewing), name="events to others")

    async def _renew(self, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        await self._give_up_retrying()
        await self._end()
        try:
            await self.start()
        except Exception:  # nobody awaits this task: what it does not say itself is never heard of
            log.exception("events cannot be told to anybody before the next start")

    async def stop(self) -> None:
        if self._renewing is not None:
            await asyncio.wait([self._renewing])
        await self._give_up_retrying()
        await self._end()

    async def _give_up_retrying(self) -> None:
        if self._retrying is not None:
            self._retrying.cancel()
            await asyncio.wait([self._retrying])

    async def _end(self) -> None:
        await asyncio.gather(*(delivery.stop() for delivery in self._deliveries.values()))
        self._deliveries.clear()

    def delivered(self) -> int | None:
        """The last line of the journal that everybody has; None: nobody is told anything. 0: not known now."""
        if len(self._deliveries) < len(self._names()):
            return 0
        return min((delivery.position for delivery in self._deliveries.values()), default=None)

    def state(self) -> list[dict[str, object]]:
        """For `softswitch status`: how far each has come, and what keeps it."""
        if self._trouble:
            return [{"to": name, "position": 0, "alarm": self._trouble} for name in self._names()]
        return [
            {"to": name, "position": delivery.position, "alarm": delivery.alarm or self._behind}
            for name, delivery in self._deliveries.items()
        ]

    def _names(self) -> list[str]:
        return [f"webhook-{hook.name}" for hook in self._config.webhooks] + ["event_log"] * bool(self._config.event_log)

    def _sinks(self) -> Iterator[tuple[str, Sink, tuple[str, ...]]]:
        for hook in self._config.webhooks:
            sink = Webhook(hook.name, hook.url, guarded_client(ANYWHERE), self._wall, hook.secret, hook.timeout)
            yield f"webhook-{hook.name}", sink, hook.events
        if (log := self._config.event_log) is not None:
            yield "event_log", EventFile(log.file), log.events
