"""Taking a message, as a table: greeting, tone, the caller speaks, and thanks once it is safe.

A caller who hangs up while speaking has left a message too; what was begun is finished without them. A file of which
nobody said that it is complete is looked at a little later: what is in it is a message all the same.
"""

from __future__ import annotations

from enum import Enum, auto
from itertools import product


class State(Enum):
    GREETING = auto()
    RECORDING = auto()
    STOPPING = auto()  # the file is being finished
    KEEPING = auto()  # it is complete; the row is being written down
    SPEAKING = auto()  # thanks, or that there was nothing to be heard
    SORRY = auto()
    ALONE = auto()  # the caller is gone; the file is being finished
    ALONE_KEEPING = auto()
    OVER = auto()


class Input(Enum):
    GREETED = auto()  # everything before the recording has been said, the tone with it
    KEY = auto()
    QUIET = auto()  # nothing has been said for long
    GOOD = auto()  # the file is complete
    SHORT = auto()  # and there is no message in it
    BAD = auto()  # it could not be written
    KEPT = auto()
    NOT_KEPT = auto()
    LATE = auto()  # what was waited for has not come
    SAID = auto()
    GONE = auto()  # the caller hung up, or was sent elsewhere


class Action(Enum):
    SKIP_GREETING = auto()
    RECORD = auto()
    STOP = auto()
    KEEP = auto()
    DROP = auto()
    SALVAGE = auto()  # look at what is in the file
    POST = auto()
    THANK = auto()
    SAY_SHORT = auto()
    APOLOGISE = auto()
    RETURN_DONE = auto()
    RETURN_FAILED = auto()
    LEAVE = auto()  # nothing more is said or waited for


S, E, A = State, Input, Action

# fmt: off
TRANSITIONS: dict[tuple[State, Input], tuple[State, tuple[Action, ...]]] = {
    (S.GREETING,      E.GREETED):  (S.RECORDING,     (A.RECORD,)),
    (S.GREETING,      E.KEY):      (S.GREETING,      (A.SKIP_GREETING,)),
    (S.GREETING,      E.GONE):     (S.OVER,          (A.LEAVE,)),
    (S.RECORDING,     E.KEY):      (S.STOPPING,      (A.STOP,)),
    (S.RECORDING,     E.QUIET):    (S.STOPPING,      (A.STOP,)),
    (S.RECORDING,     E.LATE):     (S.STOPPING,      (A.STOP,)),
    (S.RECORDING,     E.GOOD):     (S.KEEPING,       (A.STOP, A.KEEP)),
    (S.RECORDING,     E.SHORT):    (S.SORRY,         (A.STOP, A.DROP, A.APOLOGISE)),
    (S.RECORDING,     E.BAD):      (S.SORRY,         (A.STOP, A.SALVAGE, A.APOLOGISE)),
    (S.RECORDING,     E.GONE):     (S.ALONE,         (A.STOP,)),
    (S.STOPPING,      E.GOOD):     (S.KEEPING,       (A.KEEP,)),
    (S.STOPPING,      E.SHORT):    (S.SPEAKING,      (A.DROP, A.SAY_SHORT)),
    (S.STOPPING,      E.BAD):      (S.SORRY,         (A.SALVAGE, A.APOLOGISE)),
    (S.STOPPING,      E.LATE):     (S.SORRY,         (A.SALVAGE, A.APOLOGISE)),
    (S.STOPPING,      E.GONE):     (S.ALONE,         ()),
    (S.KEEPING,       E.KEPT):     (S.SPEAKING,      (A.POST, A.THANK)),
    (S.KEEPING,       E.NOT_KEPT): (S.SORRY,         (A.POST, A.APOLOGISE)),
    (S.KEEPING,       E.LATE):     (S.SORRY,         (A.POST, A.APOLOGISE)),
    (S.KEEPING,       E.GONE):     (S.ALONE_KEEPING, ()),
    (S.SPEAKING,      E.SAID):     (S.OVER,          (A.RETURN_DONE,)),
    (S.SPEAKING,      E.GONE):     (S.OVER,          (A.LEAVE,)),
    (S.SORRY,         E.SAID):     (S.OVER,          (A.RETURN_FAILED,)),
    (S.SORRY,         E.GONE):     (S.OVER,          (A.LEAVE,)),
    (S.ALONE,         E.GOOD):     (S.ALONE_KEEPING, (A.KEEP,)),
    (S.ALONE,         E.SHORT):    (S.OVER,          (A.DROP, A.LEAVE)),
    (S.ALONE,         E.BAD):      (S.OVER,          (A.SALVAGE, A.LEAVE)),
    (S.ALONE,         E.LATE):     (S.OVER,          (A.SALVAGE, A.LEAVE)),
    (S.ALONE_KEEPING, E.KEPT):     (S.OVER,          (A.POST, A.LEAVE)),
    (S.ALONE_KEEPING, E.NOT_KEPT): (S.OVER,          (A.POST, A.LEAVE)),
    (S.ALONE_KEEPING, E.LATE):     (S.OVER,          (A.POST, A.LEAVE)),
}
# fmt: on

_FILE = (E.GOOD, E.SHORT, E.BAD)
_ROW = (E.KEPT, E.NOT_KEPT)

#: Pairs that mean nothing: keys while nothing is recorded, news of what is not waited for any more.
IGNORED: frozenset[tuple[State, Input]] = frozenset(
    {
        *product([S.OVER], Input),
        *product([S.STOPPING, S.KEEPING, S.SPEAKING, S.SORRY], [E.KEY]),
        *product([S.STOPPING, S.KEEPING, S.SPEAKING, S.SORRY, S.ALONE, S.ALONE_KEEPING], [E.QUIET]),
        *product([S.KEEPING, S.SPEAKING, S.SORRY, S.ALONE_KEEPING], _FILE),
        *product([S.GREETING, S.RECORDING, S.STOPPING, S.SPEAKING, S.SORRY, S.ALONE], _ROW),
    }
)

#: Pairs that cannot be: who is gone presses nothing and is gone once; only what is being said comes to its end.
IMPOSSIBLE: frozenset[tuple[State, Input]] = frozenset(
    {
        *product([S.ALONE, S.ALONE_KEEPING], [E.KEY, E.GONE]),
        *product([S.GREETING], [E.QUIET, E.LATE, *_FILE]),
        *product([S.SPEAKING, S.SORRY], [E.LATE]),
        *product([S.RECORDING, S.STOPPING, S.KEEPING, S.ALONE, S.ALONE_KEEPING], [E.SAID]),
        *product([S.GREETING], [E.SAID]),
        *product([S.RECORDING, S.STOPPING, S.KEEPING, S.SPEAKING, S.SORRY, S.ALONE, S.ALONE_KEEPING], [E.GREETED]),
    }
)
