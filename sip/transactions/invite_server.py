"""INVITE server transaction (RFC 3261 §17.2.1, updated by RFC 6026).

The whole machine is the table below; anything that changes a state lives in this file. 2xx responses are repeated by
the TU until their ACK comes (§13.3.1.4); the transaction stays ACCEPTED meanwhile to absorb repeated INVITEs.
"""

from __future__ import annotations

from enum import Enum, auto
from itertools import product

from sip.timers import SIXTY_FOUR_T1, T1, T2, T4
from sip.transactions.machine import Machine

#: The TU has this long to answer before 100 Trying goes out (§17.2.1).
TIMER_TRYING = 0.2


class State(Enum):
    TRYING = auto()  # nothing sent yet
    PROCEEDING = auto()
    ACCEPTED = auto()
    COMPLETED = auto()
    CONFIRMED = auto()
    TERMINATED = auto()


class Input(Enum):
    RX_INVITE = auto()
    RX_ACK = auto()
    TX_1XX = auto()
    TX_2XX = auto()
    TX_300_699 = auto()
    TIMER_TRYING = auto()
    TIMER_G = auto()
    TIMER_H = auto()
    TIMER_I = auto()
    TIMER_L = auto()
    TRANSPORT_ERROR = auto()


class Action(Enum):
    SEND_TRYING = auto()
    SEND_RESPONSE = auto()
    RESEND_LAST_RESPONSE = auto()
    STOP_TRYING = auto()
    DOUBLE_TIMER_G = auto()
    STOP_G_AND_H = auto()
    PASS_ACK = auto()
    INFORM_TIMEOUT = auto()
    INFORM_TRANSPORT_ERROR = auto()
    START_G_AND_H = auto()
    START_TIMER_I = auto()
    START_TIMER_L = auto()


S, E, A = State, Input, Action

# fmt: off
TRANSITIONS: dict[tuple[State, Input], tuple[State, tuple[Action, ...]]] = {
    (S.TRYING,     E.TIMER_TRYING):    (S.PROCEEDING, (A.SEND_TRYING,)),
    (S.TRYING,     E.TX_1XX):          (S.PROCEEDING, (A.STOP_TRYING, A.SEND_RESPONSE)),
    (S.TRYING,     E.TX_2XX):          (S.ACCEPTED,   (A.STOP_TRYING, A.SEND_RESPONSE, A.START_TIMER_L)),
    (S.TRYING,     E.TX_300_699):      (S.COMPLETED,  (A.STOP_TRYING, A.SEND_RESPONSE, A.START_G_AND_H)),
    (S.TRYING,     E.TRANSPORT_ERROR): (S.TRYING,     (A.INFORM_TRANSPORT_ERROR,)),
    (S.PROCEEDING, E.RX_INVITE):       (S.PROCEEDING, (A.RESEND_LAST_RESPONSE,)),
    (S.PROCEEDING, E.TX_1XX):          (S.PROCEEDING, (A.SEND_RESPONSE,)),
    (S.PROCEEDING, E.TX_2XX):          (S.ACCEPTED,   (A.SEND_RESPONSE, A.START_TIMER_L)),
    (S.PROCEEDING, E.TX_300_699):      (S.COMPLETED,  (A.SEND_RESPONSE, A.START_G_AND_H)),
    (S.PROCEEDING, E.TRANSPORT_ERROR): (S.PROCEEDING, (A.INFORM_TRANSPORT_ERROR,)),  # RFC 6026 §7.1: state is kept
    (S.ACCEPTED,   E.TX_2XX):          (S.ACCEPTED,   (A.SEND_RESPONSE,)),
    (S.ACCEPTED,   E.RX_ACK):          (S.ACCEPTED,   (A.PASS_ACK,)),
    (S.ACCEPTED,   E.TRANSPORT_ERROR): (S.ACCEPTED,   (A.INFORM_TRANSPORT_ERROR,)),
    (S.ACCEPTED,   E.TIMER_L):         (S.TERMINATED, ()),
    (S.COMPLETED,  E.RX_INVITE):       (S.COMPLETED,  (A.RESEND_LAST_RESPONSE,)),
    (S.COMPLETED,  E.TIMER_G):         (S.COMPLETED,  (A.RESEND_LAST_RESPONSE, A.DOUBLE_TIMER_G)),
    (S.COMPLETED,  E.RX_ACK):          (S.CONFIRMED,  (A.STOP_G_AND_H, A.START_TIMER_I)),
    (S.COMPLETED,  E.TIMER_H):         (S.TERMINATED, (A.INFORM_TIMEOUT,)),
    (S.COMPLETED,  E.TRANSPORT_ERROR): (S.COMPLETED,  (A.INFORM_TRANSPORT_ERROR,)),
    (S.CONFIRMED,  E.TIMER_I):         (S.TERMINATED, ()),
}
# fmt: on

