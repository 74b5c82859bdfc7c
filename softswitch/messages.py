"""What callers leave: messages, and requests to be called back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_PLACEHOLDER = re.compile(r"\{([a-z]+)\}")
_EMPTY = re.compile(r"\s*(?:\(\s*\)|\[\s*\])")
#: What may stand in braces in the subject of a mail.
SUBJECT_WORDS = ("label", "caller", "name", "number", "length", "time", "path")


class State(StrEnum):
    RECORDING = "recording"  # the caller speaks, or the switch was killed meanwhile
    NEW = "new"
    HEARD = "heard"


@dataclass(frozen=True, slots=True)
class Message:
    """``at`` is wall time in seconds since the epoch; the audio is in a file that is called like ``id``."""

    id: str
    box: str
    at: float
    state: State = State.RECORDING
    call: str = ""
    number: str = ""
    name: str = ""
    path: str = ""
    language: str = ""
    seconds: float = 0.0
    mailed: bool = False

    @property
    def file_name(self) -> str:
        return f"{self.id}.wav"


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody wants to be called back. ``kind``: ``[callback.KIND]``; ``at`` and ``due`` are wall times."""

    id: str
    kind: str
    at: float
    due: float
    number: str
    name: str = ""
    path: str = ""
    language: str = ""
    trunk: str = ""
    dialled: str = ""
    asked: int = 1
    mailed: bool = False


def placeholders(template: str) -> list[str]:
    """The words in braces."""
    return _PLACEHOLDER.findall(template)


def filled(template: str, known: dict[str, str]) -> str:
    """*template* with what is *known* in place of its words; brackets around nothing are left out."""
    return _EMPTY.sub("", _PLACEHOLDER.sub(lambda match: known.get(match[1], match[0]), template))
