"""A transition table drawn as a Mermaid state diagram; `docs/states/*.mmd` are kept equal to the tables by tests."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

State = TypeVar("State", bound=Enum)
Input = TypeVar("Input", bound=Enum)


def state_diagram(
    transitions: Mapping[tuple[State, Input], tuple[State, object]], first: State, last: State | None = None
) -> str:
    """One arrow for each pair of states, labelled with the inputs that lead along it, in the order of the table."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for (state, happened), (following, _) in transitions.items():
        arrows.setdefault((state.name, following.name), []).append(happened.name)
    lines = ["stateDiagram-v2", f"    [*] --> {first.name}"]
    lines += [f"    {state} --> {following} : {', '.join(names)}" for (state, following), names in arrows.items()]
    if last is not None:
        lines.append(f"    {last.name} --> [*]")
    return "\n".join(lines) + "\n"
