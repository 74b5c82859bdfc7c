"""Erlang B, C and A: golden values, and agreement with the equations they are short for."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.erlang import ErlangA, ErlangC, agents_for, erlang_b, erlang_c, square_root_staffing

ARRIVALS, HANDLING, PATIENCE = 100 / 1800, 180.0, 120.0


@pytest.mark.parametrize(
    ("servers", "delayed", "level", "mean_wait"), [(12, 0.4494, 0.6402, 40.44), (14, 0.1741, 0.8884, 7.84)]
)
def test_erlang_c(servers: int, delayed: float, level: float, mean_wait: float) -> None:
    model = ErlangC(ARRIVALS, HANDLING, servers)
    assert model.delayed == pytest.approx(delayed, abs=5e-5)
    assert model.service_level(20) == pytest.approx(level, abs=5e-5)
    assert model.mean_wait == pytest.approx(mean_wait, abs=5e-3)
    assert model.occupancy == pytest.approx(10 / servers)


@pytest.mark.parametrize(
    ("servers", "delayed", "abandoned", "mean_wait", "level"),
    [(9, 0.6133, 0.1922, 23.06, 0.524), (10, 0.4969, 0.1375, 16.50, 0.640), (12, 0.2798, 0.0616, 7.39, 0.826)],
)
def test_erlang_a(servers: int, delayed: float, abandoned: float, mean_wait: float, level: float) -> None:
    model = ErlangA(ARRIVALS, HANDLING, servers, PATIENCE)
    assert model.delayed == pytest.approx(delayed, abs=5e-5)
    assert model.abandoned == pytest.approx(abandoned, abs=5e-5)
    assert model.mean_wait == pytest.approx(mean_wait, abs=5e-3)
    assert model.service_level(20) == pytest.approx(level, abs=5e-4)


def birth_and_death(arrivals: float, handling: float, servers: int, patience: float) -> tuple[float, float]:
    """Probability of having to wait, and share of callers lost, from the chain's balance; another way to the same."""
    states = [1.0]
    while states[-1] > 1e-15 * sum(states) or len(states) < arrivals * handling + 50:
        n = len(states)
        states.append(states[-1] * arrivals / (min(n, servers) / handling + max(0, n - servers) / patience))
    total = sum(states)
    lost = sum((n - servers) / patience * p for n, p in enumerate(states) if n > servers) / total
    return sum(states[servers:]) / total, lost / arrivals


@given(st.floats(0.001, 0.3), st.floats(5.0, 200.0), st.integers(1, 40), st.floats(5.0, 600.0), st.floats(0.0, 120.0))
def test_erlang_a_agrees_with_the_chain(
    arrivals: float, handling: float, servers: int, patience: float, within: float
) -> None:
    model = ErlangA(arrivals, handling, servers, patience)
    delayed, lost = birth_and_death(arrivals, handling, servers, patience)
    assert model.delayed == pytest.approx(delayed, rel=1e-6, abs=1e-12)
    assert model.abandoned == pytest.approx(lost, rel=1e-6, abs=1e-9)
    level = model.service_level(within)
    assert 1 - delayed - 1e-9 <= level <= 1 - lost + 1e-9
    assert model.service_level(within + 10) >= level - 1e-9


@pytest.mark.parametrize("servers", [3, 10, 12])
def test_in_the_long_run_everybody_is_served_who_does_not_give_up(servers: int) -> None:
    model = ErlangA(ARRIVALS, HANDLING, servers, PATIENCE)
    assert model.service_level(1e5) == pytest.approx(1 - model.abandoned, abs=1e-9)


def test_endless_patience_is_erlang_c() -> None:
    patient, model = ErlangA(ARRIVALS, HANDLING, 12, 1e7), ErlangC(ARRIVALS, HANDLING, 12)
    assert patient.delayed == pytest.approx(model.delayed, abs=1e-4)
    assert patient.service_level(20) == pytest.approx(model.service_level(20), abs=1e-4)
    assert patient.mean_wait == pytest.approx(model.mean_wait, rel=1e-3)


def test_at_full_load_erlang_c_has_no_end_of_waiting() -> None:
    model = ErlangC(ARRIVALS, HANDLING, 10)
    assert (model.delayed, model.mean_wait, model.service_level(20)) == (1.0, math.inf, 0.0)
    assert erlang_c(11.0, 10) == 1.0


def test_erlang_b() -> None:
    assert erlang_b(10.0, 10) == pytest.approx(0.2146, abs=5e-5)
    assert erlang_b(0.0, 3) == 0.0
    assert erlang_b(5.0, 0) == 1.0


def test_a_thousand_agents_are_no_problem() -> None:
    model = ErlangA(1000 / HANDLING, HANDLING, 1000, 300.0)
    assert 0.5 < model.delayed < 0.6
    assert 0.98 < model.service_level(20) < 0.99


def test_ten_times_too_many_calls() -> None:
    model = ErlangA(10 * 50 / HANDLING, HANDLING, 50, 3600.0)
    assert model.delayed == pytest.approx(1.0)
    assert model.abandoned == pytest.approx(0.9)
    assert model.service_level(20) == pytest.approx(0.0, abs=1e-9)


def test_agents_for_a_service_level() -> None:
    assert agents_for(ARRIVALS, HANDLING, target=0.8, within=20) == 14
    assert agents_for(ARRIVALS, HANDLING, target=0.8, within=20, patience=PATIENCE) == 12
    assert agents_for(0.0, HANDLING, target=0.8, within=20) == 1


def test_square_root_staffing() -> None:
    assert square_root_staffing(100.0, 1.0) == 110
    assert square_root_staffing(100.0, 0.0) == 100
    assert square_root_staffing(100.0, -0.5) == 95
    assert square_root_staffing(0.0, 1.0) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: ErlangC(-1.0, 180.0, 3),
        lambda: ErlangC(1.0, 0.0, 3),
        lambda: ErlangA(1.0, 180.0, 0, 60.0),
        lambda: ErlangA(1.0, 180.0, 3, 0.0),
        lambda: erlang_b(-1.0, 3),
        lambda: agents_for(1.0, 60.0, target=1.0, within=20),
    ],
)
def test_what_makes_no_sense_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"cannot be negative|can be negative|more than 0|between 0 and 1"):
        wrong()  # type: ignore[operator]
