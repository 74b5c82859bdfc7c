"""Which addresses we listen on, and under which one a peer can reach us."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING, NamedTuple

from sip.flow import Address, Transport
from sip.routing import is_private

if TYPE_CHECKING:
    from collections.abc import Callable

    from sip.flow import Flow

_LISTEN = re.compile(r"(udp|tcp):(\[[0-9A-Fa-f:.]+\]|[0-9.]+):([0-9]{1,5})")
_WILDCARDS = ("0.0.0.0", "::")
_CACHE_SECONDS = 60.0
_CACHE_SIZE = 4096


class Listen(NamedTuple):
    transport: Transport
    address: Address

    @classmethod
    def parse(cls, text: str) -> Listen:
        """``udp:0.0.0.0:5060`` or ``tcp:[::1]:5060``; port 0 takes a free one. Raises ValueError."""
        match = _LISTEN.fullmatch(text)
        if match is None or int(match[3]) > 65535:
            raise ValueError(f'"{text}" is not of the form udp:ADDRESS:PORT or tcp:ADDRESS:PORT')
        return cls(Transport(match[1]), (match[2].strip("[]"), int(match[3])))


def family_of(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


class OwnAddress:
    """Host and port for Via and Contact, towards the peer of a flow: ``sip.local.LocalAgent.address``.

    That of the socket, if it is bound to one. Else the address from which the kernel would send to that peer; or
    *external*, the public address in front of us, for peers outside private networks.
    """

    def __init__(self, external: str, clock: Callable[[], float]) -> None:
        self._external = external
        self._clock = clock
        self._cache: dict[str, str] = {}
        self._cached_at = float("-inf")

    def __call__(self, flow: Flow) -> Address:
        host, port = flow.local
        if self._external and family_of(flow.remote[0]) is socket.AF_INET and not is_private(flow.remote[0]):
            return self._external, port
        if host in _WILDCARDS:
            host = self._towards(flow.remote[0])
        return host, port

    def _towards(self, peer: str) -> str:
        now = self._clock()
        if now - self._cached_at > _CACHE_SECONDS or len(self._cache) >= _CACHE_SIZE:
            self._cache.clear()
            self._cached_at = now
        host = self._cache.get(peer)
        if host is None:
            host = self._cache[peer] = source_address(peer)
        return host


def source_address(peer: str) -> str:
    """The address the kernel would send from; nothing is sent. *peer* is an address, not a name."""
    with socket.socket(family_of(peer), socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((peer, 9))
        except OSError:
            return "127.0.0.1" if family_of(peer) is socket.AF_INET else "::1"
        return str(probe.getsockname()[0])
