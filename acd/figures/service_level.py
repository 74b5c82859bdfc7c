"""Service level: the share of callers who were served soon enough, by the six formulas that are in use.

They differ in what becomes of those who gave up, by some five points for the same day; so a service level means
nothing without its definition. Formulas as compared by ICMI and Call Centre Helper; Asterisk's "SL" is F2 and its
"SL2" is F1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Waits:
    """How many callers waited how long. *within* is the promise (20 s), *short* hardly a wait at all (5 s)."""

    answered: int
    answered_within: int
    abandoned: int
    abandoned_within: int
    abandoned_short: int


@dataclass(frozen=True, slots=True)
class Variant:
    """One formula. ``of`` gives numerator and denominator."""

    id: str
    name: str
    formula: str
    of: Callable[[Waits], tuple[int, int]]


VARIANTS: dict[str, Variant] = {
    variant.id: variant
    for variant in (
        Variant(
            "F1",
            "abandoned-within-is-served",
            "(answered ≤ T + abandoned ≤ T) / (answered + abandoned)",
            lambda w: (w.answered_within + w.abandoned_within, w.answered + w.abandoned),
        ),
        Variant(
            "F2",
            "of-answered",
            "answered ≤ T / answered",
            lambda w: (w.answered_within, w.answered),
        ),
        Variant(
            "F3",
            "of-all",
            "answered ≤ T / (answered + abandoned)",
            lambda w: (w.answered_within, w.answered + w.abandoned),
        ),
        Variant(
            "F4",
            "without-abandoned-within",
            "answered ≤ T / (answered + abandoned > T)",
            lambda w: (w.answered_within, w.answered + w.abandoned - w.abandoned_within),
        ),
        Variant(
            "F5",
            "short-is-served",
            "(answered ≤ T + abandoned < S) / (answered + abandoned)",
            lambda w: (w.answered_within + w.abandoned_short, w.answered + w.abandoned),
        ),
        Variant(
            "F6",
            "without-short",
            "answered ≤ T / (answered + abandoned ≥ S)",
            lambda w: (w.answered_within, w.answered + w.abandoned - w.abandoned_short),
        ),
    )
}

DEFAULT = "F6"


def variant(name: str) -> Variant:
    """The formula of this id or name; raises ValueError, saying which there are."""
    wanted = name.strip().lower()
    for known in VARIANTS.values():
        if wanted in (known.id.lower(), known.name):
            return known
    there = ", ".join(f"{known.id} ({known.name})" for known in VARIANTS.values())
    raise ValueError(f'there is no service level "{name}"; there are {there}')


def service_level(name: str, waits: Waits) -> float | None:
    """The ratio 0–1; None when there is nobody to speak of."""
    part, whole = variant(name).of(waits)
    return part / whole if whole else None
