"""Passwords and PINs: written in the file, or named there and kept elsewhere; never shown.

``password = "s3cret"``, ``password = { env = "PHONE_1001" }`` or ``password = { file = "/run/secrets/phone-1001" }``.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import PlainSerializer, PlainValidator, ValidationInfo, WithJsonSchema

from softswitch.config.errors import nearest
from softswitch.config.fields import Wrong

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

RIGHT = 'write "…", { env = "NAME" } or { file = "path" }'
_MAX_BYTES = 4096
#: A variable of the environment as shells write it.
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True, repr=False)
class Context:
    """What a file may refer to: the environment, the folder of relative paths, the language of plain texts."""

    env: Mapping[str, str]
    folder: Path
    language: str = "en"


class Secret:
    """A text that no ``repr``, log line or traceback shows."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)


def context_of(info: ValidationInfo) -> Context:
    assert isinstance(info.context, Context), "a configuration is validated by the loader"
    return info.context


def resolve(value: object, info: ValidationInfo) -> Secret:
    """Fetch the secret; no error message ever contains it."""
    context = context_of(info)
    match value:
        case str() if reference := _REFERENCE.fullmatch(value):
            raise Wrong("nothing is filled in here", f'write {{ env = "{reference[1]}" }}')
        case str():
            found, source = value, "the string"
        case {"env": str(name), **rest} if not rest:
            if name not in context.env:
                likely = nearest(name, context.env) if name else ""
                raise Wrong(f'the environment variable "{name}" is not set', f"set it or {RIGHT}", likely)
            found, source = context.env[name], f'the environment variable "{name}"'
        case {"file": str(name), **rest} if not rest:
            found, source = _read(context.folder / name), f'the file "{name}"'
        case dict():
            unknown = next((str(key) for key in value if key not in ("env", "file")), "")
            raise Wrong("is not a secret", RIGHT, nearest(unknown, ("env", "file")) if unknown else "")
        case _:
            raise Wrong("should be a string or a reference to one", RIGHT)
    if not found:
        raise Wrong(f"{source} is empty", RIGHT)
    if any(ord(character) < 32 or ord(character) == 127 for character in found):
        raise Wrong(f"{source} holds control characters or line breaks", RIGHT)
    return Secret(found)


def _read(path: Path) -> str:
    """The file without the newline that editors leave at its end."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise Wrong(f'the file "{path}" is too long for a secret', f"at most {_MAX_BYTES} bytes")
        return data.decode().rstrip("\r\n")
    except OSError as error:
        raise Wrong(f'the file "{path}" cannot be read ({error.strerror})', RIGHT) from None
    except ValueError as error:
        if isinstance(error, Wrong):
            raise
        raise Wrong(f'the file "{path}" is not UTF-8 text', RIGHT) from None


_SCHEMA: dict[str, Any] = {
    "description": 'A secret: a string, { env = "NAME" } or { file = "path" }.',
    "anyOf": [
        {"type": "string", "minLength": 1},
        *(
            {
                "type": "object",
                "properties": {key: {"type": "string"}},
                "required": [key],
                "additionalProperties": False,
            }
            for key in ("env", "file")
        ),
    ],
}

SecretField = Annotated[Secret, PlainValidator(resolve), PlainSerializer(lambda _: "***"), WithJsonSchema(_SCHEMA)]
