"""What does not fit a document, in plain words: which field, what is wrong, what would be right.

Values are never quoted: who reads the answer knows what they sent, and others may read it in a log.
"""

from __future__ import annotations

import re
import types
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from softswitch.config.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic_core import ErrorDetails

Problem = tuple[str, str]
Path = tuple[int | str, ...]

#: Problems of one document that are told.
MOST = 20
#: Letters of a name that the sender has made up.
_LONGEST_NAME = 60

#: Errors of which several at one place are alternatives, and what is wanted.
_WANTED = {
    "string_type": "a string",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "dict_type": "an object { … }",
    "model_type": "an object { … }",
    "model_attributes_type": "an object { … }",
    "list_type": "a list [ … ]",
}
_TIME = 'a time with its offset, such as "2026-05-21T09:00:00+03:00"'
_PLAIN = {
    "missing": "is missing",
    "bool_parsing": "should be true or false",
    "int_parsing": "should be a whole number",
    "int_parsing_size": "should be a whole number of fewer digits",
    "int_from_float": "should be a whole number",
    "float_parsing": "should be a number",
    "finite_number": "should be a finite number",
    "datetime_type": f"should be {_TIME}",
    "datetime_parsing": f"should be {_TIME}",
    "datetime_from_date_parsing": f"should be {_TIME}",
    "datetime_object_invalid": f"should be {_TIME}",
    "timezone_aware": f"should be {_TIME}",
    "string_unicode": "should be text that can be written in UTF-8",
    "string_too_short": "is empty",
    "too_short": "is empty; give at least one",
}
_LIMITS = {
    "greater_than_equal": ("ge", "should be at least {:g}"),
    "greater_than": ("gt", "should be more than {:g}"),
    "less_than_equal": ("le", "should be at most {:g}"),
    "less_than": ("lt", "should be less than {:g}"),
    "string_too_long": ("max_length", "should have at most {:g} characters"),
    "too_long": ("max_length", "should have at most {:g} entries"),
}
_FIGURES = re.compile(r"-?[0-9]+(\.[0-9]+)?")
#: Names: a class of characters, and how many.
_NAME = re.compile(r"\^(?P<first>\[[a-z]\])?(?P<letters>\[[^]]+\])\{(?P<least>\d+),(?P<most>\d+)\}\$")
_LETTERS = {
    "[A-Za-z0-9_-]": 'letters, digits, "-" and "_"',
    "[A-Za-z0-9_.-]": 'letters, digits, ".", "-" and "_"',
    "[A-Za-z0-9_.@~-]": "letters, digits and any of . - _ @ ~",
}
_PATTERNS = {
    r"^[a-z][a-z0-9_]{0,39}$": 'at most 40 small letters, digits and "_", a letter first',
    r"^(menu|goto):[^/]{1,100}$": 'a menu or a goto, as in "menu:main"',
    r"^(en|uk|ru|pl)?$": "one of en, uk, ru, pl, or empty",
}


def problems(errors: Sequence[ErrorDetails], document: object, model: type[BaseModel]) -> list[Problem]:
    """What is wrong with *document*, which should have been a *model*: each field once, ``bindings[0].values.sum``."""
    found: dict[Path, list[ErrorDetails]] = {}
    for error in errors:
        found.setdefault(_path(error, document), []).append(error)
    deeper = {path[:length] for path in found for length in range(len(path))}
    told: list[Problem] = []
    for path, here in found.items():
        if path in deeper and all(error["type"] in _WANTED for error in here):
            continue  # an alternative that was not meant: what is wrong stands inside
        told.append((written(path), _said(here, path, document, model)))
    return told[:MOST]


def written(path: Path) -> str:
    """A path as people write it; the document itself is its ``body``."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{_printable(part)}" for part in path)
    return "".join(parts).lstrip(".") or "body"


def said(error: ErrorDetails) -> str:
    """One error, without its place."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in _WANTED:
        return f"should be {_WANTED[kind]}"
    if kind in _LIMITS:
        key, words = _LIMITS[kind]
        return words.format(context[key])
    match kind:
        case "literal_error" | "enum":
            return f"should be {context['expected']}"
        case "string_pattern_mismatch":
            return pattern(context["pattern"])
        case "value_error":
            return str(context["error"])
    return _PLAIN.get(kind) or error["msg"][:1].lower() + error["msg"][1:]


