"""The data of one INVITE usage, and the requests of ours that belong to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from sip.events import EndCause
from sip.reinvite import ReinviteMachine
from sip.timers import never

if TYPE_CHECKING:
    from sip.auth import Authorization, Credentials
    from sip.dialog import Dialog
    from sip.events import UsageId
    from sip.flow import Flow, Transmit
    from sip.invite import InviteMachine
    from sip.message import Request, Response
    from sip.responses import ResponseTemplate

Fields = tuple[tuple[str, str], ...]


class Purpose(Enum):
    INVITE = auto()
    REINVITE = auto()
    CANCEL = auto()
    BYE = auto()
    FORK_BYE = auto()
    INFO = auto()
    REFER = auto()


@dataclass(slots=True, eq=False)
class Sent:
    """A request of ours that waits for responses. ``ack`` is what a repeated 2xx gets again."""

    usage: Usage
    purpose: Purpose
    request: Request
    flow: Flow
    transaction: str = ""
    ack: Transmit | None = None
    logins: int = 0
    id: str = ""  # the user's handle of it


@dataclass(slots=True, eq=False)
class Incoming:
    """An INVITE from the peer, first or later, that waits for our final response or for the ACK of our 2xx."""

    transaction: str
    template: ResponseTemplate
    cseq: int
    status: int = 0
    data: bytes = b""
    sent: Transmit | None = None


@dataclass(slots=True, eq=False)
class Change:
    """re-INVITEs: the peer's at hand (``refused``: one too many), ours on its way, and the offer that is to go next."""

    machine: ReinviteMachine = field(default_factory=ReinviteMachine)
    incoming: Incoming | None = None
    request: Request | None = None
    refused: Incoming | None = None
    sent: Sent | None = None
    offered: bytes = b""
    wanted: bytes | None = None
    glares: int = 0


@dataclass(slots=True, eq=False)
class Usage:
    """``incoming`` is set when we were called, ``sent`` when we called."""

    id: UsageId
    machine: InviteMachine
    flow: Flow
    call_id: str
    local_tag: str
    contact: str
    dialog: Dialog | None = None
    incoming: Incoming | None = None
    sent: Sent | None = None
    late_offer: bool = False
    credentials: Credentials | None = field(default=None, repr=False)
    authorization: Authorization | None = field(default=None, repr=False)
    #: ACKs for 2xx from other parties behind a forking proxy, by their tags.
    forks: dict[str, Transmit] = field(default_factory=dict)
    change: Change = field(default_factory=Change)
    scheduled: float = field(default_factory=never)

    # What the actions of the input at hand work with.
    received: Request | Response | None = None
    received_flow: Flow | None = None
    failure: tuple[int, str] = (0, "")
    fields: Fields = ()
    body: bytes = b""
    cause: EndCause = EndCause.LOCAL

    def next_deadline(self) -> float | None:
        first, second = self.machine.next_deadline(), self.change.machine.next_deadline()
        if first is None or second is None:
            return second if first is None else first
        return min(first, second)
