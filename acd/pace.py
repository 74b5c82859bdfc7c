"""How fast a queue moves, learnt from its own calls: enough to say whether a newcomer's wait would be too long.

Mean handling time and mean patience, both with exponentially fading memory, and until there is experience a usual
centre's. For what callers are told there are better estimates (:mod:`acd.forward`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acd.estimates import ql_a

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Seconds, before anything is known.
USUAL_HANDLING, USUAL_PATIENCE = 180.0, 600.0
#: So many calls are remembered, the older the less.
MEMORY = 50
#: Experience that the usual figures are worth, in calls.
_PRIOR = 3.0


@dataclass(slots=True)
class Pace:
    """Faded sums: calls and seconds of handling, hang-ups and seconds of waiting."""

    calls: float = _PRIOR
    handled: float = _PRIOR * USUAL_HANDLING
    hang_ups: float = _PRIOR
    waited: float = _PRIOR * USUAL_PATIENCE

    @property
    def handling(self) -> float:
        """Mean seconds that a call keeps an agent."""
        return max(1.0, self.handled / self.calls)

    @property
    def patience(self) -> float:
        """Mean seconds after which a caller hangs up: all the waiting over the number of those who gave up."""
        return max(1.0, self.waited / self.hang_ups)


class Paces:
    """Of all queues."""

    def __init__(self) -> None:
        self._paces: dict[str, Pace] = {}

    def of(self, queue: str) -> Pace:
        return self._paces.get(queue) or Pace()

    def served(self, queue: str, handling: float) -> None:
        """A conversation is over; ``handling`` with the wrap-up."""
        pace = self._paces.setdefault(queue, Pace())
        pace.calls = pace.calls * (1 - 1 / MEMORY) + 1
        pace.handled = pace.handled * (1 - 1 / MEMORY) + handling

    def waited(self, queue: str, seconds: float, *, hung_up: bool) -> None:
        """A caller waits no longer."""
        pace = self._paces.setdefault(queue, Pace())
        pace.hang_ups = pace.hang_ups * (1 - 1 / MEMORY) + hung_up
        pace.waited = pace.waited * (1 - 1 / MEMORY) + seconds

    def expected(self, queue: str, ahead: int, servers: int) -> float:
        """Median of the wait of somebody who comes now, all servers being busy; with nobody there it is not known."""
        pace = self.of(queue)
        return ql_a(ahead, servers, pace.handling, pace.patience).p50

    def forget(self, keep: Mapping[str, Any]) -> None:
        """Only these queues are left."""
        self._paces = {queue: pace for queue, pace in self._paces.items() if queue in keep}

    def plain(self) -> dict[str, list[float]]:
        return {
            queue: [pace.calls, pace.handled, pace.hang_ups, pace.waited] for queue, pace in sorted(self._paces.items())
        }

    def restore(self, plain: Mapping[str, list[float]]) -> None:
        self._paces = {queue: Pace(*sums) for queue, sums in plain.items()}
