"""Recording something that the caller says, as a table: asked, beeped, recorded, and kept or done again."""

from __future__ import annotations

from enum import Enum, auto
from itertools import product


class State(Enum):
    ASKING = auto()
    BEEPING = auto()
    RECORDING = auto()
    CLOSING = auto()  # the file is being completed
    APOLOGISING = auto()  # there was nothing to be heard
    REVIEWING = auto()  # to keep it, or again?
    OVER = auto()


class Input(Enum):
    SAID = auto()  # or a key was pressed instead of listening to the end
    BEEPED = auto()
    END_KEY = auto()
    QUIET = auto()
    GOOD = auto()  # the file is complete
    SHORT = auto()
    SHORT_AGAIN = auto()  # too often
    FAILED = auto()
    KEEP = auto()
    AGAIN = auto()
    SILENT = auto()  # neither key
    GONE = auto()  # the caller hung up, or was sent elsewhere


class Action(Enum):
    BEEP = auto()
    RECORD = auto()
    STOP = auto()
    APOLOGISE = auto()
    ASK_TO_KEEP = auto()
    DISCARD = auto()
    RETURN = auto()
    GIVE_UP = auto()
    KEEP_FOR_NOBODY = auto()  # the caller is gone; what they said is not


S, X, A = State, Input, Action

# fmt: off
TRANSITIONS: dict[tuple[State, Input], tuple[State, tuple[Action, ...]]] = {
    (S.ASKING,      X.SAID):        (S.BEEPING,     (A.BEEP,)),
    (S.ASKING,      X.GONE):        (S.OVER,        ()),
    (S.BEEPING,     X.BEEPED):      (S.RECORDING,   (A.RECORD,)),
    (S.BEEPING,     X.GONE):        (S.OVER,        ()),
    (S.RECORDING,   X.END_KEY):     (S.CLOSING,     (A.STOP,)),
    (S.RECORDING,   X.QUIET):       (S.CLOSING,     (A.STOP,)),
    (S.RECORDING,   X.GOOD):        (S.REVIEWING,   (A.ASK_TO_KEEP,)),
    (S.RECORDING,   X.SHORT):       (S.APOLOGISING, (A.DISCARD, A.APOLOGISE)),
    (S.RECORDING,   X.SHORT_AGAIN): (S.OVER,        (A.DISCARD, A.GIVE_UP)),
    (S.RECORDING,   X.FAILED):      (S.OVER,        (A.GIVE_UP,)),
    (S.RECORDING,   X.GONE):        (S.OVER,        (A.STOP, A.KEEP_FOR_NOBODY)),
    (S.CLOSING,     X.GOOD):        (S.REVIEWING,   (A.ASK_TO_KEEP,)),
    (S.CLOSING,     X.SHORT):       (S.APOLOGISING, (A.DISCARD, A.APOLOGISE)),
    (S.CLOSING,     X.SHORT_AGAIN): (S.OVER,        (A.DISCARD, A.GIVE_UP)),
    (S.CLOSING,     X.FAILED):      (S.OVER,        (A.GIVE_UP,)),
    (S.CLOSING,     X.GONE):        (S.OVER,        (A.KEEP_FOR_NOBODY,)),
    (S.APOLOGISING, X.SAID):        (S.BEEPING,     (A.BEEP,)),
    (S.APOLOGISING, X.GONE):        (S.OVER,        ()),
    (S.REVIEWING,   X.KEEP):        (S.OVER,        (A.RETURN,)),
    (S.REVIEWING,   X.AGAIN):       (S.BEEPING,     (A.DISCARD, A.BEEP)),
    (S.REVIEWING,   X.SILENT):      (S.OVER,        (A.RETURN,)),
    (S.REVIEWING,   X.GONE):        (S.OVER,        (A.KEEP_FOR_NOBODY,)),
}
# fmt: on

_KEYS = (X.END_KEY, X.KEEP, X.AGAIN)
_FILE = (X.GOOD, X.SHORT, X.SHORT_AGAIN, X.FAILED)

#: Keys that mean nothing at that moment, and what comes when nobody waits for it any more.
IGNORED: frozenset[tuple[State, Input]] = frozenset(
    {
        *product([S.ASKING, S.BEEPING, S.CLOSING, S.APOLOGISING, S.OVER], _KEYS),
        *product([S.RECORDING], [X.KEEP, X.AGAIN, X.SAID]),
        *product([S.BEEPING, S.CLOSING, S.REVIEWING, S.OVER], [X.SAID]),
        (S.REVIEWING, X.END_KEY),
        *product([S.CLOSING, S.OVER], [X.QUIET]),
        *product([S.OVER], [*_FILE, X.GONE, X.SILENT, X.BEEPED]),
    }
)

#: Only what was begun can end.
IMPOSSIBLE: frozenset[tuple[State, Input]] = frozenset(
    {
        *product([S.ASKING, S.RECORDING, S.CLOSING, S.APOLOGISING, S.REVIEWING], [X.BEEPED]),
        *product([S.ASKING, S.BEEPING, S.APOLOGISING, S.REVIEWING], [*_FILE, X.QUIET]),
        *product([S.ASKING, S.BEEPING, S.RECORDING, S.CLOSING, S.APOLOGISING], [X.SILENT]),
    }
)
