"""The operators' desk of one switch: the lock on its data, today's figures, and the socket for commands."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

from softswitch.admin.hours import hours_verbs
from softswitch.admin.live import Live
from softswitch.admin.lock import DataDirLock
from softswitch.admin.protocol import socket_path
from softswitch.admin.server import AdminServer
from softswitch.admin.today import Today, records_of_today, standards
from softswitch.admin.verbs import Operations
from softswitch.admin.verification import VerificationDesk
from softswitch.call.hours.desk import HoursDesk
from softswitch.store.database import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from acd.dispatcher import Dispatcher
    from softswitch.admin.server import Verb
    from softswitch.call.control import CallControl
    from softswitch.call.queues.desk import CallerDesk
    from softswitch.config import Config
    from softswitch.ports import Clock, Journal


class AdminDesk:
    """Call control writes its journal to `journal`, so that what goes by is counted."""

    def __init__(self, config: Config, journal: Journal) -> None:
        self._config = config
        self._lock = DataDirLock(config.server.data_dir)
        self.journal = Today(journal, standards(config), config.server.timezone)
        self._server: AdminServer | None = None
        self._live: Live
        self._operations: Operations
        self.hours: HoursDesk
        """What may be done to opening hours; there is nothing before `open`, as with `callers`."""

    def lock(self) -> None:
        """Before anything is opened. Raises `softswitch.admin.lock.Locked`, or OSError."""
        self._lock.take()

    async def remember(self, wall: float) -> None:
        """What was written today before this process began; *wall* is the time now."""
        server = self._config.server
        self.journal.begin(wall)
        self.journal.catch_up(
            await asyncio.to_thread(records_of_today, server.data_dir / FILE_NAME, wall, server.timezone)
        )

    async def open(
        self,
        control: CallControl,
        dispatcher: Dispatcher,
        *,
        clock: Clock,
        settle: Callable[[], None],
        status: Callable[[], dict[str, Any]],
        more: Mapping[str, Verb],
    ) -> None:
        """Answer commands from now on. *settle* is called after each change; *status* adds to the verb ``status``.

        *more*: verbs besides those of the calls.
        """
        config, today = self._config, self.journal
        self._live = Live(dispatcher, control.calls, config, today.standards, today.tallies, today.waits.of)
        self._operations = Operations(
            control,
            dispatcher,
            config,
            self._live,
            clock=clock,
            now=asyncio.get_running_loop().time,
            settle=settle,
            status=lambda: {"pid": os.getpid(), "config": self._config.file, **status()},
        )
        now = asyncio.get_running_loop().time
        self.hours = HoursDesk(control, clock=clock, now=now, settle=settle)
        hours = hours_verbs(self.hours, lambda: clock.wall(now()))
        verification = VerificationDesk(control, now=now, settle=settle)
        verbs = {**self._operations.verbs(), **hours, **verification.verbs(), **more}
        self._server = AdminServer(socket_path(config.server.data_dir), verbs)
        await self._server.start()

    @property
    def callers(self) -> CallerDesk:
        """What may be done to those who wait; there is nothing before `open`."""
        return self._operations.callers

    def reconfigure(self, config: Config) -> None:
        """What is shown and may be changed is that of *config* from now on; today's figures go on."""
        self._config = config
        self.journal.standards = standards(config)
        self._live.reconfigure(config, self.journal.standards)
        self._operations.reconfigure(config)

    async def close(self) -> None:
        """No more commands; the lock stays until `unlock`."""
        if self._server is not None:
            await self._server.close()
            self._server = None

    def unlock(self) -> None:
        self._lock.release()
