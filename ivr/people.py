"""People to whom a caller is handed over: agents, wherever they are; somebody who may be at one of several places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ivr.nodes import HandOff

AGENT, FIND_ME = "agent", "findme"


@dataclass(frozen=True, slots=True)
class Agent(HandOff):
    """Ring an agent (name = id) at the phone where they are logged in; one who is not free is not rung."""

    kind: ClassVar[str] = AGENT


@dataclass(frozen=True, slots=True)
class FindMe(HandOff):
    """Ring the places of one person until somebody takes the call."""

    kind: ClassVar[str] = FIND_ME
