"""Where callers speak to a file, or with each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ivr.nodes import HandOff

if TYPE_CHECKING:
    from ivr.nodes import Prompt

RECORD, CONFERENCE = "record", "conference"


@dataclass(frozen=True, slots=True)
class Record(HandOff):
    """Record what the caller says (name = table); the path becomes a variable of the call."""

    kind: ClassVar[str] = RECORD
    say: tuple[Prompt, ...] = ()


@dataclass(frozen=True, slots=True)
class Conference(HandOff):
    """Let the caller into a room with others (name = room)."""

    kind: ClassVar[str] = CONFERENCE
    say: tuple[Prompt, ...] = ()
