"""The SIP edge: sockets on one side, one endpoint on the other, one timer."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from sip.endpoint import SipEndpoint
from sip.flow import Address, Flow, Transport
from sip.routing import next_hop
from softswitch.transport.addresses import Listen, OwnAddress
from softswitch.transport.names import Names
from softswitch.transport.tcp import TcpConnections, TcpLimits
from softswitch.transport.udp import UdpSocket

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sip.errors import FramingError
    from sip.events import Event
    from sip.flow import Transmit
    from sip.ids import Ids
    from sip.uri import Uri

log = logging.getLogger(__name__)

#: Connection numbers of each TCP listener begin at a multiple of this.
_NUMBERS = 1 << 32


class SipEdge:
    """Carries what *endpoint* wants to send, feeds it what arrives, and hands its events to *on_event*.

    The handler of an event may call any verb of the endpoint; whoever calls one outside a handler calls ``flush`` after
    it. Times are those of the running loop. *options* go to ``SipEndpoint``.

    *admit* is asked about the source of every datagram and new connection before anything is parsed: False drops it.
    """

    def __init__(
        self,
        *,
        listen: Sequence[str],
        ids: Ids,
        on_event: Callable[[Event], None],
        external_address: str = "",
        on_connection_lost: Callable[[Flow], None] = lambda flow: None,
        admit: Callable[[str], bool] = lambda host: True,
        tcp_limits: TcpLimits | None = None,
        **options: Any,
    ) -> None:
        """Raises ValueError for a *listen* that cannot be read."""
        self._loop = asyncio.get_running_loop()
        self._listen = [Listen.parse(text) for text in listen]
        self._on_event = on_event
        self._on_connection_lost = on_connection_lost
        self._admit = admit
        self._tcp_limits = tcp_limits or TcpLimits()
        self._udp: dict[Address, UdpSocket] = {}
        self._tcp: dict[Address, TcpConnections] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._pumping = False
        self._closed = False
        self.names = Names()
        self.now = self._loop.time
        self.own_address = OwnAddress(external_address, self.now)
        self.endpoint = SipEndpoint(ids=ids, local=self.own_address, **options)

    @property
    def addresses(self) -> list[Listen]:
        """What is listened on, real ports in place of 0."""
        return [
            *(Listen(Transport.UDP, address) for address in self._udp),
            *(Listen(Transport.TCP, address) for address in self._tcp),
        ]

    async def start(self) -> None:
        """Bind everything or nothing. Raises OSError."""
        try:
            for number, (transport, address) in enumerate(self._listen, start=1):
                if transport is Transport.UDP:
                    udp = UdpSocket(address, receive=self._receive_datagram, received=self.flush, failed=self._failed)
                    self._udp[udp.address] = udp
                else:
                    tcp = TcpConnections(
                        receive=self._receive_message,
                        refuse=self._refuse,
                        received=self.flush,
                        failed=self._failed,
                        admit=self._admit,
                        limits=self._tcp_limits,
                    )
                    await tcp.listen(address, number * _NUMBERS)
                    self._tcp[tcp.address] = tcp
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Sends what is ready to go, then closes every socket. Calls that are up are not ended."""
        self.flush()
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for udp in self._udp.values():
            udp.close()
        for tcp in self._tcp.values():
            await tcp.close()
        await self.names.close()
        self._udp.clear()
        self._tcp.clear()

    def flow_to(self, uri: Uri, default: Transport = Transport.UDP) -> Flow | None:
        """How to reach *uri*; None while its name is being resolved, and when it needs a transport we do not have."""
        hop = next_hop(uri, default)
        sockets: dict[Address, Any] = {} if hop is None else self._udp if hop.transport is Transport.UDP else self._tcp
        if hop is None or not sockets:
            return None
        host = hop.host.strip("[]") if hop.address is not None else self.names.address(hop.host)
        if host is None:
            return None
        local = next((a for a in sockets if (":" in a[0]) == (":" in host)), None)
        return None if local is None else Flow(hop.transport, local, (host, hop.port))

    def keep(self, flow: Flow, until: float) -> None:
        """Keep the connection of *flow* open until then even if it is idle; nothing to do for UDP."""
        tcp = self._tcp.get(flow.local)
        if tcp is not None:
            tcp.keep(flow, until)

    def flush(self) -> None:
        """Carry out all that the endpoint wants, then set the timer."""
        if not self._pumping and not self._closed:
            self._pump()
            self._arm()

    # --- inside -------------------------------------------------------------------------------------------------

    def _send(self, transmit: Transmit) -> None:
        flow = transmit.flow
        carrier = self._udp.get(flow.local) if flow.transport is Transport.UDP else self._tcp.get(flow.local)
        if carrier is None:
            log.error("no socket for %s", flow)
            self._failed(flow)
        else:
            carrier.send(transmit)

    def _receive_datagram(self, data: bytes, flow: Flow) -> None:
        if not self._admit(flow.remote[0]):
            return
        try:
            self.endpoint.receive_datagram(data, flow, self.now())
        except Exception:
            log.exception("a datagram of %d octets from %s", len(data), flow.remote)
        self._pump()

    def _receive_message(self, data: bytes, flow: Flow) -> None:
        try:
            self.endpoint.receive_message(data, flow, self.now())
        except Exception:
            log.exception("a message of %d octets from %s", len(data), flow.remote)
        self._pump()

    def _pump(self) -> None:
        """Until both outputs are empty: handlers of events may make the endpoint send more."""
        if self._pumping:
            return
        self._pumping = True
        endpoint = self.endpoint
        try:
            while True:
                if (transmit := endpoint.next_transmit()) is not None:
                    self._send(transmit)
                elif (event := endpoint.next_event()) is not None:
                    try:
                        self._on_event(event)
                    except Exception:
                        log.exception("handling %s", type(event).__name__)
                else:
                    break
        finally:
            self._pumping = False

    def _refuse(self, error: FramingError, flow: Flow) -> None:
        self.endpoint.refuse_malformed(error, flow)
        self.flush()

    def _failed(self, flow: Flow) -> None:
        try:
            self.endpoint.transport_failed(flow, self.now())
        except Exception:
            log.exception("losing %s", flow)
        if flow.connection:
            self._on_connection_lost(flow)

    def _arm(self) -> None:
        at = self.endpoint.next_deadline()
        if self._timer is not None:
            if self._timer.when() == at:
                return
            self._timer.cancel()
        self._timer = None if at is None else self._loop.call_at(at, self._fire, at)

    def _fire(self, at: float) -> None:
        self._timer = None
        try:
            self.endpoint.handle_timeout(max(at, self.now()))  # loops may fire one tick early
        except Exception:
            log.exception("handling a deadline")
        self.flush()
