"""Where messages go (RFC 3261 §8.1.2, §12.2.1.1, §18.2.2; RFC 3581). Never asks a name server."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sip.flow import Address, Flow, Transport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sip.headers import NameAddr, Via
    from sip.uri import Uri

DEFAULT_PORT = 5060

_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(?:\.(?!$)|$)){4}")


def is_ip_address(host: str) -> bool:
    """An IPv4 address or an IPv6 reference, against a name that would have to be resolved."""
    return host.startswith("[") or _IPV4.fullmatch(host) is not None


def response_flow(via: Via, flow: Flow) -> Flow:
    """Where the responses to a request go that came on *flow*.

    On a stream they take its connection. On UDP they go to the source address: to its port if the client asked for
    that (rport), else to the port in sent-by. ``maddr`` is not followed: it would let a stranger aim our responses.
    """
    if flow.transport is not Transport.UDP:
        return flow
    if via.param("rport") is not None:
        return flow
    port = via.port or DEFAULT_PORT
    if port == flow.remote[1]:
        return flow
    return Flow(flow.transport, flow.local, (flow.remote[0], port))


@dataclass(frozen=True, slots=True)
class NextHop:
    """``host`` may be a name; resolving it is the edge's affair."""

    transport: Transport
    host: str
    port: int

    @property
    def address(self) -> Address | None:
        """None while *host* is a name."""
        return (self.host.strip("[]"), self.port) if is_ip_address(self.host) else None


def next_hop(uri: Uri, default: Transport = Transport.UDP) -> NextHop | None:
    """Where a request to *uri* goes: its transport, host and port; None for schemes and transports we do not speak."""
    if uri.scheme != "sip" or not uri.host:
        return None
    named = uri.param("transport")
    try:
        transport = Transport(named.lower()) if named else default
    except ValueError:
        return None
    return NextHop(transport, uri.host, uri.port or DEFAULT_PORT)


def is_private(host: str) -> bool:
    """An IPv4 address that means something only inside its own network (RFC 1918, 3927, 6598, loopback)."""
    if _IPV4.fullmatch(host) is None:
        return False
    first, second, *_ = (int(part) for part in host.split("."))
    return (
        first in (10, 127)
        or (first == 172 and 16 <= second < 32)
        or (first == 192 and second == 168)
        or (first == 169 and second == 254)
        or (first == 100 and 64 <= second < 128)
    )


def in_dialog_flow(remote_target: Uri, routes: Sequence[NameAddr], flow: Flow, alias: str = "") -> Flow:
    """The flow of a new request in a dialog whose last message from the peer came on *flow*.

    The first route or the remote target says where to. That is overruled by *flow* itself where it cannot work: on a
    stream there is a connection already; the host is a name (nothing is resolved here); or the peer is behind a NAT.
    *alias* is the host by which the peer called itself (sent-by of its Via, or the URI by which we reached it).
    """
    if flow.transport is not Transport.UDP:
        return flow
    hop = next_hop(routes[0].uri if routes else remote_target)
    if hop is None or hop.transport is not flow.transport:
        return flow
    address = hop.address
    if address is None or address == flow.remote:
        return flow
    source = flow.remote[0]
    if address[0] != source and (address[0] == alias or (is_private(address[0]) and not is_private(source))):
        return flow
    return Flow(flow.transport, flow.local, address)
