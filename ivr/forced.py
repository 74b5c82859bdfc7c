"""Hours that somebody has set by hand: open, closed, or special, until an hour or until they are released.

Instants are wall seconds since the epoch, so that a forced state outlives a restart.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class ForcedState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    SPECIAL = "special"  # the way of its own that hours may have: an evacuation, a strike, a party


@dataclass(frozen=True, slots=True)
class Forced:
    """`until` None: until it is released. `by`: who set it, for the journal and for `explain`."""

    state: ForcedState
    until: float | None = None
    by: str = ""


class ForcedHours:
    """What is forced at present, by the name of the hours."""

    def __init__(self, forced: Mapping[str, Forced] | None = None) -> None:
        self._forced = dict(forced or {})

    def force(self, name: str, state: ForcedState, now: float, *, until: float | None = None, by: str = "") -> Forced:
        """Set a state, in place of the one before; ValueError for an end that is past."""
        if until is not None and until <= now:
            raise ValueError("it would be over before it begins")
        self._forced[name] = Forced(state, until, by)
        return self._forced[name]

    def release(self, name: str) -> bool:
        """Back to the rules; False when nothing was forced."""
        return self._forced.pop(name, None) is not None

    def at(self, name: str, now: float) -> Forced | None:
        """What is forced at *now*, which ends at `until` and not after it."""
        forced = self._forced.get(name)
        return None if forced is None or (forced.until is not None and now >= forced.until) else forced

    def next_expiry(self) -> float | None:
        return min((forced.until for forced in self._forced.values() if forced.until is not None), default=None)

    def expire(self, now: float) -> list[str]:
        """Forget what is over; the names, for the journal."""
        over = [name for name in self._forced if self.at(name, now) is None]
        for name in over:
            del self._forced[name]
        return over

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            name: {"state": forced.state.value, "until": forced.until, "by": forced.by}
            for name, forced in self._forced.items()
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ForcedHours:
        """The inverse of `to_dict`."""
        return cls(
            {name: Forced(ForcedState(entry["state"]), entry["until"], entry["by"]) for name, entry in data.items()}
        )
