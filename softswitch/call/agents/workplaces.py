"""Who works at which phone, as the distributor says. Phones where somebody works are asked whether they are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd.agent import State, Status

if TYPE_CHECKING:
    from acd.dispatcher import Dispatcher
    from softswitch.call.control import CallControl


class Workplaces:
    """All agents who are logged in."""

    def __init__(self, control: CallControl, dispatcher: Dispatcher) -> None:
        self._control = control
        self._dispatcher = dispatcher
        self._agents_at: dict[str, str] = {}  # phone → who is logged in there
        self._at_work: set[str] = set()  # agents who are logged in and on no break

    # ------------------------------------------------------------------------------------------------ asked
    def phone_of(self, agent: str) -> str | None:
        """Where *agent* is logged in."""
        return next((phone for phone, who in self._agents_at.items() if who == agent), None)

    def agent_at(self, phone: str | None) -> str | None:
        """Who is logged in at *phone*."""
        return None if phone is None else self._agents_at.get(phone)

    def is_logged_in(self, agent: str) -> bool:
        return agent in self._agents_at.values()

    def in_wrap_up(self, agent: str) -> bool:
        return self._dispatcher.agents[agent].state is State.WRAP_UP

    def break_reason(self, agent: str) -> str:
        """Why the agent is on a break; empty: is on none."""
        known = self._dispatcher.agents[agent]
        return known.reason if known.status is Status.ON_BREAK else ""

    def is_reachable(self, agent: str) -> bool:
        """Whether the distributor takes the agent's phone to be there."""
        return self._dispatcher.agents[agent].reachable

    # ------------------------------------------------------------------------------------------------ told
    def adopt(self, now: float) -> None:
        """The distributor comes from before a restart: learn from it who sits where; their phones are asked soon."""
        for agent in self._dispatcher.agents.values():
            self.moved(agent.id, agent.status, agent.phone, now)
        for phone in self._agents_at:
            self._control.qualifier.watch(phone, now, soon=True)

    def moved(self, agent: str, status: Status, phone: str, now: float) -> None:
        """The distributor says so."""
        if status is Status.AVAILABLE and agent not in self._at_work and self._control.phones.wants_peace(phone):
            self._control.phones.disturb(phone, True, now)  # who is ready for callers may be rung by everybody
        (self._at_work.add if status is Status.AVAILABLE else self._at_work.discard)(agent)
        left = [place for place, who in self._agents_at.items() if who == agent]
        if status is not Status.LOGGED_OUT:
            left = [place for place in left if place != phone]
        for place in left:
            del self._agents_at[place]
            self._control.qualifier.unwatch(place, now)
        if status is not Status.LOGGED_OUT and phone and self._agents_at.get(phone) != agent:
            self._agents_at[phone] = agent
            self._control.qualifier.watch(phone, now)
        self._control.staying.moved(agent, None if status is Status.LOGGED_OUT else phone, now)
