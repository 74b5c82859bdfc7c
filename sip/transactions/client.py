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
    PASS_RESPONSE_TO_TU = auto()
    INFORM_TIMEOUT = auto()
    INFORM_TRANSPORT_ERROR = auto()
    START_TIMER_K = auto()


S, I, A = State, Input, Action

TRANSITIONS: dict[tuple[State, Input], tuple[State, tuple[Action, ...]]] = {
    # fmt: off
    (S.TRYING, I.TIMER_E): (S.TRYING, (A.SEND_REQUEST, A.DOUBLE_TIMER_E)),
    (S.TRYING, I.TIMER_F): (S.TERMINATED, (A.INFORM_TIMEOUT,)),
    (S.TRYING, I.TRANSPORT_ERROR): (S.TERMINATED, (A.INFORM_TRANSPORT_ERROR,)),
    (S.TRYING, I.RX_1XX): (S.PROCEEDING, (A.PASS_RESPONSE_TO_TU,)),
    (S.TRYING, I.RX_FINAL): (S.COMPLETED, (A.STOP_E_AND_F, A.PASS_RESPONSE_TO_TU, A.START_TIMER_K)),
    (S.PROCEEDING, I.TIMER_E): (S.PROCEEDING, (A.SEND_REQUEST, A.SET_TIMER_E_TO_T2)),
    (S.PROCEEDING, I.TIMER_F): (S.TERMINATED, (A.INFORM_TIMEOUT,)),
    (S.PROCEEDING, I.TRANSPORT_ERROR): (S.TERMINATED, (A.INFORM_TRANSPORT_ERROR,)),
    (S.PROCEEDING, I.RX_1XX): (S.PROCEEDING, (A.PASS_RESPONSE_TO_TU,)),
    (S.PROCEEDING, I.RX_FINAL): (S.COMPLETED, (A.STOP_E_AND_F, A.PASS_RESPONSE_TO_TU, A.START_TIMER_K)),
    (S.COMPLETED, I.TIMER_K): (S.TERMINATED, ()),
    # fmt: on
}

#: Pairs that may happen on the wire and mean nothing; every other pair must be in TRANSITIONS.
IGNORED: frozenset[tuple[State, Input]] = frozenset(
    {
        *product([S.TERMINATED], Input),
        *product([S.COMPLETED], [I.RX_1XX, I.RX_FINAL, I.TRANSPORT_ERROR]),  # Timer K is there to absorb them
    }
)

#: Timers that can be running in each state; the others cannot fire there.
RUNNING: dict[State, frozenset[Input]] = {
    S.TRYING: frozenset({I.TIMER_E, I.TIMER_F}),
    S.PROCEEDING: frozenset({I.TIMER_E, I.TIMER_F}),
    S.COMPLETED: frozenset({I.TIMER_K}),
    S.TERMINATED: frozenset(),
}


class ClientTransaction(Machine[State, Input, Action]):
    __slots__ = ("_e_interval",)

    def __init__(self, *, reliable: bool) -> None:
        super().__init__(S.TRYING, reliable=reliable)
        self._e_interval = T1

    def start(self, now: float) -> tuple[Action, ...]:
        if not self.reliable:
            self.deadlines[I.TIMER_E] = now + self._e_interval
        self.deadlines[I.TIMER_F] = now + SIXTY_FOUR_T1
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
                    self.deadlines[I.TIMER_E] = now + self._e_interval
                case Action.SET_TIMER_E_TO_T2:
                    self.deadlines[I.TIMER_E] = now + T2
                case Action.STOP_E_AND_F:
                    self.deadlines.clear()
                case Action.START_TIMER_K:
                    self.deadlines[I.TIMER_K] = now + (0.0 if self.reliable else T4)
                case _:
                    pass  # for the layer to carry out
        if self.state is S.TERMINATED:
            self.deadlines.clear()
        return actions
