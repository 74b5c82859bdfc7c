"""What every state machine that is a table must satisfy."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from enum import Enum


def undeclared(
    states: Iterable[Enum],
    inputs: Iterable[Enum],
    transitions: Mapping[Any, Any],
    ignored: frozenset[Any],
    running: Mapping[Any, frozenset[Any]],
) -> set[tuple[Enum, Enum]]:
    """Pairs that are neither a transition, nor ignored, nor a timer that cannot be running in that state."""
    inputs = list(inputs)
    timers = {i for i in inputs if i.name.startswith("TIMER_")}
    cannot_fire = {(s, t) for s in running for t in timers - running[s]}
    return set(product(states, inputs)) - (set(transitions) | set(ignored) | cannot_fire)


def contradictions(transitions: Mapping[Any, Any], ignored: frozenset[Any]) -> set[Any]:
    return set(transitions) & set(ignored)
