"""The SIP edge on real loopback sockets and virtual time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections import deque
from typing import TYPE_CHECKING

import pytest

from sip.endpoint import Flow, Transmit, Transport
from sip.events import Answered, EndCause, Ended, InviteReceived, Rejected, RequestReceived
from sip.headers import NameAddr
from sip.uri import Uri
from softswitch.transport.edge import SipEdge
from softswitch.transport.tcp import TcpLimits
from softswitch.transport.udp import UdpSocket
from tests.support.ids import CountingIds
from tests.support.virtual_time import run_virtual

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sip.events import Event

OPTIONS = (
    b"OPTIONS sip:us SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.9;branch=z9hG4bKo%d;rport\r\nFrom: <sip:a@b>;tag=1\r\n"
    b"To: <sip:us>\r\nCall-ID: o%d\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)
INVITE = (
    b"INVITE sip:us SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.9;branch=z9hG4bKi%d;rport\r\nFrom: <sip:a@b>;tag=1\r\n"
    b"To: <sip:us>\r\nCall-ID: i%d\r\nCSeq: 1 INVITE\r\nContact: <sip:a@127.0.0.9>\r\nContent-Length: 0\r\n\r\n"
)


class Phone:
    """An edge whose user answers everything at once."""

    def __init__(self, name: str, *listen: str, answers: bool = True, limits: TcpLimits | None = None) -> None:
        self.events: list[Event] = []
        self.lost: list[Flow] = []
        self.answers = answers
        self.clients: list[asyncio.StreamWriter] = []
        self.edge = SipEdge(
            listen=listen or ("udp:127.0.0.1:0", "tcp:127.0.0.1:0"),
            ids=CountingIds(name),
            on_event=self.on_event,
            on_connection_lost=self.lost.append,
            tcp_limits=limits,
            user_agent=name,
        )

    def on_event(self, event: Event) -> None:
        self.events.append(event)
        endpoint, now = self.edge.endpoint, self.edge.now()
        if isinstance(event, InviteReceived) and self.answers:
            endpoint.ring(event.usage, now=now)
            endpoint.answer(event.usage, body=b"v=0\r\n", now=now)
        elif isinstance(event, RequestReceived):
            endpoint.respond(event.transaction, 200, now=now)

    def address(self, transport: Transport) -> tuple[str, int]:
        return next(listen.address for listen in self.edge.addresses if listen.transport is transport)

    def call(self, uri: str) -> str:
        parsed = Uri.parse(uri)
        flow = self.edge.flow_to(parsed)
        assert flow is not None
        usage = self.edge.endpoint.invite(
            uri=parsed, flow=flow, from_=NameAddr("", Uri("sip", "me", "x")), to=NameAddr("", parsed),
            body=b"v=0\r\n", now=self.edge.now(),
        )  # fmt: skip
        self.edge.flush()
        return usage

    def hang_up(self, usage: str) -> None:
        self.edge.endpoint.hang_up(usage, now=self.edge.now())
        self.edge.flush()

    def heard(self, kind: type) -> bool:
        return any(isinstance(event, kind) for event in self.events)


def descriptors() -> int:
    """How many file descriptors are open; 0 where the system does not tell."""
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


async def until(condition: Callable[[], object], seconds: float = 60.0, step: float = 0.01) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not condition():
        assert loop.time() < end, "it never came"
        await asyncio.sleep(step)


def on_loopback(scenario: Callable[..., Awaitable[None]], *phones: Callable[[], Phone]) -> None:
    """Run *scenario* with started phones; afterwards every file descriptor and task must be gone."""

    async def main() -> None:
        before = descriptors()
        started = [make() for make in phones or (lambda: Phone("a"), lambda: Phone("b"))]
        try:
            for phone in started:
                await phone.edge.start()
            await scenario(*started)
        finally:
            for phone in started:
                for writer in phone.clients:
                    await drop(writer)
                await phone.edge.close()
        await asyncio.sleep(0.01)
        assert len(asyncio.all_tasks()) == 1
        assert descriptors() <= before

    run_virtual(main())


@pytest.mark.parametrize("transport", list(Transport))
def test_a_call_over_real_sockets(transport: Transport) -> None:
    async def scenario(a: Phone, b: Phone) -> None:
        host, port = b.address(transport)
        usage = a.call(f"sip:bob@{host}:{port};transport={transport.value}")
        await until(lambda: a.heard(Answered))
        await asyncio.sleep(300)
        a.hang_up(usage)
        await until(lambda: b.heard(Ended))
        await asyncio.sleep(70)
        assert a.edge.endpoint.load == b.edge.endpoint.load == (0, 0)
        assert a.edge.endpoint.next_deadline() is None

    on_loopback(scenario)


def test_lost_datagrams_are_sent_again_by_the_one_timer() -> None:
    async def scenario(a: Phone) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            silent.setblocking(False)
            start = a.edge.now()
            a.call(f"sip:nobody@127.0.0.1:{silent.getsockname()[1]}")
            await until(lambda: a.heard(Rejected), step=0.25)
            assert a.edge.now() - start == pytest.approx(32.0, abs=0.26)
            received = 0
            while True:
                try:
                    received += silent.recv(65536).startswith(b"INVITE")
                except BlockingIOError:
                    break
            assert received == 7

    on_loopback(scenario, lambda: Phone("a"))


def test_calls_and_responses_share_one_connection() -> None:
    async def scenario(a: Phone, b: Phone) -> None:
        host, port = b.address(Transport.TCP)
        usages = [a.call(f"sip:bob{n}@{host}:{port};transport=tcp") for n in range(5)]
        await until(lambda: sum(isinstance(e, Answered) for e in a.events) == 5)
        [theirs] = {e.flow.connection for e in b.events if isinstance(e, InviteReceived)}
        assert theirs != 0
        for event in [e for e in b.events if isinstance(e, InviteReceived)]:
            b.hang_up(event.usage)  # goes back on the caller's connection, whose port nobody listens on
        await until(lambda: sum(isinstance(e, Ended) for e in a.events) == len(usages))

    on_loopback(scenario)


def test_a_refused_connection_is_a_503_at_once() -> None:
    async def scenario(a: Phone) -> None:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            a.call(f"sip:x@127.0.0.1:{closed.getsockname()[1]};transport=tcp")
            await until(lambda: a.heard(Rejected), 5)
        [rejected] = [e for e in a.events if isinstance(e, Rejected)]
        assert rejected.status == 503

    on_loopback(scenario, lambda: Phone("a"))


def test_a_datagram_that_the_kernel_refuses_is_a_503() -> None:
    async def scenario(a: Phone) -> None:
        uri = Uri("sip", "x", "127.0.0.1", 0)
        flow = Flow(Transport.UDP, a.address(Transport.UDP), ("127.0.0.1", 0))
        who = NameAddr("", uri)
        a.edge.endpoint.invite(uri=uri, flow=flow, from_=who, to=who, body=b"v", now=a.edge.now())
        a.edge.flush()
        assert a.heard(Rejected)

    on_loopback(scenario, lambda: Phone("a"))


async def connect(phone: Phone) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A client's connection, closed with the phone at the latest."""
    reader, writer = await asyncio.open_connection(*phone.address(Transport.TCP))
    phone.clients.append(writer)
    return reader, writer


