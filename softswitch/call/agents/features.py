"""Feature codes: what an agent dials to log in and out, take a break and come back, leave and join a queue, and end or
extend the work after a call.

``CODE`` alone is for the agent who is logged in there; to log in it is for the agent whose usual phone it is, also
when somebody else sits there. ``CODE*NUMBER*PIN`` is for everybody else, where NUMBER is the agent's usual phone or id.
Figures directly after the code say which: the reason of a break, the number of a queue (``*131``, ``*151*1001*4711``).
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from acd.agent import DID_NOT_ANSWER
from acd.events import (
    AgentBreakEnded,
    AgentBreakStarted,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentQueueJoined,
    AgentQueueLeft,
    WrapUpEnded,
    WrapUpExtended,
)
from ivr.nodes import Prompt
from softswitch.speech import phrases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from acd.events import AgentEvent
    from softswitch.call.settings import Settings
    from softswitch.config import Agent, Config


class Feature(Enum):
    """What is wanted; the values are the words of the configuration."""

    LOGIN = "login"
    STAY = "stay"
    LOGOUT = "logout"
    BREAK = "break"
    BACK = "back"
    LEAVE_QUEUE = "leave_queue"
    JOIN_QUEUE = "join_queue"
    DONE = "done"
    EXTEND = "extend"
    VOICEMAIL = "voicemail"
    VOICEMAIL_OF = "voicemail_of"
    PEACE = "dnd"
    PEACE_OVER = "dnd_off"


#: Features of phones, whoever works there.
LISTENING = frozenset({Feature.VOICEMAIL, Feature.VOICEMAIL_OF})
#: Features after whose code the figures say which.
WITH_CHOICE = frozenset({Feature.BREAK, Feature.LEAVE_QUEUE, Feature.JOIN_QUEUE})

#: Of the break of an agent on whose phone "do not disturb" was dialled.
DO_NOT_DISTURB = "do not disturb"
FAILED = Prompt("agent-login-failed")
NOT_LOGGED_IN = Prompt("agent-not-logged-in")
UNKNOWN_REASON = Prompt("agent-break-unknown-reason")
UNKNOWN_QUEUE = Prompt("agent-queue-unknown")
NO_WRAP_UP = Prompt("agent-no-wrap-up")
_DONE = {Feature.LOGIN: "agent-logged-in", Feature.LOGOUT: "agent-logged-out", Feature.BACK: "agent-break-ended"}


@dataclass(frozen=True, slots=True)
class Dialled:
    """A code, what was chosen with it, and who says so."""

    feature: Feature
    choice: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to say, and what to tell the distributor (nothing when it failed)."""

    say: Prompt
    event: AgentEvent | None = None
    agent: str | None = None
    before: Prompt | None = None  # said first
    peace: bool | None = None  # the phone is not to be disturbed, or is again


