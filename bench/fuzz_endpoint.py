"""A whole SIP endpoint among strangers, on virtual time: nothing is raised, and when all is over nothing is left."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bench.fuzz_cases import Broken, Target
from bench.fuzz_strangers import Strangers
from rtp.negotiate import MediaAddress, make_offer
from sip import events as sip_events
from sip.auth import Credentials
from sip.endpoint import SipEndpoint
from sip.errors import FramingError, ParseError
from sip.flow import Flow, Transport
from sip.framing import StreamFramer
from sip.headers import NameAddr
from sip.parser import parse_message
from sip.refer import parse_refer
from sip.uri import Uri
from tests.support.ids import CountingIds

if TYPE_CHECKING:
    import random
    from collections.abc import Sized

    from sip.message import Request

INPUTS = 50
_LOCAL = ("192.0.2.2", 5060)
_HOSTS = ("198.51.100.7", "198.51.100.8")
_UDP = [Flow(Transport.UDP, _LOCAL, (host, 5060)) for host in _HOSTS]
_TCP = [Flow(Transport.TCP, _LOCAL, (host, 40_000), 7 + at) for at, host in enumerate(_HOSTS)]
_SDP = make_offer(local=MediaAddress(_LOCAL[0], 4000), codecs=("PCMA",), session_id=1, version=1)
#: Every timer of RFC 3261 is over by then.
_LONGEST = 400.0


class _User:
    """The endpoint's user: does with each event one of the things that may be done, at random."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.now = 0.0
        self.endpoint = SipEndpoint(ids=CountingIds("us", rng.randrange(1 << 30)), local=lambda flow: flow.local)
        self.strangers = Strangers(rng, host=_HOSTS[0].encode() + b":5060")
        self.transactions: list[str] = []
        self.usages: list[str] = []
        self.framers = [StreamFramer() for _ in _TCP]
        self.finishing = False

    def drain(self) -> None:
        while True:
            if (transmit := self.endpoint.next_transmit()) is not None:
                self._check_sent(transmit.data, transmit.flow)
                self.strangers.hear(transmit.data)
            elif (event := self.endpoint.next_event()) is not None:
                self._react(event)
            else:
                return

    def _check_sent(self, data: bytes, flow: Flow) -> None:
        if StreamFramer().feed(data) != [data]:
            raise Broken(f"sent what is not one whole message: {data!r}")
        if not data.startswith(b"SIP/2.0"):  # a response may have to repeat what was wrong in its request
            try:
                parse_message(data)
            except ParseError as error:
                raise Broken(f"sent what cannot be parsed: {error}\n{data!r}") from error
        elif flow.remote[0] not in _HOSTS:
            raise Broken(f"a response goes to {flow.remote}, from where nothing came")

    def _react(self, event: sip_events.Event) -> None:
        endpoint, chance, now = self.endpoint, self.rng.random, self.now
        match event:
            case sip_events.RequestReceived(transaction, request, flow, _) if (
                request.method == "REFER" and chance() < 0.7
            ):
                self._take_refer(transaction, request, flow)
            case sip_events.RequestReceived(transaction=transaction):
                if chance() < 0.8 or self.finishing:
                    endpoint.respond(transaction, self.rng.choice((200, 403, 404, 500)), now=now)
                else:
                    self.transactions.append(transaction)
            case sip_events.InviteReceived(usage=usage):
                self.usages.append(usage)
                self.act(usage)
            case sip_events.Answered(usage=usage, response=response):
                if not response.body or chance() < 0.3:
                    endpoint.ack(usage, body=_SDP, now=now)
            case sip_events.ReinviteReceived(usage=usage):
                if chance() < 0.7 or self.finishing:
                    endpoint.accept_reinvite(usage, body=_SDP, now=now)
                else:
                    endpoint.reject_reinvite(usage, 488, now=now)
            case _:
                pass

    def _take_refer(self, transaction: str, request: Request, flow: Flow) -> None:
        """As call control does: read it, accept it, tell how it goes."""
        try:
            refer = parse_refer(request)
            if refer.replaces is not None:
                self.endpoint.usage_of(refer.replaces)
            name = self.endpoint.accept_refer(transaction, flow, subscribe=refer.subscribe, now=self.now)
        except ParseError as error:
            self.endpoint.respond(transaction, error.status, now=self.now)
            return
        for _ in range(self.rng.randrange(3)):
            self.endpoint.tell_referrer(name, self.rng.choice((100, 180)), now=self.now)
        self.endpoint.tell_referrer(name, self.rng.choice((200, 486)), last=True, now=self.now)

    def act(self, usage: str) -> None:
        """Any verb for a usage, whatever its state."""
        endpoint, now = self.endpoint, self.now
        match self.rng.randrange(10):
            case 0 | 1:
                endpoint.ring(usage, self.rng.choice((180, 183)), now=now)
            case 2 | 3 | 4:
                endpoint.answer(usage, body=_SDP, now=now)
            case 5:
                endpoint.reject(usage, self.rng.choice((302, 401, 486, 603)), now=now)
            case 6:
                endpoint.hang_up(usage, now=now)
            case 7:
                endpoint.refer(usage, "<sip:somebody@elsewhere>", now=now)
            case 8:
                endpoint.reinvite(usage, body=_SDP, now=now)
            case _:
                endpoint.info(usage, body=b"Signal=1\r\n", content_type="application/dtmf-relay", now=now)

    def begin(self) -> None:
        """A call, or a request, of our own."""
        uri = Uri.parse(f"sip:callee@{_HOSTS[0]}")
        who = NameAddr("", uri)
        flow = self.rng.choice(_UDP + _TCP)
        auth = Credentials("us", "secret")
        if self.rng.random() < 0.7:
            body = _SDP if self.rng.random() < 0.8 else b""
            usage = self.endpoint.invite(uri=uri, flow=flow, from_=who, to=who, body=body, auth=auth, now=self.now)
            self.usages.append(usage)
        else:
            self.endpoint.request("OPTIONS", uri=uri, flow=flow, from_=who, to=who, auth=auth, now=self.now)

    def receive(self, data: bytes) -> None:
        at = self.rng.randrange(5)
        if at < 4:
            self.endpoint.receive_datagram(data, _UDP[at % 2], self.now)
            return
        stream = self.rng.randrange(len(_TCP))
        try:
            for message in self.framers[stream].feed(data):
                self.endpoint.receive_message(message, _TCP[stream], self.now)
        except FramingError as error:
            for message in error.messages:
                self.endpoint.receive_message(message, _TCP[stream], self.now)
            self.endpoint.refuse_malformed(error, _TCP[stream])
            self.endpoint.transport_failed(_TCP[stream], self.now)
            self.framers[stream] = StreamFramer()

    def pass_time(self, until: float) -> None:
        for _ in range(5000):
            at = self.endpoint.next_deadline()
            if at is None or at > until:
                self.now = until
                return
            self.now = max(self.now, at)
            self.endpoint.handle_timeout(self.now)
            self.drain()
        raise Broken(f"timers go on for ever at {self.now}")

    def finish(self) -> None:
        """Answer what is unanswered, hang up what is up, wait for the last timer."""
        self.finishing = True
        for transaction in self.transactions:
            self.endpoint.respond(transaction, 500, now=self.now)
        for usage in self.usages:
            self.endpoint.hang_up(usage, now=self.now)
        self.drain()
        self.pass_time(self.now + _LONGEST)
        for usage in self.usages:  # those that came with what was held back
            self.endpoint.hang_up(usage, now=self.now)
        self.pass_time(self.now + _LONGEST)


