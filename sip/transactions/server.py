"""Non-INVITE server transaction (RFC 3261 §17.2.2, RFC 4320).

The whole machine is the table below; anything that changes a state lives in this file.
"""

from __future__ import annotations

from enum import Enum, auto
from itertools import product

from sip.timers import SIXTY_FOUR_T1
from sip.transactions.machine import Machine


class State(Enum):
    TRYING = auto()
    PROCEEDING = auto()
    COMPLETED = auto()
    TERMINATED = auto()


class Input(Enum):
    RX_REQUEST = auto()
    TX_1XX = auto()
    TX_FINAL = auto()
    TIMER_J = auto()
    TIMER_UNANSWERED = auto()
    TRANSPORT_ERROR = auto()


class Action(Enum):
    SEND_RESPONSE = auto()
    RESEND_LAST_RESPONSE = auto()
    INFORM_TRANSPORT_ERROR = auto()
    STOP_TIMERS = auto()
    START_TIMER_J = auto()


S, E, A = State, Input, Action

# fmt: off
TRANSITIONS: dict[tuple[State, Input], tuple[State, tuple[Action, ...]]] = {
    (S.TRYING,     E.TX_1XX):           (S.PROCEEDING, (A.SEND_RESPONSE,)),
    (S.TRYING,     E.TX_FINAL):         (S.COMPLETED,  (A.SEND_RESPONSE, A.STOP_TIMERS, A.START_TIMER_J)),
    (S.TRYING,     E.TIMER_UNANSWERED): (S.TERMINATED, ()),
    (S.PROCEEDING, E.RX_REQUEST):       (S.PROCEEDING, (A.RESEND_LAST_RESPONSE,)),
    (S.PROCEEDING, E.TX_1XX):           (S.PROCEEDING, (A.SEND_RESPONSE,)),
    (S.PROCEEDING, E.TX_FINAL):         (S.COMPLETED,  (A.SEND_RESPONSE, A.STOP_TIMERS, A.START_TIMER_J)),
    (S.PROCEEDING, E.TIMER_UNANSWERED): (S.TERMINATED, ()),
    (S.PROCEEDING, E.TRANSPORT_ERROR):  (S.TERMINATED, (A.INFORM_TRANSPORT_ERROR,)),
    (S.COMPLETED,  E.RX_REQUEST):       (S.COMPLETED,  (A.RESEND_LAST_RESPONSE,)),
    (S.COMPLETED,  E.TIMER_J):          (S.TERMINATED, ()),
    (S.COMPLETED,  E.TRANSPORT_ERROR):  (S.TERMINATED, (A.INFORM_TRANSPORT_ERROR,)),
}
# fmt: on

#: Pairs that may happen and mean nothing; every other pair must be in TRANSITIONS.
IGNORED: frozenset[tuple[State, Input]] = frozenset(
    {
        *product([S.TERMINATED], Input),
        (S.TRYING, E.RX_REQUEST),  # there is nothing to repeat yet
        (S.TRYING, E.TRANSPORT_ERROR),  # nothing has been sent
        *product([S.COMPLETED], [E.TX_1XX, E.TX_FINAL]),  # the first final response stands
    }
)

#: Timers that can be running in each state; the others cannot fire there.
RUNNING: dict[State, frozenset[Input]] = {
    S.TRYING: frozenset({E.TIMER_UNANSWERED}),
    S.PROCEEDING: frozenset({E.TIMER_UNANSWERED}),
    S.COMPLETED: frozenset({E.TIMER_J}),
    S.TERMINATED: frozenset(),
}


class ServerTransaction(Machine[State, Input, Action]):
    __slots__ = ()

    def __init__(self, *, reliable: bool) -> None:
        super().__init__(S.TRYING, reliable=reliable)

    def start(self, now: float) -> tuple[Action, ...]:
        """A TU that never answers must not leave the transaction behind; its client gave up at the same time."""
        self.deadlines[E.TIMER_UNANSWERED] = now + SIXTY_FOUR_T1
        return ()

    def handle(self, event: Input, now: float) -> tuple[Action, ...]:
        transition = TRANSITIONS.get((self.state, event))
        if transition is None:
            return ()
        self.state, actions = transition
        for action in actions:
            match action:
                case Action.STOP_TIMERS:
                    self.deadlines.clear()
                case Action.START_TIMER_J:
                    self.deadlines[E.TIMER_J] = now + (0.0 if self.reliable else SIXTY_FOUR_T1)
                case _:
                    pass  # for the layer to carry out
        if self.state is S.TERMINATED:
            self.deadlines.clear()
        return actions
