"""People to whom a caller is handed over: agents, wherever they are; somebody who may be at one of several places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ivr.nodes import HandOff

AGENT, FIND_ME, STAY = "agent", "findme", "stay"


@dataclass(frozen=True, slots=True)
class Agent(HandOff):
    """Ring an agent (name = id) at the phone where they are logged in; one who is not free is not rung."""

    kind: ClassVar[str] = AGENT


@dataclass(frozen=True, slots=True)
class Stay(HandOff):
    """Keep an agent (name = id), who is the one that calls, on the line for callers who are put through."""

    kind: ClassVar[str] = STAY


@dataclass(frozen=True, slots=True)
class FindMe(HandOff):
    """Ring the places of one person until somebody takes the call."""

    kind: ClassVar[str] = FIND_ME
