"""What is wrong with a file that is no TOML, and what would be right: said for people who do not know TOML."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from softswitch.config.errors import Problem, dotted
from softswitch.config.positions import index

if TYPE_CHECKING:
    from softswitch.config.positions import Position

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_TWICE = re.compile(r"overwrite|twice|^Duplicate|^Cannot redefine")
_CURLY = "“”„‟«»‘’‚‛"
_WORD = re.compile(r"[^\s,\]}#=]+")
_KEY = re.compile(r"[^\s=,}.]+")
_SWITCHES = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_ENDLESS = 'write " at its end; a text of several lines stands between """ and """'


def syntax_problem(source: str, message: str) -> Problem:
    """The problem that ``tomllib`` reports as *message* about *source*."""
    lines = source.split("\n")
    line, column = len(lines), len(lines[-1]) + 1
    if place := _PLACE.search(message):
        message = message[: place.start()]
        if place[1]:
            line, column = int(place[1]), int(place[2])
    if _TWICE.search(message):
        return _twice(source, line) or _plain(
            line, column, _small(message), "write each table and key once", "same-key-twice"
        )
    text = lines[line - 1] if line <= len(lines) else ""
    what, right = _told(message, text, text[column - 1 :])
    return _plain(line, column, what or _small(message), right)


def _plain(line: int, column: int, what: str, right: str = "", code: str = "syntax") -> Problem:
    return Problem(line, column, "", f"not valid TOML: {what}", right, code=code)


def _small(message: str) -> str:
    return message[:1].lower() + message[1:]


def _twice(source: str, line: int) -> Problem | None:
    """The last of what is repeated up to *line*."""
    again = [found for found in index(source).again if found[1].line <= line]
    if not again:
        return None
    path, at, first = max(again, key=lambda found: found[1])
    written, before = (_header(source, place) for place in (at, first))
    right = "leave one of them out"
    if written and before and written != before:
        right = f"write [[{dotted(path)}]] in both lines"
    return Problem(
        at.line, at.column, dotted(path), f"stands in line {first.line} already", right, code="same-key-twice"
    )


def _header(source: str, at: Position) -> str:
    """The brackets of the table that begins in this line."""
    match = re.match(r"\s*(\[\[?)", source.split("\n")[at.line - 1])
    return match[1] if match else ""


def _told(message: str, text: str, rest: str) -> tuple[str, str]:
    """What is wrong and what would be right. *text*: the line; *rest*: of it, from the mistake on."""
    mark, word = rest[:1], match[0] if (match := _WORD.match(rest)) else ""
    if mark and mark in _CURLY:
        return f"{mark} is no quotation mark here", 'write straight ones: "…"'
    if message.startswith(("Invalid initial character for a key", "Invalid statement")):
        if mark in "\r\n}":
            return "a table in braces is not complete", "write { a = 1, b = 2 } in one line, no comma at its end"
        key = found[0] if (found := _KEY.match(rest)) else ""
        return (f"the key {key} needs quotation marks", f'write "{key}" = …') if key else ("", "")
    if message == "Invalid value":
        return _no_value(word, rest)
    if message.startswith("Expected '='"):
        return "a key without a value", "write key = value"
    if message.startswith("Expected newline"):
        value = text.partition("=")[2].partition("#")[0].strip()
        if value and not set(value) & set("\"'[{= "):
            return f"{value} is no value", f'write "{value}"'
        return "there is more behind the value", "write one key = value in a line"
    if message.startswith(("Illegal character '\\n'", "Illegal character '\\r'", "Unterminated string")):
        return "unterminated string", _ENDLESS
    if message.startswith("Unescaped '\\'"):
        return "a backslash that means nothing", "write \\\\ for one, or the text between ' and '"
    if message.startswith("Unclosed array"):
        return "a list is not complete", "put a comma between its items, and ] at its end"
    if message.startswith("Unclosed inline table"):
        return "a table in braces is not complete", "put a comma between its keys, and } at the end of the line"
    if message.startswith("Expected ']"):
        return "the name of a table is not complete", "write [menu.main], or [[route]] for one of several"
    return "", ""


def _no_value(word: str, rest: str) -> tuple[str, str]:
    if not rest.split("#")[0].strip():
        return "a key without a value", "write key = value"
    if word.lower() in ("true", "false", *_SWITCHES):
        return f"{word} is no value", f"write {_SWITCHES.get(word.lower(), word.lower())}"
    return (f"{word} is no value", f'write texts in quotation marks: "{word}"') if word else ("", "")
