"""From silence to a held key and back, hop by hop: one leg's in-band state machine.

The table says what each verdict on a hop means in each state; lengths are the limits of ITU-T Q.24 in hops of
1.25 ms. A lost hop is unknown: it bridges a tone, and it never counts as a pause.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, auto
from typing import Final

from rtp.q24 import UNKNOWN

MIN_TONE: Final = 26  # 40 ms accepted, 23 ms rejected
MIN_TONE_HEARD: Final = 14  # of those, when frames within or beside the tone were lost
MIN_PAUSE: Final = 15  # a break of 10 ms is bridged, a pause of 30 ms separates
MAX_BREAK: Final = 12  # bridged while the tone rises
LONGEST: Final = 72  # hops of a rising tone that are judged together

_STRAY: Final = 6  # hops of a key that another may still replace: the edge of a tone can sound like anything
_FIRST_WAIT: Final = 4  # hops until a tone that was refused is looked at again; doubled each time
_LONGEST_WAIT: Final = 32


class State(IntEnum):
    SILENT = auto()
    RISING = auto()  # a tone is there, not yet long or clean enough
    HELD = auto()  # told, until a pause


class Input(IntEnum):
    """A hop, as compared with the key being tracked."""

    SAME = auto()
    OTHER = auto()  # a key, but not that one; any key when none is tracked
    NOTHING = auto()
    UNKNOWN = auto()


class Action(IntEnum):
    BEGIN = auto()
    EXTEND = auto()
    REPLACE_IF_STRAY = auto()
    COUNT_BREAK = auto()
    HOLD = auto()
    COUNT_PAUSE = auto()


S, I, A = State, Input, Action  # noqa: E741

#: Where a count runs out, the action moves the state on: a break, a pause, or a tone long and clean enough.
TRANSITIONS: dict[tuple[State, Input], Action] = {
    (S.SILENT, I.OTHER): A.BEGIN,
    (S.RISING, I.SAME): A.EXTEND,
    (S.RISING, I.UNKNOWN): A.EXTEND,
    (S.RISING, I.OTHER): A.REPLACE_IF_STRAY,
    (S.RISING, I.NOTHING): A.COUNT_BREAK,
    (S.HELD, I.SAME): A.HOLD,
    (S.HELD, I.OTHER): A.COUNT_PAUSE,
    (S.HELD, I.NOTHING): A.COUNT_PAUSE,
}

IGNORED: frozenset[tuple[State, Input]] = frozenset(
    {
        (S.SILENT, I.NOTHING),
        (S.SILENT, I.UNKNOWN),  # counted by BEGIN, if a tone follows
        (S.SILENT, I.SAME),  # no key is tracked
        (S.HELD, I.UNKNOWN),
    }
)


@dataclass(slots=True)
class KeyTracker:
    """Feed it verdicts; when `long_enough`, ask `rtp.q24.is_key` about `verdicts`, and `accept` or `refuse`."""

    state: State = State.SILENT
    key: int = -1
    pause: int = 0  # hops without the key since it was last heard
    verdicts: list[int] = field(default_factory=list)  # since the tone began, while it rises
    wait: int = 0  # hops until the tone is looked at again
    next_wait: int = _FIRST_WAIT

    def handle(self, verdict: int, lost_before: int = 0) -> bool:
        """Take the verdict on one hop; True when a held key ended. *lost_before*: unknown hops just before this."""
        event = _input(verdict, self.key)
        action = TRANSITIONS.get((self.state, event))
        if action is None:
            return False
        match action:
            case Action.HOLD:
                self.pause = 0
            case Action.COUNT_PAUSE:
                self.pause += 1
                if self.pause >= MIN_PAUSE:
                    return True
            case Action.BEGIN:
                self._begin(verdict, lost_before)
            case Action.REPLACE_IF_STRAY if self.verdicts.count(self.key) < _STRAY:
                self._begin(verdict, 0)
            case Action.EXTEND:
                self.verdicts.append(verdict)
                self.pause = 0 if event is I.SAME else self.pause
                self.wait = max(self.wait - 1, 0)
                self._shorten()
            case _:
                self.verdicts.append(verdict)
                self.pause += 1
                if self.pause >= MAX_BREAK:
                    self.clear()
                else:
                    self._shorten()
        return False

    def long_enough(self) -> bool:
        """Whether the tone has lasted so long that it can be a key."""
        if self.state is not S.RISING or self.pause or self.wait or len(self.verdicts) < MIN_TONE:
            return False
        heard = self.verdicts.count(self.key)
        return heard >= MIN_TONE_HEARD and heard + self.verdicts.count(UNKNOWN) >= MIN_TONE

    def refuse(self) -> None:
        """The tone is no key so far."""
        self.wait = self.next_wait
        self.next_wait = min(2 * self.next_wait, _LONGEST_WAIT)

    def accept(self) -> None:
        """The tone is a key."""
        key = self.key
        self.clear()
        self.state, self.key = S.HELD, key

    def clear(self) -> None:
        self.state, self.key, self.pause = S.SILENT, -1, 0
        self.wait, self.next_wait = 0, _FIRST_WAIT
        self.verdicts.clear()

    def _begin(self, key: int, lost_before: int) -> None:
        self.state, self.key, self.pause = S.RISING, key, 0
        self.wait, self.next_wait = 0, _FIRST_WAIT
        self.verdicts[:] = [*[UNKNOWN] * min(lost_before, MIN_TONE), key]

    def _shorten(self) -> None:
        if len(self.verdicts) > LONGEST:
            del self.verdicts[0]
            if self.verdicts.count(self.key) < MIN_TONE_HEARD:
                self.clear()


def _input(verdict: int, key: int) -> Input:
    if verdict == key:
        return I.SAME
    if verdict >= 0:
        return I.OTHER
    return I.UNKNOWN if verdict == UNKNOWN else I.NOTHING
