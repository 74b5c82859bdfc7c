from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip.errors import ParseError
from sip.grammar import MAX_MESSAGE
from sip.headers import CSeq, Headers
from sip.message import Request, Response
from sip.parser import parse_message
from sip.serializer import serialize
from sip.uri import Uri

FIELDS = (
    "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1",
    "From: <sip:a@example.com>;tag=1",
    "To: <sip:b@example.com>",
    "Call-ID: c",
    "CSeq: 1 INFO",
)


def request(*more: str, line: str = "INFO sip:b@example.com SIP/2.0", body: bytes = b"", without: str = "") -> bytes:
    kept = [field for field in FIELDS if not (without and field.startswith(without))]
    return "\r\n".join([line, *kept, *more, "", ""]).encode("utf-8", "surrogateescape") + body


def parse(data: bytes) -> Request:
    message = parse_message(data)
    assert isinstance(message, Request)
    return message


def refusal(data: bytes) -> ParseError:
    with pytest.raises(ParseError) as caught:
        parse_message(data)
    return caught.value


def test_a_request_has_its_parts_and_typed_fields() -> None:
    message = parse(
        request(
            "Contact: <sip:a@192.0.2.9>, <sip:a@192.0.2.10>;q=0.5",
            "Max-Forwards: 0068",
            "Expires: 4294967295",
            "c: Application/SDP;charset=utf-8",
            "Route: <sip:p1;lr>",
            "Route: <sip:p2;lr>, <sip:p3;lr>",
            "Content-Length: 3",
            body=b"v=0",
        )
    )
    assert (message.method, message.uri, message.body) == ("INFO", Uri("sip", "b", "example.com"), b"v=0")
    assert message.top_via.branch == "z9hG4bK1"
    assert message.vias == (message.top_via,)
    assert (message.from_.tag, message.to.tag, message.call_id, message.cseq) == ("1", None, "c", CSeq(1, "INFO"))
    assert [contact.uri.host for contact in message.contacts] == ["192.0.2.9", "192.0.2.10"]
    assert (message.max_forwards, message.expires, message.content_type) == (68, 2**32 - 1, "application/sdp")
    assert [route.uri.host for route in message.routes] == ["p1", "p2", "p3"]
    assert message.record_routes == ()
    assert not message.contact_star


def test_a_response_has_a_status_and_a_reason() -> None:
    message = parse_message(request(line="SIP/2.0 183 Session  Progress"))
    assert isinstance(message, Response)
    assert (message.status, message.reason) == (183, "Session  Progress")


def test_optional_fields_may_be_missing() -> None:
    message = parse(request())
    assert (message.max_forwards, message.expires, message.content_type, message.contacts) == (None, None, "", ())


def test_a_star_contact_is_told_apart() -> None:
    message = parse(request("Contact: *"))
    assert message.contact_star
    assert message.contacts == ()


def test_typed_fields_follow_changes_of_the_headers() -> None:
    message = parse(request())
    assert message.to.tag is None
    message.headers.set("To", "<sip:b@example.com>;tag=9")
    assert message.to.tag == "9"


@pytest.mark.parametrize("name", ["Contact", "Route", "Record-Route", "Expires", "Content-Type"])
def test_a_malformed_optional_field_is_refused_when_it_is_read(name: str) -> None:
    message = parse(request(f"{name}: <<>"))
    attribute = {"Contact": "contacts", "Route": "routes", "Record-Route": "record_routes"}.get(name)
    with pytest.raises(ParseError):
        getattr(message, attribute or name.lower().replace("-", "_"))


@pytest.mark.parametrize("name", ["Via", "From", "To", "Call-ID", "CSeq"])
def test_a_mandatory_field_must_be_there_and_readable(name: str) -> None:
    assert refusal(request(without=name)).partial is None
    assert refusal(request(f"{name}: < >", without=name)).status == 400


@pytest.mark.parametrize("field", ["From: <sip:x@y>;tag=2", "t: <sip:x@y>", "i: d", "cseq: 2 INFO", "Max-Forwards: 5"])
def test_a_single_field_must_not_come_twice(field: str) -> None:
    assert refusal(request("Max-Forwards: 70", field)).partial is not None


