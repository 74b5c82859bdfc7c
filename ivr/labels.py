"""What a caller has chosen on the way, in words for whoever takes the call: the menu label.

Kept as variables of the call: `menu_label` is the label of the key pressed last, `menu_labels` are those of all keys on
the way, and `menu_path` is the way itself, "main 2 > support 1". A step back takes the last choice away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ivr.nodes import Menu
    from ivr.progress import Progress

LABEL, LABELS, PATH = "menu_label", "menu_labels", "menu_path"
STEP = " > "
#: Keys remembered; who goes round in menus for ever chose the last ones.
LIMIT = 32


def chose(progress: Progress, menu: Menu, key: str) -> None:
    """The caller pressed *key* in *menu*, and it leads on."""
    progress.chosen = [*progress.chosen, [f"{menu.name} {key}", menu.labels.get(key, "")]][-LIMIT:]
    _tell(progress)


def went_back(progress: Progress) -> None:
    """The caller is in the menu before again."""
    progress.chosen = progress.chosen[:-1]
    _tell(progress)


def _tell(progress: Progress) -> None:
    labels = [label for _, label in progress.chosen if label]
    told = {LABEL: labels[-1] if labels else "", LABELS: STEP.join(labels)}
    told[PATH] = STEP.join(step for step, _ in progress.chosen)
    progress.data = {**progress.data, **told}
