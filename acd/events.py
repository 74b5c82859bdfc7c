"""What happens to the dispatcher. Ids are the caller's own: calls and agents are text, offers are the dispatcher's.

An event about an agent, call or offer that the dispatcher does not know (any more) is a race and harmless.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from acd.skills import EVERYBODY, Expression

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    SERVED = "served"  # by somebody to whom no queue has sent the caller


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
class AgentQueueLeft:
    """The agent takes no calls of this queue until AgentQueueJoined or the next login."""

    agent: str
    queue: str


@dataclass(frozen=True, slots=True)
class AgentQueueJoined:
    agent: str
    queue: str


@dataclass(frozen=True, slots=True)
class AgentSkillsChanged:
    """The agent's levels from now on, in place of all earlier ones; a later change in the configuration wins."""

    agent: str
    skills: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CallJoined:
    """A caller joins a queue; a call that waits or talks already leaves that place first (blind transfer).

    ``priority`` is added to the queue's. ``needs`` must hold in addition to the queue's at every relaxation step;
    agents who satisfy ``preferred`` are asked first, and ``agent`` before everybody while idle. ``waiting_since``
    keeps the age of a caller who waited before, in the queues ``came_from``. ``variables`` fill ``{name}`` in skill
    expressions; ``language`` is ``{language}``. ``customer`` (normalised number or id; empty: unknown) is who calls
    again or has asked for a callback.

    With a ``number`` nobody is on the line: somebody is to be called back there, who gave up or asked before. That is
    taken whatever the limits of the queue, see CallbackRequested.
    """

    call: str
    queue: str
    language: str = ""
    priority: float = 0.0
    needs: Expression = EVERYBODY
    preferred: Expression = EVERYBODY
    variables: tuple[tuple[str, str], ...] = ()
    waiting_since: float | None = None
    customer: str = ""
    agent: str = ""
    number: str = ""
    about: tuple[tuple[str, str], ...] = ()
    came_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CallChanged:
    """A caller who does not talk yet is changed and sorted anew at once; None: as it is. ``queue`` moves with the age.

    An offer that rings is withdrawn if its agent may not serve the caller any more. ``variables`` are those that
    change, beside what is known already.
    """

    call: str
    queue: str | None = None
    priority: float | None = None
    needs: Expression | None = None
    preferred: Expression | None = None
    variables: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class CallPicked:
    """Somebody has picked a waiting caller for this agent, whatever the order, the skills and the queues: only this
    agent is rung. Means nothing while the agent is not free; who is not answered waits on, in the same place."""

    call: str
    agent: str


@dataclass(frozen=True, slots=True)
class CallAway:
    """The caller listens to the exit menu: keeps the place and is counted, is not offered meanwhile."""

    call: str


@dataclass(frozen=True, slots=True)
class CallReturned:
    """The caller is back from the exit menu."""

    call: str


@dataclass(frozen=True, slots=True)
class CallbackRequested:
    """The waiting caller hangs up, keeps the place and is to be called back at ``number``.

    ``about``: names and values for whoever dials, kept with the ticket.
    """

    call: str
    number: str
    about: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CallbackDialled:
    """The number of a callback rings; its time to answer counts from now."""

    call: str


@dataclass(frozen=True, slots=True)
class CallbackAnswered:
    """The customer is on the line again."""

    call: str


@dataclass(frozen=True, slots=True)
class CallbackFailed:
    """The customer could not be reached this time."""

    call: str
    reason: FailReason


@dataclass(frozen=True, slots=True)
class CallbackCancelled:
    call: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CallbacksPaused:
    """Nobody is called back for this queue before ``until``; None: from now on they are. Calls under way go on."""

    queue: str
    until: float | None


@dataclass(frozen=True, slots=True)
class QueueClosing:
    """The hours of the queue are about to end: who waits, and who comes, is offered a callback at once. Not
    ``closing``: that is over."""

    queue: str
    closing: bool


@dataclass(frozen=True, slots=True)
class CallLeft:
    """The caller is gone from the queue by own or outside will; during a conversation it ends that.

    Also of a call that is in no queue any more, when it is over: a customer who was to be called back and has called
    in the meantime is still to be called back if nobody served that call; SERVED says that somebody does now. So is
    somebody who was promised a callback and TRANSFERRED elsewhere while waiting: until this call is over, or SERVED, or
    CallJoined brings it back, the promise rests.
    """

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
class WrapUpExtended:
    """The agent needs so many seconds from now for the work after the call, or (None) until done."""

    agent: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class WaitEstimated:
    """How long callers will wait from now on: call, P50 and P80 (seconds), and the spread (sd / mean) of each."""

    estimates: tuple[tuple[str, float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Restarted:
    """The process started anew on a restored state: no leg is left of any call.

    Who waited is remembered as after a hang-up, for at least ``resume_within`` seconds; offers and conversations are
    over; callbacks, agents and their counters stay.
    """

    resume_within: float = 60.0


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
    | AgentQueueLeft
    | AgentQueueJoined
    | AgentSkillsChanged
    | WrapUpEnded
    | WrapUpExtended
)
CallbackEvent = CallbackRequested | CallbackDialled | CallbackAnswered | CallbackFailed | CallbackCancelled
CallEvent = (
    CallJoined
    | CallLeft
    | CallChanged
    | CallPicked
    | CallAway
    | CallReturned
    | OfferAnswered
    | OfferFailed
    | ConversationEnded
)
Event = (
    AgentEvent | CallEvent | CallbackEvent | CallbacksPaused | QueueClosing | WaitEstimated | Restarted | Reconfigured
)
