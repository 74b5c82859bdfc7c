"""re-INVITE (RFC 3261 §14): changing a session that is up, one change at a time, from either side.

The machine is the table below; ``usages`` carries its actions out while the INVITE usage is confirmed, and gives CLOSE
when that ends.
"""

from __future__ import annotations

from enum import Enum, auto
from itertools import product

from sip.timers import SIXTY_FOUR_T1, T1, T2
from sip.transactions.machine import Machine


class State(Enum):
    IDLE = auto()
    SENT = auto()  # ours is out
    WAITING = auto()  # ours met theirs (491): it is sent again after a random time
    RECEIVED = auto()  # theirs waits for the user's answer
    ANSWERED = auto()  # our 2xx is out, its ACK is not here
    CLOSED = auto()


class Input(Enum):
    DO_REINVITE = auto()
    DO_ACCEPT = auto()
    DO_REJECT = auto()
    RX_INVITE = auto()
    RX_ACK = auto()
    RX_CANCEL = auto()
    RX_2XX = auto()
    RX_491 = auto()
    RX_CHALLENGE = auto()  # 401 or 407 that we can answer
    RX_FAILURE = auto()
    CLOSE = auto()
    TIMER_RETRY = auto()
    TIMER_REPEAT_2XX = auto()
    TIMER_ACK = auto()


class Action(Enum):
    SEND_INVITE = auto()
    SEND_ACK = auto()
    SEND_2XX = auto()
    REPEAT_2XX = auto()
    SEND_FAILURE = auto()
    REFUSE_491 = auto()
    REFUSE_500 = auto()
    SEND_487 = auto()
    START_RETRY = auto()
    START_2XX = auto()
    DOUBLE_2XX = auto()
    STOP_TIMERS = auto()
    TELL_RECEIVED = auto()
    TELL_CONFIRMED = auto()
    TELL_ANSWERED = auto()
    TELL_REJECTED = auto()
    GIVE_UP_PEER = auto()  # never acknowledged: the call ends (§14.2)
    NEXT = auto()  # what the user asked for meanwhile can go out now


S, E, A = State, Input, Action

# fmt: off
TRANSITIONS: dict[tuple[State, Input], tuple[State, tuple[Action, ...]]] = {
    (S.IDLE,     E.DO_REINVITE):      (S.SENT,     (A.SEND_INVITE,)),
    (S.IDLE,     E.RX_INVITE):        (S.RECEIVED, (A.TELL_RECEIVED,)),
    (S.IDLE,     E.CLOSE):            (S.CLOSED,   ()),
    (S.SENT,     E.RX_2XX):           (S.IDLE,     (A.SEND_ACK, A.TELL_ANSWERED, A.NEXT)),
    (S.SENT,     E.RX_491):           (S.WAITING,  (A.START_RETRY,)),
    (S.SENT,     E.RX_CHALLENGE):     (S.SENT,     (A.SEND_INVITE,)),
    (S.SENT,     E.RX_FAILURE):       (S.IDLE,     (A.TELL_REJECTED, A.NEXT)),
    (S.SENT,     E.RX_INVITE):        (S.SENT,     (A.REFUSE_491,)),
    (S.SENT,     E.CLOSE):            (S.CLOSED,   ()),
    (S.WAITING,  E.TIMER_RETRY):      (S.SENT,     (A.SEND_INVITE,)),
    (S.WAITING,  E.RX_INVITE):        (S.RECEIVED, (A.STOP_TIMERS, A.TELL_RECEIVED)),
    (S.WAITING,  E.CLOSE):            (S.CLOSED,   ()),
    (S.RECEIVED, E.DO_ACCEPT):        (S.ANSWERED, (A.SEND_2XX, A.START_2XX)),
    (S.RECEIVED, E.DO_REJECT):        (S.IDLE,     (A.SEND_FAILURE, A.NEXT)),
    (S.RECEIVED, E.RX_INVITE):        (S.RECEIVED, (A.REFUSE_500,)),
    (S.RECEIVED, E.RX_CANCEL):        (S.IDLE,     (A.SEND_487, A.NEXT)),
    (S.RECEIVED, E.CLOSE):            (S.CLOSED,   (A.SEND_487,)),
    (S.ANSWERED, E.RX_ACK):           (S.IDLE,     (A.STOP_TIMERS, A.TELL_CONFIRMED, A.NEXT)),
    (S.ANSWERED, E.RX_INVITE):        (S.ANSWERED, (A.REFUSE_491,)),
    (S.ANSWERED, E.TIMER_REPEAT_2XX): (S.ANSWERED, (A.REPEAT_2XX, A.DOUBLE_2XX)),
    (S.ANSWERED, E.TIMER_ACK):        (S.IDLE,     (A.STOP_TIMERS, A.GIVE_UP_PEER)),
    (S.ANSWERED, E.CLOSE):            (S.CLOSED,   ()),
    (S.CLOSED,   E.RX_2XX):           (S.CLOSED,   (A.SEND_ACK,)),
}
# fmt: on

