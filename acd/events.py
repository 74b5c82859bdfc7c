"""What happens to the dispatcher. Ids are the caller's own: calls and agents are text, offers are the dispatcher's.

An event about an agent, call or offer that the dispatcher does not know (any more) is a race and harmless.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from acd.skills import EVERYBODY, Expression

if TYPE_CHECKING:
    from acd.model import AcdConfig


class FailReason(StrEnum):
    """Why an offer came to nothing."""

    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    DROPPED = "dropped"  # answered, then the agent's leg ended before the two were talking


class LeaveReason(StrEnum):
    ABANDONED = "abandoned"
    EXIT = "exit"
    TRANSFERRED = "transferred"


class EndedBy(StrEnum):
    CALLER = "caller"
    AGENT = "agent"
    SWITCH = "switch"


@dataclass(frozen=True, slots=True)
class AgentLoggedIn:
    """The agent works at this phone from now on; whoever was logged in there is logged out.

    ``busy``: the phone is still in a call of its own, as when the agent dialled the feature code; AgentFree follows.
    """

    agent: str
    phone: str
    reachable: bool = True
    busy: bool = False


@dataclass(frozen=True, slots=True)
class AgentLoggedOut:
    agent: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AgentBreakStarted:
    agent: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AgentBreakEnded:
    agent: str


@dataclass(frozen=True, slots=True)
class AgentReachable:
    agent: str


@dataclass(frozen=True, slots=True)
class AgentUnreachable:
    """The phone's registration lapsed or it does not answer; a ringing offer is withdrawn, a conversation goes on."""

    agent: str


@dataclass(frozen=True, slots=True)
class AgentBusy:
    """The agent's phone is in a call that the dispatcher did not make."""

    agent: str


@dataclass(frozen=True, slots=True)
class AgentFree:
    agent: str


@dataclass(frozen=True, slots=True)
class CallJoined:
    """A caller joins a queue; a call that waits or talks already leaves that place first (blind transfer).

    ``priority`` is added to the queue's. ``needs`` must hold in addition to the queue's at every relaxation step.
    ``waiting_since`` keeps the age of a caller who waited before. ``variables`` fill ``{name}`` in skill expressions;
    ``language`` is ``{language}``.
    """

    call: str
    queue: str
    language: str = ""
    priority: float = 0.0
    needs: Expression = EVERYBODY
    variables: tuple[tuple[str, str], ...] = ()
    waiting_since: float | None = None


@dataclass(frozen=True, slots=True)
class CallLeft:
    """The caller is gone from the queue by own or outside will; during a conversation it ends that."""

    call: str
    reason: LeaveReason = LeaveReason.ABANDONED


@dataclass(frozen=True, slots=True)
class OfferAnswered:
    offer: int


@dataclass(frozen=True, slots=True)
class OfferFailed:
    """The offer came to nothing. After OfferAnswered: the agent's leg was lost, the caller keeps the place."""

    offer: int
    reason: FailReason


@dataclass(frozen=True, slots=True)
class ConversationEnded:
    call: str
    by: EndedBy = EndedBy.SWITCH


@dataclass(frozen=True, slots=True)
class WrapUpEnded:
    """The agent is done before the wrap-up time is over."""

    agent: str


@dataclass(frozen=True, slots=True)
class Reconfigured:
    """New queues, agents or rules; nobody is logged out or loses a place.

    A removed queue drains: callers in it are still served. A removed agent is logged out after the conversation.
    """

    config: AcdConfig


AgentEvent = (
    AgentLoggedIn
    | AgentLoggedOut
    | AgentBreakStarted
    | AgentBreakEnded
    | AgentReachable
    | AgentUnreachable
    | AgentBusy
    | AgentFree
    | WrapUpEnded
)
CallEvent = CallJoined | CallLeft | OfferAnswered | OfferFailed | ConversationEnded
Event = AgentEvent | CallEvent | Reconfigured
