from __future__ import annotations

import pytest

from acd.figures.service_level import DEFAULT, VARIANTS, Waits, service_level, variant

#: 1000 answered, 860 of them in time; 60 abandoned, 20 of them in time and 10 at once.
GOLDEN = Waits(answered=1000, answered_within=860, abandoned=60, abandoned_within=20, abandoned_short=10)


@pytest.mark.parametrize(
    ("name", "percent"),
    [("F1", 83.0), ("F2", 86.0), ("F3", 81.1), ("F4", 82.7), ("F5", 82.1), ("F6", 81.9)],
)
def test_each_formula_gives_its_published_value(name: str, percent: float) -> None:
    level = service_level(name, GOLDEN)
    assert level is not None
    assert round(100 * level, 1) == percent


def test_the_default_leaves_out_those_who_hardly_waited() -> None:
    assert variant(DEFAULT).of(GOLDEN) == (860, 1000 + 60 - 10)


def test_a_formula_is_found_by_id_and_by_name() -> None:
    assert variant("f2") is variant("of-answered") is VARIANTS["F2"]
    with pytest.raises(
        ValueError, match=r'there is no service level "F7"; there are F1 \(abandoned-within-is-served\)'
    ):
        variant("F7")


@pytest.mark.parametrize("name", VARIANTS)
def test_nobody_called_means_no_service_level(name: str) -> None:
    assert service_level(name, Waits(0, 0, 0, 0, 0)) is None
