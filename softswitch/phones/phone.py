"""A simulated phone: registers, calls, is called, on a UDP socket of its own."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from rtp.dtmf import parse_dtmf_info
from sip import events as sip_events
from sip.auth import Credentials
from sip.flow import Address, Flow, Transport
from sip.headers import NameAddr
from sip.uri import Uri
from softswitch.ids import RandomIds
from softswitch.phones.call import CallState, PhoneCall, PhoneError
from softswitch.phones.line import Line
from softswitch.phones.registration import Registration
from softswitch.transport.edge import SipEdge

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from sip.message import Request, Response
    from softswitch.phones.call import CallEvent
    from softswitch.phones.ticker import Ticker

    AnswerPolicy = Callable[[PhoneCall], Coroutine[None, None, None]]

log = logging.getLogger(__name__)

_CODECS: Final = ("PCMA", "PCMU")
_GOODBYE: Final = 2.0  # seconds in which the far ends may answer when the phone is switched off


async def answer_at_once(call: PhoneCall) -> None:
    """The simplest policy."""
    call.answer()


class SimulatedPhone:
    """Everything a person could do with one telephone.

    *policy* is run as a task for every incoming call, after 180 has been sent; a further call while *lines* of them are
    up is refused with 486. What a policy raises comes out of `close`. An async context manager: `start` and `close`.
    """

    def __init__(
        self,
        user: str,
        password: str = "",
        *,
        server: Address,
        domain: str,
        ticker: Ticker,
        name: str = "",
        host: str = "127.0.0.1",
        policy: AnswerPolicy = answer_at_once,
        codecs: Sequence[str] = _CODECS,
        lines: int = 1,
    ) -> None:
        self.user = user
        self.name = name or user
        self.policy = policy
        self.calls: list[PhoneCall] = []
        self._server = server
        self._domain = domain
        self._host = host
        self._ticker = ticker
        self._codecs = tuple(codecs)
        self._lines = lines
        self._ids = RandomIds(host)
        self._credentials = Credentials(user, password)
        self._identity = NameAddr(name, Uri("sip", user, domain))
        self._edge = SipEdge(
            listen=[f"udp:[{host}]:0" if ":" in host else f"udp:{host}:0"],
            ids=self._ids,
            on_event=self._on_event,
            user_agent="softswitch-phone",
        )
        self._by_usage: dict[str, PhoneCall] = {}
        self._requests: dict[str, asyncio.Future[Response]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._troubles: list[BaseException] = []
        self._registration = Registration(self._register, on_trouble=self._troubles.append)

    # --- life ---------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the SIP socket. Raises OSError."""
        await self._edge.start()

    async def close(self) -> None:
        """Hang up, unregister, close. Raises PhoneError when a policy failed, or the registration got lost."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        calls = list(self._by_usage.values())
        for call in calls:
            call.hang_up()
        try:
            async with asyncio.timeout(_GOODBYE):
                if self.registered:
                    await self.unregister()
                for call in calls:
                    await call.ended()
        except (TimeoutError, PhoneError) as error:
            log.debug("%s leaves without goodbye: %s", self.user, error)
        self._registration.stop()
        await self._edge.close()
        for call in list(self._by_usage.values()):
            call.line.close()
        for future in self._requests.values():
            if not future.done():
                future.set_exception(PhoneError(f"{self.name} was switched off"))
        if self._troubles:
            raise PhoneError(f"{self.name}: {self._troubles[0]}") from self._troubles[0]

    async def __aenter__(self) -> SimulatedPhone:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def address(self) -> Address:
        """Where the phone is reached, once it is started."""
        return self._edge.addresses[0].address

    # --- registration -------------------------------------------------------------------------------------------

    @property
    def registered(self) -> bool:
        return self._registration.expires > 0

    async def register(self, expires: int = 3600) -> int:
        """Register and keep registered; returns the granted seconds. Raises PhoneError with the status that refused."""
        return await self._registration.begin(expires)

    async def unregister(self) -> None:
        """Raises PhoneError."""
        await self._registration.end()

    async def _register(self, expires: int, call_id: str, cseq: int) -> Response:
        return await self.request(
            "REGISTER",
            Uri("sip", host=self._domain),
            self._identity,
            headers=[("Expires", str(expires))],
            call_id=call_id,
            cseq=cseq,
        )

    async def options(self, number: str) -> Response:
        """Ask what *number* can do."""
        uri = Uri("sip", number, self._domain)
        return await self.request("OPTIONS", uri, NameAddr("", uri))

    async def request(
        self,
        method: str,
        uri: Uri,
        to: NameAddr,
        *,
        headers: Sequence[tuple[str, str]] = (),
        call_id: str = "",
        cseq: int = 1,
    ) -> Response:
        """A request outside calls and its final response. Raises PhoneError when there is none."""
        request = self._edge.endpoint.request(
            method,
            uri=uri,
            flow=self._flow(),
            from_=self._identity,
            to=to,
            contact_user=self.user,
            headers=headers,
            auth=self._credentials,
            call_id=call_id,
            cseq=cseq,
            now=self._edge.now(),
        )
        future: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._requests[request] = future
        self._edge.flush()
        try:
            return await future
        finally:
            del self._requests[request]

    # --- calls --------------------------------------------------------------------------------------------------

    def dial(self, number: str) -> PhoneCall:
        """Call *number*; see `PhoneCall.answered`."""
        to = NameAddr("", Uri("sip", number, self._domain))
        call = PhoneCall(edge=self._edge, line=self._line(), codecs=self._codecs, remote=to)

        def invite(offer: bytes) -> str:
            return self._edge.endpoint.invite(
                uri=to.uri,
                flow=self._flow(),
                from_=self._identity,
                to=to,
                contact_user=self.user,
                body=offer,
                auth=self._credentials,
                now=self._edge.now(),
            )

        call.place(invite)
        self._keep(call)
        self._edge.flush()
        return call

    def _keep(self, call: PhoneCall) -> None:
        self._by_usage[call.usage] = call
        self.calls.append(call)
        call.line.on_digit = lambda digit: self._pressed(call, digit)

    def _pressed(self, call: PhoneCall, digit: str) -> None:
        call.digits += digit

    def _line(self) -> Line:
        return Line(self._host, self._ticker, self._ids)

    def _flow(self) -> Flow:
        return Flow(Transport.UDP, self.address, self._server)

    # --- events -------------------------------------------------------------------------------------------------

    def _on_event(self, event: sip_events.Event) -> None:
        match event:
            case sip_events.InviteReceived(usage, request):
                self._invited(usage, request)
            case sip_events.RequestReceived(transaction, request, _, usage):
                self._requested(transaction, request, usage)
            case sip_events.ResponseReceived(request, response):
                if (future := self._requests.get(request)) is not None and not future.done():
                    future.set_result(response)
            case sip_events.RequestFailed(request, status, cause):
                if (future := self._requests.get(request)) is not None and not future.done():
                    future.set_exception(PhoneError(f"{self._server[0]}:{self._server[1]}: {cause} ({status})"))
            case _:
                if (call := self._by_usage.get(event.usage)) is not None:
                    self._tell(call, event)

    def _tell(self, call: PhoneCall, event: CallEvent) -> None:
        try:
            call.receive(event)
        except ValueError as error:
            log.warning("%s: unusable session description: %s", self.name, error)
            call.hang_up()
        if call.state is CallState.ENDED:
            self._by_usage.pop(call.usage, None)

    def _invited(self, usage: str, request: Request) -> None:
        now = self._edge.now()
        if len(self._by_usage) >= self._lines:
            self._edge.endpoint.reject(usage, 486, now=now)
            return
        try:
            line = self._line()
        except OSError as error:
            log.warning("%s: no socket for a call: %s", self.name, error)
            self._edge.endpoint.reject(usage, 500, now=now)
            return
        call = PhoneCall(
            edge=self._edge, line=line, codecs=self._codecs, remote=request.from_, usage=usage, invite=request
        )
        self._keep(call)
        call.ring()
        task = asyncio.get_running_loop().create_task(self.policy(call), name=f"{self.user} is called")
        self._tasks.add(task)
        task.add_done_callback(self._policy_over)

    def _policy_over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._troubles.append(error)

    def _requested(self, transaction: str, request: Request, usage: str | None) -> None:
        call = self._by_usage.get(usage or "")
        status = 200
        if request.method == "INFO" and call is not None:
            pressed = parse_dtmf_info(request.content_type, request.body)
            if pressed is not None:
                self._pressed(call, pressed.digit)
            elif request.body:
                status = 415
        elif request.method != "OPTIONS":
            status = 405
        self._edge.endpoint.respond(transaction, status, now=self._edge.now())
