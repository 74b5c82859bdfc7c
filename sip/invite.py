"""The INVITE usage (RFC 3261 §13, §14, §15, §9; RFC 5407): one call as one user agent sees it.

The machine is the table below. It starts CALLING (we sent the INVITE) or INCOMING (we received it). ``usages`` carries
its actions out; re-INVITEs have a table of their own in ``reinvite``.
"""

from __future__ import annotations

from enum import Enum, auto
from itertools import product
from typing import Final

from sip.timers import SIXTY_FOUR_T1, T1, T2
from sip.transactions.machine import Machine

#: An INVITE of ours that nobody answers is cancelled after this long; call control usually gives up earlier.
MAX_RINGING: Final = 300.0
#: Our 1xx is repeated this often, or proxies on the way would give up (§13.3.1.1).
RINGING_REFRESH: Final = 60.0


class State(Enum):
    CALLING = auto()  # our INVITE is out, nothing came back
    PROCEEDING = auto()  # a 1xx came
    ABANDONED = auto()  # we hung up before any response: a CANCEL must wait for one (§9.1)
    CANCELLING = auto()  # CANCEL is out
    ACK_OWED = auto()  # 2xx came with an offer: its ACK must carry the user's answer
    INCOMING = auto()  # their INVITE waits for us, ringing or not
    ANSWERED = auto()  # our 2xx is out, its ACK is not here
    CLOSING = auto()  # the same, and we want to hang up: BYE must wait for the ACK (§15)
    CONFIRMED = auto()
    ENDING = auto()  # our BYE is out
    ENDED = auto()


class Input(Enum):
    RX_1XX = auto()
    RX_2XX = auto()  # from the peer of the dialog, first or repeated
    RX_2XX_OFFER = auto()  # the first one, to an INVITE that had no offer
    RX_FORK_2XX = auto()  # from a second party behind a forking proxy
    RX_CHALLENGE = auto()  # 401 or 407 that we can answer
    RX_FAILURE = auto()  # 3xx-6xx, no response at all, or the network refused
    RX_ACK = auto()
    RX_CANCEL = auto()
    RX_BYE = auto()
    BYE_DONE = auto()  # answered or given up
    PEER_GONE = auto()  # 481 to a request in the dialog
    PEER_SILENT = auto()  # 408 or nothing: the peer may still believe in the dialog
    DO_RING = auto()
    DO_ANSWER = auto()
    DO_REJECT = auto()
    DO_ACK = auto()
    DO_HANG_UP = auto()
    TIMER_RINGING = auto()
    TIMER_CANCEL = auto()
    TIMER_REFRESH = auto()
    TIMER_REPEAT_2XX = auto()
    TIMER_ACK = auto()
    TRANSPORT_ERROR = auto()  # a response of ours cannot be delivered


class Action(Enum):
    SEND_INVITE = auto()  # again, with credentials
    SEND_CANCEL = auto()
    TAKE_DIALOG = auto()
    SEND_ACK = auto()
    REPEAT_ACK = auto()
    RELEASE_FORK = auto()  # ACK and BYE to the other party
    FORGET_INVITE = auto()
    SEND_PROVISIONAL = auto()
    REPEAT_PROVISIONAL = auto()
    SEND_2XX = auto()
    REPEAT_2XX = auto()
    SEND_FAILURE = auto()
    SEND_487 = auto()
    SEND_603 = auto()
    SEND_BYE = auto()
    STOP_TIMERS = auto()
    START_RINGING = auto()
    START_CANCEL = auto()
    START_REFRESH = auto()
    START_2XX = auto()
    START_ACK = auto()
    DOUBLE_2XX = auto()
    TELL_RINGING = auto()
    TELL_ANSWERED = auto()
    TELL_CONFIRMED = auto()
    TELL_REJECTED = auto()
    TELL_NO_ANSWER = auto()
    TELL_CANCELLED = auto()
    TELL_ENDED = auto()


S, E, A = State, Input, Action

