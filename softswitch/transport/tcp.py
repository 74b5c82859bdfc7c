"""SIP over TCP: connections that come in, connections we make, their framing, limits and keep-alives."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from sip.errors import FramingError
from sip.flow import Address, Flow, Transport
from sip.framing import PONG, StreamFramer

if TYPE_CHECKING:
    from collections.abc import Callable

    from sip.flow import Transmit

log = logging.getLogger(__name__)

_SWEEP_SECONDS: Final = 1.0
#: Messages that wait for a connection to be made.
_MAX_WAITING: Final = 64
#: Octets that a peer may leave unread.
_MAX_UNSENT: Final = 1 << 20
_MAX_PONGS: Final = 4


@dataclass(frozen=True, slots=True)
class TcpLimits:
    """Seconds and counts. ``idle`` is for connections that nobody asked to keep."""

    per_source: int = 20
    total: int = 2000
    connect: float = 5.0
    message: float = 10.0
    idle: float = 120.0


class Connection(asyncio.Protocol):
    def __init__(self, owner: TcpConnections, number: int, *, outgoing: bool = False) -> None:
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._framer = StreamFramer()
        self._message_since: float | None = None
        self.number = number
        self.outgoing = outgoing
        self.flow: Flow | None = None
        self.active_at = 0.0
        self.keep_until = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        if peer is None:  # gone already
            self._transport.abort()
            return
        self.flow = Flow(Transport.TCP, self._owner.address, (peer[0], peer[1]), self.number)
        self.active_at = self._owner.now()
        if not self._owner.admit(self):
            self.flow = None
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self.flow is None:
            return
        self.active_at = now = self._owner.now()
        try:
            messages = self._framer.feed(data)
        except FramingError as error:
            for message in error.messages:
                self._owner.receive(message, self.flow)
            self._owner.refuse(error, self.flow)
            self.close()
            return
        for _ in range(min(self._framer.take_pings(), _MAX_PONGS)):
            self.write(PONG)
        for message in messages:
            self._owner.receive(message, self.flow)
        if not self._framer.pending:
            self._message_since = None
        elif messages or self._message_since is None:
            self._message_since = now
        self._owner.received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._owner.lost(self)

    def write(self, data: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > _MAX_UNSENT:
            self._transport.abort()
            return
        self.active_at = self._owner.now()
        self._transport.write(data)

    def overdue(self, now: float, limits: TcpLimits) -> bool:
        if self._message_since is not None and now - self._message_since > limits.message:
            return True
        return now > self.keep_until and now - self.active_at > limits.idle

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class TcpConnections:
    """One listening socket, and every connection accepted there or made in its name.

    *receive* gets each message and its flow, *refuse* what framing gave up on; *received* is called after each batch;
    *failed* when a connection is gone or could not be made, with each flow that meant it. *admit* is asked about the
    source of a new connection.
    """

    def __init__(
        self,
        *,
        receive: Callable[[bytes, Flow], None],
        refuse: Callable[[FramingError, Flow], None],
        received: Callable[[], None],
        failed: Callable[[Flow], None],
        admit: Callable[[str], bool],
        limits: TcpLimits,
    ) -> None:
        self.receive = receive
        self.refuse = refuse
        self.received = received
        self._failed = failed
        self._admit = admit
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self.now = self._loop.time
        self.address: Address = ("", 0)
        self._server: asyncio.Server | None = None
        self._numbers = 0
        self._connections: dict[int, Connection] = {}
        self._by_remote: dict[Address, Connection] = {}
        self._per_source: dict[str, int] = {}
        self._connecting: dict[Address, tuple[asyncio.Task[None], list[bytes]]] = {}
        self._sweeper: asyncio.TimerHandle | None = None
        self._closed = False

    def __len__(self) -> int:
        return len(self._connections)

    async def listen(self, address: Address, first_number: int) -> None:
        """Raises OSError. Connections are numbered from *first_number*, in steps that leave other listeners room."""
        self._numbers = first_number
        self._server = await self._loop.create_server(lambda: Connection(self, self._number()), *address, backlog=256)
        host, port = self._server.sockets[0].getsockname()[:2]
        self.address = (host, port)

    def send(self, transmit: Transmit) -> None:
        flow = transmit.flow
        if flow.connection:
            connection = self._connections.get(flow.connection)
            if connection is None:
                self._failed(flow)
                return
        else:
            connection = self._by_remote.get(flow.remote)
            if connection is None:
                self._connect(flow, transmit.data)
                return
        connection.write(transmit.data)

    def keep(self, flow: Flow, until: float) -> None:
        """Do not close the connection of *flow* for idleness before *until*: somebody is registered or calls on it."""
        connection = self._connections.get(flow.connection)
        if connection is not None:
            connection.keep_until = max(connection.keep_until, until)

    async def close(self) -> None:
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        if self._server is not None:
            self._server.close()
        tasks = [task for task, _ in self._connecting.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for connection in list(self._connections.values()):
            connection.close()
        await asyncio.sleep(0)  # lets the transports send what they hold and say that they are closed
        for connection in list(self._connections.values()):
            connection.abort()
        if self._server is not None:
            await self._server.wait_closed()

    # --- what connections call ----------------------------------------------------------------------------------

    def admit(self, connection: Connection) -> bool:
        flow = connection.flow
        if flow is None or self._closed:
            return False
        source = flow.remote[0]
        mine = self._per_source.get(source, 0)
        full = mine >= self._limits.per_source or len(self._connections) >= self._limits.total
        if not connection.outgoing and (full or not self._admit(source)):
            log.debug("refusing a connection from %s", source)
            return False
        self._per_source[source] = mine + 1
        self._connections[connection.number] = connection
        self._by_remote[flow.remote] = connection
        if self._sweeper is None:
            self._sweeper = self._loop.call_later(_SWEEP_SECONDS, self._sweep)
        return True

    def lost(self, connection: Connection) -> None:
        if self._connections.pop(connection.number, None) is None or connection.flow is None:
            return
        source = connection.flow.remote[0]
        self._per_source[source] -= 1
        if not self._per_source[source]:
            del self._per_source[source]
        if self._by_remote.get(connection.flow.remote) is connection:
            del self._by_remote[connection.flow.remote]
        if not self._closed:
            self._failed(connection.flow)
            self._failed(Flow(Transport.TCP, self.address, connection.flow.remote))
            self.received()

    # --- inside -------------------------------------------------------------------------------------------------

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _connect(self, flow: Flow, data: bytes) -> None:
        connecting = self._connecting.get(flow.remote)
        if connecting is not None:
            if len(connecting[1]) < _MAX_WAITING:
                connecting[1].append(data)
            return
        if self._closed or len(self._connecting) + len(self._connections) >= self._limits.total:
            self._failed(flow)
            return
        waiting = [data]
        task = self._loop.create_task(self._make(flow, waiting))
        self._connecting[flow.remote] = (task, waiting)

    async def _make(self, flow: Flow, waiting: list[bytes]) -> None:
        try:
            async with asyncio.timeout(self._limits.connect):
                _, connection = await self._loop.create_connection(
                    lambda: Connection(self, self._number(), outgoing=True), *flow.remote
                )
        except (OSError, TimeoutError) as error:
            log.debug("connecting to %s: %s", flow.remote, error)
            del self._connecting[flow.remote]
            self._failed(flow)
            self.received()
        except asyncio.CancelledError:
            self._connecting.pop(flow.remote, None)
            raise
        else:
            del self._connecting[flow.remote]
            for data in waiting:
                connection.write(data)

    def _sweep(self) -> None:
        self._sweeper = None
        now = self.now()
        for connection in list(self._connections.values()):
            if connection.overdue(now, self._limits):
                log.debug("closing the connection from %s: overdue", connection.flow)
                connection.abort()
        if self._connections:
            self._sweeper = self._loop.call_later(_SWEEP_SECONDS, self._sweep)
