"""What the dispatcher wants done. Carry them out in order; none needs an answer except through an event."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from acd.agent import State, Status


class WithdrawReason(StrEnum):
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    CALLER_GONE = "caller_gone"
    TIMEOUT = "timeout"
    AGENT_GONE = "agent_gone"
    CALLER_AWAY = "caller_away"  # listens to the exit menu
    CALLER_CHANGED = "caller_changed"  # this agent may not serve any more
    OVER = "over"  # an answer that crossed the withdrawal: hang up


class AnnouncementKind(StrEnum):
    FIRST = "first"
    UPDATE = "update"


class CallbackResult(StrEnum):
    SERVED = "served"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


#: Upper end of the announced wait in minutes.
Box = Literal["1", "2", "5", "10", "20", "more"]


@dataclass(frozen=True, slots=True)
class OfferCall:
    """Ring the agent's phone. The dispatcher itself watches ``ring_timeout`` (seconds) and withdraws."""

    offer: int
    call: str
    agent: str
    phone: str
    queue: str
    ring_timeout: float


@dataclass(frozen=True, slots=True)
class WithdrawOffer:
    """Stop ringing, or hang up if the agent has just answered. Idempotent; the offer is over, no event is expected.

    ``call`` and ``agent`` are empty for an offer that is long over.
    """

    offer: int
    call: str
    agent: str
    reason: WithdrawReason


@dataclass(frozen=True, slots=True)
class Connect:
    """Bridge caller and agent now, whatever is being played to the caller. ``waited`` is in seconds."""

    offer: int
    call: str
    agent: str
    queue: str
    waited: float


@dataclass(frozen=True, slots=True)
class AnnouncePosition:
    """Tell the caller how many are ahead; 0: "you are next". Never more than this caller was told before."""

    call: str
    queue: str
    ahead: int
    kind: AnnouncementKind


@dataclass(frozen=True, slots=True)
class AnnounceWait:
    """Tell the caller the expected wait: under ``box`` minutes. Never longer than this caller was told before."""

    call: str
    queue: str
    box: Box
    kind: AnnouncementKind


@dataclass(frozen=True, slots=True)
class AnnounceComfort:
    """ "Please hold the line", without any number."""

    call: str
    queue: str


@dataclass(frozen=True, slots=True)
class OfferCallback:
    """Say that ``key`` orders a callback; from now on the key does."""

    call: str
    queue: str
    key: str


@dataclass(frozen=True, slots=True)
class DialCallback:
    """Dial the customer. ``agent`` has answered already and is on the line; None: an agent is due soon.

    The dispatcher itself watches ``ring_timeout`` (seconds, anew from CallbackDialled) and stops.
    """

    call: str
    queue: str
    number: str
    agent: str | None
    ring_timeout: float


@dataclass(frozen=True, slots=True)
class StopDialling:
    """Stop dialling the customer, or hang up if the customer has just answered. No event is expected."""

    call: str
    queue: str


@dataclass(frozen=True, slots=True)
class CallbackOver:
    """The callback will not be dialled any more."""

    call: str
    queue: str
    result: CallbackResult


@dataclass(frozen=True, slots=True)
class CallMoved:
    """The caller (or who is to be called back) waits in ``queue`` from now on, with the age of before; what is said,
    which keys there are and what follows is that queue's affair."""

    call: str
    queue: str
    left: str


@dataclass(frozen=True, slots=True)
class QueueTimedOut:
    """The caller waited ``max_wait`` and has left the queue; continue at the target (None: none configured).

    ``waiting_since`` here and below: the age that the caller keeps if the target leads into a queue.
    """

    call: str
    queue: str
    target: str | None
    waiting_since: float


@dataclass(frozen=True, slots=True)
class QueueFull:
    """The caller was not let in; continue at the target (None: none configured)."""

    call: str
    queue: str
    target: str | None
    waiting_since: float


@dataclass(frozen=True, slots=True)
class QueueEmpty:
    """Nobody who could ever serve this caller is logged in; the caller has left the queue (or was not let in)."""

    call: str
    queue: str
    target: str | None
    waiting_since: float


@dataclass(frozen=True, slots=True)
class QueueOverflowed:
    """The caller waited long enough for the overflow and has left the queue; continue at the target."""

    call: str
    queue: str
    target: str
    waiting_since: float


@dataclass(frozen=True, slots=True)
class AgentStateChanged:
    """Everything there is to show about an agent, after each visible change.

    A status other than available beside a state other than idle: the break or logout that follows the call.
    ``until``: when the wrap-up ends, on the dispatcher's clock; None: when the agent is done.
    """

    agent: str
    status: Status
    state: State
    reachable: bool
    busy: bool
    phone: str
    reason: str
    call: str | None
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Journal:
    """One line for the journal: JSON-able, with ``kind`` and ``at`` (seconds). See :mod:`acd.journal`."""

    record: dict[str, Any]


Effect = (
    OfferCall
    | WithdrawOffer
    | Connect
    | AnnouncePosition
    | AnnounceWait
    | AnnounceComfort
    | OfferCallback
    | DialCallback
    | StopDialling
    | CallbackOver
    | CallMoved
    | QueueTimedOut
    | QueueFull
    | QueueEmpty
    | QueueOverflowed
    | AgentStateChanged
    | Journal
)