# fmt: off
TRANSITIONS: dict[tuple[State, Input], tuple[State, tuple[Action, ...]]] = {
    (S.CALLING,    E.RX_1XX):           (S.PROCEEDING, (A.START_RINGING, A.TELL_RINGING)),
    (S.CALLING,    E.RX_2XX):           (S.CONFIRMED,  (A.TAKE_DIALOG, A.SEND_ACK, A.TELL_ANSWERED)),
    (S.CALLING,    E.RX_2XX_OFFER):     (S.ACK_OWED,   (A.TAKE_DIALOG, A.START_ACK, A.TELL_ANSWERED)),
    (S.CALLING,    E.RX_CHALLENGE):     (S.CALLING,    (A.SEND_INVITE,)),
    (S.CALLING,    E.RX_FAILURE):       (S.ENDED,      (A.TELL_REJECTED,)),
    (S.CALLING,    E.DO_HANG_UP):       (S.ABANDONED,  (A.TELL_ENDED,)),
    (S.PROCEEDING, E.RX_1XX):           (S.PROCEEDING, (A.TELL_RINGING,)),
    (S.PROCEEDING, E.RX_2XX):           (S.CONFIRMED,  (A.STOP_TIMERS, A.TAKE_DIALOG, A.SEND_ACK, A.TELL_ANSWERED)),
    (S.PROCEEDING, E.RX_2XX_OFFER):     (S.ACK_OWED,   (A.STOP_TIMERS, A.TAKE_DIALOG, A.START_ACK, A.TELL_ANSWERED)),
    (S.PROCEEDING, E.RX_CHALLENGE):     (S.CALLING,    (A.STOP_TIMERS, A.SEND_INVITE)),
    (S.PROCEEDING, E.RX_FAILURE):       (S.ENDED,      (A.TELL_REJECTED,)),
    (S.PROCEEDING, E.DO_HANG_UP):       (S.CANCELLING, (A.STOP_TIMERS, A.SEND_CANCEL, A.START_CANCEL, A.TELL_ENDED)),
    (S.PROCEEDING, E.TIMER_RINGING):    (S.CANCELLING, (A.SEND_CANCEL, A.START_CANCEL, A.TELL_NO_ANSWER)),
    (S.ABANDONED,  E.RX_1XX):           (S.CANCELLING, (A.SEND_CANCEL, A.START_CANCEL)),
    (S.ABANDONED,  E.RX_2XX):           (S.ENDING,     (A.TAKE_DIALOG, A.SEND_ACK, A.SEND_BYE)),
    (S.ABANDONED,  E.RX_2XX_OFFER):     (S.ENDING,     (A.TAKE_DIALOG, A.SEND_ACK, A.SEND_BYE)),
    (S.ABANDONED,  E.RX_CHALLENGE):     (S.ENDED,      ()),
    (S.ABANDONED,  E.RX_FAILURE):       (S.ENDED,      ()),
    (S.CANCELLING, E.RX_2XX):           (S.ENDING,     (A.STOP_TIMERS, A.TAKE_DIALOG, A.SEND_ACK, A.SEND_BYE)),
    (S.CANCELLING, E.RX_2XX_OFFER):     (S.ENDING,     (A.STOP_TIMERS, A.TAKE_DIALOG, A.SEND_ACK, A.SEND_BYE)),
    (S.CANCELLING, E.RX_CHALLENGE):     (S.ENDED,      ()),
    (S.CANCELLING, E.RX_FAILURE):       (S.ENDED,      ()),
    (S.CANCELLING, E.TIMER_CANCEL):     (S.ENDED,      (A.FORGET_INVITE,)),
    (S.ACK_OWED,   E.DO_ACK):           (S.CONFIRMED,  (A.STOP_TIMERS, A.SEND_ACK)),
    (S.ACK_OWED,   E.DO_HANG_UP):       (S.ENDING,     (A.STOP_TIMERS, A.SEND_ACK, A.SEND_BYE, A.TELL_ENDED)),
    (S.ACK_OWED,   E.TIMER_ACK):        (S.ENDING,     (A.SEND_ACK, A.SEND_BYE, A.TELL_ENDED)),
    (S.ACK_OWED,   E.RX_FORK_2XX):      (S.ACK_OWED,   (A.RELEASE_FORK,)),
    (S.ACK_OWED,   E.RX_BYE):           (S.ENDED,      (A.SEND_ACK, A.TELL_ENDED)),
    (S.INCOMING,   E.DO_RING):          (S.INCOMING,   (A.SEND_PROVISIONAL, A.START_REFRESH)),
    (S.INCOMING,   E.TIMER_REFRESH):    (S.INCOMING,   (A.REPEAT_PROVISIONAL, A.START_REFRESH)),
    (S.INCOMING,   E.DO_ANSWER):        (S.ANSWERED,   (A.STOP_TIMERS, A.SEND_2XX, A.START_2XX)),
    (S.INCOMING,   E.DO_REJECT):        (S.ENDED,      (A.SEND_FAILURE, A.TELL_ENDED)),
    (S.INCOMING,   E.DO_HANG_UP):       (S.ENDED,      (A.SEND_603, A.TELL_ENDED)),
    (S.INCOMING,   E.RX_CANCEL):        (S.ENDED,      (A.SEND_487, A.TELL_CANCELLED)),
    (S.INCOMING,   E.RX_BYE):           (S.ENDED,      (A.SEND_487, A.TELL_ENDED)),
    (S.INCOMING,   E.TRANSPORT_ERROR):  (S.ENDED,      (A.SEND_487, A.TELL_ENDED)),
    (S.ANSWERED,   E.RX_ACK):           (S.CONFIRMED,  (A.STOP_TIMERS, A.TELL_CONFIRMED)),
    (S.ANSWERED,   E.RX_BYE):           (S.ENDED,      (A.TELL_ENDED,)),
    (S.ANSWERED,   E.DO_HANG_UP):       (S.CLOSING,    (A.TELL_ENDED,)),
    (S.ANSWERED,   E.PEER_GONE):        (S.ENDED,      (A.TELL_ENDED,)),
    (S.ANSWERED,   E.PEER_SILENT):      (S.ENDING,     (A.STOP_TIMERS, A.SEND_BYE, A.TELL_ENDED)),
    (S.ANSWERED,   E.TIMER_REPEAT_2XX): (S.ANSWERED,   (A.REPEAT_2XX, A.DOUBLE_2XX)),
    (S.ANSWERED,   E.TIMER_ACK):        (S.ENDING,     (A.STOP_TIMERS, A.SEND_BYE, A.TELL_ENDED)),
    (S.CLOSING,    E.RX_ACK):           (S.ENDING,     (A.STOP_TIMERS, A.SEND_BYE)),
    (S.CLOSING,    E.RX_BYE):           (S.ENDED,      ()),
    (S.CLOSING,    E.PEER_GONE):        (S.ENDED,      ()),
    (S.CLOSING,    E.PEER_SILENT):      (S.ENDING,     (A.STOP_TIMERS, A.SEND_BYE)),
    (S.CLOSING,    E.TIMER_REPEAT_2XX): (S.CLOSING,    (A.REPEAT_2XX, A.DOUBLE_2XX)),
    (S.CLOSING,    E.TIMER_ACK):        (S.ENDING,     (A.STOP_TIMERS, A.SEND_BYE)),
    (S.CONFIRMED,  E.RX_2XX):           (S.CONFIRMED,  (A.REPEAT_ACK,)),
    (S.CONFIRMED,  E.RX_FORK_2XX):      (S.CONFIRMED,  (A.RELEASE_FORK,)),
    (S.CONFIRMED,  E.RX_BYE):           (S.ENDED,      (A.TELL_ENDED,)),
    (S.CONFIRMED,  E.DO_HANG_UP):       (S.ENDING,     (A.SEND_BYE, A.TELL_ENDED)),
    (S.CONFIRMED,  E.PEER_GONE):        (S.ENDED,      (A.TELL_ENDED,)),
    (S.CONFIRMED,  E.PEER_SILENT):      (S.ENDING,     (A.SEND_BYE, A.TELL_ENDED)),
    (S.ENDING,     E.RX_2XX):           (S.ENDING,     (A.REPEAT_ACK,)),
    (S.ENDING,     E.RX_FORK_2XX):      (S.ENDING,     (A.RELEASE_FORK,)),
    (S.ENDING,     E.BYE_DONE):         (S.ENDED,      ()),
    (S.ENDED,      E.RX_2XX):           (S.ENDED,      (A.REPEAT_ACK,)),
    (S.ENDED,      E.RX_FORK_2XX):      (S.ENDED,      (A.RELEASE_FORK,)),
}
# fmt: on

