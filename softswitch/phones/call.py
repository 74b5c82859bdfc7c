"""One call at a simulated phone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Literal

from rtp.negotiate import Direction, accept_answer, answer_offer, make_offer
from sip import events as sip_events
from sip.events import EndCause

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rtp.negotiate import AudioSettings
    from sip.headers import NameAddr
    from sip.message import Request
    from softswitch.phones.line import Line
    from softswitch.transport.edge import SipEdge

    CallEvent = (
        sip_events.Confirmed
        | sip_events.Cancelled
        | sip_events.Ringing
        | sip_events.Answered
        | sip_events.Rejected
        | sip_events.ReinviteReceived
        | sip_events.ReinviteConfirmed
        | sip_events.ReinviteAnswered
        | sip_events.ReinviteRejected
        | sip_events.Ended
    )

Carriage = Literal["rfc4733", "info", "inband"]


class PhoneError(Exception):
    """Something that the person at the phone would notice: no answer from the switch, a refusal, no call to act on."""


class CallState(Enum):
    CALLING = auto()
    RINGING = auto()  # at the far end, or here
    UP = auto()
    ENDED = auto()


@dataclass(frozen=True, slots=True)
class CallEnd:
    """How a call ended. ``status``: the final SIP status of a call that was never answered, else 0."""

    by_us: bool
    why: str
    status: int = 0


class PhoneCall:
    """Made by `SimulatedPhone`. Verbs that come too late do nothing, as on a telephone."""

    def __init__(
        self,
        *,
        edge: SipEdge,
        line: Line,
        codecs: Sequence[str],
        remote: NameAddr,
        usage: str = "",
        invite: Request | None = None,
    ) -> None:
        self._edge = edge
        self._codecs = tuple(codecs)
        self._usage = usage
        self._invite = invite
        self._version = 1
        self._local_sdp = b""
        self._held = False
        self._hanging_up = False
        self._change: asyncio.Future[int] | None = None
        #: The other party: whom we called, or the From of whom called us.
        self.remote = remote
        #: The sound: what to say, and what was heard.
        self.line = line
        self.state = CallState.CALLING if invite is None else CallState.RINGING
        self.end: CallEnd | None = None
        #: Keys that the far end pressed.
        self.digits = ""
        loop = asyncio.get_running_loop()
        self.began = loop.time()
        #: When both could talk (monotonic), None before.
        self.answered_at: float | None = None
        self._up: asyncio.Future[None] = loop.create_future()
        self._over: asyncio.Future[CallEnd] = loop.create_future()
        self._far_rings: asyncio.Future[None] = loop.create_future()

    @property
    def incoming(self) -> bool:
        return self._invite is not None

    @property
    def usage(self) -> str:
        return self._usage

    @property
    def description(self) -> bytes:
        """The session description (SDP) that we sent last."""
        return self._local_sdp

    @property
    def remote_name(self) -> str:
        """What the display of the phone shows."""
        return self.remote.display_name or self.remote.uri.user or ""

    # --- waiting ------------------------------------------------------------------------------------------------

    async def ringing(self, within: float = 10.0) -> None:
        """Until it rings at the far end. Raises PhoneError."""
        await self._until(self._far_rings, within, "does not ring")

    async def answered(self, within: float = 40.0) -> None:
        """Until both can talk. Raises PhoneError when the call ends before, or takes longer."""
        await self._until(self._up, within, "was not answered")

    async def ended(self, within: float = 600.0) -> CallEnd:
        """Until the call is over. Raises PhoneError when it takes longer."""
        await self._until(self._over, within, "did not end")
        return self._over.result()

    async def _until(self, future: asyncio.Future[None] | asyncio.Future[CallEnd], within: float, what: str) -> None:
        await asyncio.wait([future, self._over], timeout=within, return_when=asyncio.FIRST_COMPLETED)
        if future.done():
            return
        if self.end is not None:
            raise PhoneError(f"the call with {self.remote_name} ended: {self.end.why}")
        raise PhoneError(f"the call with {self.remote_name} {what} within {within:g} s")

    # --- the person's verbs -------------------------------------------------------------------------------------

    def place(self, invite: Callable[[bytes], str]) -> None:
        """Send our INVITE; *invite* takes the offer and returns the usage."""
        self._local_sdp = self._offer(Direction.SENDRECV)
        self._usage = invite(self._local_sdp)

    def ring(self) -> None:
        """180 to who calls us."""
        if self.incoming and self.state is CallState.RINGING:
            self._edge.endpoint.ring(self._usage, now=self._edge.now())
            self._edge.flush()

    def answer(self) -> None:
        """Pick up. Raises SdpError when there is nothing to talk with; the call is refused then."""
        if self._invite is None or self.state is not CallState.RINGING:
            return
        settings: AudioSettings | None = None
        if self._invite.body:
            try:
                self._local_sdp, settings = self._answer(self._invite.body)
            except ValueError:
                self.decline(488)
                raise
        else:
            self._local_sdp = self._offer(Direction.SENDRECV)
        self._edge.endpoint.answer(self._usage, body=self._local_sdp, now=self._edge.now())
        if settings is not None:
            self._talk(settings)
        self._edge.flush()

    def decline(self, status: int = 486) -> None:
        """Refuse an incoming call: 486 busy, 603 declined …"""
        if self.incoming and self.state is CallState.RINGING:
            self._hanging_up = True
            self._edge.endpoint.reject(self._usage, status, now=self._edge.now())
            self._edge.flush()

    def hang_up(self) -> None:
        """End the call, whatever its state."""
        if self.state is not CallState.ENDED:
            self._hanging_up = True
            self._edge.endpoint.hang_up(self._usage, now=self._edge.now())
            self._edge.flush()

    async def hold(self) -> None:
        """Put the far end on hold. Raises PhoneError when it refuses."""
        await self._offer_again(Direction.SENDONLY)
        self._held = True

    async def resume(self) -> None:
        """Talk again after `hold`. Raises PhoneError."""
        await self._offer_again(Direction.SENDRECV)
        self._held = False

    async def press(self, digits: str, carriage: Carriage = "rfc4733") -> None:
        """Press keys, one after the other. Raises PhoneError when there is no call to press them in, or it ends."""
        if self.state is not CallState.UP:
            raise PhoneError(f"no call to press {digits} in")
        finished = True
        if carriage == "info":
            for digit in digits:
                body = f"Signal={digit}\r\nDuration=160\r\n".encode()
                self._edge.endpoint.info(
                    self._usage, body=body, content_type="application/dtmf-relay", now=self._edge.now()
                )
                self._edge.flush()
                await asyncio.sleep(0.2)
        elif carriage == "inband":
            finished = await self.line.press_inband(digits)
        else:
            finished = await self.line.press(digits)
        if not finished:
            raise PhoneError(f"the call ended while {digits} was pressed")

    # --- what happens -------------------------------------------------------------------------------------------

    def receive(self, event: CallEvent) -> None:
        """An event of our usage. Raises SdpError when the far end's description cannot be used."""
        match event:
            case sip_events.Ringing(response=response):
                self.state = CallState.RINGING
                if response.body:  # early media
                    self.line.connect(accept_answer(self._local_sdp, response.body))
                _done(self._far_rings)
            case sip_events.Answered(response=response):
                _done(self._far_rings)
                self._talk(accept_answer(self._local_sdp, response.body))
            case sip_events.Confirmed(request=request):
                if request.body:
                    self._talk(accept_answer(self._local_sdp, request.body))
            case sip_events.ReinviteReceived(request=request):
                self._reinvited(request)
            case sip_events.ReinviteConfirmed(request=request):
                if request.body:
                    self.line.connect(accept_answer(self._local_sdp, request.body))
            case sip_events.ReinviteAnswered(response=response, offer=offer):
                self.line.connect(accept_answer(offer, response.body))
                self._settle_change(0)
            case sip_events.ReinviteRejected(status=status):
                self._settle_change(status)
            case sip_events.Rejected(status=status, cause=cause):
                self._finish(CallEnd(self._hanging_up, cause or f"refused with {status}", status))
            case sip_events.Cancelled():
                self._finish(CallEnd(False, "the caller gave up", 487))
            case sip_events.Ended(cause=cause):
                self._finish(CallEnd(cause is EndCause.LOCAL, str(cause)))

    def _talk(self, settings: AudioSettings) -> None:
        self.line.connect(settings)
        if self.state is not CallState.ENDED:
            self.state = CallState.UP
            if self.answered_at is None:
                self.answered_at = self._edge.now()
            _done(self._up)

    def _finish(self, end: CallEnd) -> None:
        self.state = CallState.ENDED
        self.end = end
        self.line.close()
        self._settle_change(481)
        if not self._over.done():
            self._over.set_result(end)

    def _reinvited(self, request: Request) -> None:
        settings: AudioSettings | None = None
        self._version += 1
        try:
            if request.body:
                self._local_sdp, settings = self._answer(request.body)
            else:
                self._local_sdp = self._offer(Direction.SENDONLY if self._held else Direction.SENDRECV)
        except ValueError:
            self._edge.endpoint.reject_reinvite(self._usage, 488, now=self._edge.now())
            return
        self._edge.endpoint.accept_reinvite(self._usage, body=self._local_sdp, now=self._edge.now())
        if settings is not None:
            self.line.connect(settings)

    # --- descriptions -------------------------------------------------------------------------------------------

    def _offer(self, direction: Direction) -> bytes:
        return make_offer(
            local=self.line.local,
            codecs=self._codecs,
            session_id=self.line.local.port,
            version=self._version,
            direction=direction,
            previous=self._local_sdp or None,
        )

    def _answer(self, offer: bytes) -> tuple[bytes, AudioSettings]:
        return answer_offer(
            offer,
            local=self.line.local,
            codecs=self._codecs,
            session_id=self.line.local.port,
            version=self._version,
            direction=Direction.SENDONLY if self._held else Direction.SENDRECV,
        )

    async def _offer_again(self, direction: Direction) -> None:
        if self.state is not CallState.UP or self._change is not None:
            raise PhoneError("no call that could be changed now")
        self._version += 1
        self._local_sdp = self._offer(direction)
        self._change = asyncio.get_running_loop().create_future()
        try:
            self._edge.endpoint.reinvite(self._usage, body=self._local_sdp, now=self._edge.now())
            self._edge.flush()
            status = await self._change
        finally:
            self._change = None
        if status:
            raise PhoneError(f"the far end refused the change with {status}")

    def _settle_change(self, status: int) -> None:
        if self._change is not None and not self._change.done():
            self._change.set_result(status)


def _done(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
