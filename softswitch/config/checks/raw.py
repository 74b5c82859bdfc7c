"""The file as it was written, for checks that also work while other parts of it are wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from softswitch.config.errors import Problem, Severity, dotted
from softswitch.config.fields import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path as FilePath

    from softswitch.config.positions import Path, Positions


@dataclass(frozen=True, slots=True)
class Raw:
    tables: dict[str, Any]
    positions: Positions
    folder: FilePath
    """Where relative paths start."""

    @property
    def language(self) -> str:
        """Of the switch; the default where the file says nothing usable."""
        found = next((value for _, value in self.strings("server.language")), "")
        return found if found in LANGUAGES else LANGUAGES[0]

    @property
    def languages(self) -> set[str]:
        """Those that callers can come to hear."""
        patterns = (
            "goto.*.language",
            "set.*.language",
            "route.*.language",
            "trunk.*.language",
            "phone.*.language",
            "list.*.*.language",
        )
        return {self.language} | {language for _, language in self.strings(*patterns) if language in LANGUAGES}

    def select(self, *patterns: str) -> Iterator[tuple[Path, Any]]:
        """Everything at ``"menu.*.keys.*"``; what is not there, or not of the right shape, is passed over."""
        for pattern in patterns:
            yield from _walk(self.tables, pattern.split("."), ())

    def value(self, path: Path) -> Any:
        """What is written at *path*, which `select` has found."""
        found: Any = self.tables
        for part in path:
            found = found[part]
        return found

    def strings(self, *patterns: str) -> Iterator[tuple[Path, str]]:
        return ((path, value) for path, value in self.select(*patterns) if isinstance(value, str))

    def names(self, kind: str) -> list[str]:
        """The names of all tables of one kind: users of phones, ids of agents, keys of ``[queue.*]``…"""
        if kind in _IDENTIFIERS:
            return [value for _, value in self.strings(f"{kind}.*.{_IDENTIFIERS[kind]}")]
        table = self.tables.get(kind)
        return list(table) if isinstance(table, dict) else []

    def error(self, path: Path, what: str, right: str = "", nearest: str = "", offset: int | None = None) -> Problem:
        """A problem with the value at *path*, at character *offset* of it if given."""
        at = self.positions.of_value(path) if offset is None else self.positions.inside(path, offset)
        return Problem(at.line, at.column, dotted(path), what, right, nearest, code="bad-value")

    def error_at_key(self, path: Path, what: str, right: str = "") -> Problem:
        at = self.positions.of(path)
        return Problem(at.line, at.column, dotted(path), what, right, code="bad-value")

    def warning(
        self, path: Path, what: str, right: str = "", *, code: str = "odd", offset: int | None = None
    ) -> Problem:
        """A warning about *path*, or about character *offset* of its value."""
        at = self.positions.of(path) if offset is None else self.positions.inside(path, offset)
        return Problem(at.line, at.column, dotted(path), what, right, severity=Severity.WARNING, code=code)


_IDENTIFIERS = {"phone": "user", "agent": "id"}


def _walk(value: Any, pattern: list[str], path: Path) -> Iterator[tuple[Path, Any]]:
    if not pattern:
        yield path, value
        return
    head, rest = pattern[0], pattern[1:]
    if isinstance(value, dict):
        for key in value if head == "*" else [head] if head in value else []:
            yield from _walk(value[key], rest, (*path, key))
    elif isinstance(value, list) and head == "*":
        for number, item in enumerate(value):
            yield from _walk(item, rest, (*path, number))
