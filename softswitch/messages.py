"""What callers leave: messages, and requests to be called back."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
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
    transcript: str | None = None
    """What is said in it. None: nobody has tried to write it down; empty: nothing came of it."""

    @property
    def file_name(self) -> str:
        return f"{self.id}.wav"


@dataclass(frozen=True, slots=True)
class Brought:
    """What a call brings along into a queue, and with it whoever asked in that call to be called back.

    ``needs`` and ``prefer`` are expressions, ``variables`` those that such expressions name; ``known``: all others.
    """

    priority: float = 0.0
    needs: str = ""
    prefer: str = ""
    variables: tuple[tuple[str, str], ...] = ()
    known: tuple[tuple[str, str], ...] = ()

    def written(self) -> str:
        """In one line; empty when there is nothing."""
        return "" if self == Brought() else json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def read(cls, text: str) -> Brought:
        """What `written` wrote."""
        if not text:
            return cls()
        found = json.loads(text)
        for name in ("variables", "known"):
            found[name] = tuple((key, value) for key, value in found[name])
        return cls(**found)


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody wants to be called back. ``kind``: ``[callback.KIND]``; ``at`` and ``due`` are wall times.

    ``vague``: it is not known when it will be open, ``due`` only says when to look again. ``brought``: see `Brought`.
    """

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
    vague: bool = False
    brought: str = ""

    @property
    def merits(self) -> Brought:
        return Brought.read(self.brought)

    @property
    def known(self) -> dict[str, str]:
        """Variables of the call in which it was asked for."""
        return dict(self.merits.known)


def placeholders(template: str) -> list[str]:
    """The words in braces."""
    return _PLACEHOLDER.findall(template)


def filled(template: str, known: dict[str, str]) -> str:
    """*template* with what is *known* in place of its words; brackets around nothing are left out."""
    return _EMPTY.sub("", _PLACEHOLDER.sub(lambda match: known.get(match[1], match[0]), template))
