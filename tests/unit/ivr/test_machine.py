from __future__ import annotations

from itertools import product
from pathlib import Path

from ivr.machine import DECIDED, DECISIONS, EVENTS, IGNORED, RUNNING, TIMERS, TRANSITIONS, Action, Input, State
from ivr.session import Session
from tests.support.state_diagram import state_diagram

DIAGRAM = Path(__file__).parents[3] / "docs" / "states" / "ivr.mmd"


def test_every_state_input_pair_is_declared() -> None:
    events_elsewhere = set(product(DECIDED, EVENTS))  # a session never rests there
    cannot_fire = {(state, timer) for state in State for timer in TIMERS - RUNNING.get(state, frozenset())}
    cannot_be_decided = {(s, decision) for s in State for decision in DECISIONS - DECIDED.get(s, frozenset())}
    declared = TRANSITIONS.keys() | IGNORED | events_elsewhere | cannot_fire | cannot_be_decided
    assert set(product(State, Input)) - declared == set()


def test_no_pair_is_declared_twice() -> None:
    assert TRANSITIONS.keys() & IGNORED == set()
    for state, happened in TRANSITIONS:
        assert happened not in TIMERS or happened in RUNNING[state]
        assert happened not in DECISIONS or happened in DECIDED[state]
        assert happened not in EVENTS or state not in DECIDED


def test_every_state_is_reached_and_every_live_one_hears_the_hang_up() -> None:
    reached = {State.NEW} | {state for state, _ in TRANSITIONS.values()}
    assert reached == set(State)
    for state in set(State) - DECIDED.keys() - {State.ENDED}:
        assert TRANSITIONS[state, Input.HUNG_UP][0] is State.ENDED


def test_every_action_is_used_and_carried_out() -> None:
    used = {action for _, actions in TRANSITIONS.values() for action in actions}
    assert used == set(Action)
    assert all(hasattr(Session, f"_{action.name.lower()}") for action in Action)


def test_the_diagram_shows_the_table() -> None:
    drawn = state_diagram(TRANSITIONS, State.NEW, State.ENDED)
    assert DIAGRAM.read_text(encoding="utf-8") == drawn, "draw it anew with `make diagrams`"
