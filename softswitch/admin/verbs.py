"""What operators may ask of the running switch and do to it. Every change is written down in the journal.

The arguments of a request are checked here, by the models below: a mistake is answered with what would be right.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from acd.agent import Status
from acd.events import (
    AgentBreakEnded,
    AgentBreakStarted,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentQueueJoined,
    AgentQueueLeft,
    AgentSkillsChanged,
    CallChanged,
    WrapUpEnded,
)
from acd.skills import MAX_LEVEL, SkillSyntaxError, parse
from acd.ticket import Place
from softswitch.admin.protocol import AdminError, Code

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from acd.agent import Agent
    from acd.dispatcher import Dispatcher
    from acd.events import Event
    from acd.skills import Expression
    from acd.ticket import Ticket
    from softswitch.admin.live import Live
    from softswitch.call.control import CallControl
    from softswitch.config import Config
    from softswitch.ports import Clock

A = TypeVar("A", bound=BaseModel)

Text = Annotated[str, Field(min_length=1, max_length=200)]
Level = Annotated[int, Field(ge=0, le=MAX_LEVEL)]


class Args(BaseModel):
    """What a request may bring; anything else is refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Nothing(Args):
    pass


class ChangeCall(Args):
    """A waiting caller; ``call`` may be the beginning of the id. At least one of the others."""

    call: Text
    queue: Text | None = None
    priority: Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)] | None = None
    needs: Annotated[str, Field(max_length=1000)] | None = None
    preferred: Annotated[str, Field(max_length=1000)] | None = None
    by: Annotated[str, Field(max_length=100)] = ""


class ChangeAgent(Args):
    """``login`` needs a phone unless the agent has a usual one; ``break`` may have a reason; ``join`` and ``leave``
    name a queue; ``skills`` changes the levels that are named and leaves the others, 0 takes a skill away."""

    agent: Text
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
            "call.change": self.change_call,
            "agent.change": self.change_agent,
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

    def change_call(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """A waiting caller gets another priority, queue or needs, and is sorted anew at once."""
        wanted = read(ChangeCall, args)
        ticket = self._waiting(wanted.call)
        if wanted.queue is not None and wanted.queue not in self._config.queues:
            raise AdminError(Code.NOT_FOUND, f"there is no queue {wanted.queue}; {listed(self._config.queues)}")
        if wanted.model_dump(include={"queue", "priority", "needs", "preferred"}, exclude_none=True) == {}:
            raise AdminError(Code.BAD_REQUEST, "say what is to change: queue, priority, needs or preferred")
        change = CallChanged(
            ticket.call, wanted.queue, wanted.priority, _expression(wanted.needs), _expression(wanted.preferred)
        )
        before = {"queue": ticket.queue, "priority": ticket.priority}
        self._do("call.change", ticket.call, wanted, change)
        after = self._dispatcher.tickets.get(ticket.call)
        if after is not None and not _as_wanted(after, wanted):
            raise AdminError(Code.REFUSED, f"{ticket.call} could not be changed and waits on as before")
        return {
            "call": ticket.call,
            "before": before,
            "queue": None if after is None else after.queue,
            "priority": None if after is None else after.priority,
            "ahead": self._dispatcher.ahead_of(ticket.call),
        }

    def change_agent(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Log an agent in or out, send one on a break and back, end a wrap-up; change queues and skills."""
        wanted = read(ChangeAgent, args)
        agent = self._dispatcher.agents.get(wanted.agent)
        if agent is None or wanted.agent not in self._config.agents:
            raise AdminError(Code.NOT_FOUND, f"there is no agent {wanted.agent}; {listed(self._config.agents)}")
        self._do("agent.change", agent.call, wanted, self._wish(agent, wanted))
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

    def _do(self, verb: str, call: str | None, wanted: BaseModel, event: Event) -> None:
        now = self._now()
        data = {"verb": verb, **wanted.model_dump(exclude_none=True)}
        self._control.journal_line("admin.changed", call, now, data)
        with self._control.contain(None, now) as trouble:
            self._control.queues.receive(event, now)
        self._settle()
        if trouble:
            raise AdminError(Code.INTERNAL, "internal error; the log says more")

    def _waiting(self, beginning: str) -> Ticket:
        """The caller meant by the beginning of an id, as people copy what fits on their screen."""
        found = [t for call, t in sorted(self._dispatcher.tickets.items()) if call.startswith(beginning)]
        found = [ticket for ticket in found if ticket.call == beginning] or found
        if not found:
            raise AdminError(Code.NOT_FOUND, f"no caller whose id begins with {beginning} is in a queue")
        if len(found) > 1:
            raise AdminError(Code.BAD_REQUEST, f"{len(found)} callers have ids that begin with {beginning}: write more")
        if found[0].place is Place.TALKING:
            raise AdminError(Code.REFUSED, f"{found[0].call} talks with an agent already")
        return found[0]


def _as_wanted(ticket: Ticket, wanted: ChangeCall) -> bool:
    return wanted.queue in (None, ticket.queue) and wanted.priority in (None, ticket.priority)


def read(model: type[A], args: Mapping[str, Any]) -> A:
    """Raises AdminError, which says what is wrong with *args*."""
    try:
        return model.model_validate(dict(args))
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, p['loc'])) or 'args'}: {p['msg']}" for p in error.errors(include_url=False))
        raise AdminError(Code.BAD_REQUEST, "; ".join(problems)) from None


def _expression(text: str | None) -> Expression | None:
    if text is None:
        return None
    try:
        return parse(text)
    except SkillSyntaxError as error:
        raise AdminError(Code.BAD_REQUEST, str(error)) from None


def listed(names: Mapping[str, object]) -> str:
    """What there is, for who asked for something else."""
    known = list(names)
    more = f" and {len(known) - 12} more" if len(known) > 12 else ""
    return f"there are {', '.join(known[:12])}{more}" if known else "there is none"
