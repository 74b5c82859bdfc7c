"""The table of a transfer."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from softswitch.call.transfers.states import IGNORED, TRANSITIONS, Action, Input, State


def test_every_state_and_input_is_declared_once() -> None:
    assert set(product(State, Input)) == TRANSITIONS.keys() | IGNORED
    assert TRANSITIONS.keys() & IGNORED == set()


@given(st.lists(st.sampled_from(list(Input)), max_size=12))
def test_the_sender_is_told_once_and_the_agent_freed_at_most_once(inputs: list[Input]) -> None:
    state = State.TRYING
    done: list[Action] = []
    for event in inputs:
        state, actions = TRANSITIONS.get((state, event), (state, ()))
        done += actions
    last_words = done.count(Action.TELL_DONE) + done.count(Action.TELL_FAILED)
    assert last_words <= 1
    assert done.count(Action.FREE_AGENT) + done.count(Action.GIVE_BACK) <= 1
    if state is State.OVER:
        assert last_words == 1
