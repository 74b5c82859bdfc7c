"""The switch's end of the admin socket. Nothing that a client does, or leaves undone, holds up a call."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import os
import socket
import struct
from typing import TYPE_CHECKING, Any

from softswitch.admin.protocol import MAX_REQUEST, AdminError, Code, decode, encode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    Verb = Callable[[Mapping[str, Any]], Any | Awaitable[Any]]

log = logging.getLogger(__name__)

MAX_CLIENTS = 32
#: Seconds for a client to read its answer, and to ask the next thing.
READ_WITHIN = 10.0
IDLE = 300.0


class AdminServer:
    """Listens at *path* with *verbs*, which are called on the event loop with the arguments of the request.

    A verb answers with what JSON can say, at once or as a coroutine, and raises AdminError for the client.
    """

    def __init__(
        self,
        path: Path,
        verbs: Mapping[str, Verb],
        *,
        max_clients: int = MAX_CLIENTS,
        read_within: float = READ_WITHIN,
        idle: float = IDLE,
    ) -> None:
        self._path = path
        self._verbs = verbs
        self._max_clients = max_clients
        self._read_within, self._idle = read_within, idle
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    @property
    def clients(self) -> int:
        """How many are connected."""
        return len(self._clients)

    async def start(self) -> None:
        """Take the place of a socket that a killed switch left behind; the caller holds the lock. Raises OSError."""
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)  # nobody else may connect, not even for a moment
        try:
            listener.bind(str(self._path))
        except OSError:
            listener.close()
            raise
        finally:
            os.umask(before)
        listener.setblocking(False)
        self._server = await asyncio.start_unix_server(self._connected, sock=listener, limit=MAX_REQUEST)

    async def close(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for client in list(self._clients):
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        self._server = None
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()

    # --- inside -------------------------------------------------------------------------------------------------

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        writer.transport.set_write_buffer_limits(high=0)  # `drain` waits until the kernel has all of it
        try:
            if not _is_ours(writer):
                return
            if len(self._clients) > self._max_clients:
                error = AdminError(Code.BUSY, f"{self._max_clients} commands are connected already")
                await self._say(writer, _failure(error))
                return
            await self._serve(reader, writer)
        except (OSError, TimeoutError, asyncio.CancelledError):
            pass  # gone, too slow, or the switch stops
        except Exception:
            log.exception("admin: a client")
        finally:
            self._clients.discard(task)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                async with asyncio.timeout(self._idle):
                    line = await reader.readuntil()
            except asyncio.IncompleteReadError:
                return
            except asyncio.LimitOverrunError:
                error = AdminError(Code.BAD_REQUEST, f"a request has at most {MAX_REQUEST} octets")
                await self._say(writer, _failure(error))
                return
            await self._say(writer, await self._answer(line))

    async def _answer(self, line: bytes) -> dict[str, Any]:
        request: dict[str, Any] = {}
        try:
            request = decode(line)
            verb, args = request.get("verb"), request.get("args", {})
            if not isinstance(verb, str) or verb not in self._verbs:
                raise AdminError(Code.UNKNOWN_VERB, f"there is no verb {str(verb)[:40]!r}: {', '.join(self._verbs)}")
            if not isinstance(args, dict):
                raise AdminError(Code.BAD_REQUEST, "args is a JSON object")
            result = self._verbs[verb](args)
            if inspect.isawaitable(result):
                result = await result
            answer = {"ok": True, "result": result}
        except AdminError as error:
            answer = _failure(error)
        except Exception as error:
            log.exception("admin: %s", request.get("verb"))
            answer = _failure(AdminError(Code.INTERNAL, f"internal error: {type(error).__name__}"))
        if isinstance(request.get("id"), str | int):
            answer["id"] = request["id"]
        return answer

    async def _say(self, writer: asyncio.StreamWriter, answer: dict[str, Any]) -> None:
        writer.write(await asyncio.to_thread(encode, answer))
        async with asyncio.timeout(self._read_within):
            await writer.drain()


def _failure(error: AdminError) -> dict[str, Any]:
    return {"ok": False, "error": {"code": error.code.value, "message": str(error)}}


def _is_ours(writer: asyncio.StreamWriter) -> bool:
    """The same user or root; the mode of the socket says so, too."""
    peer: socket.socket = writer.get_extra_info("socket")
    credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, user, _ = struct.unpack("3i", credentials)
    return user in (os.geteuid(), 0)
