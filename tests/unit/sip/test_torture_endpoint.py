"""The torture messages again, on a whole endpoint, by datagram and by stream: each gets the answer it asks for."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sip.auth import AuthOutcome, DigestChallenger
from sip.endpoint import Flow, SipEndpoint, Transport
from sip.errors import FramingError, ParseError
from sip.events import InviteReceived, RequestReceived
from sip.framing import StreamFramer
from sip.registrar import Registrar
from tests.support.ids import CountingIds

TORTURE = Path(__file__).parents[2] / "golden" / "torture"
MANIFEST: dict[str, dict[str, Any]] = tomllib.loads((TORTURE / "manifest.toml").read_text(encoding="utf-8"))
FLOWS = {
    transport: Flow(transport, ("192.0.2.2", 5060), ("198.51.100.7", 5060), int(transport.reliable))
    for transport in Transport
}
BOTH = pytest.mark.parametrize("transport", list(Transport))

#: What comes of messages that nobody may object to: the request that the user hears of, or the answer.
ACCEPTED: dict[str, str | int | None] = {
    **dict.fromkeys(
        ("esc01", "longreq", "baddate", "inv2543", "ipv6-in-sdp", "mult-ip-in-sdp", "ipv4-mapped-ipv6"), "INVITE"
    ),
    **dict.fromkeys(("escnull", "dblreq", "cparam01", "cparam02", "regescrt"), "REGISTER"),
    **dict.fromkeys(("ipv6-good", "port-ambiguous", "port-unambiguous"), "REGISTER"),
    **dict.fromkeys(("lwsdisp", "semiuri", "transports", "baddn", "badbranch", "zeromf"), "OPTIONS"),
    "ipv6-bug-abnf-3-colons": "OPTIONS",
    "mpart01": "MESSAGE",
    # requests in dialogs that we do not have
    **dict.fromkeys(
        ("wsinv", "via-received-param-with-delim", "via-received-param-no-delim", "mult-ip-in-header"), 481
    ),
    # responses to requests that we did not send
    **dict.fromkeys(("unreason", "noreason", "bcast"), None),
}


def load(name: str) -> bytes:
    return (TORTURE / f"{name}.dat").read_bytes()


class Outcome(NamedTuple):
    heard: list[str]
    """Methods of the requests that reached the user."""
    statuses: list[int]
    """Final answers that the endpoint, or the user, gave."""
    closed: bool
    """The stream is of no use any more."""


class Agent:
    """A switch with a registrar, as far as it matters here."""

    def __init__(self, transport: Transport) -> None:
        self.flow = FLOWS[transport]
        self.endpoint = SipEndpoint(ids=CountingIds("us"), local=lambda flow: flow.local)
        self.framer = StreamFramer()

    def take(self, data: bytes) -> Outcome:
        endpoint, flow, closed = self.endpoint, self.flow, False
        if flow.transport is Transport.UDP:
            endpoint.receive_datagram(data, flow, 0.0)
        else:
            try:
                for message in self.framer.feed(data):
                    endpoint.receive_message(message, flow, 0.0)
            except FramingError as error:
                endpoint.refuse_malformed(error, flow)
                closed = True
        heard = []
        while (event := endpoint.next_event()) is not None:
            assert isinstance(event, RequestReceived | InviteReceived)
            heard.append(event.request.method)
            if isinstance(event, RequestReceived) and event.request.method == "REGISTER":
                endpoint.respond(event.transaction, self._register(event), now=0.0)
        statuses = []
        while (transmit := endpoint.next_transmit()) is not None:
            assert transmit.flow.remote[0] == flow.remote[0]
            assert transmit.flow == flow or flow.transport is Transport.UDP
            statuses.append(int(transmit.data.split(b" ", 2)[1]))
        return Outcome(heard, [status for status in statuses if status >= 200], closed)

    def _register(self, event: RequestReceived) -> int:
        challenger = DigestChallenger("example.com", b"secret")
        outcome = challenger.verify(event.request, "REGISTER", lambda *_: None, 0.0).outcome
        if "Authorization" in event.request.headers and outcome is not AuthOutcome.OK:
            return 401
        try:
            return Registrar().register("user", event.request, self.flow, 0.0).status
        except ParseError as error:
            return error.status


@BOTH
@pytest.mark.parametrize("name", [n for n, e in MANIFEST.items() if e["layer"] == "application"])
def test_what_the_application_objects_to(name: str, transport: Transport) -> None:
    assert Agent(transport).take(load(name)).statuses == [MANIFEST[name]["status"]]


@pytest.mark.parametrize("name", [n for n, e in MANIFEST.items() if e["layer"] == "parse"])
def test_what_the_parser_objects_to_in_a_datagram_is_answered_or_dropped(name: str) -> None:
    status = MANIFEST[name].get("status")
    assert Agent(Transport.UDP).take(load(name)) == ([], [status] if status else [], False)


@pytest.mark.parametrize("name", [n for n, e in MANIFEST.items() if e["layer"] == "parse" and n != "clerr"])
def test_what_the_parser_objects_to_on_a_stream_closes_it_where_the_length_is_in_doubt(name: str) -> None:
    status = MANIFEST[name].get("status")
    assert Agent(Transport.TCP).take(load(name)) == ([], [status] if status else [], name in ("ncl", "mcl01"))


def test_a_long_length_swallows_what_follows_it_on_a_stream() -> None:
    agent = Agent(Transport.TCP)
    assert agent.take(load("clerr")) == ([], [], False)
    assert agent.take(load("lwsdisp")) == ([], [], False)


def test_the_table_of_accepted_messages_is_complete() -> None:
    assert ACCEPTED.keys() == {n for n, e in MANIFEST.items() if e["layer"] in ("accept", "transaction")}


@BOTH
@pytest.mark.parametrize("name", [n for n in ACCEPTED if n not in ("inv2543", "dblreq")])
def test_what_is_accepted_reaches_the_user_or_is_answered_for_what_it_is(name: str, transport: Transport) -> None:
    outcome = Agent(transport).take(load(name))
    match ACCEPTED[name]:
        case None:
            assert outcome == ([], [], False)
        case int(status):
            assert outcome == ([], [status], False)
        case method:
            assert outcome == ([method], [200] if method == "REGISTER" else [], False)


def test_without_a_length_a_message_is_a_datagram_and_no_part_of_a_stream() -> None:
    assert Agent(Transport.UDP).take(load("inv2543")) == (["INVITE"], [], False)
    assert Agent(Transport.TCP).take(load("inv2543")) == ([], [400], True)


def test_what_follows_a_message_is_noise_in_a_datagram_and_the_next_one_on_a_stream() -> None:
    assert Agent(Transport.UDP).take(load("dblreq")) == (["REGISTER"], [200], False)
    assert Agent(Transport.TCP).take(load("dblreq")) == (["REGISTER"], [400, 200], False)  # that INVITE has no Contact


@BOTH
def test_a_branch_that_is_the_cookie_alone_is_matched_by_the_older_rules(transport: Transport) -> None:
    agent = Agent(transport)
    assert agent.take(load("badbranch")).heard == ["OPTIONS"]
    assert agent.take(load("badbranch")).heard == []  # repeated
    other = load("badbranch").replace(b"Call-ID: ", b"Call-ID: another-")
    assert other != load("badbranch")
    assert agent.take(other).heard == ["OPTIONS"]


@BOTH
def test_messages_that_share_a_branch_are_told_apart_by_sent_by(transport: Transport) -> None:
    agent = Agent(transport)
    first = load("lwsdisp")
    second = first.replace(b"Via: SIP/2.0/UDP ", b"Via: SIP/2.0/UDP other-").replace(b"Call-ID: ", b"Call-ID: other-")
    assert agent.take(first).heard == agent.take(second).heard == ["OPTIONS"]


@BOTH
@pytest.mark.parametrize("name", MANIFEST)
def test_nothing_is_left_of_any(name: str, transport: Transport) -> None:
    agent = Agent(transport)
    agent.take(load(name))
    agent.endpoint.transport_failed(agent.flow, 1.0)
    while (event := agent.endpoint.next_event()) is not None:
        pass
    for usage in list(agent.endpoint._usages._by_id):
        agent.endpoint.reject(usage, 480, now=1.0)
    for transaction in list(agent.endpoint._layer._servers):
        agent.endpoint.respond(transaction, 480, now=1.0)
    while (at := agent.endpoint.next_deadline()) is not None:
        agent.endpoint.handle_timeout(at)
    assert event is None
    assert agent.endpoint.load == (0, 0)
