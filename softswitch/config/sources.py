"""One configuration in several files: ``include = ["menus/*.toml"]`` beside the tables of the first.

All files are read as one text, one after another: line 1 of the second stands behind the last of the first, and
`Tree.located` tells which file and line are meant. Tables may be spread over files; each key of them, and everything
that has a name, stands once. Lists of tables (routes, phones) are continued: those of the including file come first.
"""

from __future__ import annotations

import hashlib
import os
import tomllib
from dataclasses import dataclass, field, replace
from glob import escape, glob, has_magic
from pathlib import Path
from typing import Any

from softswitch.config.errors import ConfigError, Problem, Severity, dotted
from softswitch.config.positions import Path as KeyPath
from softswitch.config.positions import Position, Positions, index
from softswitch.config.syntax import syntax_problem

INCLUDE = "include"
MOST_BYTES = 16 * 1024 * 1024
MOST_FILES = 1000


@dataclass(slots=True)
class Tree:
    """What the files say together; `problems` are about the files themselves. `digest`: SHA-256 of all of them."""

    raw: dict[str, Any] = field(default_factory=dict)
    positions: Positions = field(default_factory=Positions)
    problems: list[Problem] = field(default_factory=list)
    digest: str = ""

    def located(self, problem: Problem) -> Problem:
        """*problem* with its file, when that is not the first, and the line in there."""
        number, line = self.positions.in_file(problem.line)
        return replace(problem, line=line, file=self.positions.files[number]) if number else problem


def read_file(path: Path | str, file: str) -> bytes:
    """The octets of *path*, which people know as *file*; raises ConfigError."""
    try:
        with Path(path).open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigError(file, [Problem(1, 1, "", f"cannot be read: {reason}", code="unreadable")]) from None
    if len(data) > MOST_BYTES:
        raise ConfigError(file, [Problem(1, 1, "", f"is longer than {MOST_BYTES} bytes", code="unreadable")])
    return data


def gather(data: bytes, *, file: str, folder: Path) -> Tree:
    """Everything that the text *data* and the files it includes say. Raises ConfigError when one of them is no TOML."""
    return _Gathering(folder).run(data, file)


