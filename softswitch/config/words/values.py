"""Composite values that several tables use: paths, spoken texts, names, addresses.

What a single scalar must look like is in ``softswitch.config.fields``.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import phonenumbers
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
)

from sip.uri import Uri
from softswitch.config.fields import (
    LANGUAGES,
    LanguageKey,
    Level,
    Word,
    Wrong,
)
from softswitch.config.secrets import context_of

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic_core import CoreSchema


@dataclass(frozen=True)
class Shorthand:
    """What else may stand where a table or a list is described: its JSON Schema. `element`: one item of the list."""

    schema: dict[str, Any] | None = None
    element: bool = False

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        whole = handler(core)
        short = whole["items"] if self.element else self.schema or {}
        return {"anyOf": [short, whole]}


def _path(value: object, info: ValidationInfo) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise Wrong("is not a path", 'write "folder/file"')
    return Path(os.path.normpath(context_of(info).folder / value))


def _timezone(value: object) -> ZoneInfo:
    try:
        if isinstance(value, str) and value:
            return ZoneInfo(value)
    except (OSError, ValueError, LookupError):
        pass
    raise Wrong(f'"{value}" is not a time zone', 'write a name such as "Europe/Kyiv" or "UTC"')


def _contact(value: object) -> Uri:
    right = 'write "sip:user@host" or "sip:user@host:port"'
    if not isinstance(value, str):
        raise Wrong("should be a string", right)
    try:
        uri = Uri.parse(value)
    except ValueError as error:
        raise Wrong(f'"{value}" is not a SIP address ({error})', right) from None
    if uri.scheme != "sip":
        raise Wrong(f'addresses of the scheme "{uri.scheme}" are not supported', right)
    return uri


def _address(value: object) -> str:
    try:
        if isinstance(value, str):
            return value and str(ipaddress.ip_address(value))
    except ValueError:
        pass
    raise Wrong("is not an IP address", 'write "203.0.113.5", or "" when there is no NAT')


def _country(value: object) -> str:
    if isinstance(value, str) and (not value or value in phonenumbers.SUPPORTED_REGIONS):
        return value
    raise Wrong(f'"{value}" is not a country with a numbering plan', 'write an ISO 3166 code such as "UA" or "PL"')


def is_address(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(ipaddress.ip_address(value))
    except ValueError:
        return False


def _strings(value: object) -> object:
    """One string where a list may stand."""
    single = isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool))
    return [value] if single else value


def _spoken(value: object, info: ValidationInfo) -> object:
    """A string is the text in the language of the switch."""
    return {context_of(info).language: value} if isinstance(value, str) else value


def _agents(value: object) -> object:
    """A list is a table in which everybody has tier 1."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return dict.fromkeys(value, 1)
    return value


FilePath = Annotated[Path, PlainValidator(_path), PlainSerializer(str), WithJsonSchema({"type": "string"})]
Zone = Annotated[
    ZoneInfo,
    PlainValidator(_timezone),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "examples": ["Europe/Kyiv"]}),
]
Contact = Annotated[
    Uri, PlainValidator(_contact), PlainSerializer(str), WithJsonSchema({"type": "string", "pattern": "^sip:.+"})
]
Address = Annotated[str, PlainValidator(_address), WithJsonSchema({"type": "string", "pattern": "^[0-9A-Fa-f:.]*$"})]
Country = Annotated[
    str, PlainValidator(_country), WithJsonSchema({"type": "string", "pattern": "^([A-Z]{2})?$", "examples": ["UA"]})
]
Strings = Annotated[
    tuple[Word, ...],
    BeforeValidator(_strings),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "minLength": 1}, {"type": "array", "items": {"type": "string", "minLength": 1}}]}
    ),
]
Spoken = Annotated[
    Mapping[LanguageKey, Word],
    BeforeValidator(_spoken),
    Field(min_length=1),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {
                    "type": "object",
                    "properties": {language: {"type": "string", "minLength": 1} for language in LANGUAGES},
                    "minProperties": 1,
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
QueueAgents = Annotated[
    Mapping[str, Level],
    BeforeValidator(_agents),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": {"type": "string"}},
                {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0, "maximum": 100}},
            ]
        }
    ),
]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9.:_-]+$", max_length=255)]
Skill = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$")]
User = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.+-]{1,64}$")]
FeatureCode = Annotated[str, Field(pattern=r"^[*#][0-9*#]{1,7}$")]
Key = Annotated[str, Field(pattern=r"^[0-9*#A-D]{1,8}$")]
Prefix = Annotated[str, Field(pattern=r"^[+0-9*#]{0,16}$")]


class Section(BaseModel):
    """A table: frozen and strict, an unknown key is an error, a number in quotes is not a number."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True)
