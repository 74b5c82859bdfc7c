"""All six tables of the SIP stack: complete, free of contradictions, no state without a way out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sip import invite, reinvite
from sip.transactions import client, invite_client, invite_server, server
from tests.support.tables import contradictions, undeclared

if TYPE_CHECKING:
    from types import ModuleType

MODULES = [invite_client, invite_server, client, server, invite, reinvite]

pytestmark = pytest.mark.parametrize("machine", MODULES, ids=lambda m: m.__name__.rpartition(".")[2])


def test_every_state_input_pair_is_declared(machine: ModuleType) -> None:
    m: Any = machine
    assert undeclared(m.State, m.Input, m.TRANSITIONS, m.IGNORED, m.RUNNING) == set()


def test_no_pair_is_both_a_transition_and_ignored(machine: ModuleType) -> None:
    m: Any = machine
    assert contradictions(m.TRANSITIONS, m.IGNORED) == set()


def test_timers_fire_only_where_they_can_be_running(machine: ModuleType) -> None:
    m: Any = machine
    fires = {(s, i) for s, i in m.TRANSITIONS if i.name.startswith("TIMER_")}
    assert fires == {(s, t) for s, timers in m.RUNNING.items() for t in timers}


def test_every_state_is_reached_and_has_a_way_to_the_end(machine: ModuleType) -> None:
    m: Any = machine
    targets = {s: {to for (source, _), (to, _) in m.TRANSITIONS.items() if source is s} for s in m.State}
    first = next(iter(m.State))
    last = list(m.State)[-1]
    starts = {first, m.State.INCOMING} if m is invite else {first}
    reached = set(starts)
    while more := {to for s in reached for to in targets[s]} - reached:
        reached |= more
    assert reached == set(m.State)
    for state in m.State:
        seen = {state}
        while more := {to for s in seen for to in targets[s]} - seen:
            seen |= more
        assert last in seen, state


def test_every_action_is_used(machine: ModuleType) -> None:
    m: Any = machine
    used = {action for _, actions in m.TRANSITIONS.values() for action in actions}
    assert used == set(m.Action)