def test_the_error_carries_enough_to_answer() -> None:
    error = refusal(request(line="INFO  sip:b@example.com  SIP/2.0"))
    assert error.partial is not None
    assert error.partial.method == "INFO"
    assert error.partial.top_via.branch == "z9hG4bK1"
    assert error.partial.headers.get("CSeq") == "1 INFO"


def test_a_damaged_header_line_does_not_hide_the_others() -> None:
    error = refusal(request("no colon here", "X\x00: y"))
    assert error.partial is not None
    assert [name for name, _ in error.partial.headers] == ["Via", "From", "To", "Call-ID", "CSeq"]


def test_a_damaged_topmost_via_is_cut_at_the_defect() -> None:
    error = refusal(request("Via: SIP/2.0/UDP 192.0.2.15:5070;branch=x;;,;,,", without="Via"))
    assert error.partial is not None
    assert (error.partial.top_via.host, error.partial.top_via.port) == ("192.0.2.15", 5070)
    assert error.partial.top_via.branch == "x"


def test_an_ack_and_a_response_are_never_answered() -> None:
    assert refusal(request("x", line="ACK sip:b@example.com SIP/2.0")).partial is None
    assert refusal(request("x", line="SIP/2.0 200 OK")).partial is None


@pytest.mark.parametrize("code", ["099", "700", "2000", "20", "²00", "٢٠٠", "+20", "4294967301"])
def test_a_status_outside_the_classes_is_refused(code: str) -> None:
    assert refusal(request(line=f"SIP/2.0 {code} OK")).partial is None


@pytest.mark.parametrize(
    "line",
    [
        "INFO sip:b@example.com", "INFO sip:b@example.com SIP/2.0 ", " INFO sip:b@example.com SIP/2.0", "INFO SIP/2.0",
        "INFO\tsip:b@example.com SIP/2.0", "IN(FO sip:b@example.com SIP/2.0", "INFO sip:b@example.com SIP/2", "",
        "INFO <sip:b@example.com> SIP/2.0", "INFO sip:b@example.com; lr SIP/2.0", "INFO sip:b@example.com?a=b SIP/2.0",
        "INFO sip:b@example.com SIP/2.0\nX: y", "INFO sip:b@example.com SIP/2.0\x00",
    ],
)  # fmt: skip
def test_a_malformed_request_line_is_refused(line: str) -> None:
    assert refusal(request(line=line)).status == 400


def test_another_version_is_told_so() -> None:
    assert refusal(request(line="INFO sip:b@example.com SIP/3.0")).status == 505
    assert parse(request(line="INFO sip:b@example.com sip/2.0")).method == "INFO"


def test_methods_are_case_sensitive_and_agree_with_cseq() -> None:
    assert refusal(request(line="info sip:b@example.com SIP/2.0")).status == 400


@pytest.mark.parametrize(
    "line", ["X-Queue : sales", "x-queue\t: sales", "X-Queue\r\n : sales", "x-QUEUE:\r\n\t sales", "X-Queue:sales \t"]
)
def test_a_header_is_seen_however_it_is_spelled(line: str) -> None:
    headers = parse(request(line)).headers
    assert headers.get("X-Queue") == "sales"
    headers.remove("X-Queue")
    assert "X-Queue" not in headers


@pytest.mark.parametrize(
    "line",
    [
        "X-Queue\x0b: sales", "X-Queue\xa0: sales", "X Queue: sales", ": sales", "X-Queue", "X-Q\x00: a",
        "A: b\nX-Queue: sales",
        "A: b\rX-Queue: sales", "A: b\r", "A: a\x00b", '"A": b', "X\u2028Queue: a",
    ],
)  # fmt: skip
def test_a_header_that_others_might_read_otherwise_is_refused(line: str) -> None:
    assert refusal(request(line)).status == 400


def test_a_folded_start_line_is_refused() -> None:
    assert refusal(request(line="INFO sip:b@example.com SIP/2.0\r\n X: y")).status == 400


def test_folds_become_one_blank() -> None:
    assert parse(request("Subject: one\r\n \t two\r\n\tthree")).headers.get("Subject") == "one two three"


def test_empty_lines_before_the_message_are_skipped() -> None:
    assert parse(b"\r\n\r\n" + request()).method == "INFO"


def test_a_message_without_an_empty_line_is_refused_with_an_answer() -> None:
    assert refusal(request()[:-2]).partial is not None


