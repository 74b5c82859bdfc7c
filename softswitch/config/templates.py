"""Targets with placeholders: ``agent:{agent}`` is filled from what is known of the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr import texts
from ivr.targets import EXTERNAL, NUMBER, Target

if TYPE_CHECKING:
    from collections.abc import Mapping


def placeholders(target: Target) -> list[str]:
    """The names that have to be known."""
    return texts.placeholders(target.name)


def fill(target: Target, known: Mapping[str, str]) -> Target | None:
    """*target* with what is *known* in its placeholders; None when something is not, or makes no number to dial."""
    if any(not known.get(name) for name in placeholders(target)):
        return None
    name = texts.fill(target.name, known)
    if target.kind == EXTERNAL and not NUMBER.fullmatch(name):
        return None
    return Target(target.kind, name)
