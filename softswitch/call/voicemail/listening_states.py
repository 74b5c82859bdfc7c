"""Listening to messages by phone, as a table: which box, its PIN, how many there are, and what becomes of each."""

from __future__ import annotations

from enum import Enum, auto
from itertools import product


class State(Enum):
    BOX = auto()  # the number of the box is being keyed
    PIN = auto()
    COUNTING = auto()  # how many messages there are is being said
    HEADING = auto()  # from whom the message is, and since when
    PLAYING = auto()
    CHOOSING = auto()
    LEAVING = auto()  # the last words
    OVER = auto()


class Input(Enum):
    FIGURE = auto()
    ENTERED = auto()  # the number of a box is complete
    RIGHT = auto()  # the PIN
    WRONG_PIN = auto()
    TRIED_OFTEN = auto()
    SAID = auto()
    NOTHING = auto()  # the counts were said, and there is nothing to be played
    AGAIN = auto()
    NEXT = auto()
    LAST = auto()  # the next one is wanted, and there is none
    DELETE = auto()
    DELETE_LAST = auto()
    CALL = auto()
    WRONG = auto()  # a key that means nothing
    LEAVE = auto()
    SILENT = auto()
    GONE = auto()


class Action(Enum):
    ADD = auto()
    ASK_BOX = auto()
    ASK_PIN = auto()
    REFUSE = auto()
    COUNT = auto()
    HEAD = auto()
    PLAY = auto()
    HEARD = auto()
    ADVANCE = auto()
    DELETE = auto()
    OFFER = auto()
    SAY_LAST = auto()
    CALL = auto()
    RETURN = auto()
    FORGET = auto()


S, E, A = State, Input, Action

# fmt: off
TRANSITIONS: dict[tuple[State, Input], tuple[State, tuple[Action, ...]]] = {
    (S.BOX,      E.FIGURE):      (S.BOX,      (A.ADD,)),
    (S.BOX,      E.ENTERED):     (S.PIN,      (A.ASK_PIN,)),
    (S.BOX,      E.SILENT):      (S.BOX,      (A.ASK_BOX,)),
    (S.BOX,      E.TRIED_OFTEN): (S.OVER,     (A.RETURN,)),
    (S.PIN,      E.FIGURE):      (S.PIN,      (A.ADD,)),
    (S.PIN,      E.RIGHT):       (S.COUNTING, (A.COUNT,)),
    (S.PIN,      E.WRONG_PIN):   (S.BOX,      (A.REFUSE,)),
    (S.PIN,      E.SILENT):      (S.PIN,      (A.ASK_PIN,)),
    (S.PIN,      E.TRIED_OFTEN): (S.OVER,     (A.RETURN,)),
    (S.COUNTING, E.SAID):        (S.HEADING,  (A.HEAD,)),
    (S.COUNTING, E.NEXT):        (S.HEADING,  (A.HEAD,)),
    (S.COUNTING, E.LAST):        (S.HEADING,  (A.HEAD,)),
    (S.COUNTING, E.NOTHING):     (S.OVER,     (A.RETURN,)),
    (S.HEADING,  E.SAID):        (S.PLAYING,  (A.PLAY,)),
    (S.HEADING,  E.NEXT):        (S.HEADING,  (A.ADVANCE, A.HEAD)),
    (S.HEADING,  E.LAST):        (S.LEAVING,  (A.SAY_LAST,)),
    (S.HEADING,  E.AGAIN):       (S.PLAYING,  (A.PLAY,)),
    (S.PLAYING,  E.SAID):        (S.CHOOSING, (A.HEARD, A.OFFER)),
    (S.PLAYING,  E.NEXT):        (S.HEADING,  (A.HEARD, A.ADVANCE, A.HEAD)),
    (S.PLAYING,  E.LAST):        (S.LEAVING,  (A.HEARD, A.SAY_LAST)),
    (S.PLAYING,  E.AGAIN):       (S.PLAYING,  (A.PLAY,)),
    (S.CHOOSING, E.AGAIN):       (S.HEADING,  (A.HEAD,)),
    (S.CHOOSING, E.NEXT):        (S.HEADING,  (A.ADVANCE, A.HEAD)),
    (S.CHOOSING, E.LAST):        (S.LEAVING,  (A.SAY_LAST,)),
    (S.CHOOSING, E.WRONG):       (S.CHOOSING, (A.OFFER,)),
    (S.CHOOSING, E.SILENT):      (S.CHOOSING, (A.OFFER,)),
    (S.CHOOSING, E.TRIED_OFTEN): (S.OVER,     (A.RETURN,)),
    (S.LEAVING,  E.SAID):        (S.OVER,     (A.RETURN,)),
    **{
        (state, event): step
        for state in (S.HEADING, S.PLAYING, S.CHOOSING)
        for event, step in {
            E.DELETE:      (S.HEADING,    (A.DELETE, A.HEAD)),
            E.DELETE_LAST: (S.LEAVING,    (A.DELETE, A.SAY_LAST)),
            E.CALL:        (S.OVER,       (A.HEARD, A.CALL)),
        }.items()
    },
    **{
        (state, E.LEAVE): (S.OVER, (A.RETURN,))
        for state in (S.BOX, S.PIN, S.COUNTING, S.HEADING, S.CHOOSING, S.LEAVING)
    },
    (S.PLAYING,  E.LEAVE):       (S.OVER,     (A.HEARD, A.RETURN)),
    **{(state, E.GONE): (S.OVER, (A.FORGET,)) for state in S if state is not S.OVER},
}
# fmt: on

_INSIDE = (S.COUNTING, S.HEADING, S.PLAYING, S.CHOOSING, S.LEAVING)
_CHOICES = (E.AGAIN, E.NEXT, E.LAST, E.DELETE, E.DELETE_LAST, E.CALL, E.WRONG)

#: Pairs that mean nothing: keys that nobody has asked for; words that end while something is being keyed.
IGNORED: frozenset[tuple[State, Input]] = frozenset(
    {
        *product([S.OVER], E),
        *product([S.BOX, S.PIN], [E.SAID]),
        (S.CHOOSING, E.SAID),
        *product([S.LEAVING], _CHOICES),
        *product([S.COUNTING], [E.AGAIN, E.DELETE, E.DELETE_LAST, E.CALL, E.WRONG]),
        *product([S.HEADING, S.PLAYING], [E.WRONG]),
    }
)

#: Figures are told from choices by the state; only what waits for keys can be silent.
IMPOSSIBLE: frozenset[tuple[State, Input]] = frozenset(
    {
        *product([S.BOX, S.PIN], [*_CHOICES, E.NOTHING]),
        *product([S.BOX], [E.RIGHT, E.WRONG_PIN]),
        *product([S.PIN], [E.ENTERED]),
        *product(_INSIDE, [E.FIGURE, E.ENTERED, E.RIGHT, E.WRONG_PIN]),
        *product([S.COUNTING, S.HEADING, S.PLAYING, S.LEAVING], [E.SILENT, E.TRIED_OFTEN]),
        *product([S.HEADING, S.PLAYING, S.CHOOSING, S.LEAVING], [E.NOTHING]),
    }
)
