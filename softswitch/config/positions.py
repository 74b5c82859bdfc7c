"""Where each key and value of a TOML file stands.

``tomllib`` gives values without positions, tree-sitter gives positions without values; together they tell a person
which line to look at. Lines and columns count from one, columns in characters (editors do the same).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import tree_sitter_toml
from tree_sitter import Language, Parser

if TYPE_CHECKING:
    from tree_sitter import Node

#: Table keys and array indexes from the root: ``("route", 0, "to")``.
Path = tuple[str | int, ...]

_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b", '"': '"', "\\": "\\"}
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_LINE_CONTINUATION = re.compile(r"\\[ \t]*\r?\n\s*")


@dataclass(frozen=True, slots=True, order=True)
class Position:
    line: int
    column: int


@dataclass(slots=True)
class Positions:
    """The index of one file; ``keys`` are where a key is written, ``values`` where its value starts."""

    keys: dict[Path, Position] = field(default_factory=dict)
    values: dict[Path, Position] = field(default_factory=dict)
    literals: dict[Path, str] = field(default_factory=dict)
    again: list[tuple[Path, Position, Position]] = field(default_factory=list)
    """Keys and tables that are written once more: where, and where first."""
    files: list[str] = field(default_factory=list)
    begins: list[int] = field(default_factory=list)
    """Of several files that are read as one text, in their order: how they are called, and the lines before each."""

    def of(self, path: Path) -> Position:
        """The place a person should look at for *path*: its key, its value, or the nearest table that is there."""
        for length in range(len(path), 0, -1):
            part = path[:length]
            if found := self.keys.get(part) or self.values.get(part):
                return found
        return Position(1, 1)

    def of_value(self, path: Path) -> Position:
        return self.values.get(path) or self.of(path)

    def in_file(self, line: int) -> tuple[int, int]:
        """Which of the files *line* of the whole text is in, and the line in there."""
        number = max(bisect_right(self.begins, line - 1) - 1, 0)
        return number, line - self.begins[number] if self.begins else line

    def told(self, line: int) -> str:
        """*line* of the whole text for people: ``line 6``, or ``menus/sales.toml:6`` where there are several files."""
        number, within = self.in_file(line)
        return f"{self.files[number]}:{within}" if len(self.files) > 1 else f"line {within}"

    def inside(self, path: Path, offset: int) -> Position:
        """The place of character *offset* (from zero) of the string at *path*, escapes and long strings included."""
        start, literal = self.values.get(path), self.literals.get(path)
        if start is None or literal is None:
            return self.of(path)
        line, column = start.line, start.column
        for character in literal[: _raw_offset(literal, offset)]:
            line, column = (line + 1, 1) if character == "\n" else (line, column + 1)
        return Position(line, column)


def index(source: str) -> Positions:
    """Index a file that ``tomllib`` accepts (on any other text the index is merely incomplete)."""
    return _Indexer(source).run()


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_toml.language()))


class _Indexer:
    def __init__(self, source: str) -> None:
        self._lines = source.encode().split(b"\n")
        self._root = _parser().parse(source.encode()).root_node
        self._array_lengths: dict[Path, int] = {}
        self._headers: dict[Path, Position] = {}
        self._found = Positions()

    def run(self) -> Positions:
        for node in self._root.children:
            match node.type:
                case "pair":
                    self._pair(node, ())
                case "table":
                    self._table(node, is_array=False)
                case "table_array_element":
                    self._table(node, is_array=True)
        return self._found

    def _table(self, node: Node, *, is_array: bool) -> None:
        header = next((c for c in node.children if c.type in _KEYS), None)
        if header is None:
            return
        parts = _key_parts(header)
        path: Path = ()
        for number, (part, at) in enumerate(parts):
            path += (part,)
            self._found.keys.setdefault(path, self._position(at))
            last = number == len(parts) - 1
            before = self._found.values.get(path) or (self._headers.get(path) if last else None)
            if before is not None or (last and not is_array and path in self._array_lengths):
                first = self._headers.get(path) or self._found.keys[path]
                self._found.again.append((path, self._position(at), first))
            if last and not is_array:
                self._headers[path] = self._position(at)
            if is_array and last:
                self._array_lengths[path] = self._array_lengths.get(path, -1) + 1
            if path in self._array_lengths:
                path += (self._array_lengths[path],)
                if last:
                    self._found.keys[path] = self._position(node)
        for child in node.children:
            if child.type == "pair":
                self._pair(child, path)

    def _pair(self, node: Node, table: Path) -> None:
        if len(node.named_children) < 2 or node.named_children[0].type not in _KEYS:
            return
        path = table
        for part, at in _key_parts(node.named_children[0]):
            path += (part,)
            self._found.keys.setdefault(path, self._position(at))
        if path in self._found.values:
            self._found.again.append((path, self._position(at), self._found.keys[path]))
        self._value(node.named_children[1], path)

    def _value(self, node: Node, path: Path) -> None:
        self._found.values.setdefault(path, self._position(node))
        match node.type:
            case "string":
                self._found.literals.setdefault(path, _text(node))
            case "inline_table":
                for child in node.named_children:
                    if child.type == "pair":
                        self._pair(child, path)
            case "array":
                items = [child for child in node.named_children if child.type != "comment"]
                for number, item in enumerate(items):
                    self._value(item, (*path, number))

    def _position(self, node: Node) -> Position:
        row, byte_column = node.start_point
        return Position(row + 1, len(self._lines[row][:byte_column].decode(errors="replace")) + 1)


_KEYS = frozenset({"bare_key", "quoted_key", "dotted_key"})


def _key_parts(node: Node) -> list[tuple[str, Node]]:
    if node.type == "dotted_key":
        return [part for child in node.named_children for part in _key_parts(child)]
    text = _text(node)
    return [(_unquote(text) if node.type == "quoted_key" else text, node)]


def _text(node: Node) -> str:
    return (node.text or b"").decode(errors="replace")


def _unquote(literal: str) -> str:
    return literal[1:-1] if literal.startswith("'") else _ESCAPE.sub(_unescape, literal[1:-1])


def _unescape(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code is None:
        return _ESCAPES.get(match[4], match[0])
    return chr(int(code, 16)) if int(code, 16) <= 0x10FFFF else "\ufffd"


def _raw_offset(literal: str, offset: int) -> int:
    """How many characters of *literal* (with its quotes) stand before character *offset* of what it means."""
    long = literal[:3] in ('"""', "'''")
    at = 3 if long else 1
    if long:
        at += 2 if literal.startswith("\r\n", at) else 1 if literal.startswith("\n", at) else 0
    while at < len(literal):
        if literal.startswith('"') and literal[at] == "\\":
            if long and (skipped := _LINE_CONTINUATION.match(literal, at)):
                at = skipped.end()
                continue
            if offset and (escape := _ESCAPE.match(literal, at)):
                at, offset = escape.end(), offset - 1
                continue
        if not offset:
            break
        at, offset = at + 1, offset - 1
    return min(at, len(literal))