def pattern(written: str) -> str:
    """What a text of this pattern is."""
    if written in _PATTERNS:
        return f"should be {_PATTERNS[written]}"
    name = _NAME.fullmatch(written)
    if name is None or name["letters"] not in _LETTERS:
        return "has characters that are not allowed here"
    return f"should be {_LETTERS[name['letters']]}, {name['least']} to {name['most']} characters"


def _said(errors: Sequence[ErrorDetails], path: Path, document: object, model: type[BaseModel]) -> str:
    """All that is wrong at one place, in one sentence."""
    value = _value(document, path)
    kinds = [error["type"] for error in errors]
    if any(error["loc"][-1:] == ("[key]",) for error in errors):
        return f"the name {said(errors[0])}"
    if "extra_forbidden" in kinds:
        known = _fields(path[:-1], model)
        likely = nearest(str(path[-1])[:_LONGEST_NAME], known)
        return "there is no such field" + (
            f'; did you mean "{likely}"?' if likely else f"; there are {', '.join(known)}"
        )
    wanted = list(dict.fromkeys(_WANTED[kind] for kind in kinds if kind in _WANTED))
    if not wanted or len(wanted) < len(set(kinds)):
        others = dict.fromkeys(said(error) for error in errors if error["type"] not in _WANTED)
        return " and ".join(others)
    if "a number" in wanted and "a whole number" in wanted:
        wanted.remove("a whole number")
    right = ""
    if "a string" in wanted and isinstance(value, int | float) and not isinstance(value, bool):
        right = "; write it in double quotes"
    elif any("number" in word for word in wanted) and isinstance(value, str) and _FIGURES.fullmatch(value):
        right = "; write it without quotes"
    elif (inside := _annotated(path, model)) is not None and (needed := _needed(inside)):
        right = f" with {' and '.join(needed)}"
    return f"should be {' or '.join(wanted)}{right}"


def _path(error: ErrorDetails, document: object) -> Path:
    """Where it is in *document*: names of alternatives, which pydantic adds, are left out."""
    path: list[int | str] = []
    at: Any = document
    for part in error["loc"]:
        inside = range(len(at)) if isinstance(at, list) else at if isinstance(at, dict) else ()
        if part in inside:
            at = at[part]
        elif error["type"] != "missing" or part != error["loc"][-1]:
            continue
        path.append(part)
    return tuple(path)


def _value(document: object, path: Path) -> object:
    for part in path:
        if isinstance(document, dict):
            document = document.get(part)
        elif isinstance(document, list) and isinstance(part, int):
            document = document[part]
    return document


def _fields(path: Path, model: type[BaseModel]) -> list[str]:
    """Those of the object at *path*."""
    inside = _annotated(path, model)
    return [] if inside is None else list(inside.model_fields)


def _needed(model: type[BaseModel]) -> list[str]:
    return [name for name, field in model.model_fields.items() if field.is_required()]


def _annotated(path: Path, model: type[BaseModel]) -> type[BaseModel] | None:
    """The model of the object at *path*."""
    here: list[Any] = [model]
    for part in path:
        here = [inner for one in here for inner in _inside(one, part)]
    return next((one for one in here if isinstance(one, type) and issubclass(one, BaseModel)), None)


def _inside(annotation: Any, part: int | str) -> Iterator[Any]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if isinstance(part, str) and (field := annotation.model_fields.get(part)) is not None:
            yield from _options(field.annotation)
    elif (origin := get_origin(annotation)) is not None and isinstance(origin, type):
        arguments = get_args(annotation)
        if issubclass(origin, Mapping) and isinstance(part, str):
            yield from _options(arguments[1])
        elif issubclass(origin, Sequence) and isinstance(part, int):
            yield from _options(arguments[0])


def _options(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Annotated:
        yield from _options(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, types.UnionType):
        for argument in get_args(annotation):
            yield from _options(argument)
    else:
        yield annotation


def _printable(name: str) -> str:
    """A name that was sent, as an answer may have it."""
    short = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
    return "".join(letter if letter.isprintable() else "?" for letter in short)
