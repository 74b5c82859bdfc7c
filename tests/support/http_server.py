"""A real HTTP server for tests that answers as it is told, or misbehaves as servers do."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field


@dataclass
class Reply:
    """One answer; with `hang` it never comes."""

    status: int = 200
    body: bytes = b"{}"
    media_type: str = "application/json"
    headers: tuple[str, ...] = ()
    hang: bool = False
    cut: bool = False  # close in the middle of the body


@dataclass
class HttpServer:
    """Use as an async context manager that gives the URL. `requests`: (request line, headers, body) as they came."""

    replies: list[Reply] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    _server: asyncio.Server | None = None
    _busy: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()
        await asyncio.gather(*self._busy)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task: asyncio.Task[None] = asyncio.current_task()  # type: ignore[assignment]
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            line, *rest = (await reader.readuntil(b"\r\n\r\n")).decode().rstrip("\r\n").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (text.partition(":") for text in rest)}
            self.requests.append((line, headers, await reader.readexactly(int(headers.get("content-length", "0")))))
            reply = self.replies.pop(0) if self.replies else Reply()
            if reply.hang:
                await reader.read()
            length = len(reply.body) + (100 if reply.cut else 0)
            head = [f"HTTP/1.1 {reply.status} X", f"Content-Length: {length}", f"Content-Type: {reply.media_type}"]
            writer.write("\r\n".join((*head, *reply.headers, "Connection: close", "", "")).encode() + reply.body)
            await writer.drain()
        writer.close()
