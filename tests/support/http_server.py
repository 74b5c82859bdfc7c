"""A real HTTP server for tests that answers as it is told, or misbehaves as servers do."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass
class Reply:
    """One answer, *after* so many seconds; with `hang` it never comes."""

    status: int = 200
    body: bytes = b"{}"
    media_type: str = "application/json"
    headers: tuple[str, ...] = ()
    hang: bool = False
    cut: bool = False  # close in the middle of the body
    after: float = 0.0


@dataclass
class HttpServer:
    """Use as an async context manager that gives the URL. `requests`: (request line, headers, body) as they came.

    `answer`, if given, decides in place of `replies`: it is asked with the path and the body of each request.
    """

    replies: list[Reply] = field(default_factory=list)
    answer: Callable[[str, bytes], Reply] | None = None
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
        await asyncio.gather(*self._busy, return_exceptions=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task: asyncio.Task[None] = asyncio.current_task()  # type: ignore[assignment]
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            line, *rest = (await reader.readuntil(b"\r\n\r\n")).decode().rstrip("\r\n").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (text.partition(":") for text in rest)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.requests.append((line, headers, body))
            if self.answer is not None:
                reply = self.answer(line.split()[1], body)
            else:
                reply = self.replies.pop(0) if self.replies else Reply()
            if reply.hang:
                await reader.read()
            await asyncio.sleep(reply.after)
            length = len(reply.body) + (100 if reply.cut else 0)
            head = [f"HTTP/1.1 {reply.status} X", f"Content-Length: {length}", f"Content-Type: {reply.media_type}"]
            writer.write("\r\n".join((*head, *reply.headers, "Connection: close", "", "")).encode() + reply.body)
            await writer.drain()
        writer.close()


@contextlib.contextmanager
def served(server: HttpServer) -> Iterator[str]:
    """The server in a thread and on a loop of its own; gives the URL. What hangs at the end is let go."""
    ready, url, loop = threading.Event(), [""], asyncio.new_event_loop()
    over = asyncio.Event()

    async def serve() -> None:
        async with server as where:
            url[0] = where
            ready.set()
            await over.wait()
            for task in server._busy:
                task.cancel()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, name="web server", daemon=True)
    thread.start()
    assert ready.wait(5)
    try:
        yield url[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(5)
        assert not thread.is_alive()