#: Pairs that may happen and mean nothing; every other pair must be in TRANSITIONS.
IGNORED: frozenset[tuple[State, Input]] = frozenset(
    {
        *product([S.TERMINATED], Input),
        (S.TRYING, E.RX_INVITE),  # there is nothing to repeat yet
        *product([S.TRYING, S.PROCEEDING], [E.RX_ACK]),  # nothing final has been sent
        (S.ACCEPTED, E.RX_INVITE),  # absorbed: the TU repeats its 2xx
        *product([S.ACCEPTED], [E.TX_1XX, E.TX_300_699]),  # too late
        *product([S.COMPLETED, S.CONFIRMED], [E.TX_1XX, E.TX_2XX, E.TX_300_699]),  # the first final response stands
        *product([S.CONFIRMED], [E.RX_INVITE, E.RX_ACK, E.TRANSPORT_ERROR]),
    }
)

#: Timers that can be running in each state; the others cannot fire there.
RUNNING: dict[State, frozenset[Input]] = {
    S.TRYING: frozenset({E.TIMER_TRYING}),
    S.PROCEEDING: frozenset(),
    S.ACCEPTED: frozenset({E.TIMER_L}),
    S.COMPLETED: frozenset({E.TIMER_G, E.TIMER_H}),
    S.CONFIRMED: frozenset({E.TIMER_I}),
    S.TERMINATED: frozenset(),
}


class InviteServerTransaction(Machine[State, Input, Action]):
    __slots__ = ("_g_interval",)

    def __init__(self, *, reliable: bool) -> None:
        super().__init__(S.TRYING, reliable=reliable)
        self._g_interval = T1

    def start(self, now: float) -> tuple[Action, ...]:
        self.deadlines[E.TIMER_TRYING] = now + TIMER_TRYING
        return ()

    def handle(self, event: Input, now: float) -> tuple[Action, ...]:
        transition = TRANSITIONS.get((self.state, event))
        if transition is None:
            return ()
        self.state, actions = transition
        for action in actions:
            match action:
                case Action.START_G_AND_H:
                    if not self.reliable:
                        self.deadlines[E.TIMER_G] = now + self._g_interval
                    self.deadlines[E.TIMER_H] = now + SIXTY_FOUR_T1
                case Action.DOUBLE_TIMER_G:
                    self._g_interval = min(self._g_interval * 2, T2)
                    self.deadlines[E.TIMER_G] = now + self._g_interval
                case Action.STOP_G_AND_H | Action.STOP_TRYING:
                    self.deadlines.clear()
                case Action.START_TIMER_I:
                    self.deadlines[E.TIMER_I] = now + (0.0 if self.reliable else T4)
                case Action.START_TIMER_L:
                    self.deadlines[E.TIMER_L] = now + SIXTY_FOUR_T1
                case _:
                    pass  # for the layer to carry out
        if self.state is S.TERMINATED:
            self.deadlines.clear()
        return actions
