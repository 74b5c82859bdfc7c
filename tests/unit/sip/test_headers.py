from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip.errors import ParseError
from sip.headers import CSeq, Headers, NameAddr, Via, media_type
from sip.uri import Uri


@pytest.mark.parametrize("name", ["Via", "VIA", "via", "v", "V", "Via ", "vIa\t"])
def test_every_spelling_finds_the_header(name: str) -> None:
    headers = Headers([(name, "x")])
    assert headers.get("Via") == headers.get("v") == headers.get("vIA") == "x"
    assert list(headers) == [("Via", "x")]
    assert "VIA" in headers


@pytest.mark.parametrize("name", ["cSeQ", "CALL-ID", "wWw-Authenticate", "siP-etag", "mime-VERSION"])
def test_names_with_capitals_of_their_own_are_found_in_any_case(name: str) -> None:
    headers = Headers([(name, "x")])
    assert headers.get(name.lower()) == headers.get(name.upper()) == "x"


def test_unknown_headers_are_found_in_any_spelling_too() -> None:
    headers = Headers([("x-qUEUE ", "sales")])
    assert headers.get("X-Queue") == headers.get("X-QUEUE") == "sales"


@pytest.mark.parametrize("name", ["", " ", "X Bypass", "X\x0bBypass", "X:Y", "X\r\nY", "Ünicode", '"X"'])
def test_a_name_that_is_no_token_is_refused(name: str) -> None:
    with pytest.raises(ParseError):
        Headers().add(name, "x")


def test_order_is_kept_and_changes_happen_in_place() -> None:
    headers = Headers([("Via", "1"), ("From", "f"), ("Via", "2"), ("To", "t")])
    headers.prepend("v", "0")
    assert headers.get_all("Via") == ["0", "1", "2"]
    headers.set("via", "only")
    assert list(headers) == [("Via", "only"), ("From", "f"), ("To", "t")]
    headers.set("Subject", "new")
    headers.remove("from")
    assert list(headers) == [("Via", "only"), ("To", "t"), ("Subject", "new")]


def test_a_copy_does_not_follow_the_original() -> None:
    headers = Headers([("To", "t")])
    copy = headers.copy()
    headers.add("To", "u")
    assert copy.get_all("To") == ["t"]
    assert copy != headers


def test_commas_in_quotes_and_angle_brackets_do_not_separate() -> None:
    headers = Headers([("Contact", '"a, b" <sip:x@y;p=1,2> ,<sip:z@y>,, '), ("m", "sip:last@y")])
    assert headers.get_all("Contact") == ['"a, b" <sip:x@y;p=1,2>', "<sip:z@y>", "sip:last@y"]


def test_a_quote_may_hold_escaped_quotes() -> None:
    assert Headers([("Contact", '"\\",\\\\" <sip:a@b>, <sip:c@d>')]).get_all("Contact") == [
        '"\\",\\\\" <sip:a@b>',
        "<sip:c@d>",
    ]


def test_a_list_above_the_limit_is_not_split_to_the_end() -> None:
    assert len(Headers([("Supported", "a," * 60_000)]).get_all("Supported")) == 101
    assert len(Headers([("Contact", "<sip:a@b>," * 6_000)]).get_all("Contact")) == 101


def test_headers_that_are_no_lists_keep_their_commas() -> None:
    assert Headers([("Subject", "a, b"), ("Date", "Sat, 13 Nov")]).get_all("Subject") == ["a, b"]
    assert Headers([("Authorization", 'Digest a="b", c="d"')]).get_all("Authorization") == ['Digest a="b", c="d"']


def test_what_was_parsed_is_forgotten_after_a_change() -> None:
    headers = Headers([("To", "1")])
    assert headers.parsed("to", lambda h: h.get("To")) == "1"
    headers.set("To", "2")
    assert headers.parsed("to", lambda h: h.get("To")) == "2"


def test_repr_shows_no_values() -> None:
    assert "secret" not in repr(Headers([("Authorization", "secret")]))


