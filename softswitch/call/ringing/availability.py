"""Whether somebody can be rung at this moment: known before any INVITE is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd.agent import State, Status

if TYPE_CHECKING:
    from acd.dispatcher import Dispatcher
    from softswitch.call.ringing.phones import Phones

#: What an agent does who cannot take another call.
_OCCUPIED = {
    State.RESERVED: "reserved for a callback",
    State.OFFERED: "ringing",
    State.TALKING: "talking",
    State.WRAP_UP: "in wrap-up",
}


class Availability:
    """Answers for phones and for agents; an empty string means that they can be rung."""

    def __init__(self, phones: Phones, dispatcher: Dispatcher) -> None:
        self._phones = phones
        self._dispatcher = dispatcher

    def phone(self, user: str, now: float) -> str:
        """Why the phone *user* cannot be rung."""
        if user not in self._phones:
            return "unknown"
        if not self._phones.places(user, now):
            return "not registered"
        if not self._phones.reachable(user, now):
            return "unreachable"
        if self._phones.wants_peace(user):
            return "do not disturb"
        if self._phones.busy(user):
            return "busy"
        for agent in self._dispatcher.agents.values():
            if agent.phone == user and agent.status is not Status.LOGGED_OUT and agent.state in _RINGS_OR_TALKS:
                return _OCCUPIED[agent.state]
        return ""

    def agent(self, name: str, now: float) -> str:
        """Why the agent *name* cannot be rung, wherever logged in."""
        agent = self._dispatcher.agents.get(name)
        if agent is None or agent.status is Status.LOGGED_OUT:
            return "logged out"
        if agent.status is Status.ON_BREAK:
            return "on a break"
        if agent.state is not State.IDLE:
            return _OCCUPIED[agent.state]
        if not agent.reachable:
            return "unreachable"
        return self.phone(agent.phone, now)

    def phone_of(self, name: str) -> str:
        """Where the agent *name* is logged in, or empty."""
        agent = self._dispatcher.agents.get(name)
        return "" if agent is None or agent.status is Status.LOGGED_OUT else agent.phone


_RINGS_OR_TALKS = frozenset({State.OFFERED, State.TALKING})
