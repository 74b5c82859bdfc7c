"""The tracker of one leg: its table, and what its counts do."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtp.key_tracker import (
    IGNORED,
    LONGEST,
    MAX_BREAK,
    MIN_PAUSE,
    MIN_TONE,
    MIN_TONE_HEARD,
    TRANSITIONS,
    Input,
    KeyTracker,
    State,
)
from rtp.q24 import NOTHING, UNKNOWN

KEY, OTHER = 5, 9


def follow(
    verdicts: list[int], *, clean: bool = True, looks: list[int] | None = None
) -> tuple[list[tuple[int, str]], KeyTracker]:
    """Feed verdicts, taking every tone long enough for a key when *clean*; returns (hop, "on"/"off") events."""
    tracker, events = KeyTracker(), []
    looks = [] if looks is None else looks
    for n, verdict in enumerate(verdicts, 1):
        if tracker.handle(verdict):
            events.append((n, "off"))
            tracker.clear()
        elif tracker.long_enough():
            looks.append(n)
            if clean:
                events.append((n, "on"))
                tracker.accept()
            else:
                tracker.refuse()
    return events, tracker


def test_every_state_input_pair_is_declared() -> None:
    assert set(product(State, Input)) - (TRANSITIONS.keys() | IGNORED) == set()
    assert TRANSITIONS.keys() & IGNORED == set()


def test_a_tone_is_a_key_after_its_shortest_length_and_ends_after_a_pause() -> None:
    events, tracker = follow([KEY] * 40 + [NOTHING] * 40)
    assert events == [(MIN_TONE, "on"), (40 + MIN_PAUSE, "off")]
    assert tracker == KeyTracker()


def test_a_shorter_tone_is_none() -> None:
    assert follow([KEY] * (MIN_TONE - 1) + [NOTHING] * 40) == ([], KeyTracker())


@pytest.mark.parametrize("gap", [[NOTHING] * (MAX_BREAK - 1), [OTHER] * (MAX_BREAK - 1), [UNKNOWN] * 30])
def test_a_break_or_a_loss_while_the_tone_rises_is_bridged(gap: list[int]) -> None:
    events, _ = follow([KEY] * 15 + gap + [KEY] * 15)
    assert [what for _, what in events] == ["on"]


def test_too_long_a_break_begins_anew() -> None:
    assert follow([KEY] * 20 + [NOTHING] * MAX_BREAK + [KEY] * 20)[0] == []


@pytest.mark.parametrize("pause", [[NOTHING] * (MIN_PAUSE - 1), [OTHER] * (MIN_PAUSE - 1), [UNKNOWN] * 200])
def test_a_short_pause_or_any_loss_does_not_end_a_held_key(pause: list[int]) -> None:
    assert [what for _, what in follow([KEY] * 30 + pause + [KEY] * 30)[0]] == ["on"]


def test_a_stray_verdict_at_the_edge_is_replaced_by_the_tone() -> None:
    events, tracker = follow([OTHER, NOTHING, *[KEY] * MIN_TONE])
    assert [what for _, what in events] == ["on"]
    assert tracker.key == KEY


def test_what_was_lost_just_before_a_tone_may_have_been_tone() -> None:
    tracker = KeyTracker()
    tracker.handle(KEY, lost_before=12)
    for _ in range(MIN_TONE_HEARD - 1):
        assert not tracker.long_enough()
        tracker.handle(KEY)
    assert tracker.long_enough()


def test_loss_alone_makes_no_key() -> None:
    assert follow([KEY] * (MIN_TONE_HEARD - 1) + [UNKNOWN] * 200) == ([], KeyTracker())


def test_a_tone_that_is_never_clean_is_followed_without_growing_and_looked_at_ever_less() -> None:
    looks: list[int] = []
    events, tracker = follow([KEY] * 200, clean=False, looks=looks)
    assert events == []
    assert looks == [26, 30, 38, 54, 86, 118, 150, 182]
    assert len(tracker.verdicts) == LONGEST


@given(st.lists(st.sampled_from([KEY, OTHER, NOTHING, UNKNOWN]), max_size=400), st.booleans())
def test_downs_and_ups_alternate_and_silence_brings_it_to_rest(verdicts: list[int], clean: bool) -> None:
    events, tracker = follow([*verdicts, *[NOTHING] * 100], clean=clean)
    assert [what for _, what in events] == ["on", "off"] * (len(events) // 2)
    assert tracker == KeyTracker()