@pytest.mark.parametrize(
    ("text", "display", "uri", "params"),
    [
        ("<sip:a@b>", "", "sip:a@b", ()),
        ("sip:a@b;tag=1", "", "sip:a@b", (("tag", "1"),)),
        ("sip:a@b ;   tag    = 1 ", "", "sip:a@b", (("tag", "1"),)),
        ('"J Rosenberg \\\\\\""       <sip:a@b> ; tag = 98', 'J Rosenberg \\"', "sip:a@b", (("tag", "98"),)),
        ("caller<sip:a@b>;tag=323", "caller", "sip:a@b", (("tag", "323"),)),
        ("Bell,  Alexander <sip:a@b;x>;y", "Bell, Alexander", "sip:a@b;x", (("y", None),)),
        ('"Оля" <sip:a@b>', "Оля", "sip:a@b", ()),
        ('<sip:a@b>;+sip.instance="<urn:1>";Q=0.5', "", "sip:a@b", (("+sip.instance", '"<urn:1>"'), ("q", "0.5"))),
        ('"" <sip:a@b>', "", "sip:a@b", ()),
        ("<sip:a@b>;x=", "", "sip:a@b", (("x", ""),)),
    ],
)  # fmt: skip
def test_addresses_as_phones_write_them(
    text: str, display: str, uri: str, params: tuple[tuple[str, str | None], ...]
) -> None:
    assert NameAddr.parse(text) == NameAddr(display, Uri.parse(uri), params)


def test_parameters_are_found_without_their_quotes() -> None:
    address = NameAddr.parse('<sip:a@b>;+sip.instance="<urn:uuid:\\"1>";lr')
    assert address.param("+sip.instance") == '<urn:uuid:"1>'
    assert address.param("lr") == ""
    assert address.param("tag") is None
    assert address.tag is None
    assert str(address.with_tag("x")).endswith(";lr;tag=x")
    assert address.with_tag("x").with_tag("y").tag == "y"


def test_octets_that_are_not_utf8_are_shown_as_replacement_characters() -> None:
    raw = b'"J\xf3zef" <sip:a@b>'.decode("utf-8", "surrogateescape")
    assert NameAddr.parse(raw).display_name == "J\N{REPLACEMENT CHARACTER}zef"


@pytest.mark.parametrize(
    "text",
    [
        "", "*", '"Mr. J. User <sip:a@b>', "< sip:a@b >", "<sip:a@b", "sip:a@b?Route=x", "<sip:a@b>;;", "<sip:a@b>;",
        "<sip:a@b> x", "<>", '"a" "b" <sip:a@b>', "<sip:a@b>;a=b c", "<<sip:a@b>>", '"\\', "sip:a@b, sip:c@d",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        NameAddr.parse(text)


def test_a_via_in_the_most_tortuous_form() -> None:
    via = Via.parse("SIP  /    2.0   / udp  192.168.255.111   :  5070 ; branch= z9hG4bK30239;RPORT")
    assert via == Via("UDP", "192.168.255.111", 5070, (("branch", "z9hG4bK30239"), ("rport", None)))
    assert via.branch == "z9hG4bK30239"
    assert via.wants_rport
    assert via.rport is None


def test_received_and_rport_are_filled_in() -> None:
    via = Via.parse("SIP/2.0/UDP Host:5060;rport=1024;branch=z;received=192.0.2.1")
    assert str(via) == "SIP/2.0/UDP host:5060;rport=1024;branch=z;received=192.0.2.1"
    assert (via.rport, via.received, via.wants_rport) == (1024, "192.0.2.1", False)


@pytest.mark.parametrize(
    "text",
    ["", "SIP/2.0/UDP", "SIP/2.0 h", "HTTP/2.0/UDP h", "SIP/2.0/UDP h:99999", "SIP/2.0/UDP h;;", "SIP/2.0/UDP h x"],
)
def test_what_is_no_via_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        Via.parse(text)


def test_cseq_keeps_the_method_as_it_is_and_bounds_the_number() -> None:
    assert CSeq.parse("0009   RE%47ISTER") == CSeq(9, "RE%47ISTER")
    assert CSeq.parse("2147483647 invite") == CSeq(2**31 - 1, "invite")
    for text in ("", "1", "INVITE", "2147483648 A", "-1 A", "+1 A", "١ A", "²  A", "1_0 A", "1 A B", "9" * 5000 + " A"):
        with pytest.raises(ParseError):
            CSeq.parse(text)


def test_media_types_are_compared_in_lower_case_without_parameters() -> None:
    assert media_type('Application/SDP ; charset="x"') == "application/sdp"
    for text in ("", "text", "/sdp", "a/b c", "a b/c", "a/b;;"):
        with pytest.raises(ParseError):
            media_type(text)


_QUOTED_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=20)
_TOKEN = st.text("abcXYZ019-.!%*_+`'~", min_size=1, max_size=8)


@given(_QUOTED_TEXT, st.lists(st.tuples(_TOKEN.map(str.lower), _TOKEN | st.none()), max_size=4))
def test_any_display_name_survives_the_wire(display: str, params: list[tuple[str, str | None]]) -> None:
    address = NameAddr(display, Uri("sip", "a", "b"), tuple(params))
    assert NameAddr.parse(str(address)) == address
    assert Headers([("Contact", f"{address}, {address}")]).get_all("Contact") == [str(address)] * 2
