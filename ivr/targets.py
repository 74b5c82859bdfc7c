"""Targets: where a caller can be sent, written "kind:name" ("menu:main", "queue:sales", "hangup")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Kinds that are written with a name, and name something that must exist.
NAMED_KINDS = (
    *("menu", "hours", "say", "goto", "queue", "phone", "agent", "findme", "voicemail", "callback"),
    *("set", "collect", "lookup", "webservice", "sms", "verbs", "survey", "record", "conference"),
)
#: Kinds that need nothing to be defined. `music` may name a channel: "music:jazz".
SERVICE_KINDS = ("hangup", "echo", "music", "answer")
#: Those of which a variable may say which one it is, on the way: "agent:{agent}". No number outside is among them, as
#: callers would dial out through the switch.
FILLED_KINDS = (
    "agent",
    "phone",
    "queue",
    "findme",
    "voicemail",
    "callback",
    "conference",
    "menu",
    "say",
    "hours",
    "goto",
)
#: Telephone numbers outside, with the trunk that is to be tried first: "external:+380441234567@kyiv".
EXTERNAL = "external"
#: Stands for the number that was dialled.
DIALLED = "{did}"
KINDS = (*NAMED_KINDS, *SERVICE_KINDS, EXTERNAL)

#: A number to dial and, after "@", a trunk.
NUMBER = re.compile(r"(\+?[0-9*#]{1,32}|\{did\})(?:@([A-Za-z0-9_.-]+))?")

DEFAULT_MUSIC = "default"


class TargetError(ValueError):
    """The text is not a target. `nearest` is what was probably meant, or empty."""

    def __init__(self, message: str, nearest: str = "") -> None:
        super().__init__(message)
        self.nearest = nearest


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """One place of a flow. `name` is empty for the kinds that have none ("hangup")."""

    kind: str
    name: str = ""

    @classmethod
    def parse(cls, text: str) -> Target:
        """Read "kind:name"; raises TargetError."""
        kind, colon, name = text.strip().partition(":")
        kind, name = kind.strip(), name.strip()
        if kind not in KINDS:
            guess = nearest(kind, KINDS)
            raise TargetError(f'"{text}" is no target: there is no kind "{kind}"; kinds are {", ".join(KINDS)}', guess)
        if kind == EXTERNAL:
            if not NUMBER.fullmatch(name):
                raise TargetError(f'"{text}" is no target: write "external:+380441234567" or "external:…@trunk"')
        elif kind in NAMED_KINDS:
            if not name:
                raise TargetError(f'"{text}" is no target: "{kind}" needs a name, as in "{kind}:main"', f"{kind}:")
        elif kind == "music":
            name = name or DEFAULT_MUSIC
        elif colon:
            raise TargetError(f'"{text}" is no target: "{kind}" takes no name', kind)
        return cls(kind, name)

    @property
    def number(self) -> str:
        """The telephone number of an external target."""
        return self.name.partition("@")[0]

    @property
    def trunk(self) -> str:
        """The trunk that an external target names, or empty."""
        return self.name.partition("@")[2]

    def dialled(self, number: str) -> Target:
        """The target with *number* where it stands for the one that was dialled."""
        return Target(self.kind, self.name.replace(DIALLED, number)) if self.kind == EXTERNAL else self

    @property
    def base(self) -> str:
        """The name in the configuration of what this place is a part of ("parcel" of "parcel/ask")."""
        return self.name.partition("/")[0]

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind


HANGUP = Target("hangup")


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that looks most like *word*, or an empty string."""
    return next(iter(get_close_matches(word, list(known), n=1, cutoff=0.6)), "")