class FeatureCodes:
    """Recognises codes and decides who may use them."""

    def __init__(
        self,
        config: Config,
        *,
        agent_at: Callable[[str | None], str | None],
        is_logged_in: Callable[[str], bool],
        in_wrap_up: Callable[[str], bool],
        break_reason: Callable[[str], str] = lambda agent: "",
    ) -> None:
        self._agent_at = agent_at
        self._is_logged_in = is_logged_in
        self._in_wrap_up = in_wrap_up
        self._break_reason = break_reason
        self._read(config)

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        self._read(settings.config)

    def _read(self, config: Config) -> None:
        codes = config.features
        self._codes = {
            codes.login: Feature.LOGIN,
            **({codes.stay: Feature.STAY} if codes.stay else {}),
            codes.logout: Feature.LOGOUT,
            codes.break_: Feature.BREAK,
            codes.back: Feature.BACK,
            codes.leave_queue: Feature.LEAVE_QUEUE,
            codes.join_queue: Feature.JOIN_QUEUE,
            codes.done: Feature.DONE,
            codes.extend: Feature.EXTEND,
            codes.voicemail: Feature.VOICEMAIL,
            codes.voicemail_of: Feature.VOICEMAIL_OF,
            codes.dnd: Feature.PEACE,
            codes.dnd_off: Feature.PEACE_OVER,
        }
        self._patterns = {
            code: re.compile(re.escape(code) + (r"([0-9]*)" if feature in WITH_CHOICE else "()") + r"(?:\*(.*))?")
            for code, feature in sorted(self._codes.items(), key=lambda item: -len(item[0]))
        }
        self._config = config
        self._extend_by = codes.extend_by
        self._queues = {queue.number: (name, queue) for name, queue in config.queues.items() if queue.number}
        self._usual: dict[str, Agent] = {}
        for agent in config.agents.values():
            self._usual.setdefault(agent.phone, agent)

    def recognise(self, dialled: str) -> Dialled | None:
        """What *dialled* wants; the longest code that fits wins."""
        for code, pattern in self._patterns.items():
            if found := pattern.fullmatch(dialled):
                return Dialled(self._codes[code], found[1], found[2] or "")
        return None

    def masked(self, dialled: str) -> str:
        """*dialled* as it may be written down: without the PIN."""
        found = self.recognise(dialled)
        if found is None or "*" not in found.who:
            return dialled
        return dialled[: dialled.rindex("*") + 1] + "…"

    def use(self, dialled: Dialled, phone: str) -> Outcome:
        """Who dials this at *phone*, whether they may, and what comes of it."""
        if dialled.feature in (Feature.PEACE, Feature.PEACE_OVER):
            return self._peace(dialled.feature is Feature.PEACE, self._agent_at(phone))
        agent = self._who(dialled, phone)
        if agent is None:
            return Outcome(FAILED)
        if dialled.feature not in (Feature.LOGIN, Feature.STAY) and not self._is_logged_in(agent.id):
            return Outcome(NOT_LOGGED_IN, agent=agent.id)
        match dialled.feature:
            case Feature.LOGIN:
                # the phone is in this very call, so the agent is offered nothing before it has ended
                return self._done(dialled.feature, AgentLoggedIn(agent.id, phone, busy=True))
            case Feature.STAY:
                return self._done(Feature.LOGIN, AgentLoggedIn(agent.id, phone))
            case Feature.LOGOUT:
                return self._done(dialled.feature, AgentLoggedOut(agent.id, "dialled"))
            case Feature.BACK:
                before = phrases.break_unanswered() if self._break_reason(agent.id) == DID_NOT_ANSWER else None
                return replace(self._done(dialled.feature, AgentBreakEnded(agent.id)), before=before)
            case Feature.BREAK:
                return self._break(agent, dialled.choice)
            case Feature.LEAVE_QUEUE | Feature.JOIN_QUEUE:
                return self._queue(agent, dialled)
            case _:
                return self._wrap_up(agent, dialled.feature)

    @staticmethod
    def _done(feature: Feature, event: AgentEvent) -> Outcome:
        return Outcome(Prompt(_DONE[feature]), event, event.agent)

    def _peace(self, wanted: bool, agent: str | None) -> Outcome:
        """An agent who does not want to be disturbed is on a break, so that everybody sees why no caller comes."""
        event: AgentEvent | None = None
        reason = "" if agent is None else self._break_reason(agent)
        if agent is not None and wanted and not reason:
            event = AgentBreakStarted(agent, DO_NOT_DISTURB)
        elif agent is not None and not wanted and reason == DO_NOT_DISTURB:
            event = AgentBreakEnded(agent)
        return Outcome(phrases.peace(wanted), event, agent, peace=wanted)

    def _break(self, agent: Agent, choice: str) -> Outcome:
        if not choice:
            return Outcome(phrases.break_started(), AgentBreakStarted(agent.id, "dialled"), agent.id)
        known = self._config.breaks.get(choice)
        if known is None:
            return Outcome(UNKNOWN_REASON, agent=agent.id)
        return Outcome(phrases.break_started(known.reason), AgentBreakStarted(agent.id, known.reason), agent.id)

    def _queue(self, agent: Agent, dialled: Dialled) -> Outcome:
        name, queue = self._queues.get(dialled.choice, ("", None))
        if queue is None or (queue.agents is not None and agent.id not in queue.agents):
            return Outcome(UNKNOWN_QUEUE, agent=agent.id)
        if dialled.feature is Feature.LEAVE_QUEUE:
            return Outcome(phrases.queue_left(queue.label or name), AgentQueueLeft(agent.id, name), agent.id)
        return Outcome(phrases.queue_joined(queue.label or name), AgentQueueJoined(agent.id, name), agent.id)

    def _wrap_up(self, agent: Agent, feature: Feature) -> Outcome:
        if not self._in_wrap_up(agent.id):
            return Outcome(NO_WRAP_UP, agent=agent.id)
        if feature is Feature.DONE:
            return Outcome(phrases.wrap_up_ended(), WrapUpEnded(agent.id), agent.id)
        more = self._extend_by
        return Outcome(phrases.wrap_up_extended(more), WrapUpExtended(agent.id, more), agent.id)

    def _who(self, dialled: Dialled, phone: str) -> Agent | None:
        if not dialled.who:
            usual, there = self._usual.get(phone), self._config.agents.get(self._agent_at(phone) or "")
            if dialled.feature in (Feature.LOGIN, Feature.STAY):
                return usual or there
            return there or usual
        number, _, pin = dialled.who.partition("*")
        agent = self._config.agents.get(number) or self._usual.get(number)
        wanted = None if agent is None or agent.pin is None else agent.pin.reveal()
        # compared even when there is nobody of that number, so that guessing numbers teaches nothing
        matches = hmac.compare_digest((wanted or "\0").encode(), pin.encode())
        return agent if wanted is not None and matches else None


def feature_prompts(config: Config) -> Iterator[Prompt]:
    """Everything that agents may hear after dialling a code."""
    yield from map(phrases.peace, (True, False))
    if not config.agents:
        return
    yield from (FAILED, NOT_LOGGED_IN, NO_WRAP_UP, phrases.break_started(), phrases.wrap_up_ended())
    yield phrases.break_unanswered()
    yield from map(Prompt, _DONE.values())
    yield phrases.wrap_up_extended(config.features.extend_by)
    for reason in config.breaks.values():
        yield phrases.break_started(reason.reason)
    if config.breaks:
        yield UNKNOWN_REASON
    for name, queue in config.queues.items():
        if queue.number:
            yield from (phrases.queue_left(queue.label or name), phrases.queue_joined(queue.label or name))
            yield UNKNOWN_QUEUE
