"""The torture messages of RFC 4475 and RFC 5118 (tests/golden/torture): each is stopped by the layer it should be."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from sip.errors import FramingError, ParseError
from sip.framing import StreamFramer
from sip.headers import Via
from sip.message import Message, Request, Response
from sip.parser import parse_message
from sip.serializer import serialize

TORTURE = Path(__file__).parents[2] / "golden" / "torture"
MANIFEST: dict[str, dict[str, Any]] = tomllib.loads((TORTURE / "manifest.toml").read_text(encoding="utf-8"))


def load(name: str) -> bytes:
    return (TORTURE / f"{name}.dat").read_bytes()


def accepted(name: str) -> Message:
    return parse_message(load(name))


def test_every_message_has_its_entry() -> None:
    assert {path.stem for path in TORTURE.glob("*.dat")} == MANIFEST.keys()
    assert {entry["layer"] for entry in MANIFEST.values()} == {"accept", "parse", "transaction", "application"}


@pytest.mark.parametrize("name", MANIFEST)
def test_the_parser_objects_where_it_must_and_nowhere_else(name: str) -> None:
    entry = MANIFEST[name]
    if entry["layer"] != "parse":
        message = accepted(name)
        again = parse_message(serialize(message))
        for each in (message, again):
            each.headers.remove("Content-Length")
        assert again == message
        return
    with pytest.raises(ParseError) as caught:
        parse_message(load(name))
    partial = caught.value.partial
    assert (partial is not None) == ("status" in entry)
    if partial is not None:
        assert caught.value.status == entry["status"]
        assert partial.top_via.host
        serialize(partial)


@pytest.mark.parametrize("name", [n for n in MANIFEST if n not in ("dblreq", "inv2543", "ncl", "mcl01", "clerr")])
def test_a_stream_delivers_the_same_octets(name: str) -> None:
    assert StreamFramer().feed(load(name)) == [load(name)]


@pytest.mark.parametrize("name", ["ncl", "mcl01", "inv2543"])
def test_a_stream_is_closed_with_an_answer_where_the_length_is_in_doubt(name: str) -> None:
    with pytest.raises(FramingError) as caught:
        StreamFramer().feed(load(name))
    assert caught.value.partial is not None
    assert caught.value.status == 400


def test_on_a_stream_the_second_request_is_a_request() -> None:
    assert len(StreamFramer().feed(load("dblreq"))) == 2


def test_on_a_stream_a_long_length_waits_for_more() -> None:
    assert StreamFramer().feed(load("clerr")) == []


def test_wsinv_means_what_it_means() -> None:
    message = accepted("wsinv")
    assert isinstance(message, Request)
    assert message.uri.params == (("unknownparam", None),)
    assert message.to.tag == "1918181833n"
    assert message.from_.display_name == 'J Rosenberg \\"'
    assert message.max_forwards == 68
    assert message.cseq.number == 9
    assert [via.branch for via in message.vias] == ["390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"]
    assert message.contacts[0].display_name == 'Quoted string ""'
    assert message.contacts[0].params == (("newparam", "newvalue"), ("secondparam", None), ("q", "0.33"))
    assert message.headers.get("NewFangledHeader") == "newfangled value continued newfangled value"
    assert message.headers.get("Subject") == ""
    assert message.routes[0].uri.param("unknownwith") == "value"
    assert message.body.startswith(b"v=0")


def test_escapes_are_undone_once_and_only_in_uris() -> None:
    esc01, esc02, escnull = accepted("esc01"), accepted("esc02"), accepted("escnull")
    assert isinstance(esc01, Request)
    assert esc01.uri.user == "sips:user@example.com"
    assert esc01.to.uri.user == "user"
    assert esc01.from_.uri.user == "I have spaces"
    assert esc01.contacts[0].uri.params == (("lr", None), ("name", "value%41"))
    assert isinstance(esc02, Request)
    assert esc02.method == "RE%47IST%45R"
    assert esc02.to.display_name == "%Z%45"
    assert len(esc02.contacts) == 2
    assert {contact.uri.user for contact in escnull.contacts} == {"\x00", "\x00\x00"}


def test_intmeth_keeps_every_character() -> None:
    message = accepted("intmeth")
    assert message.to.display_name == "BEL:\x07 NUL:\x00 DEL:\x7f"
    assert message.from_.param("fromparam''~+*_!.-%") == "работающий"
    assert message.from_.tag == "_token~1'+*_!-."
    assert message.to.uri.password == "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"


def test_reason_phrases_may_be_anything_or_nothing() -> None:
    unreason, noreason = accepted("unreason"), accepted("noreason")
    assert isinstance(unreason, Response)
    assert unreason.reason == "= 2**3 * 5**2 но сто девяносто девять - простое"
    assert isinstance(noreason, Response)
    assert noreason.reason == ""


def test_in_a_datagram_what_follows_the_message_is_noise() -> None:
    message = accepted("dblreq")
    assert isinstance(message, Request)
    assert (message.method, message.body) == ("REGISTER", b"")


def test_parameters_belong_to_the_field_or_to_the_uri() -> None:
    assert accepted("cparam01").contacts[0].params == (("unknownparam", None),)
    assert accepted("cparam02").contacts[0].uri.params == (("unknownparam", None),)
    assert accepted("regescrt").contacts[0].uri.headers == (("Route", "<sip:sip.example.com>"),)
    with pytest.raises(ParseError):
        _ = accepted("regbadct").contacts


def test_a_broken_via_leaves_a_way_to_answer() -> None:
    with pytest.raises(ParseError) as caught:
        parse_message(load("badinv01"))
    assert caught.value.partial is not None
    assert caught.value.partial.top_via == Via("UDP", "192.0.2.15")


def test_ipv6_addresses_in_via_parameters_come_in_both_forms() -> None:
    assert accepted("via-received-param-with-delim").top_via.received == "[2001:db8::9:255]"
    assert accepted("via-received-param-no-delim").top_via.received == "2001:db8::9:255"
    ambiguous, unambiguous = accepted("port-ambiguous"), accepted("port-unambiguous")
    assert isinstance(ambiguous, Request)
    assert isinstance(unambiguous, Request)
    assert (ambiguous.uri.port, unambiguous.uri.port) == (None, 5070)
