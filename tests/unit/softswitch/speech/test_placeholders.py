from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.speech.grammar.digits import telephone_number
from softswitch.speech.grammar.numbers import LARGEST
from softswitch.speech.grammar.plurals import LANGUAGES, category
from softswitch.speech.template import parse_template


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("+380441234567", "plus three eight zero, four four, one two three, four five, six seven"),
        ("+380 (44) 123-45-67", "plus three eight zero, four four, one two three, four five, six seven"),
        ("0441234567", "zero four four, one two three, four five, six seven"),
        ("+48601234567", "plus four eight, six zero one, two three four, five six seven"),
        ("601234567", "six zero one, two three four, five six seven"),
        ("+12025550143", "plus one, two zero two, five five five, zero one four three"),
        ("112", "one one two"),
        ("1001", "one zero zero one"),
        ("12345", "one two three, four five"),
        ("1234567", "one two three, four five, six seven"),
        ("+4930123456", "plus four nine, three zero one, two three four, five six"),
    ],
)
def test_numbers_are_read_in_the_groups_people_write(number: str, said: str) -> None:
    assert telephone_number(number, "en") == said


@given(number=st.from_regex(r"\+?[0-9]{1,15}", fullmatch=True))
def test_no_digit_is_lost_or_added_when_a_number_is_read(number: str) -> None:
    digits = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    said = telephone_number(number, "en").replace(",", "").split()
    assert "".join("+" if word == "plus" else str(digits.index(word)) for word in said) == number


@pytest.mark.parametrize(
    ("spec", "value", "complaint"),
    [
        ("{x:money}", "12.50", '"12.50" is not an amount; write for example "12.50 UAH"'),
        ("{x:money}", "12.50 XXX", "is not an amount"),
        ("{x:money}", "abc UAH", '"ABC" is not a number'),
        ("{x:money}", "1000000 UAH", "is not between"),
        ("{x:number}", "NaN", "is not between"),
        ("{x:number}", "", "is not a number"),
        ("{x:date}", "21.05.2026", '"21.05.2026" is not a date; write for example "2026-05-21"'),
        ("{x:on}", "2026-02-30", "is not a date"),
        ("{x:time}", "25:00", '"25:00" is not a time; write for example "09:30"'),
        ("{x:duration}", -1, "is not between 0"),
        ("{x:ordinal}", 10_000, "is not between 0"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_cannot_be_said_is_named(spec: str, value: int | str, complaint: str, language: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the message is looked at below
        parse_template(spec).say({"x": value}, language)
    assert complaint in str(error.value)


def test_a_date_with_a_time_serves_as_both() -> None:
    both = parse_template("{t:on} {t:at}")
    assert (
        both.say({"t": "2026-05-21T09:30"}, "pl") == "w czwartek, dwudziestego pierwszego maja o dziewiątej trzydzieści"
    )


def test_a_template_names_its_arguments() -> None:
    assert parse_template("{a} {b:digits} {{c}} {a:phone}").arguments == {"a", "b"}


def test_large_and_odd_values_of_plain_placeholders_are_left_to_the_engine() -> None:
    template = parse_template("{x}")
    assert template.say({"x": LARGEST + 1}, "en") == "1000000"
    assert template.say({"x": "Olena"}, "uk") == "Olena"


@pytest.mark.parametrize("language", LANGUAGES)
def test_fractions_have_the_category_other(language: str) -> None:
    assert {category(Decimal(x), language) for x in ("0.1", "1.5", "2.5", "21.1")} == {"other"}
    assert category(Decimal("1.0"), language) == "one"


@pytest.mark.parametrize(
    ("text", "language", "complaint"),
    [
        ("{n:plural point}", "en", "needs its words: {n:plural point|points}"),
        ("{n:plural a|b|c|d|e}", "uk", "needs its words"),
        ("{n:plural бал|балів}", "uk", "2 plural forms; here it has 3: {n:plural … (one)|… (few)|… (many)}"),
        ("{n:plural point|points|pointses}", "en", "3 plural forms; here it has 2: {n:plural … (one)|… (other)}"),
        ("{n:money XXX}", "en", '"XXX" in "{n:money XXX}" is neither'),
    ],
)
def test_texts_have_the_forms_of_their_language(text: str, language: str, complaint: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the message is looked at below
        parse_template(text, language)
    assert complaint in str(error.value)


def test_a_word_goes_with_its_number_in_a_text() -> None:
    text = parse_template("Ви маєте {n:number} {n:plural активний бал|активні бали|активних балів}.", "uk")
    assert [text.say({"n": n}, "uk") for n in (1, 2, 5, 21)] == [
        "Ви маєте один активний бал.",
        "Ви маєте два активні бали.",
        "Ви маєте п’ять активних балів.",
        "Ви маєте двадцять один активний бал.",
    ]
    assert parse_template("order{n:plural |s}", "en").say({"n": 2}, "en") == "orders"


@pytest.mark.parametrize("value", ["", "many", "2.5"])
def test_what_is_no_number_to_count_with_has_the_last_form_and_is_named(value: str) -> None:
    text = parse_template("{n:plural бал|бали|балів}", "uk")
    assert text.attempt({"n": value}, "uk") == ("балів", ("{n:plural}",))


@pytest.mark.parametrize(("value", "said"), [("12.50", "twelve dollars"), (12, "twelve d"), ("12 EUR", "twelve euros")])
def test_an_amount_has_the_currency_that_it_comes_with_or_that_of_the_text(value: int | str, said: str) -> None:
    assert parse_template("{x:money USD}").say({"x": value}, "en").startswith(said)
