"""A dispatcher whose every decision is checked for fairness right after it was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd import invariants
from acd.dispatcher import Dispatcher

if TYPE_CHECKING:
    from acd.effects import Effect
    from acd.events import Event


class WatchedDispatcher(Dispatcher):
    """Raises AssertionError when somebody was overtaken."""

    _looked_at = 0

    def receive(self, event: Event, now: float) -> None:
        super().receive(event, now)  # first fires what is due, by the method below
        self._look()

    def handle_timeout(self, now: float) -> None:
        super().handle_timeout(now)
        self._look()

    def _look(self) -> None:
        pending = self._out._effects
        new = pending[min(self._looked_at, len(pending)) :]
        self._looked_at = len(pending)
        invariants.nobody_is_overtaken(self, new)
        invariants.overtaking_is_bounded(self, new)

    def effects(self) -> list[Effect]:
        self._looked_at = 0
        return super().effects()
