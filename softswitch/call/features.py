"""Feature codes: what an agent dials to log in, log out, take a break and come back.

``CODE`` alone is for the agent whose usual phone it is, or who is logged in there; ``CODE*NUMBER*PIN`` is for
everybody else, where NUMBER is the agent's usual phone or id.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from acd.events import AgentBreakEnded, AgentBreakStarted, AgentLoggedIn, AgentLoggedOut

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from acd.events import AgentEvent
    from softswitch.config import Agent
    from softswitch.config.words.centre import Features


class Feature(Enum):
    """What is wanted; the values are the words of the configuration."""

    LOGIN = "login"
    LOGOUT = "logout"
    BREAK = "break"
    BACK = "back"


#: Catalogue phrases said when it has been done.
DONE = {
    Feature.LOGIN: "agent-logged-in",
    Feature.LOGOUT: "agent-logged-out",
    Feature.BREAK: "agent-break-started",
    Feature.BACK: "agent-break-ended",
}
FAILED = "agent-login-failed"
NOT_LOGGED_IN = "agent-not-logged-in"
FEATURE_PHRASES = (*DONE.values(), FAILED, NOT_LOGGED_IN)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to say, and what to tell the distributor (nothing when it failed)."""

    phrase: str
    event: AgentEvent | None = None
    agent: str | None = None


class FeatureCodes:
    """Recognises codes and decides who may use them."""

    def __init__(
        self,
        codes: Features,
        agents: Mapping[str, Agent],
        *,
        agent_at: Callable[[str | None], str | None],
        is_logged_in: Callable[[str], bool],
    ) -> None:
        self._codes = {
            codes.login: Feature.LOGIN,
            codes.logout: Feature.LOGOUT,
            codes.break_: Feature.BREAK,
            codes.back: Feature.BACK,
        }
        self._agents = agents
        self._usual: dict[str, Agent] = {}
        for agent in agents.values():
            self._usual.setdefault(agent.phone, agent)
        self._agent_at = agent_at
        self._is_logged_in = is_logged_in

    def recognise(self, dialled: str) -> tuple[Feature, str] | None:
        """The feature and what was dialled after it; the longest code that fits wins."""
        for code in sorted(self._codes, key=len, reverse=True):
            if dialled == code or dialled.startswith(code + "*"):
                return self._codes[code], dialled[len(code) + 1 :]
        return None

    def masked(self, dialled: str) -> str:
        """*dialled* as it may be written down: without the PIN."""
        found = self.recognise(dialled)
        if found is None or "*" not in found[1]:
            return dialled
        return dialled[: dialled.rindex("*") + 1] + "…"

    def use(self, feature: Feature, rest: str, phone: str) -> Outcome:
        """Who dials *feature* at *phone*, and whether they may."""
        agent = self._who(rest, phone)
        if agent is None:
            return Outcome(FAILED)
        if feature is not Feature.LOGIN and not self._is_logged_in(agent.id):
            return Outcome(NOT_LOGGED_IN, agent=agent.id)
        events: dict[Feature, AgentEvent] = {
            # the phone is in this very call, so the agent is offered nothing before it has ended
            Feature.LOGIN: AgentLoggedIn(agent.id, phone, busy=True),
            Feature.LOGOUT: AgentLoggedOut(agent.id, "dialled"),
            Feature.BREAK: AgentBreakStarted(agent.id, "dialled"),
            Feature.BACK: AgentBreakEnded(agent.id),
        }
        return Outcome(DONE[feature], events[feature], agent.id)

    def _who(self, rest: str, phone: str) -> Agent | None:
        if not rest:
            logged_in = self._agent_at(phone)
            return self._usual.get(phone) if logged_in is None else self._agents.get(logged_in)
        number, _, pin = rest.partition("*")
        agent = self._agents.get(number) or self._usual.get(number)
        wanted = None if agent is None or agent.pin is None else agent.pin.reveal()
        # compared even when there is nobody of that number, so that guessing numbers teaches nothing
        matches = hmac.compare_digest((wanted or "\0").encode(), pin.encode())
        return agent if wanted is not None and matches else None
