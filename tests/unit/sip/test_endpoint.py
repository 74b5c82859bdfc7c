"""What the endpoint answers by itself, and what it drops (RFC 3261 §8.2, §12.2.2, §16, §18)."""

from __future__ import annotations

import pytest

from sip.endpoint import Flow, SipEndpoint, Transport
from sip.errors import SerializeError
from sip.events import InviteReceived, RequestReceived
from sip.message import Response
from sip.parser import parse_message
from tests.support.ids import CountingIds

LOCAL = ("192.0.2.2", 5060)
FLOW = Flow(Transport.UDP, LOCAL, ("198.51.100.7", 5060))
SDP = "v=0\r\n"


def endpoint(**options: int) -> SipEndpoint:
    return SipEndpoint(ids=CountingIds("us"), local=lambda flow: LOCAL, **options)  # type: ignore[arg-type]


def request(
    method: str = "OPTIONS",
    *extra: str,
    uri: str = "sip:bob@192.0.2.2",
    branch: str = "z9hG4bKabc",
    via: str = "",
    to: str = "<sip:bob@example.com>",
    from_: str = "<sip:alice@example.com>;tag=a1",
    call_id: str = "call-1",
    cseq: int = 1,
    contact: str = "<sip:alice@198.51.100.7>",
    body: str = "",
    version: str = "SIP/2.0",
) -> bytes:
    lines = [
        f"{method} {uri} {version}",
        f"Via: {via or f'SIP/2.0/UDP 198.51.100.7;branch={branch}'}",
        f"From: {from_}",
        f"To: {to}",
        f"Call-ID: {call_id}",
        f"CSeq: {cseq} {method}",
    ]
    if contact:
        lines.append(f"Contact: {contact}")
    lines += [*extra, f"Content-Length: {len(body)}", "", body]
    return "\r\n".join(lines).encode()


def answers(agent: SipEndpoint) -> list[Response]:
    found = []
    while (transmit := agent.next_transmit()) is not None:
        message = parse_message(transmit.data)
        assert isinstance(message, Response)
        found.append(message)
    return found


def finals(agent: SipEndpoint) -> list[int]:
    return [r.status for r in answers(agent) if r.status >= 200]


@pytest.mark.parametrize(
    ("data", "status", "header"),
    [
        (request("UPDATE"), 405, ("Allow", "OPTIONS")),
        (request("PUBLISH"), 405, ("Allow", "INVITE")),
        (request("NEWMETHOD"), 501, ("Allow", "INVITE")),
        (request("RE%47ISTER"), 501, ("Allow", "INVITE")),
        (request(uri="nobodyKnowsThisScheme:totallyopaque"), 416, None),
        (request("INVITE", uri="https://example.com/"), 416, None),
        (request("OPTIONS", "Require: foo, bar"), 420, ("Unsupported", "foo, bar")),
        (request("INVITE", "Require: 100rel", "Require: x"), 420, ("Unsupported", "100rel, x")),
        (request("OPTIONS", version="SIP/7.0"), 505, None),
        (request("INVITE", "Max-Forwards: 0"), 483, None),
        (request("INVITE", "Content-Type: application/xml", body="<a/>"), 415, ("Accept", "application/sdp")),
        (
            request("INVITE", "Content-Type: multipart/mixed;boundary=x", body="--x--"),
            415,
            ("Accept", "application/sdp"),
        ),
        (request("INVITE", "Content-Type: application/sdp", "Content-Encoding: gzip", body=SDP), 415, None),
        (request("INVITE", "Accept: text/plain"), 406, None),
        (request("INVITE", contact=""), 400, None),
        (request("INVITE", contact="*"), 400, None),
        (request("INVITE", contact="<mailto:alice@example.com>"), 416, None),
        (request("INVITE", contact="<sip:alice@>"), 400, None),
        (request("INVITE", "Max-Forwards: 300"), 400, None),
        (request("OPTIONS", "Content-Length: 5"), 400, None),
        (request("BYE", to="<sip:bob@example.com>;tag=unknown"), 481, None),
        (request("INVITE", to="<sip:bob@example.com>;tag=unknown"), 481, None),
        (request("INFO", to="<sip:bob@example.com>;tag=unknown"), 481, None),
        (request("BYE"), 481, None),
        (request("CANCEL"), 481, None),
    ],
    ids=lambda value: value.split(b" SIP/")[0].decode() if isinstance(value, bytes) else None,
)
def test_requests_that_are_refused(data: bytes, status: int, header: tuple[str, str] | None) -> None:
    agent = endpoint()
    agent.receive_datagram(data, FLOW, 0.0)
    [response] = [r for r in answers(agent) if r.status >= 200]
    assert response.status == status
    assert agent.next_event() is None
    if header is not None:
        assert header[1] in ", ".join(response.headers.get_all(header[0]))
    assert response.to.tag
    agent.handle_timeout(100.0)
    agent.handle_timeout(200.0)
    assert agent.load == (0, 0)


