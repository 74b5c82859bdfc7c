"""What is known of the waits to come: the latest estimate of every caller, as it goes by in the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_ESTIMATED, _OVER = "acd.wait_estimated", frozenset({"acd.connect", "acd.call_over"})


#: Seconds after which an estimate that was not renewed says nothing any more.
FRESH = 30.0


class ExpectedWaits:
    """By call."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, float, float]] = {}  # wall time, P50, P80

    def read(self, kind: str, at: float, call: str | None, data: Mapping[str, Any]) -> None:
        """One record of the journal."""
        if kind == _ESTIMATED:
            self._known |= {str(call): (at, float(p50), float(p80)) for call, p50, p80, *_ in data["estimates"]}
        elif kind in _OVER and call is not None:
            self._known.pop(call, None)

    def of(self, call: str, wall: float) -> tuple[float | None, float | None]:
        """Seconds still to wait at *wall*: the median, and what four of five callers stay below."""
        known = self._known.get(call)
        if known is None or wall - known[0] > FRESH:
            return None, None
        at, p50, p80 = known
        return max(0.0, p50 - (wall - at)), max(0.0, p80 - (wall - at))
