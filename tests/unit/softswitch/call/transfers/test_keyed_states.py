"""The table of a transfer by keys."""

from __future__ import annotations

from itertools import product

from softswitch.call.transfers.keyed_states import IGNORED, TRANSITIONS, Action, Input, State


def test_every_state_and_input_is_declared_once() -> None:
    assert set(product(State, Input)) == TRANSITIONS.keys() | IGNORED
    assert TRANSITIONS.keys() & IGNORED == set()


def test_every_end_says_what_becomes_of_the_caller_and_of_the_second_party() -> None:
    for (state, event), (following, actions) in TRANSITIONS.items():
        if following is State.OVER and event is not Input.CALLER_GONE and event is not Input.SENDER_GONE:
            assert {Action.SEND, Action.SAY_FAILED, Action.SAY_CANCELLED, Action.RETRIEVE} & set(actions)
        if state is State.CONSULTING and following is State.OVER and event is not Input.SECOND_GONE:
            assert {Action.DROP_SECOND, Action.HAND_OVER} & set(actions)
        if state is State.RINGING and following is State.OVER and event is not Input.FAILED:
            assert Action.STOP_RINGING in actions
