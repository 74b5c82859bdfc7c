"""A transfer that is under way, as a table: from the wish to the moment in which somebody has the caller for good."""

from __future__ import annotations

from enum import Enum, auto
from itertools import product


class State(Enum):
    TRYING = auto()  # the target is being reached; whoever transfers is still on the line
    ALONE = auto()  # the same, and whoever transfers has hung up
    RECALLING = auto()  # the target did not take the caller: the phone of whoever transferred rings again
    OVER = auto()


class Input(Enum):
    TOOK = auto()  # somebody, or some service, has the caller
    REFUSED = auto()  # the target did not take the caller
    REFERRER_GONE = auto()
    CALLER_GONE = auto()


class Action(Enum):
    TELL_DONE = auto()
    TELL_FAILED = auto()
    FREE_AGENT = auto()  # the conversation of the agent who transferred is over: wrap-up
    LET_GO = auto()  # the phone that transferred hangs up by itself, or we do
    GIVE_BACK = auto()  # both hear each other again
    RECALL = auto()
    FALL_BACK = auto()  # to the queue of before, with the age of before; without one the flow decides


S, E, A = State, Input, Action

# fmt: off
TRANSITIONS: dict[tuple[State, Input], tuple[State, tuple[Action, ...]]] = {
    (S.TRYING,    E.TOOK):          (S.OVER,      (A.FREE_AGENT, A.TELL_DONE, A.LET_GO)),
    (S.TRYING,    E.REFUSED):       (S.OVER,      (A.TELL_FAILED, A.GIVE_BACK)),
    (S.TRYING,    E.REFERRER_GONE): (S.ALONE,     (A.FREE_AGENT,)),
    (S.TRYING,    E.CALLER_GONE):   (S.OVER,      (A.FREE_AGENT, A.TELL_FAILED, A.LET_GO)),
    (S.ALONE,     E.TOOK):          (S.OVER,      (A.TELL_DONE,)),
    (S.ALONE,     E.REFUSED):       (S.RECALLING, (A.TELL_FAILED, A.RECALL)),
    (S.ALONE,     E.CALLER_GONE):   (S.OVER,      (A.TELL_FAILED,)),
    (S.RECALLING, E.TOOK):          (S.OVER,      ()),
    (S.RECALLING, E.REFUSED):       (S.OVER,      (A.FALL_BACK,)),
    (S.RECALLING, E.CALLER_GONE):   (S.OVER,      ()),
}
# fmt: on

#: Pairs that mean nothing: a leg ends once, and what is over is over.
IGNORED: frozenset[tuple[State, Input]] = frozenset(
    {
        *product([S.OVER], Input),
        *product([S.ALONE, S.RECALLING], [E.REFERRER_GONE]),
    }
)
