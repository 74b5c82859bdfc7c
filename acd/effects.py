"""What the dispatcher wants done. Carry them out in order; none needs an answer except through an event."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from acd.agent import State, Status


class WithdrawReason(StrEnum):
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    CALLER_GONE = "caller_gone"
    TIMEOUT = "timeout"
    AGENT_GONE = "agent_gone"
    OVER = "over"  # an answer that crossed the withdrawal: hang up


class AnnouncementKind(StrEnum):
    FIRST = "first"
    UPDATE = "update"


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
class QueueTimedOut:
    """The caller waited ``max_wait`` and has left the queue; continue at the target (None: none configured)."""

    call: str
    queue: str
    target: str | None


@dataclass(frozen=True, slots=True)
class QueueFull:
    """The caller was not let in; continue at the target (None: none configured)."""

    call: str
    queue: str
    target: str | None


@dataclass(frozen=True, slots=True)
class QueueEmpty:
    """Nobody who could ever serve this caller is logged in; the caller has left the queue (or was not let in)."""

    call: str
    queue: str
    target: str | None


@dataclass(frozen=True, slots=True)
class AgentStateChanged:
    """Everything there is to show about an agent, after each visible change."""

    agent: str
    status: Status
    state: State
    reachable: bool
    busy: bool
    phone: str
    reason: str
    call: str | None


@dataclass(frozen=True, slots=True)
class Journal:
    """One line for the journal: JSON-able, with ``kind`` and ``at`` (seconds). See :mod:`acd.journal`."""

    record: dict[str, Any]


Effect = (
    OfferCall
    | WithdrawOffer
    | Connect
    | AnnouncePosition
    | QueueTimedOut
    | QueueFull
    | QueueEmpty
    | AgentStateChanged
    | Journal
)
