"""A circuit breaker: a service that keeps failing is left alone for a while, and callers need not wait for it.

Closed: requests pass. After `failures` in a row it opens: requests fail at once for `pause` seconds. Then one request
is let through to see (half open); its outcome closes or opens the circuit.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Circuit(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(slots=True)
class Breaker:
    """Times are seconds on any clock that does not go backwards."""

    failures: int = 5
    pause: float = 30.0
    state: Circuit = Circuit.CLOSED
    _in_a_row: int = 0
    _open_until: float = 0.0

    def admits(self, now: float) -> bool:
        """Whether a request may be made; one that may has to be followed by `succeeded` or `failed`."""
        match self.state:
            case Circuit.CLOSED:
                return True
            case Circuit.OPEN if now >= self._open_until:
                self.state = Circuit.HALF_OPEN
                return True
        return False

    def succeeded(self) -> None:
        self.state = Circuit.CLOSED
        self._in_a_row = 0

    def gave_up(self, now: float) -> None:
        """Nobody waited for the outcome: nothing was learnt, but a probe is over."""
        if self.state is Circuit.HALF_OPEN:
            self.failed(now)

    def failed(self, now: float) -> None:
        self._in_a_row += 1
        if self.state is Circuit.HALF_OPEN or self._in_a_row >= self.failures:
            self.state = Circuit.OPEN
            self._open_until = now + self.pause
