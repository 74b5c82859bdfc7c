"""Non-INVITE client transaction (RFC 3261 §17.1.2).

The whole machine is the table below; anything that changes a state lives in this file.
"""

from __future__ import annotations

from enum import Enum, auto
from itertools import product

from sip.timers import SIXTY_FOUR_T1, T1, T2, T4
from sip.transactions.machine import Machine


class State(Enum):
    TRYING = auto()
    PROCEEDING = auto()
    COMPLETED = auto()
    TERMINATED = auto()


class Input(Enum):
    RX_1XX = auto()
    RX_FINAL = auto()
    TIMER_E = auto()
    TIMER_F = auto()
    TIMER_K = auto()
    TRANSPORT_ERROR = auto()


class Action(Enum):
    SEND_REQUEST = auto()
    DOUBLE_TIMER_E = auto()
    SET_TIMER_E_TO_T2 = auto()
    STOP_E_AND_F = auto()
    PASS_RESPONSE = auto()
    INFORM_TIMEOUT = auto()
    INFORM_TRANSPORT_ERROR = auto()
    START_TIMER_K = auto()


S, E, A = State, Input, Action

# fmt: off
TRANSITIONS: dict[tuple[State, Input], tuple[State, tuple[Action, ...]]] = {
    (S.TRYING,     E.TIMER_E):         (S.TRYING,     (A.SEND_REQUEST, A.DOUBLE_TIMER_E)),
    (S.TRYING,     E.TIMER_F):         (S.TERMINATED, (A.INFORM_TIMEOUT,)),
    (S.TRYING,     E.TRANSPORT_ERROR): (S.TERMINATED, (A.INFORM_TRANSPORT_ERROR,)),
    (S.TRYING,     E.RX_1XX):          (S.PROCEEDING, (A.PASS_RESPONSE,)),
    (S.TRYING,     E.RX_FINAL):        (S.COMPLETED,  (A.STOP_E_AND_F, A.PASS_RESPONSE, A.START_TIMER_K)),
    (S.PROCEEDING, E.TIMER_E):         (S.PROCEEDING, (A.SEND_REQUEST, A.SET_TIMER_E_TO_T2)),
    (S.PROCEEDING, E.TIMER_F):         (S.TERMINATED, (A.INFORM_TIMEOUT,)),
    (S.PROCEEDING, E.TRANSPORT_ERROR): (S.TERMINATED, (A.INFORM_TRANSPORT_ERROR,)),
    (S.PROCEEDING, E.RX_1XX):          (S.PROCEEDING, (A.PASS_RESPONSE,)),
    (S.PROCEEDING, E.RX_FINAL):        (S.COMPLETED,  (A.STOP_E_AND_F, A.PASS_RESPONSE, A.START_TIMER_K)),
    (S.COMPLETED,  E.TIMER_K):         (S.TERMINATED, ()),
}
# fmt: on

#: Pairs that may happen on the wire and mean nothing; every other pair must be in TRANSITIONS.
IGNORED: frozenset[tuple[State, Input]] = frozenset(
    {
        *product([S.TERMINATED], Input),
        *product([S.COMPLETED], [E.RX_1XX, E.RX_FINAL, E.TRANSPORT_ERROR]),  # Timer K is there to absorb them
    }
)

#: Timers that can be running in each state; the others cannot fire there.
RUNNING: dict[State, frozenset[Input]] = {
    S.TRYING: frozenset({E.TIMER_E, E.TIMER_F}),
    S.PROCEEDING: frozenset({E.TIMER_E, E.TIMER_F}),
    S.COMPLETED: frozenset({E.TIMER_K}),
    S.TERMINATED: frozenset(),
}


class ClientTransaction(Machine[State, Input, Action]):
    __slots__ = ("_e_interval",)

    def __init__(self, *, reliable: bool) -> None:
        super().__init__(S.TRYING, reliable=reliable)
        self._e_interval = T1

    def start(self, now: float) -> tuple[Action, ...]:
        if not self.reliable:
            self.deadlines[E.TIMER_E] = now + self._e_interval
        self.deadlines[E.TIMER_F] = now + SIXTY_FOUR_T1
        return (A.SEND_REQUEST,)

    def handle(self, event: Input, now: float) -> tuple[Action, ...]:
        transition = TRANSITIONS.get((self.state, event))
        if transition is None:
            return ()
        self.state, actions = transition
        for action in actions:
            match action:
                case Action.DOUBLE_TIMER_E:
                    self._e_interval = min(self._e_interval * 2, T2)
                    self.deadlines[E.TIMER_E] = now + self._e_interval
                case Action.SET_TIMER_E_TO_T2:
                    self.deadlines[E.TIMER_E] = now + T2
                case Action.STOP_E_AND_F:
                    self.deadlines.clear()
                case Action.START_TIMER_K:
                    self.deadlines[E.TIMER_K] = now + (0.0 if self.reliable else T4)
                case _:
                    pass  # for the layer to carry out
        if self.state is S.TERMINATED:
            self.deadlines.clear()
        return actions
