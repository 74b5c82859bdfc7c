"""INVITE client transaction (RFC 3261 §17.1.1, updated by RFC 6026).

The whole machine is the table below; anything that changes a state lives in this file. The RFC lets a peer that has
sent a provisional response take for ever; once the TU has left it gets 64*T1, as after a CANCEL (§9.1).
"""

from __future__ import annotations

from enum import Enum, auto
from itertools import product

from sip.timers import SIXTY_FOUR_T1, T1
from sip.transactions.machine import Machine

TIMER_D = 32.0  # "at least 32 seconds" on unreliable transports, 0 otherwise


class State(Enum):
    CALLING = auto()
    PROCEEDING = auto()
    ACCEPTED = auto()
    COMPLETED = auto()
    TERMINATED = auto()


class Input(Enum):
    RX_1XX = auto()
    RX_2XX = auto()
    RX_300_699 = auto()
    TIMER_A = auto()
    TIMER_B = auto()
    TIMER_D = auto()
    TIMER_M = auto()
    TRANSPORT_ERROR = auto()
    TU_LEAVES = auto()  # no response interests the TU any more


class Action(Enum):
    SEND_REQUEST = auto()
    DOUBLE_TIMER_A = auto()
    STOP_A_AND_B = auto()
    SEND_ACK = auto()
    PASS_RESPONSE = auto()
    INFORM_TIMEOUT = auto()
    INFORM_TRANSPORT_ERROR = auto()
    START_TIMER_B = auto()
    START_TIMER_D = auto()
    START_TIMER_M = auto()


S, E, A = State, Input, Action

# fmt: off
TRANSITIONS: dict[tuple[State, Input], tuple[State, tuple[Action, ...]]] = {
    (S.CALLING,    E.TIMER_A):         (S.CALLING,    (A.SEND_REQUEST, A.DOUBLE_TIMER_A)),
    (S.CALLING,    E.RX_1XX):          (S.PROCEEDING, (A.STOP_A_AND_B, A.PASS_RESPONSE)),
    (S.CALLING,    E.RX_2XX):          (S.ACCEPTED,   (A.STOP_A_AND_B, A.PASS_RESPONSE, A.START_TIMER_M)),
    (S.CALLING,    E.RX_300_699):      (S.COMPLETED,  (A.STOP_A_AND_B, A.SEND_ACK, A.PASS_RESPONSE, A.START_TIMER_D)),
    (S.CALLING,    E.TIMER_B):         (S.TERMINATED, (A.INFORM_TIMEOUT,)),
    (S.CALLING,    E.TRANSPORT_ERROR): (S.TERMINATED, (A.INFORM_TRANSPORT_ERROR,)),
    (S.PROCEEDING, E.RX_1XX):          (S.PROCEEDING, (A.PASS_RESPONSE,)),
    (S.PROCEEDING, E.RX_2XX):          (S.ACCEPTED,   (A.STOP_A_AND_B, A.PASS_RESPONSE, A.START_TIMER_M)),
    (S.PROCEEDING, E.RX_300_699):      (S.COMPLETED,  (A.STOP_A_AND_B, A.SEND_ACK, A.PASS_RESPONSE, A.START_TIMER_D)),
    (S.PROCEEDING, E.TU_LEAVES):       (S.PROCEEDING, (A.START_TIMER_B,)),
    (S.PROCEEDING, E.TIMER_B):         (S.TERMINATED, ()),
    (S.PROCEEDING, E.TRANSPORT_ERROR): (S.TERMINATED, (A.INFORM_TRANSPORT_ERROR,)),
    (S.COMPLETED,  E.RX_300_699):      (S.COMPLETED,  (A.SEND_ACK,)),
    (S.COMPLETED,  E.TIMER_D):         (S.TERMINATED, ()),
    (S.COMPLETED,  E.TRANSPORT_ERROR): (S.TERMINATED, (A.INFORM_TRANSPORT_ERROR,)),
    (S.ACCEPTED,   E.RX_2XX):          (S.ACCEPTED,   (A.PASS_RESPONSE,)),
    (S.ACCEPTED,   E.TIMER_M):         (S.TERMINATED, ()),
}
# fmt: on

#: Pairs that may happen on the wire and mean nothing; every other pair must be in TRANSITIONS.
IGNORED: frozenset[tuple[State, Input]] = frozenset(
    {
        *product([S.TERMINATED], Input),
        *product([S.COMPLETED, S.ACCEPTED], [E.RX_1XX]),
        (S.COMPLETED, E.RX_2XX),
        (S.ACCEPTED, E.RX_300_699),
        *product([S.CALLING, S.COMPLETED, S.ACCEPTED], [E.TU_LEAVES]),  # a timer that ends them is running
        (S.ACCEPTED, E.TRANSPORT_ERROR),  # the ACK is the TU's, and so is its failure
    }
)

#: Timers that can be running in each state; the others cannot fire there.
RUNNING: dict[State, frozenset[Input]] = {
    S.CALLING: frozenset({E.TIMER_A, E.TIMER_B}),
    S.PROCEEDING: frozenset({E.TIMER_B}),
    S.ACCEPTED: frozenset({E.TIMER_M}),
    S.COMPLETED: frozenset({E.TIMER_D}),
    S.TERMINATED: frozenset(),
}


class InviteClientTransaction(Machine[State, Input, Action]):
    __slots__ = ("_a_interval",)

    def __init__(self, *, reliable: bool) -> None:
        super().__init__(S.CALLING, reliable=reliable)
        self._a_interval = T1

    def start(self, now: float) -> tuple[Action, ...]:
        if not self.reliable:
            self.deadlines[E.TIMER_A] = now + self._a_interval
        self.deadlines[E.TIMER_B] = now + SIXTY_FOUR_T1
        return (A.SEND_REQUEST,)

    def handle(self, event: Input, now: float) -> tuple[Action, ...]:
        transition = TRANSITIONS.get((self.state, event))
        if transition is None:
            return ()
        self.state, actions = transition
        for action in actions:
            match action:
                case Action.DOUBLE_TIMER_A:
                    self._a_interval *= 2
                    self.deadlines[E.TIMER_A] = now + self._a_interval
                case Action.STOP_A_AND_B:
                    self.deadlines.clear()
                case Action.START_TIMER_B:
                    self.deadlines[E.TIMER_B] = now + SIXTY_FOUR_T1
                case Action.START_TIMER_D:
                    self.deadlines[E.TIMER_D] = now + (0.0 if self.reliable else TIMER_D)
                case Action.START_TIMER_M:
                    self.deadlines[E.TIMER_M] = now + SIXTY_FOUR_T1
                case _:
                    pass  # for the layer to carry out
        if self.state is S.TERMINATED:
            self.deadlines.clear()
        return actions
