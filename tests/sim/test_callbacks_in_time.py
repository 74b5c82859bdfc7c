"""Customers who answer a callback do not wait for an agent."""

from __future__ import annotations

from bench.callbacks import WANTED, measure


def test_who_answers_a_callback_has_an_agent_within_two_seconds_in_97_of_100() -> None:
    outcome = measure(50, "product", days=1, seed=1)
    assert len(outcome.waits) > 200
    assert outcome.early > 0.1 * outcome.dials, "numbers are dialled before an agent is idle"
    assert outcome.in_time >= WANTED


def test_dialling_as_soon_as_an_agent_is_likely_would_be_too_early() -> None:
    assert measure(50, "P50", days=1, seed=1).in_time < WANTED
