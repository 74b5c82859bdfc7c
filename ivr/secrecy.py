"""What callers have entered masked, and how to tell whether a text of somebody else has it in it.

Whoever is asked about a code may repeat it, under another name or within a sentence. What has it in it is as secret as
the entry: found as it was entered, and as people write figures in groups ("12 34", "21.05.2026").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ivr.effects import SECRET
from ivr.entries import Collect

if TYPE_CHECKING:
    from collections.abc import Collection

    from ivr.nodes import Flow

#: Characters of an entry that is recognised within anything, and of one that is where it stands alone. A shorter one is
#: only recognised when it is all there is: "2" would make a secret of every sum.
ANYWHERE, ALONE = 4, 3
#: What people put between groups of figures.
_BETWEEN = r"[ \u00a0\u202f.,/-]"


def tells(text: str, entered: Collection[str]) -> bool:
    """Whether *text* has one of these entries in it."""
    return any(_pattern(secret).search(text) for secret in entered)


def masked(text: str, entered: Collection[str]) -> str:
    """*text* with a `SECRET` for each character of an entry that is in it."""
    for secret in sorted(entered, key=len, reverse=True):
        text = _pattern(secret).sub(lambda match: SECRET * len(match[0]), text)
    return text


def secret_names(flow: Flow) -> frozenset[str]:
    """The variables that callers enter masked somewhere in *flow*."""
    return frozenset(node.variable for node in flow.nodes.values() if isinstance(node, Collect) and node.secret)


def _pattern(secret: str) -> re.Pattern[str]:
    characters = [re.escape(character) for character in secret]
    grouped = f"{_BETWEEN}?".join(characters)
    if len(secret) < ALONE:
        return re.compile(rf"\A\s*{grouped}\s*\Z")
    alone = rf"(?<![0-9])(?<![0-9]{_BETWEEN}){grouped}(?!{_BETWEEN}?[0-9])"
    return re.compile(f"{''.join(characters)}|{alone}" if len(secret) >= ANYWHERE else alone)
