"""Programs that are given with their arguments: what is filled in, and whether they are there."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from softswitch.config.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from softswitch.config.checks.raw import Raw
    from softswitch.config.errors import Problem
    from softswitch.config.positions import Path

_PLACEHOLDER = re.compile(r"\{(\w*)\}")


def is_there(program: str) -> bool:
    return shutil.which(program) is not None


def filled_in(raw: Raw, words: Iterable[tuple[Path, str]], known: Sequence[str]) -> Iterator[Problem]:
    """Nothing stands in braces but what is *known*."""
    for path, word in words:
        for match in _PLACEHOLDER.finditer(word):
            if match[1] not in known:
                right = f"known here: {', '.join(f'{{{name}}}' for name in known)}"
                likely = nearest(match[1], known)
                what = f'"{match[0]}" is not filled in'
                yield raw.error(path, what, right, likely and f"{{{likely}}}", offset=match.start())
