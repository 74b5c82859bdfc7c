from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from ivr.campaigns import Field, Template, TemplateError, ValueRefused, read_instant, seconds
from ivr.texts import filled

if TYPE_CHECKING:
    from collections.abc import Mapping

OFFER = Template.read(
    "offer",
    {
        "en": "{what:text max 12} for {sum:money} until {until:date gen}, {n} left.",
        "uk": "{what:text max 12} за {sum:money} до {until:date gen}, залишилось {n}.",
    },
)
VALUES: dict[str, str | Mapping[str, str]] = {
    "what": {"en": "Insurance", "uk": "Страховка"},
    "sum": "12.50 UAH",
    "until": "2026-05-21",
    "n": "3",
}


def test_fields_are_found_in_the_text() -> None:
    assert OFFER.fields == {
        "what": Field("what", "text", 12),
        "sum": Field("sum", "money"),
        "until": Field("until", "date"),
        "n": Field("n", "count"),
    }


def test_a_word_that_goes_with_a_number_belongs_to_the_field_of_the_number() -> None:
    left = Template.read("left", {"en": "{n} {n:plural day | days} left"})
    assert left.fields == {"n": Field("n", "count")}
    assert left.prompt("k", {"n": "{days}"}).text == {"en": "{days} {days:plural day | days} left"}


def test_words_stand_in_the_text_and_values_beside_it() -> None:
    prompt = OFFER.prompt("slot.promo.spring.1", VALUES)
    assert prompt.text == {
        "en": "Insurance for {sum:money} until {until:date gen}, {n} left.",
        "uk": "Страховка за {sum:money} до {until:date gen}, залишилось {n}.",
    }
    assert prompt.args == {"sum": "12.50 UAH", "until": "2026-05-21", "n": 3}


def test_a_word_may_be_the_same_in_all_languages() -> None:
    prompt = OFFER.prompt("k", {**VALUES, "what": "KASKO"})
    assert all(words.startswith("KASKO ") for words in prompt.text.values())


def test_what_is_known_of_the_caller_may_stand_in_place_of_a_value() -> None:
    prompt = OFFER.prompt("k", {**VALUES, "what": "{product}", "until": "{expires}"})
    assert prompt.text["en"] == "{product} for {sum:money} until {expires:date gen}, {n} left."
    assert prompt.args == {"sum": "12.50 UAH", "n": 3}
    known = filled(prompt, {"product": "KASKO", "expires": "2026-05-21"})
    assert known.args == {"sum": "12.50 UAH", "n": 3, "product": "KASKO", "expires": "2026-05-21"}


def test_a_variable_is_not_taken_for_a_field_with_a_value_of_its_own() -> None:
    OFFER.prompt("k", {**VALUES, "sum": "{sum}"})
    with pytest.raises(ValueRefused, match='"sum" is a field of this template') as refused:
        OFFER.prompt("k", {**VALUES, "what": "{sum}"})
    assert refused.value.where == "what"


@pytest.mark.parametrize(
    ("field", "value", "where", "message"),
    [
        ("what", "Insurance of all", "what", "has 16 characters, and there is room for 12"),
        ("what", {"en": "Insurance"}, "what.uk", "is missing"),
        ("what", {"en": "  ", "uk": "x"}, "what.en", "is missing"),
        ("what", "{sum} off", "what", "one line of text without braces"),
        ("what", "a\nb", "what", "one line of text without braces"),
        ("what", None, "what.en", "is missing"),
        ("sum", "12,50 UAH", "sum", 'an amount such as "12.50 UAH"'),
        ("sum", "12.50 CHF", "sum", "an amount"),
        ("sum", {"en": "1 UAH"}, "sum", "is the same in every language"),
        ("sum", None, "sum", "is missing"),
        ("until", "21.05.2026", "until", 'a date such as "2026-05-21"'),
        ("until", "2026-02-30", "until", "a date"),
        ("n", "-1", "n", "a whole number up to 999999"),
        ("n", "1000000", "n", "a whole number"),
        ("price", "1", "price", "has no such field; its fields: n, sum, until, what"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_the_name_of_its_field(
    field: str, value: str | dict[str, str] | None, where: str, message: str
) -> None:
    values = {name: kept for name, kept in {**VALUES, field: value}.items() if kept is not None}
    with pytest.raises(ValueRefused, match=message.replace("(", "\\(")) as refused:
        OFFER.prompt("k", values)
    assert refused.value.where == where


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ({"en": "{a:text}", "uk": "{b:text}"}, 'the field "a" of "uk" is not as in "en"'),
        ({"en": "{a:text max 5}", "uk": "{a:text max 6}"}, 'the field "a" of "uk"'),
        ({"en": "{a:text long}"}, '"text long" is not how a text is limited'),
        ({"en": "{a:money} {a:date}"}, 'the field "a" is written in two ways'),
        ({"en": "one { brace"}, "a brace that belongs to no field"),
        ({"en": "{Big}"}, "a brace that belongs to no field"),
    ],
)
def test_a_template_that_cannot_be_filled_is_refused(text: dict[str, str], message: str) -> None:
    with pytest.raises(TemplateError) as error:
        Template.read("t", text)
    assert message in str(error.value)


def test_the_longest_language_says_how_long_a_message_is() -> None:
    short, long = Template.read("t", {"en": "x" * 12}), Template.read("t", {"en": "x" * 12, "uk": "x" * 120})
    assert seconds(short.prompt("k", {})) == pytest.approx(1.0)
    assert seconds(long.prompt("k", {})) == pytest.approx(10.0)


def test_an_instant_is_on_the_clock_of_the_place_or_says_on_which() -> None:
    kyiv = ZoneInfo("Europe/Kyiv")
    assert read_instant("2026-05-21T09:00", kyiv) == read_instant("2026-05-21T06:00:00+00:00", kyiv)
    assert read_instant("2026-01-21T09:00", kyiv) == read_instant("2026-01-21T07:00Z", kyiv)
    with pytest.raises(ValueError, match="Invalid isoformat"):
        read_instant("tomorrow", kyiv)