def test_max_forwards_of_zero_is_enough_for_what_ends_here() -> None:
    # RFC 4475 §3.1.1.12: an endpoint processes the request as if it were positive
    agent = endpoint()
    agent.receive_datagram(request("OPTIONS", "Max-Forwards: 0"), FLOW, 0.0)
    assert isinstance(agent.next_event(), RequestReceived)


def test_a_body_that_may_be_ignored_does_not_refuse_a_call() -> None:
    agent = endpoint()
    fields = ("Content-Type: application/x", "Content-Disposition: session;handling=optional")
    agent.receive_datagram(request("INVITE", *fields, body="x"), FLOW, 0.0)
    assert isinstance(agent.next_event(), InviteReceived)


def test_a_call_to_a_telephone_number_is_taken() -> None:
    agent = endpoint()
    agent.receive_datagram(request("INVITE", uri="tel:+380441234567"), FLOW, 0.0)
    event = agent.next_event()
    assert isinstance(event, InviteReceived)
    assert event.request.uri.user == "+380441234567"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"\x00\x00\x00\x00",
        b"garbage",
        request("ACK"),
        request("ACK", to="<sip:bob@example.com>;tag=unknown"),
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKnever\r\nFrom: <sip:a@b>;tag=1\r\n"
        b"To: <sip:a@b>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\n",
        b"SIP/2.0 200 OK\r\nVia: broken\r\n\r\n",
        b"SIP/2.0 999 Big\r\nVia: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKnever\r\nFrom: <sip:a@b>;tag=1\r\n"
        b"To: <sip:a@b>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\n",
    ],
)
def test_what_is_dropped_in_silence(data: bytes) -> None:
    agent = endpoint()
    agent.receive_datagram(data, FLOW, 0.0)
    assert answers(agent) == []
    assert agent.next_event() is None
    assert agent.load == (0, 0)
    assert agent.next_deadline() is None


def test_a_malformed_request_gets_a_400_and_nothing_is_kept() -> None:
    agent = endpoint()
    agent.receive_datagram(request(cseq=1).replace(b"CSeq: 1 ", b"CSeq: 99999999999 "), FLOW, 0.0)
    transmit = agent.next_transmit()
    assert transmit is not None
    assert transmit.data.startswith(b"SIP/2.0 400 Bad Request (CSeq")
    assert b"\r\nCSeq: 99999999999 OPTIONS\r\n" in transmit.data
    assert agent.load == (0, 0)


def test_a_merged_request_gets_482() -> None:
    # §8.2.2.2: the same request by another path
    agent = endpoint()
    agent.receive_datagram(request("INVITE", branch="z9hG4bKone"), FLOW, 0.0)
    agent.receive_datagram(request("INVITE", branch="z9hG4bKtwo"), FLOW, 0.0)
    assert finals(agent) == [482]
    assert isinstance(agent.next_event(), InviteReceived)
    assert agent.next_event() is None


