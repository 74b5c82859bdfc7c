"""Words of the configuration grammar that this version does not carry out yet.

They get an error of their own: somebody who wrote them has not mistyped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from softswitch.config.positions import Path

#: Keys, with ``*`` for any name or index.
KEYS: frozenset[tuple[str, ...]] = frozenset()

#: Values of keys that take one of several words.
VALUES: dict[tuple[str, ...], frozenset[str]] = {
    ("rtp", "codecs", "*"): frozenset({"G722", "opus", "G729", "GSM"}),
}


def generic(path: Path) -> tuple[str, ...]:
    """*path* with every second part (name or index) and later indexes as ``*``."""
    return tuple("*" if (n == 1 and path[0] in _NAMED) or isinstance(p, int) else p for n, p in enumerate(path))


_NAMED = frozenset({"queue", "menu", "say", "hours", "goto", "music", "trunk", "phone", "agent", "route"})


def is_later_key(path: Path) -> bool:
    return generic(path) in KEYS


def is_later_value(path: Path, value: object) -> bool:
    return isinstance(value, str) and value in VALUES.get(generic(path), ())
