"""One clock for the sound of all phones: 50 ticks a second, as long as somebody listens to it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

TICK: Final = 0.02  # seconds; the length of one frame
#: After a longer pause of the whole process, ticks are left out instead of sent all at once.
MOST_AT_ONCE: Final = 25


class Ticker:
    """Calls each listener once a tick with the number of ticks that are due: 1, more after a delay."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._listeners: dict[int, Callable[[int], None]] = {}
        self._serial = 0
        self._timer: asyncio.TimerHandle | None = None
        self._next = 0.0

    def add(self, listener: Callable[[int], None]) -> int:
        """Begin to call *listener*; returns the handle for `remove`."""
        self._serial += 1
        self._listeners[self._serial] = listener
        if self._timer is None:
            self._next = self._loop.time() + TICK
            self._timer = self._loop.call_at(self._next, self._fire)
        return self._serial

    def remove(self, handle: int) -> None:
        self._listeners.pop(handle, None)
        if not self._listeners and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _fire(self) -> None:
        due = max(1, 1 + int((self._loop.time() - self._next) / TICK))
        self._next += due * TICK
        self._timer = self._loop.call_at(self._next, self._fire)
        for handle, listener in list(self._listeners.items()):
            if handle in self._listeners:
                try:
                    listener(min(due, MOST_AT_ONCE))
                except Exception:
                    log.exception("a tick")
