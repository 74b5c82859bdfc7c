"""Skill expressions whose variables are not known yet: who could satisfy them, for some caller."""

from __future__ import annotations

import re
from itertools import islice, product
from typing import TYPE_CHECKING

from acd.skills import bind, holds, names, variables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acd.skills import Expression

#: So many combinations of values are tried; with more of them somebody is taken to suffice.
_MOST = 2000
_VARIABLE = re.compile(r"\{(\w+)\}")


def could_hold(expression: Expression, levels: Mapping[str, int], known: Mapping[str, str] | None = None) -> bool:
    """Whether somebody with these levels satisfies the expression for some caller.

    *known* variables have these values; any other may have any value, or none.
    """
    bound = bind(expression, known or {})
    unknown = sorted(variables(bound))
    if not unknown:
        return holds(bound, levels)
    values = {name: {"", *_values(bound, name, levels)} for name in unknown}
    tried = 0
    for combination in islice(product(*(sorted(values[name]) for name in unknown)), _MOST):
        tried += 1
        if holds(bind(bound, dict(zip(unknown, combination, strict=True))), levels):
            return True
    return tried == _MOST


def _values(expression: Expression, variable: str, levels: Mapping[str, int]) -> set[str]:
    """What *variable* must be for the names in the expression to be skills that somebody has."""
    found: set[str] = set()
    for name in names(expression):
        parts = _VARIABLE.split(name)  # text, variable, text, variable, …, text
        if variable not in parts[1::2]:
            continue
        pattern = re.compile("".join(re.escape(part) if i % 2 == 0 else "(.+)" for i, part in enumerate(parts)))
        for skill in levels:
            if match := pattern.fullmatch(skill):
                found |= {value for own, value in zip(parts[1::2], match.groups(), strict=True) if own == variable}
    return found
