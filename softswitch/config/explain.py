"""Validation errors of pydantic in our words: what is wrong, what would be right, the nearest known key."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from softswitch.config import later
from softswitch.config.errors import Problem, dotted, nearest, one_of
from softswitch.config.fields import LANGUAGES, Wrong, likely_language
from softswitch.config.model import Config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from softswitch.config.positions import Path, Positions

_TYPE_NAMES = {
    "string_type": "a string",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "tuple_type": "a list: [ … ]",
    "dict_type": "a table: { … }",
    "mapping_type": "a table: { … }",
    "model_type": "a table: { … }",
    "model_attributes_type": "a table: { … }",
}


def problems(
    errors: ValidationError, raw: object, positions: Positions, model: type[BaseModel] = Config
) -> Iterator[Problem]:
    """What is wrong with *raw*, which should have been a *model*."""
    for error in errors.errors(include_url=False):
        # a list all of whose items are wrong is reported as empty besides; nothing is gained by saying so
        if not (error["type"] == "too_short" and error["input"]):
            yield problem(error, raw, positions, model)


def problem(error: ErrorDetails, raw: object, positions: Positions, model: type[BaseModel] = Config) -> Problem:
    """Say one error of pydantic with its place in the file."""
    path, about_key = _path_in_file(error["loc"], raw)
    kind, context = error["type"], error.get("ctx", {})
    at = positions.of(path) if kind in ("extra_forbidden", "missing") or about_key else positions.of_value(path)
    what, right, likely = "is not valid", "", ""
    if kind == "extra_forbidden":
        known = known_keys(path[:-1], model)
        what, right, likely = "unknown key", "", nearest(str(path[-1]), known)
        if not likely:
            right = f"known here: {', '.join(known)}" if known else ""
    elif kind == "missing":
        what, right = f'needs the key "{path[-1]}"', ""
        path = path[:-1]
        at = positions.of(path)
    elif isinstance(wrong := context.get("error"), Wrong):
        what, right, likely = wrong.what, wrong.right, wrong.nearest
        if wrong.offset is not None:
            at = positions.inside(path, wrong.offset)
    elif kind == "literal_error":
        words = _literals(context.get("expected", ""))
        value = error["input"]
        what, right = f"{_shown(value)} is not known here", one_of(words)
        if later.is_later_value(path, value):
            what = f"{_shown(value)} is not supported yet"
        elif isinstance(value, str):
            likely = (likely_language(value) if set(words) == set(LANGUAGES) else "") or nearest(value, words)
    elif kind in _TYPE_NAMES:
        what, right = f"should be {_TYPE_NAMES[kind]}", _written_so(kind, path, error["input"], model)
    elif kind == "string_pattern_mismatch" and context["pattern"].startswith(_A_LANGUAGE):
        value = str(error["input"])
        what = f"{_shown(value)} is not a language the switch speaks"
        right, likely = f'{one_of(LANGUAGES)}, or a variable: "{{tongue}}"', likely_language(value)
    elif kind == "string_pattern_mismatch":
        wrong_how = "is no URL" if context["pattern"] == _A_URL else "has characters that are not allowed here"
        what, right = f"{_shown(error['input'])} {wrong_how}", _pattern(context["pattern"])
    elif kind in ("too_short", "string_too_short"):
        what, right = "is empty", "give at least one" if kind == "too_short" else ""
    else:
        what = _limits(kind, context) or error["msg"].lower()
    code = {"extra_forbidden": "unknown-key", "missing": "missing-key"}.get(kind, "bad-value")
    return Problem(at.line, at.column, dotted(path), what, right, likely, code=code)


def _written_so(kind: str, path: Path, value: object, model: type[BaseModel]) -> str:
    """What would be right in place of a value of another type."""
    if kind == "string_type" and isinstance(value, int | float) and not isinstance(value, bool):
        return f'write "{value}"'
    if kind == "tuple_type" and isinstance(value, dict) and _model(_child(_annotation(path, model), 0)):
        return f"write [[{dotted(path)}]]"
    if (
        kind.startswith(("mapping", "model", "dict"))
        and isinstance(value, list)
        and value
        and isinstance(value[0], dict)
    ):
        name = "" if _model(_annotation(path, model)) else ".name"
        return f"write [{dotted(path)}{name}]"
    return ""


def known_keys(path: Path, root: type[BaseModel] = Config) -> list[str]:
    """The keys that may stand in the table at *path*; empty when any name may."""
    model = _model(_annotation(path, root))
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def _annotation(path: Path, root: type[BaseModel]) -> Any:
    annotation: Any = root
    for part in path:
        annotation = _child(annotation, part)
    return annotation


def _child(annotation: Any, part: str | int) -> Any:
    if model := _model(annotation):
        for name, field in model.model_fields.items():
            if (field.alias or name) == part:
                return field.annotation
        return None
    for option in _options(annotation):
        arguments = get_args(option)
        if isinstance(part, int) and get_origin(option) is tuple:
            return arguments[0]
        if isinstance(part, str) and get_origin(option) is Mapping:
            return arguments[1]
    return None


def _model(annotation: Any) -> type[BaseModel] | None:
    for option in _options(annotation):
        if isinstance(option, type) and issubclass(option, BaseModel):
            return option
    return None


def _options(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Annotated:
        return _options(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return [option for argument in get_args(annotation) for option in _options(argument)]
    return [annotation]


def _path_in_file(loc: tuple[int | str, ...], raw: object) -> tuple[Path, bool]:
    """*loc* without the parts that name validators, and whether it speaks of a key and not of its value."""
    path: list[int | str] = []
    for number, part in enumerate(loc):
        if part == "[key]":
            return tuple(path), True
        last = number == len(loc) - 1
        if isinstance(raw, dict) and (part in raw or last):
            path.append(part)
            raw = raw.get(part)
        elif isinstance(raw, list) and isinstance(part, int) and part < len(raw):
            path.append(part)
            raw = raw[part]
    return tuple(path), False


def _literals(expected: str) -> list[str]:
    """pydantic's ``"'a', 'b' or 'c'"`` as words."""
    return [word.strip().strip("'") for word in expected.replace(" or ", ", ").split(",") if word.strip()]


