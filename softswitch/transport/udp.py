"""A UDP socket without asyncio's datagram transport, which takes several times as long for each packet."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections import deque
from typing import TYPE_CHECKING, Final

from sip.flow import Address, Flow, Transport
from softswitch.transport.addresses import family_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sip.flow import Transmit

log = logging.getLogger(__name__)

#: Datagrams taken in one go before the loop may look after others.
_BATCH: Final = 128
#: Datagrams that wait for room in the socket's buffer.
_MAX_WAITING: Final = 1024
_MAX_FLOWS: Final = 20_000
#: Some 800 requests, a quarter of a second's work: what waits longer has been sent again by then (T1).
_RECEIVE_BUFFER: Final = 1 << 20
_SO_RCVBUFFORCE: Final = 33  # Linux, for the privileged


class UdpSocket:
    """*receive* gets each datagram and its flow; *received* is called after each batch; *failed* when sending fails."""

    def __init__(
        self,
        address: Address,
        *,
        receive: Callable[[bytes, Flow], None],
        received: Callable[[], None],
        failed: Callable[[Flow], None],
    ) -> None:
        """Binds at once. Raises OSError."""
        self._receive = receive
        self._received = received
        self._failed = failed
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray(65_536)
        self._view = memoryview(self._buffer)
        self._flows: dict[Address, Flow] = {}
        self._waiting: deque[Transmit] = deque()
        self._socket = socket.socket(family_of(address[0]), socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _RECEIVE_BUFFER)  # beyond rmem_max
            self._socket.bind(address)
        except BaseException:
            self._socket.close()
            raise
        host, port = self._socket.getsockname()[:2]
        self.address: Address = (host, port)
        self._loop.add_reader(self._socket, self._readable)

    def send(self, transmit: Transmit) -> None:
        if self._waiting:
            self._wait(transmit)
        else:
            self._send(transmit)

    def close(self) -> None:
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._waiting.clear()
        self._view.release()
        self._socket.close()

    def _readable(self) -> None:
        receive_into, buffer, view, flows = self._socket.recvfrom_into, self._buffer, self._view, self._flows
        for _ in range(_BATCH):
            try:
                size, source = receive_into(buffer)
            except (BlockingIOError, InterruptedError):
                break
            except OSError as error:  # an ICMP error of an earlier datagram
                log.debug("receiving on %s: %s", self.address, error)
                continue
            remote = source[:2]
            flow = flows.get(remote)
            if flow is None:
                if len(flows) >= _MAX_FLOWS:
                    flows.clear()
                flow = flows[remote] = Flow(Transport.UDP, self.address, remote)
            self._receive(bytes(view[:size]), flow)
        self._received()

    def _send(self, transmit: Transmit) -> bool:
        """False when there is no room: the datagram waits."""
        try:
            self._socket.sendto(transmit.data, transmit.flow.remote)
        except (BlockingIOError, InterruptedError):
            self._wait(transmit)
            return False
        except (OSError, OverflowError) as error:
            log.debug("sending to %s: %s", transmit.flow.remote, error)
            self._failed(transmit.flow)
        return True

    def _wait(self, transmit: Transmit) -> None:
        if not self._waiting:
            self._loop.add_writer(self._socket, self._writable)
        if len(self._waiting) < _MAX_WAITING:  # what is lost here is sent again by its transaction
            self._waiting.append(transmit)

    def _writable(self) -> None:
        waiting, self._waiting = self._waiting, deque()
        self._loop.remove_writer(self._socket)
        while waiting:
            if not self._send(waiting.popleft()):
                self._waiting.extend(waiting)
                break