_CLIENT_ONLY = (E.RX_1XX, E.RX_2XX, E.RX_2XX_OFFER, E.RX_FORK_2XX, E.RX_CHALLENGE, E.RX_FAILURE)
_SERVER_ONLY = (E.RX_ACK, E.RX_CANCEL, E.DO_RING, E.DO_ANSWER, E.DO_REJECT, E.TRANSPORT_ERROR)
_EARLY = (S.CALLING, S.PROCEEDING, S.ABANDONED, S.CANCELLING)
_IN_DIALOG = (S.ACK_OWED, S.CONFIRMED, S.ENDING)

#: Pairs that mean nothing; every other pair must be in TRANSITIONS.
IGNORED: frozenset[tuple[State, Input]] = frozenset(
    {
        # The user's verbs may cross what ends or changes the call: the later one loses.
        *product(_EARLY, [E.DO_ACK]),
        *product([S.ABANDONED, S.CANCELLING, S.CLOSING, S.ENDING, S.ENDED], [E.DO_HANG_UP]),
        *product([S.INCOMING, S.ANSWERED, S.CLOSING, S.CONFIRMED, S.ENDING, S.ENDED], [E.DO_ACK]),
        *product([*_EARLY, *_IN_DIALOG, S.ANSWERED, S.CLOSING, S.ENDED], [E.DO_RING, E.DO_ANSWER, E.DO_REJECT]),
        # A usage is a client's or a server's; the other side's inputs cannot reach it.
        *product([S.INCOMING, S.ANSWERED, S.CLOSING], _CLIENT_ONLY),
        *product([*_EARLY, S.ACK_OWED], set(_SERVER_ONLY)),
        # No dialog yet: the endpoint answers a BYE with 481, and nothing of ours is out in the dialog.
        *product(_EARLY, [E.RX_BYE, E.BYE_DONE, E.PEER_GONE, E.PEER_SILENT]),
        *product([S.INCOMING, S.ACK_OWED], [E.BYE_DONE, E.PEER_GONE, E.PEER_SILENT]),
        *product([S.ANSWERED, S.CLOSING, S.CONFIRMED], [E.BYE_DONE]),
        # Before the first 2xx there is no second party; the first one of each kind has been seen afterwards.
        *product(_EARLY, [E.RX_FORK_2XX]),
        *product(
            [S.ACK_OWED, S.CONFIRMED, S.ENDING, S.ENDED], [E.RX_1XX, E.RX_2XX_OFFER, E.RX_CHALLENGE, E.RX_FAILURE]
        ),
        (S.ACK_OWED, E.RX_2XX),  # repeated while the user still thinks: there is no ACK to repeat
        (S.CANCELLING, E.RX_1XX),
        # Too late: the first ACK counts, CANCEL is for what has no final response, the 2xx goes on being repeated.
        (S.INCOMING, E.RX_ACK),
        *product([S.ANSWERED, S.CLOSING], [E.RX_CANCEL, E.TRANSPORT_ERROR]),
        *product([S.CONFIRMED, S.ENDING, S.ENDED], [E.RX_ACK, E.RX_CANCEL, E.TRANSPORT_ERROR]),
        (S.ENDING, E.RX_BYE),  # both hung up: theirs is answered 200, ours runs its course
        *product([S.ENDING], [E.PEER_GONE, E.PEER_SILENT]),
        *product([S.ENDED], [E.RX_BYE, E.BYE_DONE, E.PEER_GONE, E.PEER_SILENT]),
    }
)

