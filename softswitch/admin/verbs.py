"""What operators may ask of the running switch and do to it. Every change is written down in the journal.

What may be done to callers is in `softswitch.admin.callers`; arguments are checked by models, and a mistake is answered
with what would be right.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from acd.agent import Status
from acd.events import (
    AgentBreakEnded,
    AgentBreakStarted,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentQueueJoined,
    AgentQueueLeft,
    AgentSkillsChanged,
    WrapUpEnded,
)
from softswitch.admin.callers import Callers
from softswitch.admin.protocol import AdminError, Code
from softswitch.admin.requests import Args, Level, Many, Nothing, Text, listed, read
from softswitch.call.queues.desk import CallerDesk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from acd.agent import Agent
    from acd.dispatcher import Dispatcher
    from acd.events import Event
    from softswitch.admin.live import Live
    from softswitch.call.control import CallControl
    from softswitch.config import Config
    from softswitch.ports import Clock


class ChangeAgent(Args):
    """``login`` needs a phone unless the agent has a usual one; ``break`` may have a reason; ``join`` and ``leave``
    name a queue; ``skills`` changes the levels that are named and leaves the others, 0 takes a skill away."""

    agent: Many
    to: Literal["login", "logout", "break", "back", "done", "join", "leave", "skills"]
    phone: Text | None = None
    queue: Text | None = None
    skills: Annotated[dict[Text, Level], Field(min_length=1, max_length=100)] | None = None
    reason: Annotated[str, Field(max_length=100)] = ""
    by: Annotated[str, Field(max_length=100)] = ""


class Operations:
    """The verbs. *settle* is called after a change, for what it makes the switch send."""

    def __init__(
        self,
        control: CallControl,
        dispatcher: Dispatcher,
        config: Config,
        live: Live,
        *,
        clock: Clock,
        now: Callable[[], float],
        settle: Callable[[], None],
        status: Callable[[], dict[str, Any]] = dict,
    ) -> None:
        self._control = control
        self._dispatcher = dispatcher
        self._config = config
        self.callers = CallerDesk(control, dispatcher, now=now, settle=settle)
        self._live = live
        self._clock = clock
        self._now = now
        self._settle = settle
        self._status = status

    def reconfigure(self, config: Config) -> None:
        """From now on there are the queues, agents and phones of *config*."""
        self._config = config

    def verbs(self) -> dict[str, Callable[[Mapping[str, Any]], Any]]:
        return {
            "status": self.status,
            "queues": self.queues,
            "agents": self.agents,
            "agent.change": self.change_agent,
            "agents.change": self.change_agents,
            **Callers(self.callers, self._dispatcher).verbs(),
        }

    # --- looking

    def status(self, args: Mapping[str, Any]) -> dict[str, Any]:
        read(Nothing, args)
        return {"calls": len(self._control.calls), **self._status()}

    async def queues(self, args: Mapping[str, Any]) -> dict[str, Any]:
        read(Nothing, args)
        crews = self._live.crews()
        if crews.stale:
            await asyncio.to_thread(crews.work_out)
        now = self._now()
        return self._live.queues(now, self._clock.wall(now))

    def agents(self, args: Mapping[str, Any]) -> dict[str, Any]:
        read(Nothing, args)
        now = self._now()
        return self._live.agents(now, self._clock.wall(now))

    # --- changing

    def change_agent(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Log an agent in or out, send one on a break and back, end a wrap-up; change queues and skills."""
        return self._change(read(ChangeAgent, args))

    async def change_agents(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """The same for several: ``agent`` is "all", "queue:NAME" (whoever could serve there) or ids with commas.

        What is not possible for one of them is told, and done for the others.
        """
        wanted = read(ChangeAgent, args)
        done: dict[str, Any] = {"changed": [], "refused": []}
        for name in await self._several(wanted.agent):
            try:
                done["changed"].append(self._change(wanted.model_copy(update={"agent": name})))
            except AdminError as error:
                done["refused"].append({"agent": name, "why": str(error)})
        return done

    async def _several(self, who: str) -> list[str]:
        if who == "all":
            return list(self._config.agents)
        kind, _, name = who.partition(":")
        if kind != "queue":
            return [each.strip() for each in who.split(",") if each.strip()]
        if name not in self._config.queues:
            raise AdminError(Code.NOT_FOUND, f"there is no queue {name}; {listed(self._config.queues)}")
        crews = self._live.crews()
        if crews.stale:
            await asyncio.to_thread(crews.work_out)
        return [agent for agent in self._config.agents if agent in crews.of(name)]

    def _change(self, wanted: ChangeAgent) -> dict[str, Any]:
        agent = self._dispatcher.agents.get(wanted.agent)
        if agent is None or wanted.agent not in self._config.agents:
            raise AdminError(Code.NOT_FOUND, f"there is no agent {wanted.agent}; {listed(self._config.agents)}")
        self._do(wanted, agent)
        return {
            "agent": agent.id,
            "status": agent.status.value,
            "state": agent.state.value,
            "phone": agent.phone,
            "skills": dict(sorted(agent.skills.items())),
            "left": sorted(agent.left),
        }

    def _wish(self, agent: Agent, wanted: ChangeAgent) -> Event:
        reason = wanted.reason or f"by {wanted.by or 'operator'}"
        if wanted.to == "login":
            phone = wanted.phone or agent.phone or self._config.agents[agent.id].phone
            if phone not in self._config.phones:
                raise AdminError(Code.NOT_FOUND, f"there is no phone {phone}; {listed(self._config.phones)}")
            now = self._now()
            busy = self._control.phones.busy(phone) and agent.phone != phone
            return AgentLoggedIn(agent.id, phone, reachable=self._control.phones.reachable(phone, now), busy=busy)
        if wanted.to == "skills":
            if wanted.skills is None:
                raise AdminError(Code.BAD_REQUEST, "say which skills: sales=80")
            levels = {**agent.skills, **wanted.skills}
            return AgentSkillsChanged(agent.id, {skill: level for skill, level in levels.items() if level})
        if agent.status is Status.LOGGED_OUT:
            raise AdminError(Code.REFUSED, f"{agent.id} is not logged in")
        if wanted.to in ("join", "leave"):
            if wanted.queue is None or wanted.queue not in self._config.queues:
                what = "say which queue" if wanted.queue is None else f"there is no queue {wanted.queue}"
                raise AdminError(Code.NOT_FOUND, f"{what}; {listed(self._config.queues)}")
            move = AgentQueueJoined if wanted.to == "join" else AgentQueueLeft
            return move(agent.id, wanted.queue)
        match wanted.to:
            case "logout":
                return AgentLoggedOut(agent.id, reason)
            case "break":
                return AgentBreakStarted(agent.id, reason)
            case "back":
                return AgentBreakEnded(agent.id)
        return WrapUpEnded(agent.id)

    def _do(self, wanted: ChangeAgent, agent: Agent) -> None:
        now = self._now()
        data = {"verb": "agent.change", **wanted.model_dump(exclude_none=True)}
        event = self._wish(agent, wanted)
        self._control.journal_line("admin.changed", agent.call, now, data)
        with self._control.contain(None, now) as trouble:
            self._control.queues.receive(event, now)
        self._control.on_changed(now)
        self._settle()
        if trouble:
            raise AdminError(Code.INTERNAL, "internal error; the log says more")
