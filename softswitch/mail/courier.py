"""One message handed in at the mail server, over a connection of its own.

Names are looked up in threads of the mail: where a name server is silent, nobody else's files and names wait for it.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import aiosmtplib

if TYPE_CHECKING:
    from email.message import EmailMessage
    from typing import Literal

    from softswitch.config.secrets import Secret

#: Lookups of names that may be under way.
_THREADS = 2


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in. `tls`: "starttls" (port 587), "tls" from the first octet (465), or "none"."""

    host: str
    port: int
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: Secret | None = None
    timeout: float = 30.0

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Courier:
    """`close` it before the loop ends."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="names of the mail")
        self._own_name = ""

    async def hand_in(self, message: EmailMessage, recipient: str, server: MailServer) -> None:
        """Return when *server* has accepted *message*. Raises aiosmtplib.SMTPException or OSError."""
        # made beforehand: nothing comes between the connection and its being taken over
        context = await asyncio.to_thread(ssl.create_default_context) if server.tls == "tls" else None
        connected = await self._connect(server)
        await aiosmtplib.send(
            message,
            recipients=[recipient],
            hostname=server.host,  # what its certificate is for
            port=None,
            sock=connected,
            local_hostname=self._own_name,
            use_tls=server.tls == "tls",
            tls_context=context,
            start_tls=server.tls == "starttls",
            username=server.user or None,
            password=None if server.password is None else server.password.reveal(),
            timeout=server.timeout,
        )

    def close(self) -> None:
        """What is looked up now is of use to nobody."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _connect(self, server: MailServer) -> socket.socket:
        """A connection to the first of its addresses that takes one. Raises OSError."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(server.timeout):
                if not self._own_name:
                    self._own_name = await loop.run_in_executor(self._threads, socket.getfqdn)
                look_up = partial(socket.getaddrinfo, server.host, server.port, type=socket.SOCK_STREAM)
                found = await loop.run_in_executor(self._threads, look_up)
        except TimeoutError:
            raise OSError(f"the name {server.host} was not found within {server.timeout:g} s") from None
        except UnicodeError as error:
            raise OSError(f"{server.host} is no name: {error}") from None
        failed: OSError = OSError(f"{server.host} has no address")
        for family, kind, protocol, _, address in found:
            try:
                return await self._reach(family, kind, protocol, address, server.timeout)
            except OSError as error:
                failed = error
        raise failed

    @staticmethod
    async def _reach(family: int, kind: int, protocol: int, address: Any, within: float) -> socket.socket:
        trying = socket.socket(family, kind, protocol)
        trying.setblocking(False)
        try:
            async with asyncio.timeout(within):
                await asyncio.get_running_loop().sock_connect(trying, address)
        except TimeoutError:
            trying.close()
            raise OSError(f"{address[0]} did not answer within {within:g} s") from None
        except BaseException:
            trying.close()
            raise
        return trying
