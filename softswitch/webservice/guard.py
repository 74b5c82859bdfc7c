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
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING

import httpx2

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address
    Network = ipaddress.IPv4Network | ipaddress.IPv6Network
    Resolve = Callable[[str, int], Awaitable[list[str]]]


class AddressRefused(httpx2.TransportError):
    """The service is at an address that is not for it."""


#: Special, whatever the standard library of some version says of them: RFC 6890, RFC 3879.
_SPECIAL = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4", "fec0::/10", "::/96")))
#: The last 32 bits are an IPv4 address that is reached through a translator (RFC 6052).
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
#: Lookups of names that one service may have under way.
_THREADS = 2


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
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="names of a service")

    async def resolve(self, host: str, port: int) -> list[str]:
        """The addresses of *host*, in the order in which to try them. Raises OSError."""
        look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, look_up)
        return list(dict.fromkeys(str(address[0]) for *_, address in found))

    def close(self) -> None:
        """What is looked up now is of use to nobody."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Connects to allowed addresses only; TLS is still verified against the name."""

    def __init__(self, guard: Guard, inner: httpx2.AsyncBaseTransport, resolve: Resolve | None = None) -> None:
        self._guard = guard
        self._inner = inner
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
        url = request.url
        for address in permitted[:-1]:
            request.url = url.copy_with(host=address)  # the Host header keeps the name
            with contextlib.suppress(httpx2.ConnectError):
                return await self._inner.handle_async_request(request)
        request.url = url.copy_with(host=permitted[-1])
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        self._resolver.close()
        await self._inner.aclose()


def guarded_client(guard: Guard, resolve: Resolve | None = None) -> httpx2.AsyncClient:
    """A client whose requests all pass *guard*. It follows no redirects and uses no proxy: neither was looked at.

    It keeps no cookies: what a service says to one caller is not for the next.
    """
    inner = httpx2.AsyncHTTPTransport(trust_env=False)
    return httpx2.AsyncClient(
        transport=GuardedTransport(guard, inner, resolve),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        timeout=None,
        trust_env=False,
        follow_redirects=False,
    )
