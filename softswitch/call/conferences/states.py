"""Getting into a conference, as a table: the PIN, the greeting, the room."""

from __future__ import annotations

from enum import Enum, auto
from itertools import product


class State(Enum):
    ASKED = auto()  # for the PIN
    GREETED = auto()
    INSIDE = auto()
    GONE = auto()


class Input(Enum):
    RIGHT = auto()
    WRONG = auto()  # or nothing was entered
    WRONG_TOO_OFTEN = auto()
    SAID = auto()
    LEFT = auto()  # hung up, or was sent elsewhere


class Action(Enum):
    GREET = auto()
    ASK_AGAIN = auto()
    REFUSE = auto()
    ENTER = auto()
    LEAVE = auto()


S, X, A = State, Input, Action

# fmt: off
TRANSITIONS: dict[tuple[State, Input], tuple[State, tuple[Action, ...]]] = {
    (S.ASKED,   X.RIGHT):           (S.GREETED, (A.GREET,)),
    (S.ASKED,   X.WRONG):           (S.ASKED,   (A.ASK_AGAIN,)),
    (S.ASKED,   X.WRONG_TOO_OFTEN): (S.GONE,    (A.REFUSE,)),
    (S.ASKED,   X.LEFT):            (S.GONE,    ()),
    (S.GREETED, X.SAID):            (S.INSIDE,  (A.ENTER,)),
    (S.GREETED, X.LEFT):            (S.GONE,    ()),
    (S.INSIDE,  X.LEFT):            (S.GONE,    (A.LEAVE,)),
}
# fmt: on

#: Keys that nobody has asked for, and what has been said when nobody waits for it any more.
IGNORED: frozenset[tuple[State, Input]] = frozenset(
    {
        *product([S.GREETED, S.INSIDE, S.GONE], [X.RIGHT, X.WRONG, X.WRONG_TOO_OFTEN]),
        *product([S.ASKED, S.INSIDE, S.GONE], [X.SAID]),
        (S.GONE, X.LEFT),
    }
)
