"""Answers of web services as variables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.webservice.answers import MAX_VALUE, AnswerError, read_answer

JSON = "application/json"
PARCEL = (
    b'{"state": "in Kyiv", "paid": true, "sum": 1200.50, "no": 12345678901234567890, "gone": null,'
    b' "history": [{"at": "Lviv"}]}'
)
XML = "text/xml; charset=utf-8"


def test_without_a_mapping_everything_plain_at_the_top_is_a_variable() -> None:
    expected = {"state": "in Kyiv", "paid": "true", "sum": "1200.50", "no": "12345678901234567890", "gone": ""}
    assert read_answer(PARCEL, JSON, {}) == expected


def test_a_mapping_says_where_the_values_are() -> None:
    assert read_answer(PARCEL, JSON, {"where": "history.0.at", "how": "state"}) == {"where": "Lviv", "how": "in Kyiv"}


def test_xml_is_walked_by_names_below_the_root() -> None:
    body = '<r xmlns="urn:x" code="7"><p id="a"><st>в Києві</st></p><n>1</n><n>2</n><t lang="uk">так</t></r>'.encode()
    wanted = {"code": "@code", "id": "p.@id", "st": "p.st", "n": "n.1", "t": "t"}
    assert read_answer(body, XML, wanted) == {"code": "7", "id": "a", "st": "в Києві", "n": "2", "t": "так"}


def test_a_form_and_a_plain_text_are_read_too() -> None:
    assert read_answer(b"a=1&b=%D1%82%D0%B0%D0%BA", "application/x-www-form-urlencoded", {}) == {"a": "1", "b": "так"}
    assert read_answer(" готово\n".encode(), "text/plain", {}) == {"text": "готово"}


@pytest.mark.parametrize(
    ("body", "kind", "wanted", "complaint"),
    [
        (b"<html>", JSON, {}, "is not JSON"),
        (b"[1]", JSON, {}, "is not an object"),
        (PARCEL, JSON, {"x": "history.7.at"}, 'has no "history.7.at"'),
        (PARCEL, JSON, {"x": "history"}, 'more than one value at "history"'),
        (b"\xff\xfe", JSON, {}, "is not UTF-8"),
        (b"[" * 100_000, JSON, {}, "is not JSON"),
        (b'{"n": ' + b"9" * 5000 + b"}", JSON, {}, "number that is too long"),
        (b'<!DOCTYPE r [<!ENTITY a "aaaa">]><r>&a;</r>', XML, {"x": "r"}, "document type"),
        (b"<r>", XML, {"x": "r"}, "is not XML"),
        (b"&".join(b"a=1" for _ in range(500)), "application/x-www-form-urlencoded", {}, "has more than 100 fields"),
    ],
)
def test_what_cannot_be_read_says_what_is_wrong(body: bytes, kind: str, wanted: dict[str, str], complaint: str) -> None:
    with pytest.raises(AnswerError, match=complaint):
        read_answer(body, kind, wanted)


def test_a_long_document_is_read_to_its_end() -> None:
    body = b"<r>" + b"<a/>" * 20_000 + "<b>так</b></r>".encode()
    assert read_answer(body, XML, {"b": "b"}) == {"b": "так"}


def test_half_of_a_pair_of_escapes_is_no_character() -> None:
    assert read_answer(b'{"a": "x\\ud800"}', JSON, {}) == {"a": "x?"}


def test_a_long_value_is_cut() -> None:
    assert len(read_answer(b'{"a": "' + b"x" * 5000 + b'"}', JSON, {})["a"]) == MAX_VALUE


@given(st.binary(max_size=200), st.sampled_from([JSON, XML, "application/x-www-form-urlencoded", "text/plain", ""]))
def test_any_answer_is_read_or_refused(body: bytes, kind: str) -> None:
    for wanted in ({}, {"a": "b.0.@c"}):
        try:
            values = read_answer(body, kind, wanted)
        except AnswerError:
            continue
        assert all(isinstance(value, str) for value in values.values())
