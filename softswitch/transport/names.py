"""Names of hosts to addresses, never waited for: an answer is there, or it is being looked up."""

from __future__ import annotations

import asyncio
import logging
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

_GOOD_FOR: Final = 60.0
_BAD_FOR: Final = 10.0
_MAX_NAMES: Final = 1000


class Names:
    """IPv4 addresses as the system resolves them. A known address serves while it is renewed."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._known: dict[str, tuple[str | None, float]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        # Threads of its own: a name server that is silent must not hold up anybody else's.
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="resolve")

    def address(self, host: str) -> str | None:
        """The address of *host*, or None while it is not known."""
        address, until = self._known.get(host, (None, 0.0))
        if self._loop.time() >= until and host not in self._tasks and len(self._tasks) < _MAX_NAMES:
            self._tasks[host] = self._loop.create_task(self._look_up(host))
        return address

    async def look_up(self, host: str) -> str | None:
        """Wait for the address of *host*: for start-up, not for calls."""
        if self.address(host) is None and (task := self._tasks.get(host)) is not None:
            await asyncio.shield(task)
        return self._known.get(host, (None, 0.0))[0]

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _look_up(self, host: str) -> None:
        try:
            resolve: Callable[[str], str] = socket.gethostbyname
            address: str | None = await self._loop.run_in_executor(self._threads, resolve, host)
        except (OSError, UnicodeError) as error:
            log.warning("cannot resolve %s: %s", host, error)
            address = None
        finally:
            self._tasks.pop(host, None)
        if len(self._known) >= _MAX_NAMES:
            self._known.clear()
        old = self._known.get(host, (None, 0.0))[0]
        seconds = _BAD_FOR if address is None else _GOOD_FOR
        self._known[host] = (address or old, self._loop.time() + seconds)
