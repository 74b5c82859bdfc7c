"""Agents' time: from login to logout every microsecond is spent on exactly one thing.

:class:`AgentTimes` turns journal records into spans that follow each other without a gap, so that whatever they are
cut into — intervals, activities, reasons — adds up to the time logged in, exactly. An agent who logs out in the middle
of a conversation is on duty until it is over.

Records of :mod:`acd.journal` (``agent``) are read, with or without the prefix ``acd.``, and ``leg.held`` and
``leg.resumed`` of the agent's leg. Instants are microseconds on the records' clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from acd.figures.clock import micros
from acd.figures.definitions import figure
from acd.figures.stays import STARTED, STOPPED

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from acd.figures.definitions import Figure


class Activity(StrEnum):
    IDLE = "idle"  # could be offered a call, or rests for some seconds after one that came to nothing
    RESERVED = "reserved"  # for a customer who is being called back
    RINGING = "ringing"
    TALKING = "talking"
    HOLD = "hold"  # has put the caller on hold
    WRAP_UP = "wrap-up"
    BREAK = "break"
    OTHER_CALL = "other call"  # one that no queue knows of
    UNREACHABLE = "unreachable"  # the phone


#: What an agent does for callers.
AT_WORK = (Activity.RESERVED, Activity.RINGING, Activity.TALKING, Activity.HOLD, Activity.WRAP_UP)


@dataclass(frozen=True, slots=True)
class Span:
    """``reason`` is that of a break."""

    agent: str
    activity: Activity
    reason: str
    began: int
    ended: int


@dataclass(slots=True)
class _Now:
    activity: Activity
    reason: str
    since: int
    call: str = ""


class AgentTimes:
    """Feed :meth:`read` with records in order; :meth:`done` gives the spans that are over, each once."""

    def __init__(self) -> None:
        self._now: dict[str, _Now] = {}
        self._talking: dict[str, str] = {}  # call → agent
        self._suspended: dict[str, _Now] = {}  # when the switch ended
        self._done: list[Span] = []
        self._last = 0.0

    def read(self, kind: str, at: float, call: str | None, data: Mapping[str, Any]) -> None:
        """One record; *at* is in seconds."""
        match kind.removeprefix("acd."):
            case "agent":
                self._agent(data, micros(at))
            case "leg.held" | "leg.resumed" if data.get("leg") == "agent" and call in self._talking:
                agent = self._talking[call]
                held = kind == "leg.held"
                now = self._now[agent]
                if now.activity is (Activity.TALKING if held else Activity.HOLD):
                    self._become(agent, Activity.HOLD if held else Activity.TALKING, "", now.call, micros(at))
            case "switch.started" | "switch.stopped":
                self._suspended |= self._now
                self.close(self._last if kind == STARTED else at)
            case "switch.recovered":
                self._recovered(micros(at), fresh=bool(data.get("fresh")))
        self._last = at

    def done(self) -> list[Span]:
        done, self._done = self._done, []
        return done

    def close(self, at: float) -> None:
        """The records end here, or the switch did."""
        for agent in list(self._now):
            self._end(agent, micros(at))

    def _recovered(self, at: int, *, fresh: bool) -> None:
        """The switch goes on with the agents as they were; what has changed since is told next."""
        suspended, self._suspended = self._suspended, {}
        if not fresh:
            for agent, now in suspended.items():
                self._become(agent, now.activity, now.reason, now.call, at)

    def _agent(self, data: Mapping[str, Any], at: int) -> None:
        agent, state, call = str(data.get("agent", "")), str(data.get("state", "")), str(data.get("call") or "")
        status = data.get("status")
        if status == "logged_out" and state == "idle":
            self._end(agent, at)
            return
        activity, reason = _activity(data), ""
        if activity is Activity.BREAK:
            reason = str(data.get("reason") or "")
        now = self._now.get(agent)
        if now is not None and activity is Activity.TALKING and now.activity is Activity.HOLD and now.call == call:
            return  # a wish for later changes nothing now
        self._become(agent, activity, reason, call, at)

    def _become(self, agent: str, activity: Activity, reason: str, call: str, at: int) -> None:
        now = self._now.get(agent)
        if now is not None and (now.activity, now.reason, now.call) == (activity, reason, call):
            return
        since = self._end(agent, at)
        self._now[agent] = _Now(activity, reason, since, call)
        if activity in (Activity.TALKING, Activity.HOLD):
            self._talking[call] = agent

    def _end(self, agent: str, at: int) -> int:
        """Close what the agent does; returns the instant at which the next thing begins."""
        now = self._now.pop(agent, None)
        if now is None:
            return at
        if self._talking.get(now.call) == agent:
            del self._talking[now.call]
        at = max(at, now.since)  # the wall clock may be set back
        if at > now.since:
            self._done.append(Span(agent, now.activity, now.reason, now.since, at))
        return at


#: Kinds that matter here, without the prefix; others need not be read from the disk.
KINDS = frozenset({"agent", "leg.held", "leg.resumed", STARTED, STOPPED, "switch.recovered"})

_STATES = {
    "reserved": Activity.RESERVED,
    "offered": Activity.RINGING,
    "talking": Activity.TALKING,
    "wrap_up": Activity.WRAP_UP,
}


def _activity(data: Mapping[str, Any]) -> Activity:
    state = _STATES.get(str(data.get("state", "")))
    if state is not None:
        return state
    if data.get("status") == "on_break":
        return Activity.BREAK
    if not data.get("reachable", True):
        return Activity.UNREACHABLE
    return Activity.OTHER_CALL if data.get("busy") else Activity.IDLE


@dataclass(slots=True)
class Duty:
    """One agent's time in some interval; lengths are microseconds."""

    spent: dict[Activity, int] = field(default_factory=dict)
    breaks: dict[str, int] = field(default_factory=dict)  # by reason

    @property
    def login(self) -> int:
        return sum(self.spent.values())

    @property
    def at_work(self) -> int:
        return sum(self.spent.get(activity, 0) for activity in AT_WORK)

    @property
    def handling(self) -> int:
        """Time with callers and for them; waiting for them is none of it."""
        return sum(self.spent.get(activity, 0) for activity in (Activity.TALKING, Activity.HOLD, Activity.WRAP_UP))

    def add(self, span: Span, begin: int, end: int) -> None:
        """The part of *span* between *begin* and *end*."""
        length = min(span.ended, end) - max(span.began, begin)
        if length > 0:
            self.spent[span.activity] = self.spent.get(span.activity, 0) + length
            if span.activity is Activity.BREAK:
                self.breaks[span.reason] = self.breaks.get(span.reason, 0) + length

    def __iadd__(self, other: Duty) -> Duty:
        for activity, length in other.spent.items():
            self.spent[activity] = self.spent.get(activity, 0) + length
        for reason, length in other.breaks.items():
            self.breaks[reason] = self.breaks.get(reason, 0) + length
        return self

    def figures(self, unpaid: Collection[str] = ()) -> dict[str, Figure]:
        """Times, occupancy and utilisation; *unpaid*: reasons of breaks that are not paid for."""
        resting = self.spent.get(Activity.BREAK, 0)
        not_paid = sum(length for reason, length in self.breaks.items() if reason in unpaid)
        times = (figure(activity.name.lower(), self.spent.get(activity, 0)) for activity in Activity)
        found = (
            figure("login", self.login),
            *times,
            figure("occupancy", self.at_work, self.login - resting),
            figure("utilisation", self.at_work, self.login - not_paid),
        )
        return {one.name: one for one in found}
