"""Who could serve some caller, while it is not known yet what the caller's variables will be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.skills import bind, holds, parse, variables
from acd.unbound import could_hold

LEVELS = {"sales": 80, "uk": 100, "lang_pl": 60, "tier_gold_vip": 30}


@pytest.mark.parametrize(
    ("text", "could"),
    [
        ("", True),
        ("sales >= 50", True),
        ("sales >= 90", False),
        ("{language} >= 50", True),
        ("{language} >= 101", None),
        ("{language} > 100", False),
        ("lang_{language} >= 50", True),
        ("lang_{language} >= 70", False),
        ("{product} >= 50 and {product} < 90", True),
        ("{product} >= 50 and {product} < 60", False),
        ("tier_{a}_{b} >= 20", True),
        ("tier_{a}_{b} >= 40", False),
        ("not {product} >= 1", True),
        ("not sales >= 1 and {product} >= 50", False),
        ("{product} >= 90 and lang_{product} >= 1", False),
    ],
)
def test_somebody_could_serve_a_caller_when_some_values_make_it_so(text: str, could: bool | None) -> None:
    if could is not None:
        assert could_hold(parse(text), LEVELS) is could


def test_what_is_known_counts() -> None:
    needs = parse("{language} >= 50 and {product} >= 50")
    assert could_hold(needs, LEVELS, {"language": "uk"})
    assert not could_hold(needs, LEVELS, {"language": "pl"})
    assert not could_hold(needs, LEVELS, {"language": "uk", "product": "pears"})


def test_so_many_variables_that_nobody_would_try_them_all_exclude_nobody() -> None:
    levels = {f"s{number}": 10 for number in range(60)}
    assert could_hold(parse("{a} > 50 and {b} > 50 and {c} > 50"), levels)


_EXPRESSIONS = st.sampled_from(
    ["{x} >= 50", "not {x} >= 50", "a{x} >= 20 or {y} >= 60", "{x} >= 50 and not {y} >= 10", "{x} < 20 and b >= 10"]
)
_LEVELS = st.dictionaries(st.sampled_from(["a", "ab", "b", "c"]), st.integers(0, 100))
_VALUES = st.dictionaries(st.sampled_from(["x", "y"]), st.sampled_from(["", "a", "b", "c", "d", "ab"]))


@given(_EXPRESSIONS, _LEVELS, _VALUES)
def test_whoever_serves_a_caller_could_have(text: str, levels: dict[str, int], values: dict[str, str]) -> None:
    needs = parse(text)
    assert variables(needs)
    if holds(bind(needs, values), levels):
        assert could_hold(needs, levels)
