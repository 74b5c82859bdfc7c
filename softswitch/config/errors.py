"""What is wrong in a configuration, said so that it can be put right without reading the manual."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from softswitch.config.positions import Path


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right.

    ``where`` is the dotted path of the key (empty: the file as a whole), ``right`` what would be right, ``nearest`` the
    known word closest to the one written. ``code`` names the rule that was broken, for rules that have a name.
    ``file`` is given when it is not the first, but one that is included.
    """

    line: int
    column: int
    where: str
    what: str
    right: str = ""
    nearest: str = ""
    severity: Severity = Severity.ERROR
    code: str = ""
    file: str = ""

    def render(self, file: str) -> str:
        """``file:line:column: where: what is wrong; what would be right; nearest known: …``"""
        text = f"{self.file or file}:{self.line}:{self.column}: "
        if self.severity is Severity.WARNING:
            text += "warning: "
        if self.where:
            text += f"{self.where}: "
        text += self.what
        if self.right:
            text += f"; {self.right}"
        if self.nearest:
            text += f'; did you mean "{self.nearest}"?'
        if self.code and self.severity is Severity.WARNING:
            text += f" [{self.code}]"  # by which it may be silenced
        return text


class ConfigError(Exception):
    """The configuration cannot be used; ``problems`` holds everything found, in the order of the file."""

    def __init__(self, file: str, problems: Iterable[Problem]) -> None:
        self.file = file
        self.problems = tuple(sorted(problems, key=lambda p: (p.file, p.line, p.column, p.where, p.what)))
        super().__init__("\n".join(problem.render(file) for problem in self.problems))


def dotted(path: Path) -> str:
    """``("route", 0, "to")`` as people write it: ``route[1].to`` (entries are counted from one)."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text += ("." if text else "") + (part if _is_bare(part) else f'"{part}"')
    return text


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that *word* was probably meant to be, or ``""``."""
    words = sorted(set(known))
    by_lower = {w.lower(): w for w in words}
    found = difflib.get_close_matches(word.lower(), list(by_lower), n=1, cutoff=0.6)
    return by_lower[found[0]] if found else ""


def one_of(words: Iterable[str], limit: int = 12) -> str:
    """``"one of a, b, c"``, shortened when there are too many to read."""
    ordered = list(words)
    if not ordered:
        return ""
    if len(ordered) == 1:
        return ordered[0]
    shown = ", ".join(ordered[:limit])
    return f"one of {shown}" + (f" and {len(ordered) - limit} more" if len(ordered) > limit else "")


def _is_bare(key: str) -> bool:
    return bool(key) and all(c.isascii() and (c.isalnum() or c in "-_") for c in key)
