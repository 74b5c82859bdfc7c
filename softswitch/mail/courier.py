"""One message handed in at the mail server, over a connection of its own.

Names are looked up in threads of the mail: where a name server is silent, nobody else's files and names wait for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import aiosmtplib

if TYPE_CHECKING:
    from typing import BinaryIO, Literal

    from softswitch.config.secrets import Secret

#: Lookups of names that may be under way.
_THREADS = 2
#: Octets read and written at once, octets that may wait for the network, and seconds between looks at them.
_PIECE, _UNSENT, _BREATH = 1 << 16, 1 << 18, 0.005


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

    async def hand_in(self, letter: BinaryIO, sender: str, recipient: str, server: MailServer) -> None:
        """Return when *server* has accepted *letter*, lines that end with CR LF, from where it stands.

        It is read and sent piece by piece: however long it is, nobody else waits. Raises aiosmtplib.SMTPException or
        OSError.
        """
        # made beforehand: nothing comes between the connection and its being taken over
        context = await asyncio.to_thread(ssl.create_default_context) if server.tls == "tls" else None
        connected = await self._connect(server)
        client = aiosmtplib.SMTP(
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
        accepted = False
        try:
            async with client:
                if client.is_ehlo_or_helo_needed:
                    with contextlib.suppress(aiosmtplib.SMTPHeloError):  # it is asked the old way then
                        await client.ehlo()
                size = os.fstat(letter.fileno()).st_size - letter.tell()
                await client.mail(sender, options=[f"SIZE={size}"] if client.supports_extension("size") else [])
                try:
                    await client.rcpt(recipient)
                except aiosmtplib.SMTPRecipientRefused as error:
                    raise aiosmtplib.SMTPRecipientsRefused([error]) from error
                try:
                    await _send(client, letter, server.timeout)
                except BaseException:
                    client.close()  # without the end of the message the server has not got it
                    raise
                accepted = True
        except asyncio.CancelledError:
            if not accepted:  # else it was but the good-bye: the server has the letter, and must not get it again
                raise

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


async def _send(client: aiosmtplib.SMTP, letter: BinaryIO, within: float) -> None:
    """The message itself (RFC 5321 §4.1.1.4); *within*: seconds in which each piece has to go."""
    response = await client.execute_command(b"DATA")
    if response.code != aiosmtplib.SMTPStatus.start_input:
        raise aiosmtplib.SMTPDataError(response.code, response.message)
    last = b"\n"
    while piece := await asyncio.to_thread(letter.read, _PIECE):
        dotted = piece.replace(b"\n.", b"\n..")
        await _write(client, b"." + dotted if last == b"\n" and piece[:1] == b"." else dotted, within)
        last = piece[-1:]
    if last != b"\n":
        await _write(client, b"\r\n", within)
    response = await client.execute_command(b".")
    if response.code != aiosmtplib.SMTPStatus.completed:
        raise aiosmtplib.SMTPDataError(response.code, response.message)


async def _write(client: aiosmtplib.SMTP, octets: bytes, within: float) -> None:
    transport = client.transport
    if not isinstance(transport, asyncio.WriteTransport) or transport.is_closing():
        raise aiosmtplib.SMTPServerDisconnected("the server has hung up")
    transport.write(octets)
    try:
        async with asyncio.timeout(within):
            while transport.get_write_buffer_size() > _UNSENT:  # noqa: ASYNC110 (nothing that is public tells)
                await asyncio.sleep(_BREATH)
    except TimeoutError:
        raise TimeoutError(f"the server has taken nothing for {within:g} s") from None
