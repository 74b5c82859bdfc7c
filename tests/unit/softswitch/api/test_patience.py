"""Clients that send half a request, octet by octet, or nothing: everybody else is served at once."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import httpx2
import pytest
from fastapi import FastAPI, Request

from softswitch.api import patience
from softswitch.api.server import HttpServer
from softswitch.config.words.systems import HttpListen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
HALF_A_HEAD = b"PUT /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"


@contextlib.asynccontextmanager
async def served() -> AsyncIterator[HttpServer]:
    app = FastAPI()

    @app.put("/echo")
    async def echo(request: Request) -> int:
        return len(await request.body())

    @app.put("/refused", status_code=401)
    async def refused() -> None:
        pass

    server = HttpServer(app)
    await server.start(HttpListen("127.0.0.1", 0))
    try:
        yield server
    finally:
        await server.stop()


@contextlib.asynccontextmanager
async def clients(server: HttpServer, count: int, sent: bytes) -> AsyncIterator[list[Connection]]:
    opened = [await asyncio.open_connection(*server.address) for _ in range(count)]
    for _, writer in opened:
        writer.write(sent)
        await writer.drain()
    try:
        yield opened
    finally:
        for _, writer in opened:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


async def put(server: HttpServer, path: str = "/echo") -> int:
    host, port = server.address
    async with httpx2.AsyncClient(base_url=f"http://{host}:{port}", trust_env=False, timeout=60) as client:
        return (await client.put(path, content=b"x" * 10)).status_code


async def closed(reader: asyncio.StreamReader) -> bytes:
    """What came before the end, be it a reset: `StreamReader.read` would forget it then."""
    came = bytearray()
    async with asyncio.timeout(60):
        with contextlib.suppress(ConnectionError):
            while some := await reader.read(4096):
                came += some
    return bytes(came)


@pytest.mark.asyncio
@pytest.mark.parametrize("sent", [HALF_A_HEAD, b"", HALF_A_HEAD + b"\r\nhalf a body"])
async def test_sixty_four_slow_clients_do_not_keep_the_next_one_from_being_served(sent: bytes) -> None:
    async with served() as server, clients(server, patience.MOST_CONNECTIONS, sent) as slow:
        assert [await put(server) for _ in range(3)] == [200, 200, 200]
        assert await closed(slow[0][0]) == b""  # who waited longest made room


@pytest.mark.asyncio
async def test_a_request_that_comes_octet_by_octet_has_its_time_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "ARRIVAL", 0.3)
    async with served() as server, clients(server, 1, HALF_A_HEAD) as ((reader, writer),):

        async def drip() -> None:
            for octet in b"X-Slow: " + b"y" * 1000:
                writer.write(bytes([octet]))
                await asyncio.sleep(0.02)

        dripping = asyncio.create_task(drip())
        assert await closed(reader) == b""
        dripping.cancel()


@pytest.mark.asyncio
async def test_a_body_that_goes_on_after_the_answer_keeps_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "ARRIVAL", 2.0)
    head = b"PUT /refused HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
    async with served() as server, clients(server, 1, head) as ((reader, writer),):

        async def drip() -> None:
            while True:
                writer.write(b"x")
                await asyncio.sleep(0.02)

        dripping = asyncio.create_task(drip())
        assert (await closed(reader)).startswith(b"HTTP/1.1 401")
        dripping.cancel()


@pytest.mark.asyncio
async def test_who_is_being_served_is_not_put_out_for_somebody_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "MOST_CONNECTIONS", 2)
    async with served() as server, clients(server, 1, HALF_A_HEAD + b"\r\n") as ((reader, writer),):
        writer.write(b"x" * 100)  # complete, and kept alive
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        async with clients(server, 3, b"PUT /echo HTTP/1.1\r\n"):
            assert await put(server) == 200
        assert len(await closed(reader)) > 0


@pytest.mark.asyncio
async def test_an_answer_that_nobody_fetches_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "ANSWER", 0.3)
    app = FastAPI()

    @app.get("/slow")
    async def slow() -> None:
        await asyncio.sleep(30)

    server = HttpServer(app)
    await server.start(HttpListen("127.0.0.1", 0))
    try:
        async with clients(server, 1, b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n") as ((reader, _),):
            assert await closed(reader) == b""
    finally:
        await server.stop()
