"""Where a message came from and where one goes to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Address = tuple[str, int]


class Transport(StrEnum):
    UDP = "udp"
    TCP = "tcp"

    @property
    def reliable(self) -> bool:
        return self is not Transport.UDP


@dataclass(frozen=True, slots=True)
class Flow:
    """A pair of addresses on one transport.

    ``connection`` numbers the connection of a stream transport; 0 means "any to this remote address, or a new one".
    """

    transport: Transport
    local: Address
    remote: Address
    connection: int = 0


@dataclass(frozen=True, slots=True)
class Transmit:
    """One whole message for the network."""

    data: bytes
    flow: Flow
