from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.skills import (
    EVERYBODY,
    MAX_LENGTH,
    Expression,
    Level,
    Not,
    SkillSyntaxError,
    all_of,
    any_of,
    bind,
    holds,
    names,
    parse,
    predicate,
    variables,
)

NAMES = st.sampled_from(["sales", "uk", "back-office", "{language}", "lang_{language}", "продаж"])
LEVELS = st.builds(Level, NAMES, st.sampled_from([">=", ">", "<=", "<", "==", "!="]), st.integers(0, 100))
EXPRESSIONS: st.SearchStrategy[Expression] = st.recursive(
    LEVELS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: all_of(*parts)),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: any_of(*parts)),
        inner.map(Not),
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("text", "levels", "served"),
    [
        ("", {}, True),
        ("   ", {}, True),
        ("sales", {"sales": 1}, True),
        ("sales", {}, False),
        ("sales >= 50", {"sales": 50}, True),
        ("sales >= 50", {"sales": 49}, False),
        ("sales > 50", {"sales": 50}, False),
        ("sales <= 50", {"sales": 50}, True),
        ("sales < 50", {"sales": 50}, False),
        ("sales == 50", {"sales": 50}, True),
        ("sales != 50", {"sales": 50}, False),
        ("sales < 50", {}, True),
        ("sales >= 50 and uk >= 50", {"sales": 80}, False),
        ("sales >= 50 or uk >= 50", {"sales": 80}, True),
        ("a or b and c", {"a": 1}, True),
        ("(a or b) and c", {"a": 1}, False),
        ("not trainee", {}, True),
        ("not trainee and sales", {"trainee": 1, "sales": 9}, False),
        ("not (a and b)", {"a": 1}, True),
        ("a AND NOT b", {"a": 1}, True),
        ("sales>=50and uk", {"sales": 60, "uk": 1}, None),
    ],
)
def test_meaning(text: str, levels: dict[str, int], served: bool | None) -> None:
    if served is None:
        with pytest.raises(SkillSyntaxError):
            parse(text)
    else:
        assert holds(parse(text), levels) is served


def test_the_language_of_the_caller_is_filled_in() -> None:
    needs = parse("sales >= 50 and ({language} >= 50 or en >= 80)")
    assert variables(needs) == {"language"}
    assert names(bind(needs, {"language": "uk"})) == {"sales", "uk", "en"}
    assert holds(bind(needs, {"language": "uk"}), {"sales": 60, "uk": 50})
    assert not holds(bind(needs, {"language": "pl"}), {"sales": 60, "uk": 50})
    assert holds(bind(needs, {"language": "pl"}), {"sales": 60, "en": 80})


def test_an_unknown_variable_is_a_skill_that_nobody_has() -> None:
    assert not holds(bind(parse("{language} >= 50"), {}), {"uk": 100})


def test_a_variable_may_be_a_part_of_a_name() -> None:
    assert names(bind(parse("lang_{language}-{level} >= 5"), {"language": "pl", "level": "b2"})) == {"lang_pl-b2"}


@pytest.mark.parametrize(
    ("text", "column", "message", "hint"),
    [
        ("sales >=", 9, "a level was expected after >=, not the end", "as in sales >= 50"),
        ("sales >= fifty", 10, "a level was expected after >=, not `fifty`", "whole number"),
        ("sales >= 101", 10, "level 101 does not exist", "0 to 100"),
        ("sales >= 5000", 10, "level 5000 does not exist", "0 to 100"),
        ("sales = 50", 7, "'=' is not understood here", "`==`"),
        ("sales >= 50 && uk >= 50", 13, "'&' is not understood here", "write `and`"),
        ("sales | uk", 7, "'|' is not understood here", "write `or`"),
        ("50 <= sales", 1, "a requirement cannot begin with 50", "skill first"),
        ("(sales >= 50", 13, "a bracket is missing", "opened in column 1"),
        ("sales >= 50)", 12, "this bracket closes nothing", "remove it"),
        ("sales >= 50 uk >= 50", 13, "'uk' follows a complete requirement", "join requirements"),
        ("sales >= 50 and", 16, "a skill was expected, not the end", "write one"),
        ("and sales", 1, "a skill was expected, not `and`", "write one"),
        ("sales >= -5", 10, "'-' is not understood here", "0 to 100"),
        ("sales >= 0.5", 11, "'.' is not understood here", "0 to 100"),
        ("{lang >= 50", 1, "'{' is not understood here", "{language}"),
        ("sales >= ٥٠", 10, "'٥٠' is not a number here", "digits 0 to 9"),
    ],
)
def test_mistakes_name_the_column_and_what_would_be_right(text: str, column: int, message: str, hint: str) -> None:
    with pytest.raises(SkillSyntaxError) as caught:
        parse(text)
    assert (caught.value.column, caught.value.message) == (column, message)
    assert hint in caught.value.hint
    assert str(caught.value) == f"column {column}: {message}; {caught.value.hint}"


@pytest.mark.parametrize("text", ["(" * 3000, "not " * 900, "a >= 5 or " * 500, "a" * (MAX_LENGTH + 1)])
def test_monstrous_text_is_refused_not_crashed_on(text: str) -> None:
    with pytest.raises(SkillSyntaxError):
        parse(text)


@given(EXPRESSIONS)
def test_canonical_text_reads_back_as_the_same(expression: Expression) -> None:
    assert parse(str(expression)) == expression


@given(EXPRESSIONS, st.dictionaries(NAMES, st.integers(0, 100)))
def test_the_prepared_form_means_the_same(expression: Expression, levels: dict[str, int]) -> None:
    assert predicate(expression)(levels) is holds(expression, levels)


@given(st.text(max_size=40) | st.text(alphabet="ab{}()<>=! 05andornt", max_size=40))
def test_any_text_parses_or_raises_only_a_syntax_error(text: str) -> None:
    column, hint = 1, "none"
    try:
        expression = parse(text)
        assert parse(str(expression)) == expression
    except SkillSyntaxError as error:
        column, hint = error.column, error.hint
    assert 1 <= column <= len(text) + 1
    assert hint


def test_asking_for_nothing_is_neutral() -> None:
    sales = parse("sales >= 50")
    assert all_of(sales, EVERYBODY) == sales
    assert any_of(sales, EVERYBODY) == EVERYBODY
    assert str(EVERYBODY) == ""


@pytest.mark.parametrize("known", [{}, {"product": ""}, {"product": "pears"}, {"product": "100"}])
def test_a_variable_that_is_not_set_or_empty_or_no_skill_of_anybody_is_level_nought(known: dict[str, str]) -> None:
    levels = {"sales": 80}
    assert not holds(bind(parse("{product} >= 1"), known), levels)
    assert holds(bind(parse("{product} <= 0"), known), levels)
    assert holds(bind(parse("not {product} >= 50"), known), levels)
    assert holds(bind(parse("{product} >= 50 or sales >= 50"), known), levels)
