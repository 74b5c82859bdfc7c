"""Scripted telephones on our own SIP core, on virtual time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from rtp.negotiate import Direction, MediaAddress, accept_answer, answer_offer, make_offer
from rtp.sdp import parse_sdp
from sip import events as ev
from sip.auth import Credentials
from sip.endpoint import SipEndpoint
from sip.flow import Address, Flow, Transport
from sip.headers import NameAddr
from sip.uri import Uri
from tests.support.ids import CountingIds

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtp.legs import Source
    from rtp.negotiate import AudioSettings
    from sip.message import Request, Response
    from tests.support.sim_switch import SimSwitch

CODECS = ("PCMA", "PCMU")


class SimPhone:
    """A telephone of *user*. ``on_call`` is what it does when it is called; ``calls`` are all it ever had."""

    def __init__(self, switch: SimSwitch, user: str, address: Address, password: str = "") -> None:
        self.switch, self.world, self.network = switch, switch.world, switch.network
        self.user, self.address, self.password = user, address, password
        self.name = f"Phone {user}"
        self.armed = float("inf")
        self.flow = Flow(Transport.UDP, address, ("192.0.2.1", 5060))
        self.domain = switch.config.sip.domain
        self._starts = 0
        self.registered = 0  # status of the last registration
        self.calls: list[PhoneCall] = []
        self.on_call: Callable[[PhoneCall], None] = answers(after=2.0)
        self.on_talk: Callable[[PhoneCall], None] = lambda call: None
        self.answers_offers = True
        self.referred: list[int] = []  # what REFERs were answered with
        self.notified: list[int] = []  # how transfers went
        self.lamp: list[Request] = []  # what it was told of messages
        self.on_notify: Callable[[int], None] = lambda status: None
        self._by_usage: dict[str, PhoneCall] = {}
        self._expires, self._cseq = 3600, 1
        self._register_at: float | None = None
        self._power_on()

    # --- what its user does
    def register(self, expires: int = 3600) -> None:
        """Now, and again whenever half of the time is over."""
        self._expires, self._register_at = expires, None
        own = NameAddr("", Uri("sip", self.user, self.domain))
        self.endpoint.request(
            "REGISTER",
            uri=Uri("sip", None, self.domain),
            flow=self.flow,
            from_=own,
            to=own,
            contact_user=self.user,
            headers=(("Expires", str(expires)),),
            auth=Credentials(self.user, self.password),
            call_id=f"registration of {self.user}".replace(" ", "-"),
            cseq=self._cseq,
            now=self.world.now,
        )
        self._cseq += 5  # each challenge that is answered takes one
        self.flush()

    def unregister(self) -> None:
        self.register(0)

    def stay_quiet(self) -> None:
        """Register no more."""
        self._register_at, self._expires = None, 0

    def _registered(self, status: int) -> None:
        self.registered = status
        if self._expires:
            self._register_at = self.world.now + (self._expires / 2 if status == 200 else 30.0)

    def dial(
        self,
        number: str,
        *,
        late_offer: bool = False,
        password: str | None = None,
        offer: bytes | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> PhoneCall:
        call = PhoneCall(self, "", began=self.world.now, number=number)
        if not late_offer:
            call.local = offer or call.offer()
        call.usage = self.endpoint.invite(
            uri=Uri("sip", number, self.domain),
            flow=self.flow,
            from_=NameAddr(self.name, Uri("sip", self.user, self.domain)),
            to=NameAddr("", Uri("sip", number, self.domain)),
            body=call.local,
            headers=headers,
            now=self.world.now,
            auth=Credentials(self.user, self.password if password is None else password),
        )
        self._add(call)
        self.flush()
        return call

    def vanish(self) -> None:
        """Its battery is empty: nothing is heard of it, nothing reaches it, and its own clock stands still."""
        self.network.hosts.pop(self.address, None)

    def reappear(self) -> None:
        """With a new battery, and no memory of what it did before."""
        for call in self.calls:
            call.ended_at = self.world.now if call.ended_at is None else call.ended_at
        self._by_usage.clear()
        self._power_on()

    def _power_on(self) -> None:
        self._starts += 1
        ids = CountingIds(f"{self.user}-{self.address[0]}-{self.address[1]}-{self._starts}", self.world.seed)
        self.endpoint = SipEndpoint(ids=ids, local=lambda flow: self.address)
        self.network.hosts[self.address] = self._receive

    @property
    def gone(self) -> bool:
        return self.address not in self.network.hosts

    @property
    def call(self) -> PhoneCall:
        """The latest."""
        assert self.calls, f"{self.user} has had no call"
        return self.calls[-1]

    # --- what happens to it
    def _receive(self, data: bytes, flow: Flow) -> None:
        self.endpoint.receive_datagram(data, flow, self.world.now)
        self.flush()

    def next_deadline(self) -> float | None:
        deadlines = (self.endpoint.next_deadline(), self._register_at)
        return None if self.gone else min((at for at in deadlines if at is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        self.endpoint.handle_timeout(now)
        if self._register_at is not None and self._register_at <= now:
            self.register(self._expires)
        self.flush()

    def flush(self) -> None:
        while True:
            if (transmit := self.endpoint.next_transmit()) is not None:
                self.network.send(transmit)
            elif (event := self.endpoint.next_event()) is not None:
                self._happened(event)
            else:
                break
        self.world.arm(self)

    def _add(self, call: PhoneCall) -> None:
        self.calls.append(call)
        self._by_usage[call.usage] = call

    def _happened(self, event: ev.Event) -> None:
        if isinstance(event, ev.InviteReceived):
            call = PhoneCall(self, event.usage, began=self.world.now, invite=event.request)
            call.number = event.request.from_.uri.user or ""
            call.heard_sdp(event.request.body)
            self._add(call)
            self.on_call(call)
        elif isinstance(event, ev.ResponseReceived) and event.response.cseq.method == "REFER":
            self.referred.append(event.response.status)
        elif isinstance(event, ev.ResponseReceived):
            self._registered(event.response.status)
        elif isinstance(event, ev.RequestFailed):
            self._registered(event.status)
        elif isinstance(event, ev.RequestReceived):
            self.endpoint.respond(event.transaction, 200, now=self.world.now)
            if event.request.headers.get("Event") == "message-summary":
                self.lamp.append(event.request)
            elif event.request.method == "NOTIFY":
                self.notified.append(int(event.request.body.split()[1]))
                self.on_notify(self.notified[-1])
        else:
            if (known := self._by_usage.get(event.usage)) is not None:
                known.happened(event)


@dataclass(eq=False, repr=False)
class PhoneCall:
    """One call as the telephone sees it. Instants are None until they come."""

    phone: SimPhone
    usage: str
    began: float
    number: str = ""
    invite: Request | None = None  # of an incoming call
    local: bytes = b""
    leg: int | None = None  # the switch's leg, known by the port in its SDP
    settings: AudioSettings | None = None
    early_at: float | None = None
    rang_at: float | None = None
    answered_at: float | None = None
    ended_at: float | None = None
    status: int = 0  # of the final response
    cause: str = ""
    reason: str = ""  # the Reason field of the request that ended it
    responses: list[Response] = field(default_factory=list)
    changed: int = 0
    _version: int = 1

    def __repr__(self) -> str:
        way = "→" if self.invite is None else "←"
        return f"<{self.phone.user} {way} {self.number} at {self.began:.3f}: {self.status} {self.cause}>"

    @property
    def now(self) -> float:
        return self.phone.world.now

    @property
    def over(self) -> bool:
        return self.ended_at is not None

    @property
    def talking(self) -> bool:
        return self.answered_at is not None and not self.over

    @property
    def hears(self) -> Source | None:
        """What the switch plays to it now."""
        spec = None if self.leg is None else self.phone.switch.media.specs.get(self.leg)
        return None if spec is None else spec.source

    @property
    def heard(self) -> list[tuple[float, Source]]:
        """All it was to hear so far."""
        assert self.leg is not None
        return self.phone.switch.media.heard[self.leg]

    # --- descriptions
    def _media(self) -> MediaAddress:
        return MediaAddress(self.phone.address[0], 40_000)

    def offer(self, direction: Direction = Direction.SENDRECV) -> bytes:
        self._version += 1
        previous = self.local or None
        return make_offer(
            local=self._media(),
            codecs=CODECS,
            session_id=7,
            version=self._version,
            direction=direction,
            previous=previous,
        )

    def _answer(self, offer: bytes) -> bytes:
        self._version += 1
        self.local, self.settings = answer_offer(
            offer, local=self._media(), codecs=CODECS, session_id=7, version=self._version
        )
        return self.local

    def heard_sdp(self, body: bytes) -> None:
        """Which leg of the switch this is: its media port says so."""
        if body:
            port = parse_sdp(body).media[0].port
            self.leg = self.phone.switch.media.leg_at(port)

    # --- what the user does; too late is never wrong
    def ring(self) -> None:
        self.phone.endpoint.ring(self.usage, now=self.now)
        self.phone.flush()

    def early_media(self) -> None:
        assert self.invite is not None
        self.phone.endpoint.ring(self.usage, 183, body=self._answer(self.invite.body), now=self.now)
        self.phone.flush()

    def answer(self) -> None:
        if self.over or self.answered_at is not None or self.phone.gone:
            return
        assert self.invite is not None
        body = self.local or self._answer(self.invite.body)
        self.answered_at = self.now
        self.phone.endpoint.answer(self.usage, body=body, now=self.now)
        self.phone.flush()
        self.phone.on_talk(self)

    def reject(self, status: int = 486) -> None:
        self.phone.endpoint.reject(self.usage, status, now=self.now)
        self.phone.flush()

    def hang_up(self) -> None:
        """BYE, or CANCEL while it rings at the other end."""
        if not self.phone.gone:
            self.phone.endpoint.hang_up(self.usage, now=self.now)
            self.phone.flush()

    def hold(self, direction: Direction = Direction.SENDONLY) -> None:
        self.change(self.offer(direction))

    def change(self, offer: bytes) -> None:
        """A re-INVITE; ``changed`` becomes the status it is answered with."""
        self.local = offer
        self.phone.endpoint.reinvite(self.usage, body=offer, now=self.now)
        self.phone.flush()

    def resume(self) -> None:
        self.hold(Direction.SENDRECV)

    def transfer(self, to: str | PhoneCall, *headers: tuple[str, str]) -> None:
        """Blind to a number, or attended to the party of another call."""
        target = f"sip:{to}@{self.phone.domain}"
        if isinstance(to, PhoneCall):
            dialog = self.phone.endpoint._usages._by_id[to.usage].dialog
            assert dialog is not None
            name = f"{dialog.call_id};to-tag={dialog.remote_tag};from-tag={dialog.local_tag}"
            target = f"sip:{to.number}@{self.phone.domain}?Replaces={quote(name, safe='')}"
        self.phone.endpoint.refer(self.usage, f"<{target}>", headers=headers, now=self.now)
        self.phone.flush()

    def press(self, keys: str, by: str = "rfc4733") -> None:
        """*by*: rfc4733 or inband (through the media), info or info-plain (through signalling)."""
        for key in keys:
            if by == "info":
                body = f"Signal={key}\r\nDuration=160\r\n".encode()
                self.phone.endpoint.info(self.usage, body=body, content_type="application/dtmf-relay", now=self.now)
            elif by == "info-plain":
                self.phone.endpoint.info(self.usage, body=key.encode(), content_type="application/dtmf", now=self.now)
            elif self.leg is not None:
                self.phone.switch.press(self.leg, key, by)
        self.phone.flush()

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Do *action* unless the call is over by then."""
        self.phone.world.call_later(seconds, lambda: None if self.over or self.phone.gone else action())

    # --- what happens
    def happened(self, event: ev.Event) -> None:
        match event:
            case ev.Ringing(_, response):
                self.responses.append(response)
                if response.body:
                    self.early_at = self.early_at or self.now
                    self.heard_sdp(response.body)
                else:
                    self.rang_at = self.rang_at or self.now
            case ev.Answered(_, response):
                self.responses.append(response)
                self.answered_at, self.status = self.now, response.status
                self.heard_sdp(response.body)
                if self.local:
                    self.settings = accept_answer(self.local, response.body)
                else:
                    answer = self._answer(response.body) if self.phone.answers_offers else b""
                    self.phone.endpoint.ack(self.usage, body=answer, now=self.now)
                self.phone.on_talk(self)
            case ev.Rejected(_, response, status, cause):
                if response is not None:
                    self.responses.append(response)
                self._end(status, cause)
            case ev.Cancelled():
                self._end(487, "cancelled")
            case ev.Ended(_, cause, request, _):
                self.reason = "" if request is None else request.headers.get("Reason") or ""
                self._end(self.status, str(cause))
            case ev.ReinviteReceived(_, request):
                self.phone.endpoint.accept_reinvite(self.usage, body=self._answer(request.body), now=self.now)
            case ev.ReinviteAnswered(_, response, offer):
                self.settings, self.changed = accept_answer(offer, response.body), 200
            case ev.ReinviteRejected(_, status):
                self.changed = status
            case _:
                pass

    def _end(self, status: int, cause: str) -> None:
        assert self.ended_at is None, f"a call of {self.phone.user} ended twice"
        self.ended_at, self.status, self.cause = self.now, status, cause


def answers(*, after: float = 0.0, ring: bool = True) -> Callable[[PhoneCall], None]:
    """Rings, and is picked up after so many seconds."""

    def react(call: PhoneCall) -> None:
        if ring:
            call.ring()
        call.after(after, call.answer)

    return react


def rejects(status: int = 486, *, after: float = 0.0) -> Callable[[PhoneCall], None]:
    def react(call: PhoneCall) -> None:
        call.after(after, lambda: call.reject(status))

    return react


def rings_on(call: PhoneCall) -> None:
    """Nobody picks up."""
    call.ring()
