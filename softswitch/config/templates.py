"""Targets with placeholders: ``agent:{agent}`` is filled from what is known of the caller."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ivr.targets import EXTERNAL, NUMBER, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_]*)\}")


def placeholders(target: Target) -> list[str]:
    """The names that have to be known."""
    return PLACEHOLDER.findall(target.name)


def fill(target: Target, known: Mapping[str, str]) -> Target | None:
    """*target* with what is *known* in its placeholders; None when something is not, or makes no number to dial."""
    if any(not known.get(name) for name in placeholders(target)):
        return None
    name = PLACEHOLDER.sub(lambda match: known[match[1]], target.name)
    if target.kind == EXTERNAL and not NUMBER.fullmatch(name):
        return None
    return Target(target.kind, name)
