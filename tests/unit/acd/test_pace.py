from __future__ import annotations

import json

import pytest

from acd.pace import USUAL_HANDLING, USUAL_PATIENCE, Pace, Paces


def test_before_anything_is_known_a_queue_is_a_usual_one() -> None:
    assert (Pace().handling, Pace().patience) == (USUAL_HANDLING, USUAL_PATIENCE)


def test_what_happened_lately_counts_most() -> None:
    paces = Paces()
    for handling in [600.0] * 200 + [60.0] * 200:
        paces.served("q", handling)
    assert paces.of("q").handling == pytest.approx(60, rel=0.2)


def test_patience_is_all_the_waiting_over_those_who_gave_up() -> None:
    paces = Paces()
    for n in range(2000):
        paces.waited("q", 30.0, hung_up=n % 4 == 0)
    assert paces.of("q").patience == pytest.approx(120, rel=0.1)


def test_more_ahead_and_fewer_agents_mean_a_longer_wait() -> None:
    paces = Paces()
    waits = [paces.expected("q", ahead, servers) for ahead, servers in [(0, 10), (0, 2), (3, 2), (9, 2)]]
    assert waits == sorted(waits)
    assert waits[0] == pytest.approx(0.6931 * 18, rel=1e-3)


def test_it_can_be_written_down() -> None:
    paces, again = Paces(), Paces()
    paces.served("q", 77.0)
    paces.waited("r", 5.0, hung_up=True)
    again.restore(json.loads(json.dumps(paces.plain())))
    assert again.plain() == paces.plain()
    again.forget({"r": 1})
    assert list(again.plain()) == ["r"]
