"""Medians, ratios within one repeat, and which runs say nothing."""

from __future__ import annotations

import pytest

from bench.figures import Run, Spread, good, ratios
from bench.phones import Outcome


def run(
    scenario: str, cores: float, *, level: int = 100, repeat: int = 1, late: float = 0.001, skipped: int = 0
) -> Run:
    outcome = Outcome(
        seconds=2.0, cpu={"control": 0.5 * cores, "media": 1.5 * cores}, late=(late, late), skipped=skipped
    )
    return Run(scenario, level, repeat, outcome)


def test_the_spread_is_median_lowest_and_highest() -> None:
    assert Spread.of([3.0, 1.0, 9.0]) == Spread(3.0, 1.0, 9.0)
    assert Spread.of([4.0, 1.0]) == Spread(2.5, 1.0, 4.0)
    assert Spread.of([]) is None


def test_a_spread_is_written_with_its_ends_unless_there_are_none() -> None:
    assert Spread(1.0, 0.5, 2.0).text() == "1.00 (0.50–2.00)"
    assert Spread(1.0, 1.0, 1.0).text(1) == "1.0"


def test_cores_are_cpu_seconds_of_all_parts_by_the_second() -> None:
    assert run("echo", 0.3).cores == pytest.approx(0.3)
    assert run("echo", 0.3, level=400).cores_per_1000 == pytest.approx(0.75)


def test_cpu_per_call_counts_calls_answered_in_the_window() -> None:
    outcome = Outcome(seconds=4.0, cpu={"control": 0.6, "media": 0.2}, answered=500, answered_in_window=400)
    short = Run("short calls", 100, 1, outcome)
    assert short.cpu_per_call() == pytest.approx(0.002)
    assert short.cpu_per_call("media") == pytest.approx(0.0005)


@pytest.mark.parametrize(("late", "skipped", "fit"), [(0.001, 0, True), (0.011, 0, False), (0.001, 3, False)])
def test_runs_whose_phones_were_late_are_left_out(late: float, skipped: int, fit: bool) -> None:
    found = run("echo", 0.1, late=late, skipped=skipped)
    assert bool(found.objection) is not fit
    assert good([found], "echo", 100) == ([found] if fit else [])


def test_ratios_pair_what_was_measured_in_the_same_repeat() -> None:
    runs = [
        run("echo", 0.2, repeat=1),
        run("C echo", 0.1, repeat=1),
        run("echo", 0.9, repeat=2),
        run("C echo", 0.3, repeat=2),
        run("echo", 0.9, repeat=3),
        run("C echo", 0.3, repeat=3, late=0.5),
        run("C echo", 9.9, repeat=1, level=400),
    ]
    assert ratios(runs, "echo", "C echo", 100) == pytest.approx([2.0, 3.0])


@pytest.mark.parametrize(
    ("heard", "own", "left"), [(0.021, 0.020, 0.021), (0.070, 0.060, 0.030), (0.020, 0.200, 0.0), (0.045, 0.010, 0.045)]
)
def test_of_a_gap_what_the_phones_made_themselves_is_taken_off(heard: float, own: float, left: float) -> None:
    found = Run("echo", 100, 1, Outcome(seconds=1.0, largest_gap=heard, own_gap=own))
    assert found.gap_of_the_server == pytest.approx(left)
