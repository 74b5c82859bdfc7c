"""Values that the configuration itself gives to variables, and the forms in which its texts say them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ivr.texts import argument
from softswitch.config.errors import dotted
from softswitch.speech.placeholders import Manner, Placeholder
from softswitch.speech.template import parse_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from softswitch.config.checks.raw import Raw
    from softswitch.config.errors import Problem
    from softswitch.config.positions import Path

    #: By variable: a value, what it is in words, and where it comes from.
    Values = dict[str, list[tuple[str, str, Path]]]

#: Tables whose texts are said to callers.
_SAYING = ("menu", "say", "collect", "webservice", "sms", "lookup", "survey", "record", "conference")
_ENTERED = ("collect.*", "webservice.*.collect")
#: What callers may enter, by `valid`.
_EXAMPLES = {"digits": "12345", "luhn": "79927398713", "pesel": "44051401359", "date": "2026-05-21", "amount": "12.50"}


def check(raw: Raw) -> Iterator[Problem]:
    values = _values(raw)
    for kind in _SAYING:
        for path, text in _texts(raw.tables.get(kind), (kind,)):
            for placeholder in _placeholders(text):
                for value, told, source in values.get(placeholder.argument, ()):
                    if not _fits(placeholder, value):
                        what = f"{told} of {dotted(source)} cannot be said as {placeholder}, and is said as it stands"
                        yield raw.warning(path, what, code="unfit-value")


def _values(raw: Raw) -> Values:
    found: Values = {}
    for path, value in raw.strings("set.*.data.*", "list.*.*.data.*", "route.*.data.*"):
        if "{" not in value:
            found.setdefault(str(path[-1]), []).append((value, f'"{value}"', path))
    for path, entry in raw.select(*_ENTERED):
        if isinstance(entry, dict) and (example := _EXAMPLES.get(str(entry.get("valid", "digits")))):
            name = entry.get("variable", "digits")
            found.setdefault(str(name), []).append((example, f'an entry such as "{example}"', path))
    return found


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(inner, (*path, key))
    elif isinstance(value, str) and "{" in value:
        yield path, value


def _placeholders(text: str) -> list[Placeholder]:
    """Those with a form; what is no text is none of our business."""
    try:
        parts = parse_template(text).parts
    except ValueError:
        return []
    return [part for part in parts if isinstance(part, Placeholder) and part.manner is not Manner.PLAIN]


def _fits(placeholder: Placeholder, value: str) -> bool:
    try:
        placeholder.say({placeholder.argument: argument(value)}, "en")
    except (LookupError, ValueError, ArithmeticError):
        return False
    return True