@pytest.mark.parametrize(
    ("field", "body", "expected"),
    [
        ("Content-Length: 3", b"abc", b"abc"),
        ("l : 0003", b"abcdef", b"abc"),
        ("L: 0", b"INVITE sip:x@y SIP/2.0\r\n", b""),
        ("X-None: 1", b"abc", b"abc"),
    ],
    ids=["exact", "noise after it", "a request after it", "to the end of the datagram"],
)
def test_the_body_is_what_content_length_says(field: str, body: bytes, expected: bytes) -> None:
    assert parse(request(field, body=body)).body == expected


@pytest.mark.parametrize(
    "length", ["4", "-1", "+3", "3 3", "3, 3", "0x3", "3.0", "", "٣", "1_0", "9" * 400, "99999999999"]
)
def test_a_content_length_that_lies_is_refused(length: str) -> None:
    assert refusal(request(f"Content-Length: {length}", body=b"abc")).status == 400


def test_two_content_lengths_are_refused_even_when_they_agree() -> None:
    assert refusal(request("Content-Length: 3", "l: 3", body=b"abc")).partial is not None


def test_a_message_above_64_kb_is_too_large() -> None:
    error = refusal(request(body=bytes(MAX_MESSAGE)))
    assert error.status == 513
    assert error.partial is not None


def test_a_hundred_headers_of_a_kind_are_the_limit() -> None:
    assert parse(request(*["Accept: a/b"] * 100)).headers.count("Accept") == 100
    assert refusal(request(*["Accept: a/b"] * 101)).status == 513
    assert refusal(request(*[f"X-{n}: a" for n in range(600)])).status == 513
    with pytest.raises(ParseError):
        _ = parse(request("Route: " + ",".join(["<sip:a>"] * 101))).routes


@pytest.mark.parametrize(
    "piece",
    ['"', ",", ";", "<", ">", "\\", '"\\', "<a", ' "', "a,", ";a", "(", "\r\n ", " ", "%", "=", "@", ":", "a:", '"",'],
)
@pytest.mark.parametrize("name", ["Via", "From", "Contact", "X-Any", "CSeq", "Content-Length", "URI"])
def test_the_worst_text_of_64_kb_is_read_or_refused_wherever_it_stands(piece: str, name: str) -> None:
    """In milliseconds, which `make fuzz` measures; quadratic work would take seconds here."""
    value = (piece * 65_000)[:60_000]
    if name == "URI":
        data = request(line=f"INFO sip:{value}b SIP/2.0")
    else:
        lead = "SIP/2.0/UDP h;branch=1" if name == "Via" else '"a" <sip:a@b>' if name in ("From", "Contact") else ""
        data = request(f"{name}: {lead}{value}", without=name)
    with contextlib.suppress(ParseError):
        message = parse_message(data)
        assert parse_message(serialize(message)).body == message.body
        _ = message.contacts, message.vias


@given(st.binary(max_size=300))
def test_arbitrary_bytes_raise_only_parse_errors(data: bytes) -> None:
    for candidate in (data, request() + data, request()[:40] + data + request()[40:], data + b"\r\n\r\n"):
        try:
            serialize(parse_message(candidate))
        except ParseError as error:
            if error.partial is not None:
                serialize(error.partial)


_VALUE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\x00"), max_size=30).map(
    lambda text: text.strip(" \t")
)
_NAME = st.sampled_from(["Subject", "User-Agent", "X-Custom", "Supported", "P-Asserted-Identity", "Route"])


@given(
    uri=st.sampled_from(["sip:a@b", "sips:[::1]:5061;transport=tcp", "tel:+1", "urn:service:sos"]),
    fields=st.lists(st.tuples(_NAME, _VALUE), max_size=6),
    body=st.binary(max_size=60),
    status=st.integers(100, 699),
    reason=_VALUE,
)
def test_parsing_undoes_serialising(
    uri: str, fields: list[tuple[str, str]], body: bytes, status: int, reason: str
) -> None:
    mandatory = [(name, value.strip()) for name, _, value in (field.partition(":") for field in FIELDS)]
    for message in (
        Request("INFO", Uri.parse(uri), Headers([*mandatory, *fields]), body),
        Response(status, reason, Headers([*mandatory, *fields]), body),
    ):
        again = parse_message(serialize(message))
        again.headers.remove("Content-Length")
        assert again == message
