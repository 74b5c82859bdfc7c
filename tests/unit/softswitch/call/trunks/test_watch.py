"""The table of registering with a carrier."""

from __future__ import annotations

from itertools import product

from softswitch.call.trunks.watch import IMPOSSIBLE, TRANSITIONS, Input, State


def test_every_state_and_input_is_declared_once() -> None:
    assert set(product(State, Input)) == TRANSITIONS.keys() | IMPOSSIBLE
    assert TRANSITIONS.keys() & IMPOSSIBLE == set()