def live(data: bytes, rng: random.Random) -> float:
    """`INPUTS` messages; the worst CPU seconds that one of them, and what came of it, took."""
    user = _User(rng)
    worst = 0.0
    for _ in range(INPUTS):
        if rng.random() < 0.1:
            user.begin()
            user.drain()
        elif rng.random() < 0.1 and user.usages:
            user.act(rng.choice(user.usages))
            user.drain()
        message = user.strangers.say()
        started = time.process_time()
        user.receive(message)
        user.drain()
        worst = max(worst, time.process_time() - started)
        if rng.random() < 0.02:
            user.endpoint.transport_failed(rng.choice(_UDP + _TCP), user.now)
            user.drain()
        if rng.random() < 0.5:
            user.pass_time(user.now + rng.choice((0.01, 0.1, 0.6, 3.0, 35.0)))
    user.finish()
    left = left_over(user.endpoint)
    if left:
        raise Broken(f"left over: {left}")
    return worst


def left_over(endpoint: SipEndpoint) -> dict[str, int]:
    """What the endpoint holds, by kind; empty when it holds nothing."""
    layer, usages, signalling = endpoint._layer, endpoint._usages, endpoint._signalling
    held: dict[str, Sized] = {
        "server transactions": layer._servers,
        "client transactions": layer._clients,
        "merged requests": layer._merge,
        "streams": layer._streams,
        "calls": usages._by_id,
        "dialogs": usages._by_dialog,
        "pending": signalling.pending,
        "subscriptions": endpoint._subscriptions,
    }
    return {what: len(things) for what, things in held.items() if things}


ENDPOINT = Target("sip-endpoint", live, [], 0, inputs=INPUTS)
