"""What the endpoint tells its user (call control, the registrar's edge).

Every INVITE usage ends with exactly one of ``Rejected``, ``Cancelled`` and ``Ended``, also when it was our own doing;
nothing about that usage follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sip.flow import Flow
    from sip.message import Request, Response

UsageId = str


class EndCause(StrEnum):
    LOCAL = "local"  # we hung up, or rejected an incoming call
    REMOTE = "remote"  # the peer sent BYE
    ACK_TIMEOUT = "ack timeout"  # our 2xx was never acknowledged
    PEER_GONE = "peer gone"  # a request in the dialog got 481, 408 or no answer
    TRANSPORT = "transport"  # the caller cannot be reached


@dataclass(frozen=True, slots=True)
class RequestReceived:
    """Anything but INVITE, ACK, CANCEL and BYE; answer it with ``respond``. In a dialog, ``usage`` is set."""

    transaction: str
    request: Request
    flow: Flow
    usage: UsageId | None = None


@dataclass(frozen=True, slots=True)
class InviteReceived:
    """A call comes in. 100 Trying is sent by itself unless the user answers anything within 200 ms."""

    usage: UsageId
    request: Request
    flow: Flow


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The ACK of our 2xx; its body may hold the answer to a late offer."""

    usage: UsageId
    request: Request


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The caller gave up; 487 has been sent."""

    usage: UsageId


@dataclass(frozen=True, slots=True)
class Ringing:
    """A 1xx other than 100 to our INVITE; a body in it means early media."""

    usage: UsageId
    response: Response


@dataclass(frozen=True, slots=True)
class Answered:
    """A 2xx to our INVITE. It has been acknowledged, unless our INVITE had no offer: then ``ack`` must follow."""

    usage: UsageId
    response: Response


@dataclass(frozen=True, slots=True)
class Rejected:
    """Our INVITE failed: a 3xx-6xx, or 408 (nothing came in time), or 503 (the network refused)."""

    usage: UsageId
    response: Response | None
    status: int
    cause: str


@dataclass(frozen=True, slots=True)
class ReinviteReceived:
    """Answer with ``accept_reinvite`` or ``reject_reinvite``. An empty body asks for an offer."""

    usage: UsageId
    request: Request


@dataclass(frozen=True, slots=True)
class ReinviteConfirmed:
    """The ACK of the 2xx to the peer's re-INVITE; its body answers our offer if the re-INVITE had none."""

    usage: UsageId
    request: Request


@dataclass(frozen=True, slots=True)
class ReinviteAnswered:
    """The peer accepted ``offer``, the body of our re-INVITE."""

    usage: UsageId
    response: Response
    offer: bytes


@dataclass(frozen=True, slots=True)
class ReinviteRejected:
    """Our re-INVITE failed; the session goes on as it was."""

    usage: UsageId
    status: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The usage is over. ``request`` is the peer's BYE, ``q850`` the cause value of its Reason field (RFC 3326)."""

    usage: UsageId
    cause: EndCause
    request: Request | None = None
    q850: int | None = None


@dataclass(frozen=True, slots=True)
class ResponseReceived:
    """The final response to ``request``, whatever it says; challenges that could be answered have been."""

    request: str
    response: Response


@dataclass(frozen=True, slots=True)
class RequestFailed:
    """No response to ``request`` will come: 408 (nothing came in time), or 503 (the network refused)."""

    request: str
    status: int
    cause: str


Event = (
    RequestReceived
    | InviteReceived
    | Confirmed
    | Cancelled
    | Ringing
    | Answered
    | Rejected
    | ReinviteReceived
    | ReinviteConfirmed
    | ReinviteAnswered
    | ReinviteRejected
    | Ended
    | ResponseReceived
    | RequestFailed
)
