"""How an agent has spent the time since login.

Instants are rounded to whole microseconds once and only their differences are added up, so the parts of a shift sum
exactly to its length, whatever happened in between.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MICROSECONDS = 1_000_000


def microseconds(at: float) -> int:
    return round(at * MICROSECONDS)


class Activity(NamedTuple):
    """What an agent does: the words of status and state, and the reason of the break or of not being offered calls."""

    status: str
    state: str
    reason: str = ""


@dataclass(slots=True)
class Timesheet:
    """One shift. ``spent`` are microseconds of what is over; the current activity began at ``mark``."""

    login: int
    mark: int
    activity: Activity
    spent: dict[Activity, int] = field(default_factory=dict)

    @classmethod
    def opened(cls, at: float, activity: Activity) -> Timesheet:
        return cls(microseconds(at), microseconds(at), activity)

    def turn(self, activity: Activity, at: float) -> None:
        """The agent does something else from now on, or goes on."""
        if activity != self.activity:
            self._book(microseconds(at))
            self.activity = activity

    def close(self, at: float) -> dict[Activity, int]:
        """The shift is over; microseconds of each activity."""
        self._book(microseconds(at))
        return self.spent

    def until(self, at: float) -> dict[Activity, int]:
        """Microseconds of each activity up to now; they sum to :meth:`logged_in`."""
        current = self.spent.get(self.activity, 0) + microseconds(at) - self.mark
        return self.spent | {self.activity: current}

    def logged_in(self, at: float) -> int:
        """Microseconds since login."""
        return microseconds(at) - self.login

    def total(self, counts: Callable[[Activity], bool], at: float | None = None) -> int:
        """Microseconds of all activities that count; without ``at`` only of those that are over."""
        over = sum(length for activity, length in self.spent.items() if counts(activity))
        return over + (microseconds(at) - self.mark if at is not None and counts(self.activity) else 0)

    def _book(self, now: int) -> None:
        if now != self.mark:
            self.spent[self.activity] = self.spent.get(self.activity, 0) + now - self.mark
            self.mark = now

    def plain(self) -> dict[str, Any]:
        return {
            "login": self.login,
            "mark": self.mark,
            "activity": list(self.activity),
            "spent": [[*activity, length] for activity, length in sorted(self.spent.items())],
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any], shift: int) -> Timesheet:
        """``shift``: microseconds added to every instant."""
        return cls(
            plain["login"] + shift,
            plain["mark"] + shift,
            Activity(*plain["activity"]),
            {Activity(status, state, reason): length for status, state, reason, length in plain["spent"]},
        )
