"""What callers are asked to key: entries that nobody can make, that say who calls, and answers that hide each other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from softswitch.config.checks.dialogue import ENTRIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from softswitch.config.checks.raw import Raw
    from softswitch.config.errors import Problem
    from softswitch.config.positions import Path

#: What the switch itself knows of a call: whoever could key it would be somebody else to everything that asks.
_THE_SWITCH: Final = frozenset(
    {
        *("call", "ani", "ani_raw", "withheld", "did", "name", "lists", "priority", "verified", "key"),
        *("menu_path", "menu_label", "menu_labels", "sms_to", "sms_text"),
    }
)
_CUSTOMER: Final = "customer_id"
#: What of a regular expression is no character that somebody keys: escapes, names of groups, what is not to be keyed.
_NOT_KEYED = re.compile(r"\\.|\(\?P?<\w+>|\(\?P=\w+\)|\(\?[a-z-]+[:)]|\[\^[^]]*\]", re.ASCII)
_LETTERS = re.compile(r"[^\W\d_](?:-[^\W\d_])?")


def check(raw: Raw) -> Iterator[Problem]:
    for path, entry in raw.select(*ENTRIES):
        if isinstance(entry, dict):
            yield from _variable(raw, path, entry)
            yield from _pattern(raw, path, entry)
            yield from _end(raw, path, entry)
            yield from _currency(raw, path, entry)
    for path, survey in raw.select("survey.*.question"):
        if isinstance(survey, list):
            yield from _questions(raw, path, survey)


def _variable(raw: Raw, path: Path, entry: dict[str, Any]) -> Iterator[Problem]:
    name = entry.get("variable")
    if name in _THE_SWITCH:
        what = f"callers would say themselves what the switch knows of a call as {{{name}}}"
        yield raw.error((*path, "variable"), what, "choose another name")
    elif name == _CUSTOMER:
        what = "callers would say themselves who they are, with nothing to check it"
        right = 'choose another name, look up with it who it is, and write customer_id = "{…}" there'
        yield raw.warning((*path, "variable"), what, right)


def _pattern(raw: Raw, path: Path, entry: dict[str, Any]) -> Iterator[Problem]:
    pattern = entry.get("pattern")
    if isinstance(pattern, str) and (letters := _LETTERS.findall(_NOT_KEYED.sub("", pattern))):
        what = f'"{letters[0]}" cannot be keyed: telephones have 0-9, * and #'
        yield raw.error((*path, "pattern"), what, 'write for example "[1-9][0-9]{5}"')


def _end(raw: Raw, path: Path, entry: dict[str, Any]) -> Iterator[Problem]:
    end = entry.get("end")
    if isinstance(end, str) and len(end) == 1 and end.isdigit():
        what = f"ends every entry at its first {end}: none can have a {end} in it"
        yield raw.warning((*path, "end"), what, 'write end = "#", "*", or "" for none')


def _currency(raw: Raw, path: Path, entry: dict[str, Any]) -> Iterator[Problem]:
    if "currency" in entry and entry.get("valid") != "amount":
        yield raw.warning((*path, "currency"), "is for amounts", 'write valid = "amount", or leave it out')


def _questions(raw: Raw, path: Path, questions: list[Any]) -> Iterator[Problem]:
    """Answers are kept by the id of their question."""
    seen: set[object] = set()
    for number, question in enumerate(questions):
        name = question.get("id") if isinstance(question, dict) else None
        if isinstance(name, str) and name in seen:
            what = f'another question of this survey has the id "{name}": only one of the answers would be kept'
            yield raw.error((*path, number, "id"), what, "choose another")
        seen.add(name if isinstance(name, str) else None)
