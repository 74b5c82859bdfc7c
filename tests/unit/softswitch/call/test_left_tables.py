"""The tables of taking and of listening to messages answer every pair of state and input, once."""

from __future__ import annotations

from itertools import product

from softswitch.call.voicemail import listening_states
from softswitch.call.voicemail import taking_states as message_states


def test_every_pair_of_taking_a_message_is_decided_once() -> None:
    pairs = set(product(message_states.State, message_states.Input))
    known, ignored, impossible = set(message_states.TRANSITIONS), message_states.IGNORED, message_states.IMPOSSIBLE
    assert pairs - known - ignored - impossible == set()
    assert known & ignored | known & impossible | ignored & impossible == set()


def test_every_pair_of_listening_is_decided_once() -> None:
    pairs = set(product(listening_states.State, listening_states.Input))
    known, ignored = set(listening_states.TRANSITIONS), listening_states.IGNORED
    impossible = listening_states.IMPOSSIBLE
    assert pairs - known - ignored - impossible == set()
    assert known & ignored | known & impossible | ignored & impossible == set()


def test_what_is_over_stays_over() -> None:
    assert not [pair for pair in message_states.TRANSITIONS if pair[0] is message_states.State.OVER]
    assert not [pair for pair in listening_states.TRANSITIONS if pair[0] is listening_states.State.OVER]