def test_a_request_that_comes_again_with_credentials_is_not_a_merged_one() -> None:
    agent = endpoint()
    agent.receive_datagram(request("REGISTER", branch="z9hG4bKone"), FLOW, 0.0)
    event = agent.next_event()
    assert isinstance(event, RequestReceived)
    agent.respond(event.transaction, 401, now=0.0)
    agent.receive_datagram(request("REGISTER", branch="z9hG4bKtwo"), FLOW, 0.1)  # the same CSeq, as some phones do
    assert isinstance(agent.next_event(), RequestReceived)
    assert finals(agent) == [401]


def test_a_repeated_request_is_answered_from_the_transaction() -> None:
    agent = endpoint()
    agent.receive_datagram(request("OPTIONS"), FLOW, 0.0)
    event = agent.next_event()
    assert isinstance(event, RequestReceived)
    agent.respond(event.transaction, 200, headers=[("Accept", "application/sdp")], now=0.0)
    first = agent.next_transmit()
    agent.receive_datagram(request("OPTIONS"), FLOW, 0.5)
    assert agent.next_transmit() == first
    assert agent.next_event() is None
    agent.respond(event.transaction, 500, now=0.6)  # too late
    assert agent.next_transmit() is None


def test_the_same_branch_from_another_sender_is_another_transaction() -> None:
    # §17.2.3; RFC 4475 reuses z9hG4bKkdjuw all over
    agent = endpoint()
    for number, host in enumerate(("198.51.100.7", "198.51.100.8", "198.51.100.7:5070")):
        data = request(via=f"SIP/2.0/UDP {host};branch=z9hG4bKkdjuw", call_id=f"call-{number}")
        agent.receive_datagram(data, FLOW, 0.0)
        assert isinstance(agent.next_event(), RequestReceived), host


@pytest.mark.parametrize("branch", [";branch=z9hG4bK", ";branch=old", ""])
def test_branches_of_rfc_2543_are_matched_by_the_older_rules(branch: str) -> None:
    agent = endpoint()
    via = f"SIP/2.0/UDP 198.51.100.7{branch}"
    agent.receive_datagram(request("INVITE", via=via), FLOW, 0.0)
    event = agent.next_event()
    assert isinstance(event, InviteReceived)
    agent.receive_datagram(request("INVITE", via=via), FLOW, 0.5)  # repeated
    assert agent.next_event() is None
    agent.receive_datagram(request("INVITE", via=via, cseq=2), FLOW, 0.6)  # another one
    assert isinstance(agent.next_event(), InviteReceived)
    agent.handle_timeout(0.9)
    agent.reject(event.usage, 486, now=1.0)
    answers(agent)
    agent.receive_datagram(request("ACK", via=via), FLOW, 1.1)
    assert agent.next_deadline() == pytest.approx(6.1)  # Timer I: the ACK was found


@pytest.mark.parametrize(
    ("via", "source", "target", "expected"),
    [
        ("SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKx", 5060, 5060, None),
        ("SIP/2.0/UDP 10.0.0.5:5070;branch=z9hG4bKx", 40000, 5070, {"received": "198.51.100.7"}),
        (
            "SIP/2.0/UDP 10.0.0.5:5070;branch=z9hG4bKx;rport",
            40000,
            40000,
            {"received": "198.51.100.7", "rport": "40000"},
        ),
        ("SIP/2.0/UDP 198.51.100.7;rport;branch=z9hG4bKx", 5060, 5060, {"received": "198.51.100.7", "rport": "5060"}),
        ("SIP/2.0/UDP gw.example.com;branch=z9hG4bKx", 40000, 5060, {"received": "198.51.100.7"}),
        ("SIP/2.0/UDP a.example;branch=z9hG4bKx;maddr=203.0.113.9", 5060, 5060, {"received": "198.51.100.7"}),
    ],
)
def test_responses_go_to_the_source(via: str, source: int, target: int, expected: dict[str, str] | None) -> None:
    # §18.2.2, RFC 3581
    agent = endpoint()
    agent.receive_datagram(request("BYE", via=via), Flow(Transport.UDP, LOCAL, ("198.51.100.7", source)), 0.0)
    transmit = agent.next_transmit()
    assert transmit is not None
    assert transmit.flow.remote == ("198.51.100.7", target)
    response = parse_message(transmit.data)
    for name in ("received", "rport"):
        assert response.top_via.param(name) == (expected or {}).get(name)


