"""What the four machines share: named deadlines, the earliest of which comes next."""

from __future__ import annotations

from enum import Enum
from typing import Generic, TypeVar

State_ = TypeVar("State_", bound=Enum)
Input_ = TypeVar("Input_", bound=Enum)
Action_ = TypeVar("Action_", bound=Enum)


class Machine(Generic[State_, Input_, Action_]):
    """Feed it inputs and the time; carry out the actions it returns."""

    __slots__ = ("deadlines", "reliable", "state")

    def __init__(self, state: State_, *, reliable: bool) -> None:
        self.state = state
        self.reliable = reliable
        self.deadlines: dict[Input_, float] = {}

    def start(self, now: float) -> tuple[Action_, ...]:
        raise NotImplementedError

    def handle(self, event: Input_, now: float) -> tuple[Action_, ...]:
        raise NotImplementedError

    def next_deadline(self) -> float | None:
        deadlines = self.deadlines
        if not deadlines:
            return None
        return min(deadlines.values())

    def handle_timeout(self, now: float) -> tuple[Action_, ...]:
        """Fire what is due by *now*, earliest first. A process that was held up sends once, not all it missed."""
        actions: list[Action_] = []
        while due := [(at, timer.value, timer) for timer, at in self.deadlines.items() if at <= now]:
            _, _, timer = min(due)
            del self.deadlines[timer]
            actions += self.handle(timer, now)
        return tuple(actions)
