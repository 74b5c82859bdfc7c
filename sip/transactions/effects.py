"""Everything the transaction layer tells the transaction user (TU). What goes to the network is ``flow.Transmit``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from sip.flow import Flow
    from sip.message import Request, Response

#: What the TU gave with a request of its own and gets back with everything that becomes of it.
Owner = TypeVar("Owner")


class Failure(Enum):
    """Why there will be no (more) response."""

    TIMEOUT = auto()
    TRANSPORT = auto()


@dataclass(frozen=True, slots=True)
class PassRequest:
    """A new request; ``transaction`` is what the TU answers by."""

    transaction: str
    request: Request
    flow: Flow


@dataclass(frozen=True, slots=True)
class Overloaded:
    """A new request for which there is no room; nothing is kept of it. Answer it statelessly or not at all."""

    request: Request
    flow: Flow


@dataclass(frozen=True, slots=True)
class PassCancel:
    """A CANCEL, answered by ``transaction``, for the INVITE of ``invite`` (None: there is none, RFC 3261 §9.2)."""

    transaction: str
    request: Request
    invite: str | None


@dataclass(frozen=True, slots=True)
class PassAck:
    """An ACK that belongs to a 2xx: end to end, matched by its dialog."""

    request: Request
    flow: Flow


@dataclass(frozen=True, slots=True)
class PassResponse(Generic[Owner]):
    owner: Owner
    response: Response
    flow: Flow


@dataclass(frozen=True, slots=True)
class ClientFailed(Generic[Owner]):
    """Our request will have no final response."""

    owner: Owner
    failure: Failure


@dataclass(frozen=True, slots=True)
class ServerFailed:
    """Our response could not be delivered, or its ACK never came."""

    transaction: str
    failure: Failure


Effect = PassRequest | Overloaded | PassCancel | PassAck | PassResponse[Owner] | ClientFailed[Owner] | ServerFailed