def _shown(value: object) -> str:
    """A value as TOML writes it; long ones are cut."""
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 60 else f'"{value[:57]}…"'
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else "this"


#: Beginning of the pattern of what is a language, or a variable that holds one.
_A_LANGUAGE = f"^({'|'.join(LANGUAGES)}"
_A_URL = r"^https?://[^\s/{}]+(/\S*)?$"
_PATTERNS = {
    r"^[A-Za-z0-9_.-]+$": "letters, digits, dots, dashes and underscores",
    r"^[A-Za-z_][A-Za-z0-9_-]*$": "letters, digits, dashes and underscores, a letter first",
    r"^[A-Za-z0-9_.+-]{1,64}$": "up to 64 letters, digits, dots, dashes, underscores and plus signs",
    r"^[A-Za-z0-9.:_-]+$": "letters, digits, dots and dashes",
    r"^[*#][0-9*#]{1,7}$": 'a star or hash and digits, for example "*11"',
    r"^[0-9*#A-D]{1,8}$": "the keys of a telephone: 0-9, * and #",
    r"^[^\x00-\x1f\x7f]*$": "one line of text",
    r"^[0-9*#A-D]$": "one key of a telephone: 0-9, * or #",
    r"^[0-9]$": "one digit",
    r"^[+0-9*#]{0,16}$": "digits, up to 16, perhaps with +, * and #",
    r"^[0-9]{1,6}$": "up to six digits",
    _A_URL: 'http:// or https://, and a host without variables: "https://erp.example/{ani}"',
    r"^\+?[0-9]*\*?$": 'digits, perhaps with a plus before or a star after them: "+38044*"',
}


def _pattern(pattern: str) -> str:
    return _PATTERNS.get(pattern, "")


def _limits(kind: str, context: dict[str, Any]) -> str:
    match kind:
        case "greater_than_equal":
            return f"should be at least {_number(context['ge'])}"
        case "greater_than":
            return f"should be more than {_number(context['gt'])}"
        case "less_than_equal":
            return f"should be at most {_number(context['le'])}"
        case "finite_number":
            return "should be a finite number"
        case "string_too_long":
            return f"should be at most {context['max_length']} characters"
    return ""


def _number(value: float) -> str:
    return f"{value:g}" if abs(value) < 1e6 else f"{value:,.0f}".replace(",", "")
