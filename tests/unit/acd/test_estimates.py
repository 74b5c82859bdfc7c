from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.estimates import Estimate, of_samples, ql_a, still_waiting


@pytest.mark.parametrize(("ahead", "mean", "sd"), [(0, 24.0, 24.0), (4, 104.4, 46.9), (9, 181.8, 58.4)])
def test_golden_values_of_ten_agents(ahead: int, mean: float, sd: float) -> None:
    estimate = ql_a(ahead, 10, 240.0, 300.0)
    assert estimate.mean == pytest.approx(mean, abs=0.05)
    assert estimate.sd == pytest.approx(sd, abs=0.05)


@pytest.mark.parametrize(("ahead", "mean"), [(4, 120.0), (9, 240.0)])
def test_nobody_gives_up(ahead: int, mean: float) -> None:
    assert ql_a(ahead, 10, 240.0).mean == pytest.approx(mean)


def test_the_next_one_waits_an_exponential_time() -> None:
    estimate = ql_a(0, 10, 240.0, 300.0)
    assert estimate.p50 == pytest.approx(24 * math.log(2))
    assert estimate.p80 == pytest.approx(24 * math.log(5))
    assert estimate.spread == pytest.approx(1.0)


def test_quantiles_are_those_of_drawn_sums() -> None:
    random = Random(3)
    drawn = of_samples([sum(random.expovariate(10 / 240 + i / 300) for i in range(10)) for _ in range(20_000)])
    estimate = ql_a(9, 10, 240.0, 300.0)
    assert estimate.p50 == pytest.approx(drawn.p50, rel=0.01)
    assert estimate.p80 == pytest.approx(drawn.p80, rel=0.01)
    assert estimate.mean == pytest.approx(drawn.mean, rel=0.01)
    assert estimate.sd == pytest.approx(drawn.sd, rel=0.02)


def hypoexponential(seconds: float, rates: list[float]) -> float:
    """The survival function by partial fractions; its terms alternate, so only for a few distinct rates."""
    return sum(
        math.exp(-rate * seconds) * math.prod(other / (other - rate) for other in rates if other != rate)
        for rate in rates
    )


@pytest.mark.parametrize("ahead", [0, 1, 2, 5, 8])
@pytest.mark.parametrize("seconds", [0.0, 1.0, 50.0, 400.0])
def test_the_survival_function_is_the_textbooks(ahead: int, seconds: float) -> None:
    rates = [10 / 240 + i / 300 for i in range(ahead + 1)]
    assert still_waiting(seconds, ahead, 10 / 240, 1 / 300) == pytest.approx(
        hypoexponential(seconds, rates), rel=1e-6, abs=1e-7
    )


@given(st.integers(0, 3000), st.integers(1, 2000), st.floats(1, 5000), st.floats(1, 1e6) | st.just(math.inf))
def test_quantiles_are_quantiles(ahead: int, servers: int, handling: float, patience: float) -> None:
    estimate = ql_a(ahead, servers, handling, patience)
    for share, seconds in ((0.5, estimate.p50), (0.8, estimate.p80)):
        assert still_waiting(seconds, ahead, servers / handling, 1 / patience) == pytest.approx(1 - share, rel=1e-6)
    assert 0 < estimate.p50 < estimate.p80
    assert estimate.spread <= 1 + 1e-9
    further = ql_a(ahead + 1, servers, handling, patience)
    assert further.mean > estimate.mean
    assert further.p80 > estimate.p80


def test_nobody_serves() -> None:
    assert ql_a(0, 0, 240.0).mean == math.inf


@pytest.mark.parametrize(("ahead", "handling", "patience"), [(-1, 240.0, 300.0), (0, 0.0, 300.0), (0, 240.0, 0.0)])
def test_what_makes_no_sense_is_refused(ahead: int, handling: float, patience: float) -> None:
    with pytest.raises(ValueError, match="none of them can be less"):
        ql_a(ahead, 10, handling, patience)


def test_estimates_of_samples() -> None:
    assert of_samples([4.0, 1.0, 3.0, 2.0]) == Estimate(2.5, 4.0, 2.5, math.sqrt(5 / 3))
    assert of_samples([7.0]) == Estimate(7.0, 7.0, 7.0, 0.0)
    assert of_samples([0.0, 0.0]).spread == 0.0
    with pytest.raises(ValueError, match="at least one"):
        of_samples([])
