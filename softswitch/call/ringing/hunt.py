"""Looking for somebody at several places: which of them rings when. Pure: no clock, no legs.

Each place goes its own way by a table; the mode says when the next one is tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from itertools import product


class State(Enum):
    """Of one place."""

    WAITING = auto()  # not tried yet
    RINGING = auto()
    CONFIRMING = auto()  # answered, and asked to press a key
    TAKEN = auto()  # has the call
    OVER = auto()


class Input(Enum):
    RING = auto()
    SKIP = auto()  # cannot be rung
    ANSWER = auto()
    ANSWER_TO_CONFIRM = auto()
    CONFIRM = auto()
    FAIL = auto()  # did not answer in time, declined, gave up or hung up
    CALL_OFF = auto()  # somebody else has the call, or the caller is gone


S, I = State, Input  # noqa: E741

TRANSITIONS: dict[tuple[State, Input], State] = {
    (S.WAITING, I.RING): S.RINGING,
    (S.WAITING, I.SKIP): S.OVER,
    (S.WAITING, I.CALL_OFF): S.OVER,
    (S.RINGING, I.ANSWER): S.TAKEN,
    (S.RINGING, I.ANSWER_TO_CONFIRM): S.CONFIRMING,
    (S.RINGING, I.FAIL): S.OVER,
    (S.RINGING, I.CALL_OFF): S.OVER,
    (S.CONFIRMING, I.CONFIRM): S.TAKEN,
    (S.CONFIRMING, I.FAIL): S.OVER,
    (S.CONFIRMING, I.CALL_OFF): S.OVER,
}

#: What crosses: the place is done with, or was never rung.
IGNORED: frozenset[tuple[State, Input]] = frozenset(
    {
        *product([S.TAKEN, S.OVER], Input),
        *product([S.WAITING], [I.FAIL]),
        *product([S.RINGING, S.WAITING], [I.CONFIRM]),
    }
)

#: A place is rung once, and answers what rings.
IMPOSSIBLE: frozenset[tuple[State, Input]] = frozenset(
    {
        *product([S.WAITING], [I.ANSWER, I.ANSWER_TO_CONFIRM]),
        *product([S.RINGING], [I.RING, I.SKIP]),
        *product([S.CONFIRMING], [I.RING, I.SKIP, I.ANSWER, I.ANSWER_TO_CONFIRM]),
    }
)

_AT_WORK = (S.RINGING, S.CONFIRMING)


@dataclass(slots=True)
class Hunt:
    """One search. `states`: of each place in its order; `rung`: somebody's phone rang at all.

    Ask `due` for the next place to try, tell `tell` what became of it, until `over`.
    """

    states: list[State]
    mode: str  # one-by-one, all, cascade
    add_after: float = 10.0  # seconds; cascade
    rung: bool = False
    begun_at: float | None = None  # of the place that was tried last

    def due(self, now: float) -> int | None:
        """The place to try now, or None."""
        if self.taken is not None or S.WAITING not in self.states:
            return None
        at = self.next_at()
        return self.states.index(S.WAITING) if at is None or at <= now else None

    def next_at(self) -> float | None:
        """When another place is to be tried, whatever happens; None: at once. Infinity: not before something ends."""
        if self.mode == "all" or not any(state in _AT_WORK for state in self.states):
            return None
        if self.mode == "cascade" and self.begun_at is not None:
            return self.begun_at + self.add_after
        return float("inf")

    def tell(self, place: int, event: Input, now: float) -> bool:
        """What happened at *place*; False when it means nothing any more."""
        state = TRANSITIONS.get((self.states[place], event))
        if state is None:
            return False
        self.states[place] = state
        if event is Input.RING:
            self.rung, self.begun_at = True, now
        return True

    def call_off(self, now: float) -> list[int]:
        """Everybody but who has the call stops; the places that were at work."""
        stopped = [place for place, state in enumerate(self.states) if state in _AT_WORK]
        for place in range(len(self.states)):
            self.tell(place, Input.CALL_OFF, now)
        return stopped

    @property
    def taken(self) -> int | None:
        """The place that has the call."""
        return self.states.index(S.TAKEN) if S.TAKEN in self.states else None

    @property
    def over(self) -> bool:
        """Nobody has taken the call, and nobody is left to be tried."""
        return all(state is S.OVER for state in self.states)