#: Timers that can be running in each state; the others cannot fire there.
RUNNING: dict[State, frozenset[Input]] = {
    S.CALLING: frozenset(),
    S.PROCEEDING: frozenset({E.TIMER_RINGING}),
    S.ABANDONED: frozenset(),
    S.CANCELLING: frozenset({E.TIMER_CANCEL}),
    S.ACK_OWED: frozenset({E.TIMER_ACK}),
    S.INCOMING: frozenset({E.TIMER_REFRESH}),
    S.ANSWERED: frozenset({E.TIMER_REPEAT_2XX, E.TIMER_ACK}),
    S.CLOSING: frozenset({E.TIMER_REPEAT_2XX, E.TIMER_ACK}),
    S.CONFIRMED: frozenset(),
    S.ENDING: frozenset(),
    S.ENDED: frozenset(),
}


class InviteMachine(Machine[State, Input, Action]):
    __slots__ = ("_interval",)

    def __init__(self, state: State) -> None:
        """*state*: CALLING or INCOMING. 2xx responses are repeated on streams too (§13.3.1.4)."""
        super().__init__(state, reliable=False)
        self._interval = T1

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
                case Action.START_RINGING:
                    self.deadlines[E.TIMER_RINGING] = now + MAX_RINGING
                case Action.START_CANCEL:
                    self.deadlines[E.TIMER_CANCEL] = now + SIXTY_FOUR_T1
                case Action.START_REFRESH:
                    self.deadlines[E.TIMER_REFRESH] = now + RINGING_REFRESH
                case Action.START_ACK:
                    self.deadlines[E.TIMER_ACK] = now + SIXTY_FOUR_T1
                case Action.START_2XX:
                    self.deadlines[E.TIMER_REPEAT_2XX] = now + self._interval
                    self.deadlines[E.TIMER_ACK] = now + SIXTY_FOUR_T1
                case Action.DOUBLE_2XX:
                    self._interval = min(self._interval * 2, T2)
                    self.deadlines[E.TIMER_REPEAT_2XX] = now + self._interval
                case _:
                    pass  # for ``usages`` to carry out
        if self.state is S.ENDED:
            self.deadlines.clear()
        return actions
