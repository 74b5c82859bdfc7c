"""What a caller has chosen on the way, in words for whoever takes the call: the menu label.

Kept as variables of the call: `menu_label` is the label of the key pressed last, `menu_labels` are those of all keys on
the way, and `menu_path` is the way itself, "main 2 > support 1". A step back takes away what was chosen in the menu to
which it leads, and after that: who comes back to a queue, or to a menu that silence led out of, loses nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ivr.nodes import Menu
    from ivr.progress import Progress

LABEL, LABELS, PATH = "menu_label", "menu_labels", "menu_path"
STEP = " > "
#: Keys remembered; who goes round in menus for ever chose the last ones.
LIMIT = 32


def chose(progress: Progress, menu: Menu, key: str) -> None:
    """The caller pressed *key* in *menu*, and it leads on."""
    p = progress
    p.chosen_at = [*_chosen_at(p), len(p.trail)][-LIMIT:]
    p.chosen = [*p.chosen, [f"{menu.name} {key}", menu.labels.get(key, "")]][-LIMIT:]
    _tell(p)


def went_back(progress: Progress) -> None:
    """The caller is at the end of the trail, which is a step shorter, again."""
    p, there = progress, len(progress.trail)
    kept = [n for n, at in enumerate(_chosen_at(p)) if at < there]
    p.chosen_at, p.chosen = [_chosen_at(p)[n] for n in kept], [p.chosen[n] for n in kept]
    _tell(p)


def keep_trail(progress: Progress, kept: Sequence[int]) -> None:
    """Only these places of the trail are left, by their indexes in its order."""
    p = progress
    p.chosen_at = [sum(n < at for n in kept) for at in _chosen_at(p)]
    p.trail = [p.trail[n] for n in kept]


def _chosen_at(progress: Progress) -> list[int]:
    """How long the trail was at each choice; of those whose place is not known, as at its beginning."""
    p = progress
    return [1] * (len(p.chosen) - len(p.chosen_at)) + p.chosen_at


def _tell(progress: Progress) -> None:
    labels = [label for _, label in progress.chosen if label]
    told = {LABEL: labels[-1] if labels else "", LABELS: STEP.join(labels)}
    told[PATH] = STEP.join(step for step, _ in progress.chosen)
    progress.data = {**progress.data, **told}