def test_all_vias_are_copied_in_order_and_only_the_first_is_marked() -> None:
    agent = endpoint()
    via = "SIP/2.0/UDP proxy.example;branch=z9hG4bK1;rport, SIP/2.0/TCP 10.0.0.1;branch=z9hG4bK2;rport"
    agent.receive_datagram(request("BYE", "Via: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK3", via=via), FLOW, 0.0)
    [response] = answers(agent)
    assert [(v.host, v.received) for v in response.vias] == [
        ("proxy.example", "198.51.100.7"),
        ("10.0.0.1", None),
        ("10.0.0.9", None),
    ]


def test_requests_in_a_dialog_out_of_order_get_500_and_strangers_481() -> None:
    agent = endpoint()
    agent.receive_datagram(request("INVITE", cseq=10), FLOW, 0.0)
    event = agent.next_event()
    assert isinstance(event, InviteReceived)
    agent.answer(event.usage, body=b"v=0\r\n", now=0.0)
    to = next(r.headers.get("To") for r in answers(agent) if r.status == 200)
    assert to is not None
    agent.receive_datagram(request("ACK", cseq=10, to=to, branch="z9hG4bKack"), FLOW, 0.1)
    agent.receive_datagram(request("INFO", cseq=9, to=to, branch="z9hG4bKi1"), FLOW, 0.2)
    assert finals(agent) == [500]
    stranger = request("BYE", cseq=11, to=to, branch="z9hG4bKi2", from_="<sip:alice@example.com>;tag=forged")
    agent.receive_datagram(stranger, FLOW, 0.3)
    assert finals(agent) == [481]
    agent.receive_datagram(request("BYE", cseq=12, to=to, branch="z9hG4bKi3"), FLOW, 0.4)
    assert finals(agent) == [200]


def test_a_second_invite_before_the_answer_to_the_first_gets_500_with_retry_after() -> None:
    # §14.2
    agent = endpoint()
    agent.receive_datagram(request("INVITE"), FLOW, 0.0)
    event = agent.next_event()
    assert isinstance(event, InviteReceived)
    agent.ring(event.usage, now=0.0)
    to = next(r.headers.get("To") for r in answers(agent) if r.status == 180)
    assert to is not None
    agent.receive_datagram(request("INVITE", cseq=2, to=to, branch="z9hG4bKsecond"), FLOW, 0.1)
    [response] = [r for r in answers(agent) if r.status >= 200]
    assert response.status == 500
    assert 0 <= int(response.headers.get("Retry-After") or "") <= 10


def test_a_bye_of_an_early_dialog_ends_the_call() -> None:
    agent = endpoint()
    agent.receive_datagram(request("INVITE"), FLOW, 0.0)
    event = agent.next_event()
    assert isinstance(event, InviteReceived)
    agent.ring(event.usage, now=0.0)
    to = next(r.headers.get("To") for r in answers(agent) if r.status == 180)
    assert to is not None
    agent.receive_datagram(request("BYE", cseq=2, to=to, branch="z9hG4bKbye"), FLOW, 0.1)
    assert finals(agent) == [200, 487]
    assert agent.load.usages == 0


