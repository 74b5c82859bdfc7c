from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip.errors import ParseError
from sip.uri import Uri


def test_all_parts_of_a_sip_uri_are_found() -> None:
    uri = Uri.parse("sips:alice:secret@Example.COM:5061;transport=TLS;lr?Subject=a%20b&Priority=urgent")
    assert (uri.scheme, uri.user, uri.password, uri.host, uri.port) == ("sips", "alice", "secret", "example.com", 5061)
    assert uri.params == (("transport", "TLS"), ("lr", None))
    assert uri.headers == (("Subject", "a b"), ("Priority", "urgent"))
    assert uri.param("lr") == ""
    assert uri.param("maddr") is None


def test_a_password_is_not_shown_by_repr() -> None:
    assert "secret" not in repr(Uri.parse("sip:alice:secret@example.com"))


def test_text_is_given_back_as_it_came() -> None:
    for text in (
        "sip:%61lice@Example.com;Lr",
        "sip:[2001:DB8::1]:5070",
        "tel:+44-20;phone-context=x",
        "urn:service:sos",
    ):
        assert str(Uri.parse(text)) == text


def test_a_changed_uri_is_written_anew() -> None:
    uri = Uri.parse("sip:%61lice@Example.com:5060;lr")
    assert str(replace(uri, port=None)) == "sip:alice@example.com;lr"
    assert str(uri.aor()) == "sip:alice@example.com"


def test_escapes_are_undone_once() -> None:
    uri = Uri.parse("sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31")
    assert uri.user == "caller"
    assert uri.params == (("lr", None), ("name", "value%41"))


def test_an_escaped_nul_is_a_character_of_the_user() -> None:
    one, two = Uri.parse("sip:%00@example.com"), Uri.parse("sip:%00%00@example.com")
    assert (one.user, two.user) == ("\x00", "\x00\x00")
    assert str(replace(one)) == "sip:%00@example.com"


def test_the_user_may_hold_semicolons_and_question_marks() -> None:
    uri = Uri.parse("sip:user;par=u%40example.net?x@example.com")
    assert (uri.user, uri.host, uri.params) == ("user;par=u@example.net?x", "example.com", ())


def test_ipv6_references_keep_their_brackets() -> None:
    assert Uri.parse("sip:[2001:db8::10:5070]").host == "[2001:db8::10:5070]"
    assert Uri.parse("sip:u@[2001:db8::10]:5070").port == 5070


def test_other_schemes_are_opaque_and_tel_has_a_number() -> None:
    assert Uri.parse("nobodyKnowsThisScheme:opaque").opaque == "opaque"
    assert Uri.parse("nobodyKnowsThisScheme:opaque").scheme == "nobodyknowsthisscheme"
    assert Uri.parse("tel:+380(44)123;ext=5").user == "+380(44)123"


@pytest.mark.parametrize(
    "text",
    [
        "", "sip:", "sip:@", "sip:@host", "alice@example.com", "<sip:a@b>", "sip:a b@c", "sip:a@b; lr", "sip:a@b;;lr",
        "sip:a@b;=x", "sip:a@b:port", "sip:a@b:65536", "sip:a@b:٥٠٦٠", "sip:a@b:+5", "sip:a@b@c", "sip:%zz@b",
        "sip:%4@b", "sip:%80@b", "sip:2001:db8::10", "sip:a@[::1", "sip:a@b\r\nX: y", "sip:a@b\n", "sip:a@b\x00",
        'sip:a"@b', "sip:a@b>", "sip:a@b?x", "sip:a@b?", "tel:", "tel:12 3", "x:\u0430", "sip:\udcff@b", "http: //x",
    ],
)  # fmt: skip
def test_what_is_no_uri_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        Uri.parse(text)


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp", True),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", True),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5", True),
        ("sip:biloxi.com;transport=tcp;method=REGISTER", "sip:biloxi.com;method=REGISTER;transport=tcp", True),
        ("sip:a@h?to=alice%40x&priority=urgent", "sip:a@h?priority=urgent&to=alice%40x", True),
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP", False),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", False),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", False),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next", False),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4", False),
        ("sip:c@x;security=on", "sip:c@x;security=off", False),
    ],
)
def test_equivalence_is_that_of_rfc_3261_section_19_1_4(one: str, two: str, same: bool) -> None:
    assert Uri.parse(one).equivalent(Uri.parse(two)) is same
    assert Uri.parse(two).equivalent(Uri.parse(one)) is same


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(
    user=_TEXT | st.none(),
    password=_TEXT | st.none(),
    params=st.lists(st.tuples(_TEXT.map(str.lower), _TEXT | st.none()), max_size=3),
    headers=st.lists(st.tuples(_TEXT, _TEXT), max_size=2),
    port=st.integers(0, 65535) | st.none(),
)
def test_whatever_the_parts_hold_they_survive_the_wire(
    user: str | None,
    password: str | None,
    params: list[tuple[str, str | None]],
    headers: list[tuple[str, str]],
    port: int | None,
) -> None:
    params = [(name, value) for name, value in params if name.lower() == name]
    password = password if user else None
    uri = Uri("sip", user, "example.com", port, tuple(params), tuple(headers), password)
    text = str(uri)
    assert text.isascii()
    assert not set(text) & set(' \r\n\t<>"')
    assert Uri.parse(text) == uri
