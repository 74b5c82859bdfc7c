"""The subscription that a REFER makes (RFC 3515 §2.4.4, RFC 6665): whoever referred somebody is told how it goes.

It lives in the dialog of the call or, of a REFER outside any call, in one of its own, and longer than the call if it
must (RFC 5057). Each NOTIFY waits for the answer to the one before, so that they cannot overtake each other; what
became stale meanwhile is not sent. A peer that does not want to be told is told no more, and its call goes on.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from itertools import product
from typing import TYPE_CHECKING, Final

from sip.responses import default_reason

if TYPE_CHECKING:
    from sip.dialog import Dialog
    from sip.signalling import Signalling

#: Seconds that a subscription is said to last; nothing that it tells of takes longer.
EXPIRES: Final = 180
#: Subscriptions at the same time; the oldest is forgotten for the next one.
LIMIT: Final = 10_000

SubscriptionId = str


class State(Enum):
    IDLE = auto()  # the last NOTIFY was answered
    SENT = auto()  # a NOTIFY is out
    WAITING = auto()  # a NOTIFY is out, and there is something newer to tell
    LAST_WAITING = auto()  # the same, and it is the last
    LAST_SENT = auto()  # the last NOTIFY is out
    OVER = auto()


class Input(Enum):
    DO_TELL = auto()
    DO_TELL_LAST = auto()
    RX_2XX = auto()
    RX_FAILURE = auto()  # any other final response, or none


class Action(Enum):
    KEEP = auto()  # remember what is to be told
    SEND = auto()
    SEND_LAST = auto()


S, E, A = State, Input, Action

# fmt: off
TRANSITIONS: dict[tuple[State, Input], tuple[State, tuple[Action, ...]]] = {
    (S.IDLE,         E.DO_TELL):      (S.SENT,         (A.KEEP, A.SEND)),
    (S.IDLE,         E.DO_TELL_LAST): (S.LAST_SENT,    (A.KEEP, A.SEND_LAST)),
    (S.SENT,         E.DO_TELL):      (S.WAITING,      (A.KEEP,)),
    (S.SENT,         E.DO_TELL_LAST): (S.LAST_WAITING, (A.KEEP,)),
    (S.SENT,         E.RX_2XX):       (S.IDLE,         ()),
    (S.SENT,         E.RX_FAILURE):   (S.OVER,         ()),
    (S.WAITING,      E.DO_TELL):      (S.WAITING,      (A.KEEP,)),
    (S.WAITING,      E.DO_TELL_LAST): (S.LAST_WAITING, (A.KEEP,)),
    (S.WAITING,      E.RX_2XX):       (S.SENT,         (A.SEND,)),
    (S.WAITING,      E.RX_FAILURE):   (S.OVER,         ()),
    (S.LAST_WAITING, E.RX_2XX):       (S.LAST_SENT,    (A.SEND_LAST,)),
    (S.LAST_WAITING, E.RX_FAILURE):   (S.OVER,         ()),
    (S.LAST_SENT,    E.RX_2XX):       (S.OVER,         ()),
    (S.LAST_SENT,    E.RX_FAILURE):   (S.OVER,         ()),
}
# fmt: on

#: Pairs that mean nothing: after the last word there is none; what was answered is answered once.
IGNORED: frozenset[tuple[State, Input]] = frozenset(
    {
        *product([S.OVER], Input),
        *product([S.LAST_WAITING, S.LAST_SENT], [E.DO_TELL, E.DO_TELL_LAST]),
        *product([S.IDLE], [E.RX_2XX, E.RX_FAILURE]),
    }
)


@dataclass(slots=True, eq=False)
class Subscription:
    id: SubscriptionId
    dialog: Dialog
    event: str  # the value of Event
    contact: str
    state: State = State.IDLE
    status: int = 100
    reason: str = ""


class Subscriptions:
    """All subscriptions of one endpoint."""

    def __init__(self, signalling: Signalling) -> None:
        self._signalling = signalling
        self._by_id: dict[SubscriptionId, Subscription] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, dialog: Dialog, contact: str, cseq: int) -> SubscriptionId:
        """A REFER with that CSeq was accepted (the id tells several in one dialog apart, RFC 3515 §2.4.6)."""
        if len(self._by_id) >= LIMIT:
            del self._by_id[next(iter(self._by_id))]
        name = self._signalling.local.ids.usage()
        self._by_id[name] = Subscription(name, dialog, f"refer;id={cseq}", contact)
        return name

    def tell(self, name: SubscriptionId, status: int, reason: str, *, last: bool, now: float) -> None:
        subscription = self._by_id.get(name)
        if subscription is not None:
            event = E.DO_TELL_LAST if last else E.DO_TELL
            self._run(subscription, event, status, reason or default_reason(status), now)

    def answered(self, subscription: Subscription, status: int, now: float) -> None:
        """The final response to the NOTIFY that is out; 0: none will come."""
        if subscription.id in self._by_id:
            event = E.RX_2XX if 200 <= status < 300 else E.RX_FAILURE
            self._run(subscription, event, subscription.status, subscription.reason, now)

    def _run(self, subscription: Subscription, event: Input, status: int, reason: str, now: float) -> None:
        transition = TRANSITIONS.get((subscription.state, event))
        if transition is None:
            return
        subscription.state, actions = transition
        for action in actions:
            match action:
                case Action.KEEP:
                    subscription.status, subscription.reason = status, reason
                case Action.SEND | Action.SEND_LAST:
                    self._notify(subscription, now, last=action is Action.SEND_LAST)
        if subscription.state is State.OVER:
            self._by_id.pop(subscription.id, None)

    def _notify(self, subscription: Subscription, now: float, *, last: bool) -> None:
        request, flow = self._signalling.in_dialog(subscription.dialog, "NOTIFY")
        state = "terminated;reason=noresource" if last else f"active;expires={EXPIRES}"
        request.headers.add("Contact", subscription.contact)
        request.headers.add("Event", subscription.event)
        request.headers.add("Subscription-State", state)
        request.headers.add("Content-Type", "message/sipfrag;version=2.0")
        request.body = f"SIP/2.0 {subscription.status} {subscription.reason}\r\n".encode()
        self._signalling.layer.request(request, flow, subscription, now)
