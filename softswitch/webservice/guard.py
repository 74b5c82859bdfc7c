"""Which addresses a web service may be at.

A name in a URL may lead anywhere, and what a caller keys goes into that URL: without a guard, a service could make the
switch talk to its own neighbours (server-side request forgery). Names are resolved here, every address is looked at,
and the connection goes to the very address that was allowed, so that a name cannot change its mind in between.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
from concurrent.futures import Future
from http.cookiejar import CookieJar, DefaultCookiePolicy
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import httpx2

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Iterable

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address
    Network = ipaddress.IPv4Network | ipaddress.IPv6Network
    Resolve = Callable[[str, int], Awaitable[list[str]]]


class AddressRefused(httpx2.TransportError):
    """The service is at an address that is not for it."""


#: Special, whatever the standard library of some version says of them: RFC 6890, RFC 3879.
_SPECIAL = tuple(
    map(
        ipaddress.ip_network,
        # the last two: translators of a network of its own (RFC 8215, RFC 7915)
        ("192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4", "fec0::/10", "::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96"),
    )
)
#: The last 32 bits are an IPv4 address that is reached through a translator (RFC 6052).
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
#: Lookups of names that one service may have under way.
_THREADS = 2
#: Extension of a request: seconds that whoever asks has for all of it.
PATIENCE = "patience"
_PATIENCE = 3.0
#: Hosts whose connections are kept for the next request, and for which it is known what address answered.
_MOST_HOSTS = 32


def is_public(address: Address) -> bool:
    """Whether *address* is somewhere in the internet: not private, not this machine, not special in any way."""
    if isinstance(address, ipaddress.IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in _TRANSLATED:
            inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inside is not None:
            return is_public(inside)
    if any(address.version == network.version and address in network for network in _SPECIAL):
        return False
    return address.is_global and not address.is_multicast


class Guard:
    """Public addresses, and those of the networks that were named."""

    def __init__(self, allowed: Iterable[Network] = ()) -> None:
        self._allowed = tuple(allowed)

    def permits(self, address: Address) -> bool:
        return is_public(address) or any(
            address.version == network.version and address in network for network in self._allowed
        )


#: Lets everything pass: for addresses that the configuration alone names.
ANYWHERE = Guard([ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")])


class Resolver:
    """Names as the system resolves them, in threads of one service: where its name server is silent, only it waits."""

    def __init__(self) -> None:
        self._wanted: SimpleQueue[tuple[Future[list[str]], str, int] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    async def resolve(self, host: str, port: int) -> list[str]:
        """The addresses of *host*, in the order in which to try them. Raises OSError."""
        found: Future[list[str]] = Future()
        self._wanted.put((found, host, port))
        if len(self._threads) < _THREADS:  # as a daemon: the end of the process does not wait for a silent name server
            thread = threading.Thread(target=self._look_up, name="names of a service", daemon=True)
            self._threads.append(thread)
            thread.start()
        return await asyncio.wrap_future(found)

    def _look_up(self) -> None:
        while (wanted := self._wanted.get()) is not None:
            found, host, port = wanted
            if not found.set_running_or_notify_cancel():
                continue
            try:
                addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                found.set_result(list(dict.fromkeys(str(address[0]) for *_, address in addresses)))
            except Exception as error:  # for who waits
                found.set_exception(error)

    def close(self) -> None:
        """What is looked up now is of use to nobody."""
        with contextlib.suppress(Empty):
            while (wanted := self._wanted.get_nowait()) is None or wanted[0].cancel():
                pass
        for _ in self._threads:
            self._wanted.put(None)
        self._threads = []


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Connects to allowed addresses only; TLS is still verified against the name.

    Connections are kept for the host that they were made for: at one address there may be hosts of many people.
    """

    def __init__(
        self, guard: Guard, connections: Callable[[httpx2.Limits], httpx2.AsyncBaseTransport], resolve: Resolve | None
    ) -> None:
        self._guard = guard
        self._connections = connections
        self._alone = connections(httpx2.Limits(max_keepalive_connections=0))
        self._kept: dict[str, httpx2.AsyncBaseTransport] = {}
        self._answered: dict[str, str] = {}  # by host: the address that did last
        self._resolver = Resolver()
        self._resolve = resolve or self._resolver.resolve

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.host
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpx2.ConnectError(
                f"{host}: {getattr(error, 'strerror', None) or error}", request=request
            ) from error
        permitted = [address for address in addresses if self._guard.permits(ipaddress.ip_address(address))]
        if not permitted:
            raise AddressRefused(f"{host} is at {', '.join(addresses)}, which is not allowed", request=request)
        request.extensions = {**request.extensions, "sni_hostname": host}
        url, extensions, inner = request.url, request.extensions, self._connections_to(host)
        permitted.sort(key=lambda address: address != self._answered.get(host))
        share = extensions.get(PATIENCE, _PATIENCE) / (len(permitted) + 1)
        for address in permitted[:-1]:
            request.url = url.copy_with(host=address)  # the Host header keeps the name
            # an address that swallows connections must not take the time of the others
            request.extensions = {**extensions, "timeout": {**extensions.get("timeout", {}), "connect": share}}
            with contextlib.suppress(httpx2.ConnectError, httpx2.ConnectTimeout):
                return self._from(host, address, await inner.handle_async_request(request))
        request.url, request.extensions = url.copy_with(host=permitted[-1]), extensions
        return self._from(host, permitted[-1], await inner.handle_async_request(request))

    def _connections_to(self, host: str) -> httpx2.AsyncBaseTransport:
        if host not in self._kept and len(self._kept) < _MOST_HOSTS:
            self._kept[host] = self._connections(httpx2.Limits(max_connections=100, max_keepalive_connections=20))
        return self._kept.get(host, self._alone)

    def _from(self, host: str, address: str, response: httpx2.Response) -> httpx2.Response:
        if host in self._kept:
            self._answered[host] = address
        return response

    async def aclose(self) -> None:
        self._resolver.close()
        for transport in (self._alone, *self._kept.values()):
            await transport.aclose()


def guarded_client(
    guard: Guard, resolve: Resolve | None = None, tls: ssl.SSLContext | None = None
) -> httpx2.AsyncClient:
    """A client whose requests all pass *guard*. It follows no redirects and uses no proxy: neither was looked at.

    It keeps no cookies: what a service says to one caller is not for the next.
    """
    context = httpx2.create_ssl_context(trust_env=False) if tls is None else tls

    def connections(limits: httpx2.Limits) -> httpx2.AsyncHTTPTransport:
        return httpx2.AsyncHTTPTransport(verify=context, trust_env=False, limits=limits)

    return httpx2.AsyncClient(
        transport=GuardedTransport(guard, connections, resolve),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        timeout=None,
        trust_env=False,
        follow_redirects=False,
    )
