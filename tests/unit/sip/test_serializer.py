from __future__ import annotations

import pytest

from sip.errors import SerializeError
from sip.headers import Headers, NameAddr
from sip.message import Request, Response
from sip.parser import parse_message
from sip.serializer import serialize
from sip.uri import Uri

URI = Uri("sip", "alice", "192.0.2.1")


def test_a_request_is_written_with_its_own_content_length_last() -> None:
    request = Request("INFO", URI, Headers([("l", "999"), ("t", "<sip:a@b>")]), b"5")
    assert serialize(request) == b"INFO sip:alice@192.0.2.1 SIP/2.0\r\nTo: <sip:a@b>\r\nContent-Length: 1\r\n\r\n5"


def test_a_response_may_have_no_reason() -> None:
    assert serialize(Response(486)).startswith(b"SIP/2.0 486 \r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize("evil", ["a\r\nX-Admin: yes", "a\nb", "a\rb", "a\r\n", "\x00", "\ud800"])
def test_nothing_that_starts_a_line_of_its_own_passes(evil: str) -> None:
    for message in (
        Request("INVITE", URI, Headers([("Subject", evil)])),
        Request("INVITE", URI, Headers([("From", str(NameAddr("", URI, (("x", evil),))))])),
        Request("INVITE" + evil, URI),
        Response(200, evil),
        Response(200, "OK", Headers.of_canonical([(evil, "x")])),
    ):
        with pytest.raises(SerializeError):
            serialize(message)


@pytest.mark.parametrize("evil", ['a" <sip:root@b>\r\nX-Admin: yes', "a\nb", "a\rb"])
def test_a_display_name_cannot_start_a_line(evil: str) -> None:
    with pytest.raises(SerializeError):
        serialize(Request("INVITE", URI, Headers([("From", str(NameAddr(evil, URI)))])))


def test_a_nul_in_a_display_name_becomes_a_quoted_pair() -> None:
    data = serialize(Request("INVITE", URI, Headers([("From", str(NameAddr("a\x00b", URI)))])))
    assert b'From: "a\\\x00b" <' in data


@pytest.mark.parametrize("method", ["", "IN VITE", "INVITE\t", "Ü"])
def test_a_method_is_a_token(method: str) -> None:
    with pytest.raises(SerializeError):
        serialize(Request(method, URI))


@pytest.mark.parametrize("status", [0, 99, 700, -200])
def test_a_status_is_in_a_class(status: int) -> None:
    with pytest.raises(SerializeError):
        serialize(Response(status))


def test_a_host_of_our_own_cannot_break_the_request_line() -> None:
    with pytest.raises(SerializeError):
        serialize(Request("INVITE", Uri("sip", "a", "b SIP/2.0")))


def test_octets_that_are_not_utf8_come_out_as_they_came_in() -> None:
    data = (
        b'OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: "J\xf3zef" <sip:a@b>;tag=1\r\n'
        b"To: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    )
    assert serialize(parse_message(data)) == data
