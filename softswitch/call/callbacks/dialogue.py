"""Ordering a callback by key, as a table: is this the number, and if not, which one.

The caller keeps the place in the queue all the while; silence, a star or one mistake too many leads back to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from itertools import product

#: Seconds of silence after the words, and after a figure of a number.
FIRST, BETWEEN = 6.0, 4.0
#: How often the words are said again before the caller is taken back to the queue.
PATIENCE = 2
LONGEST = 20


class State(Enum):
    CONFIRMING = auto()  # the number is read out: right?
    ENTERING = auto()
    REGISTERING = auto()  # ordered; it is being written down
    DONE = auto()  # the goodbye is being said
    BACK = auto()  # in the queue again


class Input(Enum):
    YES = auto()
    ANOTHER = auto()
    STAR = auto()  # rather wait
    WRONG = auto()
    FIGURE = auto()
    GOOD = auto()  # the number is complete and can be called
    BAD = auto()
    SILENT = auto()
    TRIED_OFTEN = auto()  # a wrong key, a bad number or silence, and no patience is left
    KEPT = auto()
    NOT_KEPT = auto()


class Action(Enum):
    READ_OUT = auto()
    ASK_NUMBER = auto()
    REFUSE_NUMBER = auto()
    ADD_FIGURE = auto()
    TAKE_NUMBER = auto()
    TRY_AGAIN = auto()  # one try less
    ORDER = auto()
    SAY_GOODBYE = auto()
    APOLOGISE = auto()
    GO_BACK = auto()


S, X, A = State, Input, Action

# fmt: off
TRANSITIONS: dict[tuple[State, Input], tuple[State, tuple[Action, ...]]] = {
    (S.CONFIRMING,  X.YES):         (S.REGISTERING, (A.ORDER,)),
    (S.CONFIRMING,  X.ANOTHER):     (S.ENTERING,    (A.ASK_NUMBER,)),
    (S.CONFIRMING,  X.STAR):        (S.BACK,        (A.GO_BACK,)),
    (S.CONFIRMING,  X.WRONG):       (S.CONFIRMING,  (A.TRY_AGAIN, A.READ_OUT)),
    (S.CONFIRMING,  X.SILENT):      (S.CONFIRMING,  (A.TRY_AGAIN, A.READ_OUT)),
    (S.CONFIRMING,  X.TRIED_OFTEN): (S.BACK,        (A.GO_BACK,)),
    (S.ENTERING,    X.FIGURE):      (S.ENTERING,    (A.ADD_FIGURE,)),
    (S.ENTERING,    X.STAR):        (S.BACK,        (A.GO_BACK,)),
    (S.ENTERING,    X.GOOD):        (S.CONFIRMING,  (A.TAKE_NUMBER, A.READ_OUT)),
    (S.ENTERING,    X.BAD):         (S.ENTERING,    (A.TRY_AGAIN, A.REFUSE_NUMBER)),
    (S.ENTERING,    X.SILENT):      (S.ENTERING,    (A.TRY_AGAIN, A.ASK_NUMBER)),
    (S.ENTERING,    X.TRIED_OFTEN): (S.BACK,        (A.APOLOGISE, A.GO_BACK)),
    (S.REGISTERING, X.KEPT):        (S.DONE,        (A.SAY_GOODBYE,)),
    (S.REGISTERING, X.NOT_KEPT):    (S.BACK,        (A.APOLOGISE, A.GO_BACK)),
}
# fmt: on

_KEYS = (X.YES, X.ANOTHER, X.STAR, X.WRONG, X.FIGURE)

#: Keys pressed while nothing is asked, and what became of the order when nobody waits for it any more.
IGNORED: frozenset[tuple[State, Input]] = frozenset(
    {
        *product([S.REGISTERING, S.DONE, S.BACK], _KEYS),
        *product([S.CONFIRMING, S.ENTERING, S.DONE, S.BACK], [X.KEPT, X.NOT_KEPT]),
    }
)

#: Figures are told from answers by the state; only what was asked can be silent, wrong or complete.
IMPOSSIBLE: frozenset[tuple[State, Input]] = frozenset(
    {
        (S.CONFIRMING, X.FIGURE),
        *product([S.ENTERING], [X.YES, X.ANOTHER, X.WRONG]),
        *product([S.CONFIRMING, S.REGISTERING, S.DONE, S.BACK], [X.GOOD, X.BAD]),
        *product([S.REGISTERING, S.DONE, S.BACK], [X.SILENT, X.TRIED_OFTEN]),
    }
)

_ANSWERS = {"1": X.YES, "2": X.ANOTHER, "*": X.STAR}


@dataclass(slots=True)
class Dialogue:
    """One caller's order. `number` is the one to be called; it is empty while none is known."""

    number: str
    another_allowed: bool = True
    state: State = State.CONFIRMING
    entered: str = ""
    tries: int = 0

    @classmethod
    def begin(cls, number: str, *, another_allowed: bool) -> tuple[Dialogue, tuple[Action, ...]]:
        """With a number that can be called back, or (empty) with the question for one."""
        if number:
            return cls(number, another_allowed), (Action.READ_OUT,)
        return cls("", True, State.ENTERING), (Action.ASK_NUMBER,)

    def key(self, digit: str) -> Input | None:
        """What *digit* means now; None: the number is complete, and `complete` says whether it is good."""
        if self.state is not State.ENTERING:
            answer = _ANSWERS.get(digit, Input.WRONG)
            return Input.WRONG if answer is Input.ANOTHER and not self.another_allowed else answer
        if digit == "#":
            return None
        return Input.STAR if digit == "*" else Input.FIGURE

    def handle(self, event: Input) -> tuple[Action, ...]:
        """What to do about *event*; what tries the caller's patience once too often leads back."""
        trying = event in (Input.WRONG, Input.BAD, Input.SILENT) and (self.state, event) in TRANSITIONS
        if trying and self.tries >= PATIENCE:
            event = Input.TRIED_OFTEN
        transition = TRANSITIONS.get((self.state, event))
        if transition is None:
            return ()
        self.state, actions = transition
        for action in actions:
            match action:
                case Action.TRY_AGAIN:
                    self.tries += 1
                    self.entered = ""
                case Action.TAKE_NUMBER:
                    self.number, self.entered = self.entered, ""
        return actions

    def add(self, digit: str) -> None:
        if len(self.entered) < LONGEST:
            self.entered += digit
