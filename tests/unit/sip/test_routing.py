"""RFC 3261 §8.1.2, §12.2.1.1, §18.2.2; RFC 3581. No name is ever looked up."""

from __future__ import annotations

import pytest

from sip.dialog import Dialog
from sip.flow import Flow, Transport
from sip.headers import NameAddr
from sip.routing import NextHop, in_dialog_flow, is_ip_address, is_private, next_hop
from sip.uri import Uri

LOCAL = ("192.0.2.2", 5060)


def udp(host: str, port: int = 5060) -> Flow:
    return Flow(Transport.UDP, LOCAL, (host, port))


@pytest.mark.parametrize(
    ("uri", "hop"),
    [
        ("sip:bob@192.0.2.9", NextHop(Transport.UDP, "192.0.2.9", 5060)),
        ("sip:bob@192.0.2.9:5070;transport=TCP", NextHop(Transport.TCP, "192.0.2.9", 5070)),
        ("sip:bob@example.com", NextHop(Transport.UDP, "example.com", 5060)),
        ("sip:bob@[2001:db8::1]:5061", NextHop(Transport.UDP, "[2001:db8::1]", 5061)),
        ("sip:bob@192.0.2.9;transport=sctp", None),
        ("sips:bob@192.0.2.9", None),
        ("tel:+380441234567", None),
    ],
)
def test_next_hop(uri: str, hop: NextHop | None) -> None:
    assert next_hop(Uri.parse(uri)) == hop


def test_addresses_and_names_are_told_apart() -> None:
    assert NextHop(Transport.UDP, "[2001:db8::1]", 5060).address == ("2001:db8::1", 5060)
    assert NextHop(Transport.UDP, "192.0.2.9", 5060).address == ("192.0.2.9", 5060)
    assert NextHop(Transport.UDP, "example.com", 5060).address is None
    for text in ("1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4.", "a.b.c.d", "1.2.3.x", ""):
        assert not is_ip_address(text), text


@pytest.mark.parametrize(
    ("host", "private"),
    [
        ("10.1.2.3", True),
        ("172.16.0.1", True),
        ("172.32.0.1", False),
        ("192.168.1.1", True),
        ("169.254.0.1", True),
        ("100.64.0.1", True),
        ("100.128.0.1", False),
        ("127.0.0.1", True),
        ("8.8.8.8", False),
        ("example.com", False),
    ],
)
def test_private_networks(host: str, private: bool) -> None:
    assert is_private(host) is private


@pytest.mark.parametrize(
    ("target", "alias", "source", "expected"),
    [
        ("sip:a@198.51.100.7:5062", "198.51.100.7", udp("198.51.100.7", 5062), ("198.51.100.7", 5062)),
        ("sip:a@198.51.100.7:5062", "198.51.100.7", udp("198.51.100.7", 40000), ("198.51.100.7", 5062)),
        ("sip:a@10.0.0.5:5062", "10.0.0.5", udp("198.51.100.7", 40000), ("198.51.100.7", 40000)),  # behind a NAT
        ("sip:a@10.0.0.5:5062", "", udp("198.51.100.7", 40000), ("198.51.100.7", 40000)),  # behind a proxy and a NAT
        ("sip:a@10.0.0.5:5062", "10.0.0.9", udp("10.0.0.9"), ("10.0.0.5", 5062)),  # a trunk whose media gateway answers
        ("sip:a@10.0.0.5", "10.0.0.5", udp("172.17.0.1", 40000), ("172.17.0.1", 40000)),  # a NAT inside a laboratory
        ("sip:a@203.0.113.4", "198.51.100.7", udp("198.51.100.7"), ("203.0.113.4", 5060)),
        ("sip:a@phone.example", "", udp("198.51.100.7"), ("198.51.100.7", 5060)),  # a name: nothing is resolved
        ("sip:a@203.0.113.4;transport=tcp", "", udp("198.51.100.7"), ("198.51.100.7", 5060)),
    ],
)
def test_where_requests_in_a_dialog_go(target: str, alias: str, source: Flow, expected: tuple[str, int]) -> None:
    assert in_dialog_flow(Uri.parse(target), (), source, alias).remote == expected


def test_the_first_route_comes_before_the_remote_target() -> None:
    routes = [NameAddr.parse("<sip:203.0.113.1:5070;lr>"), NameAddr.parse("<sip:203.0.113.2;lr>")]
    flow = in_dialog_flow(Uri.parse("sip:a@203.0.113.4"), routes, udp("198.51.100.7"))
    assert flow.remote == ("203.0.113.1", 5070)


def test_a_stream_goes_on_on_its_connection() -> None:
    flow = Flow(Transport.TCP, LOCAL, ("198.51.100.7", 40000), connection=3)
    assert in_dialog_flow(Uri.parse("sip:a@203.0.113.4"), (), flow) is flow


def dialog(*routes: str) -> Dialog:
    return Dialog(
        call_id="c",
        local="<sip:us@x>;tag=l",
        local_tag="l",
        remote="<sip:them@x>;tag=r",
        remote_tag="r",
        local_cseq=4,
        remote_cseq=7,
        remote_target=Uri.parse("sip:them@203.0.113.4"),
        routes=tuple(NameAddr.parse(r) for r in routes),
        flow=udp("203.0.113.4"),
        alias="",
    )


def test_loose_routes_leave_the_remote_target_in_the_request_line() -> None:
    request = dialog("<sip:p1;lr>", "<sip:p2;lr>").request("BYE", "via")
    assert str(request.uri) == "sip:them@203.0.113.4"
    assert request.headers.get_all("Route") == ["<sip:p1;lr>", "<sip:p2;lr>"]
    assert request.headers.get("CSeq") == "5 BYE"


def test_a_strict_router_is_put_in_the_request_line_and_the_target_last() -> None:
    # §12.2.1.1, second case
    request = dialog("<sip:p1>", "<sip:p2;lr>").request("BYE", "via")
    assert str(request.uri) == "sip:p1"
    assert request.headers.get_all("Route") == ["<sip:p2;lr>", "<sip:them@203.0.113.4>"]


def test_an_ack_has_the_number_of_its_invite() -> None:
    made = dialog()
    assert made.request("ACK", "via", 2).headers.get("CSeq") == "2 ACK"
    assert made.request("BYE", "via").headers.get("CSeq") == "5 BYE"
