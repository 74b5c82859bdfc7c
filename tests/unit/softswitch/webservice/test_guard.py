"""Connections: for one host each, to the address that answers, with nobody's name server in the way."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import subprocess
import sys
import time

import httpx2
import pytest

from softswitch.webservice.client import Failure, Service, WebserviceClient
from softswitch.webservice.guard import Guard, GuardedTransport, guarded_client
from tests.support.http_server import HttpServer

LOOPBACK = Guard([ipaddress.ip_network("127.0.0.0/8")])
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.asyncio
async def test_a_connection_is_kept_for_its_own_host_only() -> None:
    connections: list[list[str]] = []
    serving: list[asyncio.Task[None] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hosts: list[str] = []
        connections.append(hosts)
        serving.append(asyncio.current_task())
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                hosts += [line[6:].partition(":")[0] for line in head.split("\r\n") if line.startswith("host: ")]
                writer.write(OK)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with guarded_client(LOOPBACK, resolve) as client:
        for host in ("a.example", "b.example", "a.example", *(f"{n}.example" for n in range(40)), "39.example"):
            assert (await client.get(f"http://{host}:{port}/")).status_code == 200
    server.close()
    await server.wait_closed()
    await asyncio.gather(*filter(None, serving))
    assert connections[:2] == [["a.example", "a.example"], ["b.example"]]
    assert all(len(set(hosts)) == 1 for hosts in connections)


@pytest.mark.asyncio
async def test_an_address_that_swallows_connections_does_not_take_the_time_of_the_next() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]

    tried: list[str] = []

    class Seen(httpx2.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            tried.append(request.url.host)
            return await super().handle_async_request(request)

    with contextlib.ExitStack() as sockets:
        hole = sockets.enter_context(socket.socket())
        transport = GuardedTransport(LOOPBACK, lambda limits: Seen(limits=limits), resolve)
        async with HttpServer() as url, httpx2.AsyncClient(transport=transport, timeout=None) as client:
            port = int(url.rpartition(":")[2])
            hole.bind(("127.0.0.2", port))
            hole.listen(0)
            for _ in range(3):
                waiting = sockets.enter_context(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex(("127.0.0.2", port))
            service = Service("two", f"http://erp.example:{port}/", timeout=30.0, retries=0)
            asking = WebserviceClient(service, client, now=time.monotonic)
            assert (await asking.ask({})).failure is None
            assert (await asking.ask({})).failure is None
    assert tried == ["127.0.0.2", "127.0.0.1", "127.0.0.1"], "the address that answered is the first to be asked"


def test_a_silent_name_server_does_not_keep_the_process() -> None:
    program = """
import asyncio, socket, threading
socket.getaddrinfo = lambda *_, **__: threading.Event().wait(60)
from softswitch.webservice.guard import Guard, GuardedTransport, guarded_client
async def main():
    async with guarded_client(Guard()) as client:
        asked = [asyncio.create_task(client.get("http://erp.example/")) for _ in range(5)]
        await asyncio.sleep(0.1)
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
asyncio.run(main())
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)


@pytest.mark.asyncio
@pytest.mark.parametrize(("user", "path"), [("..", "/v1/offers/{x}"), (".", "/v1/{x}{x}/a"), (".", "/v1/{x}")])
async def test_a_value_does_not_climb_the_path(user: str, path: str) -> None:
    server = HttpServer()
    async with server as url, guarded_client(LOOPBACK) as client:
        answer = await WebserviceClient(Service("crm", url + path), client, now=time.monotonic).ask({"x": user})
        assert (answer.failure, answer.detail) == (
            Failure.UNREACHABLE,
            "a value makes the path of the URL lead elsewhere",
        )
        asked = await WebserviceClient(Service("crm", url + path + "?{x}"), client, now=time.monotonic).ask(
            {"x": "..."}
        )
        assert asked.failure is None
    assert len(server.requests) == 1