class _Gathering:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tree = Tree()
        self._digest = hashlib.sha256()
        self._lines = 0
        self._read: set[str] = set()

    def run(self, data: bytes, file: str) -> Tree:
        shown = Path(file).parent
        self._take(data, file, (os.path.realpath(self._folder / Path(file).name),), shown)
        self._tree.digest = self._digest.hexdigest()
        return self._tree

    def _take(self, data: bytes, file: str, chain: tuple[str, ...], shown: Path) -> None:
        """*chain*: the files by which one has come here, this one last."""
        tree = self._tree
        source = decode(data, file)
        raw, positions = parse_toml(source, file), _moved(index(source), self._lines)
        self._read.add(chain[-1])
        self._digest.update(data)
        tree.positions.files.append(file)
        tree.positions.begins.append(self._lines)
        self._lines += source.count("\n") + 1
        included = raw.get(INCLUDE, []) if tree.positions.files[1:] == [] else raw.pop(INCLUDE, [])
        self._merge(raw, positions)
        patterns = [included] if isinstance(included, str) else included if isinstance(included, list) else []
        for number, pattern in enumerate(patterns):
            path: KeyPath = (INCLUDE,) if isinstance(included, str) else (INCLUDE, number)
            if isinstance(pattern, str):
                self._include(pattern, positions.of_value(path), chain, shown)
            elif len(tree.positions.files) > 1:
                self._complain(positions.of_value(path), "should be a string", 'write "menus/*.toml"')

    def _include(self, pattern: str, at: Position, chain: tuple[str, ...], shown: Path) -> None:
        many = has_magic(pattern)
        if "\0" in pattern or not pattern:
            self._complain(at, f'"{pattern}" is no file', 'write "menus/*.toml"')
            return
        found = sorted(glob(str(Path(escape(str(self._folder))) / pattern), recursive=True)) if many else []
        if many and not found:
            what = f'no file matches "{pattern}" in {self._folder}'
            self._tree.problems.append(
                Problem(at.line, at.column, INCLUDE, what, severity=Severity.WARNING, code="odd")
            )
        for name in found if many else [str(self._folder / pattern)]:
            real = os.path.realpath(name)
            told = os.path.relpath(name, self._folder) if not Path(pattern).is_absolute() else name
            if real in self._read:
                if not many:  # a pattern means the others
                    round_again = f": {' → '.join(self._names(chain))} → {told}" if real in chain else ""
                    self._complain(at, f'"{told}" is included already{round_again}', "leave it out here")
                continue
            if not Path(name).is_file():
                if not many:
                    self._complain(at, f'there is no file "{name}"', "paths start in the folder of the first file")
                continue
            if len(self._tree.positions.files) >= MOST_FILES:
                self._complain(at, f"includes more than {MOST_FILES} files")
                return
            file = str(shown / told)
            self._take(read_file(name, file), file, (*chain, real), shown)

    def _names(self, chain: tuple[str, ...]) -> list[str]:
        return [os.path.relpath(real, os.path.realpath(self._folder)) for real in chain]

    def _complain(self, at: Position, what: str, right: str = "") -> None:
        self._tree.problems.append(Problem(at.line, at.column, INCLUDE, what, right, code="unreadable"))

    def _merge(self, more: dict[str, Any], positions: Positions) -> None:
        """Put what another file says into the tree."""
        raw, lists = self._tree.raw, dict[KeyPath, int]()
        for key, value in more.items():
            if isinstance(raw.get(key), dict) and isinstance(value, dict):
                for name, inner in value.items():
                    self._put(raw[key], (key, name), inner, positions, lists)
            else:
                self._put(raw, (key,), value, positions, lists)
        known = self._tree.positions
        for here, there in (
            (known.keys, positions.keys),
            (known.values, positions.values),
        ):
            for path, at in there.items():
                here.setdefault(_behind(path, lists), at)
        for path, literal in positions.literals.items():
            known.literals.setdefault(_behind(path, lists), literal)

    def _put(
        self, table: dict[str, Any], path: KeyPath, value: Any, positions: Positions, lists: dict[KeyPath, int]
    ) -> None:
        name = str(path[-1])
        if name not in table:
            table[name] = value
        elif _is_tables(table[name]) and _is_tables(value):
            lists[path] = len(table[name])
            table[name] = [*table[name], *value]
        else:
            at, other = positions.of(path), self._tree.positions.of(path)
            what = f"stands in {self._tree.positions.told(other.line)} already"
            self._tree.problems.append(Problem(at.line, at.column, dotted(path), what, code="same-key-twice"))


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _behind(path: KeyPath, lists: dict[KeyPath, int]) -> KeyPath:
    """*path* where the items of its list come behind those that there were."""
    for length in (1, 2):
        before = lists.get(path[:length])
        if before is not None and len(path) > length and isinstance(item := path[length], int):
            return (*path[:length], item + before, *path[length + 1 :])
    return path


def _moved(positions: Positions, lines: int) -> Positions:
    def moved(found: dict[KeyPath, Position]) -> dict[KeyPath, Position]:
        return {path: Position(at.line + lines, at.column) for path, at in found.items()}

    return Positions(moved(positions.keys), moved(positions.values), positions.literals)


# ---------------------------------------------------------------------------------------------------- one file
def decode(data: bytes, file: str) -> str:
    """The text; raises ConfigError."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line_start = before.rfind(b"\n") + 1
        column = len(before[line_start:].decode(errors="replace")) + 1
        what = f"byte 0x{data[error.start]:02x} is not UTF-8"
        line = before.count(b"\n") + 1
        found = Problem(line, column, "", what, "save the file as UTF-8", code="unreadable")
        raise ConfigError(file, [found]) from None


def parse_toml(source: str, file: str) -> dict[str, Any]:
    """The tables; raises ConfigError."""
    try:
        return tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(file, [syntax_problem(source, str(error))]) from None
    except (ValueError, RecursionError) as error:  # numbers and nesting beyond what Python takes
        raise ConfigError(file, [Problem(1, 1, "", f"not usable TOML: {error}", code="syntax")]) from None
