from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.conditions import ALWAYS, Compare, ConditionError, Not, Some, holds, names, parse

KNOWN = {"segment": "gold", "city": "Lviv Old Town", "balance": "12.50", "language": "uk", "empty": ""}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "segment in [silver, gold]",
        'segment == "gold"',
        'city == "Lviv Old Town"',
        "segment != silver",
        "segment not in [silver, bronze]",
        "balance >= 12.5 and balance < 13",
        "segment",
        "not empty",
        "not unknown",
        "unknown != gold",
        "segment == silver or (language == uk and not balance > 100)",
        "segment == gold or segment == silver and language == pl",
    ],
)
def test_what_holds(text: str) -> None:
    assert holds(parse(text), KNOWN)


@pytest.mark.parametrize(
    "text",
    [
        "segment == silver",
        "segment in [silver]",
        "segment not in [gold]",
        "balance > 12.50",
        "balance <= 12.49",
        "unknown == gold",
        'unknown == ""',
        'unknown in [""]',
        "unknown < 5",
        "city > 5",
        "empty",
        "not segment",
        "(segment == gold or segment == silver) and language == pl",
    ],
)
def test_what_does_not_hold(text: str) -> None:
    assert not holds(parse(text), KNOWN)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("segment = gold", 'column 9: "=" means nothing here'),
        ("segment in gold", 'column 12: "[" should stand here'),
        ("segment in [gold", 'column 17: "]" should stand here'),
        ("segment in []", "column 13: a value should stand here"),
        ("segment == ", "column 12: ends too early"),
        ('segment == "gold', "column 12: a quotation that does not end"),
        ("segment == gold language", 'column 17: "and" or "or" should stand before "language"'),
        ("balance > many", 'column 11: "many" is no number, and ">" compares numbers'),
        ("Segment == gold", 'column 1: "Segment" is no variable'),
        ("and", 'column 1: "and" is no variable'),
        ("(" * 40, "column 31: is nested more than 30 deep"),
        ("a" * 1001, "is longer than 1000 characters"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ConditionError) as error:
        parse(text)
    assert message in str(error.value)


def test_the_variables_of_a_condition_are_known() -> None:
    condition = parse("a == 1 or not (b and c in [2])")
    assert names(condition) == {"a", "b", "c"}
    assert names(ALWAYS) == frozenset()
    assert isinstance(condition, Some)
    assert condition.parts[0] == Compare("a", "==", ("1",))
    assert isinstance(condition.parts[1], Not)


@given(st.text(max_size=60))
def test_any_text_is_a_condition_or_an_error(text: str) -> None:
    try:
        condition = parse(text)
    except ConditionError as error:
        assert 1 <= error.column <= len(text) + 1  # noqa: PT017
    else:
        assert holds(condition, {}) in (True, False)