#: Pairs that mean nothing; every other pair must be in TRANSITIONS.
IGNORED: frozenset[tuple[State, Input]] = frozenset(
    {
        # The user's wish is remembered and goes out at NEXT; an answer may cross a CANCEL or the end of the call.
        *product([S.SENT, S.WAITING, S.RECEIVED, S.ANSWERED, S.CLOSED], [E.DO_REINVITE]),
        *product([S.IDLE, S.SENT, S.WAITING, S.ANSWERED, S.CLOSED], [E.DO_ACCEPT, E.DO_REJECT, E.RX_CANCEL]),
        # Nothing of ours is out. A repeated 2xx is answered with its old ACK before it comes here.
        *product([S.IDLE, S.WAITING, S.RECEIVED, S.ANSWERED, S.CLOSED], [E.RX_491, E.RX_CHALLENGE, E.RX_FAILURE]),
        *product([S.IDLE, S.WAITING, S.RECEIVED, S.ANSWERED], [E.RX_2XX]),
        # A repeated ACK, or one for a 2xx that is settled.
        *product([S.IDLE, S.SENT, S.WAITING, S.RECEIVED, S.CLOSED], [E.RX_ACK]),
        *product([S.CLOSED], [E.RX_INVITE, E.CLOSE]),  # the endpoint answers 481
    }
)

#: Timers that can be running in each state; the others cannot fire there.
RUNNING: dict[State, frozenset[Input]] = {
    S.IDLE: frozenset(),
    S.SENT: frozenset(),
    S.WAITING: frozenset({E.TIMER_RETRY}),
    S.RECEIVED: frozenset(),
    S.ANSWERED: frozenset({E.TIMER_REPEAT_2XX, E.TIMER_ACK}),
    S.CLOSED: frozenset(),
}


class ReinviteMachine(Machine[State, Input, Action]):
    """``retry_after`` is set by the user before RX_491: seconds until our re-INVITE goes out again."""

    __slots__ = ("_interval", "retry_after")

    def __init__(self) -> None:
        super().__init__(S.IDLE, reliable=False)
        self._interval = T1
        self.retry_after = 0.0

    def start(self, now: float) -> tuple[Action, ...]:
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
                case Action.START_RETRY:
                    self.deadlines[E.TIMER_RETRY] = now + self.retry_after
                case Action.START_2XX:
                    self._interval = T1
                    self.deadlines[E.TIMER_REPEAT_2XX] = now + self._interval
                    self.deadlines[E.TIMER_ACK] = now + SIXTY_FOUR_T1
                case Action.DOUBLE_2XX:
                    self._interval = min(self._interval * 2, T2)
                    self.deadlines[E.TIMER_REPEAT_2XX] = now + self._interval
                case _:
                    pass  # for ``usages`` to carry out
        if self.state is S.CLOSED:
            self.deadlines.clear()
        return actions