def test_record_routes_are_copied_and_the_dialogs_requests_follow_them() -> None:
    agent = endpoint()
    routes = ("Record-Route: <sip:10.1.1.1;lr>, <sip:10.1.1.2;lr>", "Record-Route: <sip:10.1.1.3;lr>")
    agent.receive_datagram(request("INVITE", *routes), FLOW, 0.0)
    event = agent.next_event()
    assert isinstance(event, InviteReceived)
    agent.answer(event.usage, body=b"v=0\r\n", now=0.0)
    ok = next(r for r in answers(agent) if r.status == 200)
    assert [str(r.uri) for r in ok.record_routes] == ["sip:10.1.1.1;lr", "sip:10.1.1.2;lr", "sip:10.1.1.3;lr"]
    agent.receive_datagram(request("ACK", to=ok.headers.get("To") or "", branch="z9hG4bKack"), FLOW, 0.1)
    agent.hang_up(event.usage, now=1.0)
    transmit = agent.next_transmit()
    assert transmit is not None
    bye = parse_message(transmit.data)
    assert [str(r.uri) for r in bye.routes] == ["sip:10.1.1.1;lr", "sip:10.1.1.2;lr", "sip:10.1.1.3;lr"]
    assert str(bye.uri) == "sip:alice@198.51.100.7"  # type: ignore[union-attr]


def test_too_many_calls_get_503_and_retry_after_but_calls_that_are_up_are_served() -> None:
    agent = endpoint(max_usages=1)
    agent.receive_datagram(request("INVITE"), FLOW, 0.0)
    event = agent.next_event()
    assert isinstance(event, InviteReceived)
    agent.receive_datagram(request("INVITE", call_id="call-2", branch="z9hG4bKtwo"), FLOW, 0.0)
    [refusal] = [r for r in answers(agent) if r.status >= 200]
    assert refusal.status == 503
    assert 5 <= int(refusal.headers.get("Retry-After") or "") <= 30
    agent.receive_datagram(request("CANCEL"), FLOW, 0.1)
    assert finals(agent) == [200, 487]


def test_beyond_the_limit_of_transactions_new_requests_are_refused_statelessly() -> None:
    agent = endpoint(max_transactions=2)
    for n in range(5):
        agent.receive_datagram(request("OPTIONS", branch=f"z9hG4bK{n}", call_id=f"call-{n}"), FLOW, 0.0)
    assert finals(agent) == [503, 503, 503]
    assert agent.load.transactions == 2
    agent.receive_datagram(request("BYE", to="<sip:bob@example.com>;tag=x", branch="z9hG4bKbye"), FLOW, 0.0)
    assert finals(agent) == [481]  # a request inside a dialog is looked at


def test_answered_requests_make_room_for_new_ones() -> None:
    # attack A15: a flood of requests that are answered costs bounded memory, and nobody is refused for it
    agent = endpoint(max_transactions=10)
    for n in range(200):
        agent.receive_datagram(request("OPTIONS", branch=f"z9hG4bK{n}", call_id=f"call-{n}"), FLOW, n / 1000)
        event = agent.next_event()
        assert isinstance(event, RequestReceived)
        agent.respond(event.transaction, 404, now=n / 1000)
        assert finals(agent) == [404]
        assert agent.load.transactions <= 10
    agent.receive_datagram(request("OPTIONS", branch="z9hG4bK199", call_id="call-199"), FLOW, 0.3)
    assert finals(agent) == [404]  # the latest still absorb repetitions
    agent.handle_timeout(100.0)
    assert agent.load == (0, 0)
    assert agent.next_deadline() is None


def test_an_answer_to_options_says_what_we_can_do() -> None:
    agent = endpoint()
    agent.receive_datagram(request("OPTIONS"), FLOW, 0.0)
    event = agent.next_event()
    assert isinstance(event, RequestReceived)
    agent.respond(event.transaction, 200, now=0.0)
    [response] = answers(agent)
    assert "INVITE" in (response.headers.get("Allow") or "")
    assert response.headers.get("Accept") == "application/sdp"


