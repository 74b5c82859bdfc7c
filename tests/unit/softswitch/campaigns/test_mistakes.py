"""What does not fit a document is told in plain words, once for each field, without what was sent."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from softswitch import api
from softswitch.api.callbacks import CallbackOrder
from softswitch.api.hours import HoursChange
from softswitch.api.rollouts import Shares
from softswitch.campaigns.documents import BindingsDocument, Invalid, from_plain
from softswitch.campaigns.mistakes import MOST, pattern, problems

MESSAGE = {"campaign": "x", "template": "t"}
ORDER = {"callback": "sales", "number": "1"}
TIME = 'should be a time with its offset, such as "2026-05-21T09:00:00+03:00"'


def wrong(model: type[BaseModel], document: object) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(document)
    return problems(caught.value.errors(), document, model)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([], [("body", "should be an object { … } with bindings")]),
        (None, [("body", "should be an object { … } with bindings")]),
        ({}, [("bindings", "is missing")]),
        ({"bindings": {}}, [("bindings", "should be a list [ … ]")]),
        ({"bindings": [5]}, [("bindings[0]", "should be an object { … } with campaign and template")]),
        (
            {"bindngs": []},
            [("bindings", "is missing"), ("bindngs", 'there is no such field; did you mean "bindings"?')],
        ),
        ({"bindings": [MESSAGE] * 51}, [("bindings", "should have at most 50 entries")]),
    ],
)
def test_the_document_as_a_whole(document: object, told: list[tuple[str, str]]) -> None:
    assert wrong(BindingsDocument, document) == told


@pytest.mark.parametrize(
    ("field", "told"),
    [
        (
            {"values": {"price": 450}},
            [("values.price", "should be a string or an object { … }; write it in double quotes")],
        ),
        ({"values": {"what": {"en": 5}}}, [("values.what.en", "should be a string; write it in double quotes")]),
        ({"values": {"what": {"str": 5}}}, [("values.what.str", "should be a string; write it in double quotes")]),
        ({"audio": {"en": None}}, [("audio.en", "should be a string")]),
        ({"percent": "10"}, [("percent", "should be a number; write it without quotes")]),
        ({"percent": "ten"}, [("percent", "should be a number")]),
        ({"percent": True}, [("percent", "should be a number")]),
        ({"percent": 101}, [("percent", "should be at most 100")]),
        ({"percnt": 10}, [("percnt", 'there is no such field; did you mean "percent"?')]),
        ({"campaign": "sp ring"}, [("campaign", 'should be letters, digits, "-" and "_", 1 to 64 characters')]),
        ({"template": "t" * 65}, [("template", "should have at most 64 characters")]),
        ({"draft": "no"}, [("draft", "should be true or false")]),
        ({"condition": "\ud800"}, [("condition", "should be text that can be written in UTF-8")]),
    ],
)
def test_one_field_of_a_message(field: dict[str, Any], told: list[tuple[str, str]]) -> None:
    found = wrong(BindingsDocument, {"bindings": [MESSAGE, MESSAGE | field]})
    assert found == [(f"bindings[1].{where}", what) for where, what in told]


@pytest.mark.parametrize(
    ("model", "document", "told"),
    [
        (CallbackOrder, ORDER | {"at": "tomorrow"}, ("at", TIME)),
        (CallbackOrder, ORDER | {"at": "2026-11-16T13:00:00"}, ("at", TIME)),
        (CallbackOrder, ORDER | {"number": ""}, ("number", "is empty")),
        (CallbackOrder, ORDER | {"language": "ua"}, ("language", "should be one of en, uk, ru, pl, or empty")),
        (
            CallbackOrder,
            ORDER | {"variables": {"Bad Name": "x"}},
            ("variables.Bad Name", 'the name should be at most 40 small letters, digits and "_", a letter first'),
        ),
        (HoursChange, {"state": "shut"}, ("state", "should be 'open', 'closed' or 'special'")),
        (
            HoursChange,
            {"state": "open", "for": 5},
            ("for", "there is no such field; there are state, until, minutes"),
        ),
        (
            HoursChange,
            {"state": "open", "until": "9:00", "minutes": 1},
            ("body", "write until or minutes, not both"),
        ),
        (Shares, {"percents": {}}, ("percents", "is empty; give at least one")),
        (Shares, {"percents": {"menu:new": True}}, ("percents.menu:new", "should be a number")),
    ],
)
def test_other_documents(model: type[BaseModel], document: object, told: tuple[str, str]) -> None:
    assert wrong(model, document) == [told]


def test_what_was_sent_is_not_repeated_and_names_are_cut() -> None:
    found = wrong(
        BindingsDocument, {"bindings": [{"campaign": "secret!", "template": 7, "n\n" + "a" * 5000: "secret!"}]}
    )
    assert "secret!" not in str(found)
    assert max(len(where) for where, _ in found) < 100
    assert all(where.isprintable() for where, _ in found)


def test_of_very_many_mistakes_the_first_are_told() -> None:
    assert len(wrong(BindingsDocument, {"bindings": [{}] * 50})) == MOST


def test_an_unknown_pattern_is_no_riddle() -> None:
    class Odd(BaseModel):
        name: Annotated[str, Field(pattern="^(?:x|y)+z$")]

    assert wrong(Odd, {"name": "q"}) == [("name", "has characters that are not allowed here")]


def test_every_pattern_of_the_api_has_words() -> None:
    sources = Path(api.__file__).parent.glob("*.py")
    patterns = {found for source in sources for found in re.findall(r'pattern=r"([^"]+)"', source.read_text())}
    assert len(patterns) > 5
    assert [one for one in patterns if not pattern(one).startswith("should be ")] == []


def test_a_line_of_the_journal_in_other_words_is_told_in_plain_ones() -> None:
    with pytest.raises(Invalid, match=r"^percnt: there is no such field; did you mean \"percent\"\?$"):
        from_plain(MESSAGE | {"version": 1, "percnt": 5})
    with pytest.raises(Invalid, match=r"^version: should be a whole number$"):
        from_plain(MESSAGE | {"version": None})
