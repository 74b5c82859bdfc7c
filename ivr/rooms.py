"""Where callers speak to a file, or with each other, or wait to be fetched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ivr.nodes import HandOff

if TYPE_CHECKING:
    from ivr.nodes import Prompt

RECORD, CONFERENCE, PARK = "record", "conference", "park"


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


@dataclass(frozen=True, slots=True)
class Park(HandOff):
    """Leave the caller at a place (name = its number; empty: none is free) until somebody fetches them."""

    kind: ClassVar[str] = PARK
