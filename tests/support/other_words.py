"""Another value for every word of the configuration, made up from its type."""

from __future__ import annotations

import types
from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass, replace
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from ivr.hours_grammar import Rule, parse_rule
from ivr.targets import Target
from sip.uri import Uri
from softswitch.config import Config
from softswitch.config.calendars import parse_calendar
from softswitch.config.secrets import Secret
from softswitch.config.words.calendars import Calendar
from softswitch.config.words.waiting import Overflow

#: Read by `check` and by the loader; nothing that runs goes by them.
NOT_IN_A_RUNNING_SWITCH = {"include", "lint"}
#: Values for words in which another value cannot be guessed.
OTHERS: dict[str, Any] = {
    "server.country": "PL",
    "queue.overflow": (Overflow.model_construct(after=5.0, to=Target("echo")),),
}


def words() -> dict[str, dict[str, str]]:
    """By section as it is written, the attributes of its words, with what they are written as."""
    found = {}
    for name, field in Config.model_fields.items():
        models = _models(field.annotation)
        section = field.alias or name
        if section not in NOT_IN_A_RUNNING_SWITCH:
            assert models, f"{section} has no words"
            found[section] = {word: inner.alias or word for word, inner in models[0].model_fields.items()}
    return found


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models(inner)]


def changed(config: Config, section: str, names: Collection[str]) -> Config:
    """*config* with other values for these words of the only table of *section*."""
    attribute = next(name for name, field in Config.model_fields.items() if (field.alias or name) == section)
    value = getattr(config, attribute)
    if not isinstance(value, BaseModel | tuple | Mapping) or not value:
        raise AssertionError(f"{section} has no table in EVERYTHING above")
    if isinstance(value, BaseModel):
        new: Any = _with_others(value, section, names)
    elif isinstance(value, tuple):
        new = (_with_others(value[0], section, names), *value[1:])
    else:
        ((key, inner),) = value.items()
        new = {
            key: (_with_others(inner[0], section, names),)
            if isinstance(inner, tuple)
            else _with_others(inner, section, names)
        }
    copy = config.model_copy(update={attribute: new})
    for derived in ("phones", "agents", "plan"):
        copy.__dict__.pop(derived, None)
    return copy


def _with_others(table: BaseModel, section: str, names: Collection[str]) -> BaseModel:
    update = {}
    for name in names:
        field = type(table).model_fields[name]
        word = f"{section}.{field.alias or name}"
        update[name] = OTHERS[word] if word in OTHERS else _other(getattr(table, name), field.annotation, word)
    return table.model_copy(update=update)


def _other(value: Any, annotation: Any, word: str) -> Any:
    """Another value of the same kind."""
    match value:
        case None:
            return _some(annotation, word)
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str() if others := [item for item in _literals(annotation) if item != value]:
            return others[0]
        case str():
            return f"{value}9" if value else "x >= 9"
        case Target():
            return Target("music", "other")
        case Path():
            return value.with_name("other")
        case ZoneInfo():
            return ZoneInfo("Europe/Kyiv")
        case Secret() | Rule() | IPv4Network() | IPv6Network():
            return SOME[type(value)]
        case BaseModel():
            name, field = next(iter(type(value).model_fields.items()))
            return value.model_copy(update={name: _other(getattr(value, name), field.annotation, word)})
        case tuple() if isinstance(fields_of := getattr(value, "_fields", None), tuple):
            last = fields_of[-1]
            other: Any = value._replace(**{last: _other(value[-1], None, f"{word} ({last})")})  # type: ignore[attr-defined]
            return other
        case Mapping() if value:
            key, item = next(iter(value.items()))
            return {**value, key: _other(item, None, word)}
        case tuple() if value:
            return value[1:] or (_other(value[0], None, word),)
        case Mapping() | tuple():
            return _some(annotation, word)
        case _ if is_dataclass(value) and not isinstance(value, type):
            name = fields(value)[-1].name
            return replace(value, **{name: _other(getattr(value, name), None, word)})
    raise AssertionError(f"what is another value of {word}, which is {value!r}? Say so in OTHERS")


#: One of each type that words have.
SOME: dict[Any, Any] = {
    bool: True,
    int: 5,
    float: 5.0,
    str: "x9",
    Path: Path("other"),
    Secret: Secret("another-secret"),
    Target: Target("music", "other"),
    Calendar: Calendar(Path("other.ics"), "x9", parse_calendar("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n")),
    Rule: parse_rule("sat 10:00-12:00"),
    Uri: Uri.parse("sip:1001@192.0.2.77"),
    IPv4Network: IPv4Network("192.0.2.77/32"),
    ZoneInfo: ZoneInfo("Europe/Kyiv"),
}


def _literals(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return next((found for inner in get_args(annotation) if (found := _literals(inner))), ())


def _some(annotation: Any, word: str) -> Any:
    """A value of a type that is written "what | None"."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if annotation in SOME:
        return SOME[annotation]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        needed = {name: field for name, field in annotation.model_fields.items() if field.is_required()}
        return annotation.model_construct(**{name: _some(field.annotation, word) for name, field in needed.items()})
    if origin is Literal:
        return inner[0]
    if origin is Annotated:
        return _some(inner[0], word)
    if origin in (Union, types.UnionType):
        return _some(next(each for each in inner if each is not type(None)), word)
    if origin is tuple:
        return (_some(inner[0], word),)
    if origin is not None and issubclass(origin, Mapping):
        return {"en" if inner[0] is str and "say" in word else _some(inner[0], word): _some(inner[1], word)}
    raise AssertionError(f"what is a value of {word} ({annotation})? Say so in OTHERS")