async def drop(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def closed_by_peer(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(ConnectionError):
        assert await reader.read() == b""


def test_messages_in_any_pieces_and_keep_alives() -> None:
    async def scenario(a: Phone) -> None:
        reader, writer = await connect(a)
        stream = b"\r\n\r\n" + OPTIONS % (1, 1) + OPTIONS % (2, 2)
        for n in range(0, len(stream), 7):
            writer.write(stream[n : n + 7])
            await writer.drain()
        data = b""
        while data.count(b"SIP/2.0 200") < 2:
            data += await reader.read(65536)
        assert data.startswith(b"\r\nSIP/2.0 200 OK")
        await drop(writer)
        await until(lambda: a.lost)

    on_loopback(scenario, lambda: Phone("a"))


def test_what_cannot_be_framed_is_answered_and_closed() -> None:
    # attack A19: the body of a request with two lengths is never taken for a request
    async def scenario(a: Phone) -> None:
        reader, writer = await connect(a)
        writer.write(
            OPTIONS.replace(b"Content-Length: 0", b"Content-Length: 0\r\nContent-Length: 5") % (1, 1) + OPTIONS % (2, 2)
        )
        data = await reader.read()
        assert data.startswith(b"SIP/2.0 400")
        assert data.count(b"SIP/2.0") == 2  # the status line and the Via
        assert a.events == []

    on_loopback(scenario, lambda: Phone("a"))


def test_slow_and_idle_connections_are_closed_unless_they_are_to_be_kept() -> None:
    # attack A22
    async def scenario(a: Phone) -> None:
        now = a.edge.now
        slow_reader, slow = await connect(a)
        slow.write(b"OPTIONS sip:us SIP/2.0\r\n")
        idle_reader, _ = await connect(a)
        kept_reader, kept = await connect(a)
        kept.write(OPTIONS % (1, 1))
        assert (await kept_reader.read(65536)).startswith(b"SIP/2.0 200")
        [event] = [e for e in a.events if isinstance(e, RequestReceived)]
        a.edge.keep(event.flow, now() + 3600)
        start = now()
        await closed_by_peer(slow_reader)
        assert 9 < now() - start < 13
        await closed_by_peer(idle_reader)
        assert 119 < now() - start < 123
        await asyncio.sleep(400)
        kept.write(OPTIONS % (2, 2))
        assert (await kept_reader.read(65536)).startswith(b"SIP/2.0 200")

    on_loopback(scenario, lambda: Phone("a"))


def test_one_source_may_have_so_many_connections_and_no_more() -> None:
    async def scenario(a: Phone) -> None:
        streams = [await connect(a) for _ in range(5)]
        for reader, _ in streams[3:]:
            await closed_by_peer(reader)
        reader, writer = streams[0]
        writer.write(OPTIONS % (1, 1))
        assert (await reader.read(65536)).startswith(b"SIP/2.0 200")
        await drop(writer)
        await asyncio.sleep(0.1)
        again_reader, again = await connect(a)  # there is room again
        again.write(OPTIONS % (2, 2))
        assert (await again_reader.read(65536)).startswith(b"SIP/2.0 200")

    on_loopback(scenario, lambda: Phone("a", limits=TcpLimits(per_source=3)))


def test_connections_reset_in_the_middle_of_a_call_leave_nothing() -> None:
    # attack A23
    async def scenario(a: Phone) -> None:
        for n in range(50):
            _, writer = await connect(a)
            writer.write(INVITE % (n, n))
            await writer.drain()
            await until(lambda n=n: sum(isinstance(e, InviteReceived) for e in a.events) == n + 1)  # type: ignore[misc]
            writer.transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00"
            )
            writer.transport.abort()
        await until(lambda: sum(isinstance(e, Ended) for e in a.events) == 50)
        assert {e.cause for e in a.events if isinstance(e, Ended)} == {EndCause.TRANSPORT}
        await asyncio.sleep(40)
        assert a.edge.endpoint.load == (0, 0)

    on_loopback(scenario, lambda: Phone("a", answers=False))


def test_a_bug_of_the_user_costs_one_event_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(a: Phone, b: Phone) -> None:
        good = b.on_event

        def buggy(event: Event) -> None:
            if isinstance(event, InviteReceived) and event.request.uri.user == "bug":
                raise RuntimeError("a bug")
            good(event)

        b.edge._on_event = buggy
        host, port = b.address(Transport.UDP)
        a.call(f"sip:bug@{host}:{port}")
        a.call(f"sip:bob@{host}:{port}")
        await until(lambda: a.heard(Answered))

    with caplog.at_level(logging.ERROR):
        on_loopback(scenario)
    assert [r.message for r in caplog.records] == ["handling InviteReceived"]
    assert "a bug" in caplog.text


def test_a_source_that_is_not_admitted_is_not_heard() -> None:
    async def scenario(a: Phone, b: Phone) -> None:
        b.edge._admit = lambda host: False
        for tcp in b.edge._tcp.values():
            tcp._admit = b.edge._admit
        host, port = b.address(Transport.UDP)
        a.call(f"sip:bob@{host}:{port}")
        reader, _ = await connect(b)
        await closed_by_peer(reader)
        await asyncio.sleep(1)
        assert b.events == []

    on_loopback(scenario)


def test_noise_is_taken_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(a: Phone) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as noisy:
            for n in range(500):
                noisy.sendto(bytes([n % 256]) * (n % 90), a.address(Transport.UDP))
            await asyncio.sleep(0.1)
        assert a.events == []
        assert a.edge.endpoint.load == (0, 0)

    with caplog.at_level(logging.INFO):
        on_loopback(scenario, lambda: Phone("a"))
    assert caplog.records == []


def test_all_addresses_are_bound_or_none() -> None:
    async def main() -> None:
        before = descriptors()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", 0))
            phone = Phone("a", "udp:127.0.0.1:0", "tcp:127.0.0.1:0", f"udp:127.0.0.1:{taken.getsockname()[1]}")
            with pytest.raises(OSError, match="in use"):
                await phone.edge.start()
        assert phone.edge.addresses == []
        assert descriptors() <= before

    run_virtual(main())


def test_names_are_resolved_aside() -> None:
    async def scenario(a: Phone) -> None:
        uri = Uri.parse("sip:x@localhost:5070")
        assert a.edge.flow_to(uri) is None
        assert await a.edge.names.look_up("localhost") == "127.0.0.1"
        flow = a.edge.flow_to(uri)
        assert flow is not None
        assert flow.remote == ("127.0.0.1", 5070)
        assert a.edge.flow_to(Uri.parse("sip:x@127.0.0.1;transport=tcp")) is not None
        assert a.edge.flow_to(Uri.parse("sips:x@127.0.0.1")) is None

    on_loopback(scenario, lambda: Phone("a"))


class FullSocket:
    """A socket whose buffer has room for *room* datagrams."""

    def __init__(self, real: socket.socket, room: int) -> None:
        self._real = real
        self.room = room
        self.sent: list[bytes] = []

    def sendto(self, data: bytes, address: tuple[str, int]) -> int:
        if not self.room:
            raise BlockingIOError
        self.room -= 1
        self.sent.append(data)
        return len(data)

    def fileno(self) -> int:
        return self._real.fileno()

    def close(self) -> None:
        self._real.close()


async def turns() -> None:
    """A few turns of the loop, in which the socket is writable."""
    for _ in range(4):
        await asyncio.sleep(0)


def test_datagrams_wait_in_order_for_room_in_the_socket() -> None:
    async def main() -> None:
        failed: deque[Flow] = deque()
        udp = UdpSocket(("127.0.0.1", 0), receive=lambda d, f: None, received=lambda: None, failed=failed.append)
        full = FullSocket(udp._socket, 2)
        udp._socket = full  # type: ignore[assignment]
        flow = Flow(Transport.UDP, udp.address, ("127.0.0.1", 9))
        for n in range(5):
            udp.send(Transmit(b"%d" % n, flow))
        assert full.sent == [b"0", b"1"]
        full.room = 2
        await turns()
        assert full.sent == [b"0", b"1", b"2", b"3"]
        udp.send(Transmit(b"5", flow))
        full.room = 100
        await turns()
        assert full.sent == [b"0", b"1", b"2", b"3", b"4", b"5"]
        assert not failed
        udp.close()

    run_virtual(main())
