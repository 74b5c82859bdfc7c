"""Words of the configuration grammar that this version does not carry out yet.

They get an error of their own: somebody who wrote them has not mistyped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from softswitch.config.positions import Path

#: Values of keys that take one of several words; ``*`` stands for any index.
VALUES: dict[tuple[str, ...], frozenset[str]] = {
    ("rtp", "codecs", "*"): frozenset({"G722", "opus", "G729", "GSM"}),
}


def is_later_value(path: Path, value: object) -> bool:
    generic = tuple("*" if isinstance(part, int) else part for part in path)
    return isinstance(value, str) and value in VALUES.get(generic, ())
