"""The benchmark on a small scale: seeded, so it always comes out the same; the bands are wide."""

from __future__ import annotations

import pytest

from bench.estimates import PREDICTORS, SCENARIOS, Options, measure

SMALL = Options(days=3, rollouts=24, between=420.0, most_probes=110)


@pytest.mark.parametrize(("letter", "at_most"), [("C", 0.75), ("E", 0.65)])
def test_forward_simulation_beats_the_hold_time_rule_and_its_p80_is_true(letter: str, at_most: float) -> None:
    outcome = measure(SCENARIOS[letter], SMALL)
    assert len(outcome.probes) > 80
    assert outcome.ratio < at_most
    assert 0.62 < outcome.covered < 0.95
    assert abs(outcome.bias("forward")) < abs(outcome.bias("Asterisk"))
    assert outcome.mae("forward") < min(outcome.mae(name) for name in PREDICTORS if name in ("LES", "HOL"))


def test_the_same_seed_gives_the_same_figures() -> None:
    few = Options(days=1, rollouts=12, most_probes=8)
    first, second = measure(SCENARIOS["D"], few), measure(SCENARIOS["D"], few)
    assert first.probes == second.probes
    assert first.probes != measure(SCENARIOS["D"], Options(days=1, rollouts=12, most_probes=8, seed=2)).probes