def test_a_dialog_whose_connection_is_gone_goes_on_by_its_contact() -> None:
    agent = endpoint()
    connection = Flow(Transport.TCP, LOCAL, ("198.51.100.7", 40000), connection=5)
    agent.receive_message(request("INVITE", contact="<sip:alice@198.51.100.7:5062;transport=tcp>"), connection, 0.0)
    event = agent.next_event()
    assert isinstance(event, InviteReceived)
    agent.answer(event.usage, body=b"v=0\r\n", now=0.0)
    to = next(r.headers.get("To") for r in answers(agent) if r.status == 200)
    agent.receive_message(request("ACK", to=to or "", branch="z9hG4bKack"), connection, 0.1)
    agent.transport_failed(connection, 1.0)
    agent.hang_up(event.usage, now=2.0)
    transmit = agent.next_transmit()
    assert transmit is not None
    assert transmit.data.startswith(b"BYE ")
    assert transmit.flow == Flow(Transport.TCP, LOCAL, ("198.51.100.7", 5062))


def test_text_of_the_users_cannot_start_a_header_line() -> None:
    # attack A18
    agent = endpoint()
    agent.receive_datagram(request("INVITE"), FLOW, 0.0)
    event = agent.next_event()
    assert isinstance(event, InviteReceived)
    answers(agent)
    evil = [("Subject", "x\r\nX-Evil: 1")]
    with pytest.raises(SerializeError):
        agent.answer(event.usage, body=b"", headers=evil, now=0.0)
    with pytest.raises(SerializeError):
        agent.hang_up(event.usage, headers=evil, now=0.0)
    with pytest.raises(SerializeError):
        agent.reject(event.usage, 486, "Busy\r\nX-Evil: 1", now=0.0)
    assert answers(agent) == []
    agent.reject(event.usage, 486, now=0.0)  # nothing had been done
    assert finals(agent) == [486]


def test_statuses_outside_their_class_are_the_users_mistake() -> None:
    agent = endpoint()
    with pytest.raises(ValueError, match="provisional"):
        agent.ring("u", 200, now=0.0)
    with pytest.raises(ValueError, match="rejection"):
        agent.reject("u", 200, now=0.0)
    with pytest.raises(ValueError, match="rejection"):
        agent.reject_reinvite("u", 100, now=0.0)


def test_a_bug_in_one_message_costs_that_message_only() -> None:
    agent = endpoint()
    agent.receive_datagram(request("OPTIONS"), FLOW, 0.0)
    assert isinstance(agent.next_event(), RequestReceived)

    class Boom(Exception):
        pass

    def explode(flow: Flow) -> tuple[str, int]:
        raise Boom

    agent._local.address = explode
    with pytest.raises(Boom):
        agent.receive_datagram(request("INVITE", branch="z9hG4bKboom", call_id="call-2"), FLOW, 0.0)
    agent._local.address = lambda flow: LOCAL
    agent.receive_datagram(request("INVITE", branch="z9hG4bKgood", call_id="call-3"), FLOW, 0.0)
    assert isinstance(agent.next_event(), InviteReceived)


@pytest.mark.parametrize("status", [401, 407])
def test_a_call_is_challenged_once_and_nothing_is_kept_of_it(status: int) -> None:
    # §26.3.2.4: who forges an address must not have a third party flooded
    agent = endpoint()
    agent.receive_datagram(request("INVITE"), FLOW, 0.0)
    event = agent.next_event()
    assert isinstance(event, InviteReceived)
    agent.reject(event.usage, status, now=0.0)
    assert finals(agent) == [status]
    assert agent.load == (0, 0)
    agent.handle_timeout(40.0)
    assert finals(agent) == []
    agent.receive_datagram(request("ACK"), FLOW, 40.0)
    assert finals(agent) == []


def test_a_call_that_is_repeated_because_its_challenge_was_lost_is_challenged_again() -> None:
    agent = endpoint()
    for now in (0.0, 0.5):
        agent.receive_datagram(request("INVITE"), FLOW, now)
        while (event := agent.next_event()) is not None:
            if isinstance(event, InviteReceived):
                agent.reject(event.usage, 401, now=now)
        assert finals(agent) == [401]
    assert agent.load == (0, 0)
