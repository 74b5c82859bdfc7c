"""A transfer by keys, as a table: from the code that the called phone presses to the conversation that follows."""

from __future__ import annotations

from enum import Enum, auto
from itertools import product


class State(Enum):
    KEYING = auto()  # the caller hears music, the sender keys a number
    RINGING = auto()  # the second party is rung, the sender hears it
    CONSULTING = auto()  # the sender talks with the second party
    OVER = auto()


class Input(Enum):
    KEY = auto()
    NUMBER_BLIND = auto()  # the number is complete and can be called
    NUMBER_CONSULT = auto()
    NO_NUMBER = auto()  # none was keyed in time, or nobody has it
    CANCEL = auto()
    ANSWERED = auto()
    FAILED = auto()  # the second party does not answer
    SECOND_GONE = auto()
    SENDER_GONE = auto()
    CALLER_GONE = auto()


class Action(Enum):
    KEEP_KEY = auto()
    SEND = auto()  # a blind transfer takes over
    RING = auto()
    TALK = auto()  # sender and second party hear each other
    STOP_RINGING = auto()
    DROP_SECOND = auto()
    HAND_OVER = auto()  # caller and second party hear each other, the sender has gone
    SAY_FAILED = auto()  # then back to the caller
    SAY_CANCELLED = auto()
    RETRIEVE = auto()  # caller and sender hear each other again


S, E, A = State, Input, Action

# fmt: off
TRANSITIONS: dict[tuple[State, Input], tuple[State, tuple[Action, ...]]] = {
    (S.KEYING,     E.KEY):            (S.KEYING,     (A.KEEP_KEY,)),
    (S.KEYING,     E.NUMBER_BLIND):   (S.OVER,       (A.SEND,)),
    (S.KEYING,     E.NUMBER_CONSULT): (S.RINGING,    (A.RING,)),
    (S.KEYING,     E.NO_NUMBER):      (S.OVER,       (A.SAY_FAILED,)),
    (S.KEYING,     E.CANCEL):         (S.OVER,       (A.SAY_CANCELLED,)),
    (S.KEYING,     E.SENDER_GONE):    (S.OVER,       ()),
    (S.KEYING,     E.CALLER_GONE):    (S.OVER,       ()),
    (S.RINGING,    E.ANSWERED):       (S.CONSULTING, (A.TALK,)),
    (S.RINGING,    E.FAILED):         (S.OVER,       (A.SAY_FAILED,)),
    (S.RINGING,    E.CANCEL):         (S.OVER,       (A.STOP_RINGING, A.SAY_CANCELLED)),
    (S.RINGING,    E.SENDER_GONE):    (S.OVER,       (A.STOP_RINGING, A.SEND)),
    (S.RINGING,    E.CALLER_GONE):    (S.OVER,       (A.STOP_RINGING,)),
    (S.CONSULTING, E.CANCEL):         (S.OVER,       (A.DROP_SECOND, A.RETRIEVE)),
    (S.CONSULTING, E.SECOND_GONE):    (S.OVER,       (A.RETRIEVE,)),
    (S.CONSULTING, E.SENDER_GONE):    (S.OVER,       (A.HAND_OVER,)),
    (S.CONSULTING, E.CALLER_GONE):    (S.OVER,       (A.DROP_SECOND,)),
}
# fmt: on

#: Pairs that mean nothing: keys that are no command, and what crosses the end of a try.
IGNORED: frozenset[tuple[State, Input]] = frozenset(
    {
        *product([S.OVER], Input),
        *product([S.KEYING], [E.ANSWERED, E.FAILED, E.SECOND_GONE]),
        *product([S.RINGING], [E.KEY, E.NUMBER_BLIND, E.NUMBER_CONSULT, E.NO_NUMBER, E.SECOND_GONE]),
        *product([S.CONSULTING], [E.KEY, E.NUMBER_BLIND, E.NUMBER_CONSULT, E.NO_NUMBER, E.ANSWERED, E.FAILED]),
    }
)
