"""The tables of a recording and of the way into a conference."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from softswitch.call.conferences import states as conference_states
from softswitch.call.recording.states import IGNORED, IMPOSSIBLE, TRANSITIONS, Action, Input, State


def test_every_state_and_input_of_a_recording_is_declared_once() -> None:
    assert set(product(State, Input)) == TRANSITIONS.keys() | IGNORED | IMPOSSIBLE
    assert not TRANSITIONS.keys() & IGNORED
    assert not (TRANSITIONS.keys() | IGNORED) & IMPOSSIBLE


def test_every_state_and_input_of_a_conference_is_declared_once() -> None:
    table, ignored = conference_states.TRANSITIONS, conference_states.IGNORED
    assert set(product(conference_states.State, conference_states.Input)) == table.keys() | ignored
    assert not table.keys() & ignored


@given(st.lists(st.sampled_from(list(Input)), max_size=20))
def test_a_recording_ends_once_and_every_file_is_stopped_before_it_is_judged(inputs: list[Input]) -> None:
    state, ends, recording = State.ASKING, 0, False
    for event in inputs:
        state, actions = TRANSITIONS.get((state, event), (state, ()))
        for action in actions:
            if action is Action.RECORD:
                assert not recording
                recording = True
            if action in (Action.ASK_TO_KEEP, Action.DISCARD, Action.STOP, Action.GIVE_UP):
                recording = False
            ends += action in (Action.RETURN, Action.GIVE_UP)
    assert ends <= 1
    if state is State.OVER:
        assert not recording
