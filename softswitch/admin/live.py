"""The state of queues and agents at this moment, as plain data for the commands that show it.

Times are seconds from now: how long something lasts already, or until it ends. Nothing here changes anything.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from acd.agent import State, Status
from acd.skills import EVERYBODY, bind, predicate, variables
from acd.ticket import Place
from acd.timesheet import MICROSECONDS
from softswitch.config.fields import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from acd.agent import Agent
    from acd.dispatcher import Dispatcher
    from acd.figures.tally import Standard, Tally
    from acd.model import QueueConfig
    from acd.ticket import Ticket
    from softswitch.call.model import Call
    from softswitch.config import Config


@dataclass(frozen=True, slots=True)
class CallerView:
    """Somebody in a queue, live or waiting to be called back."""

    call: str
    position: int
    caller: str
    name: str
    language: str
    state: str
    waited: float
    priority: float
    standing: float
    needs: str
    step: int
    offered_to: tuple[str, ...]
    expected: float | None  # seconds still to wait: the median, and what four of five callers stay below
    expected_at_most: float | None


@dataclass(frozen=True, slots=True)
class AgentView:
    agent: str
    name: str
    status: str
    state: str
    reason: str
    seconds: float | None  # in this state
    ends_in: float | None  # of wrap-up, or of the pause after an offer that came to nothing
    phone: str
    reachable: bool
    busy: bool
    queue: str
    call: str
    caller: str
    calls: int
    logged_in_for: float | None
    idle_for: float | None
    occupancy: float | None
    left_queues: tuple[str, ...]
    skills: dict[str, int]


class Live:
    """Looks at the dispatcher and the calls of the running switch."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        calls: Mapping[str, Call],
        config: Config,
        standards: Mapping[str, Standard],
        tallies: Callable[[float], Mapping[str, Tally]],
    ) -> None:
        self._dispatcher = dispatcher
        self._calls = calls
        self._config = config
        self._standards = standards
        self._tallies = tallies
        self._may_serve: dict[tuple[str, str], tuple[QueueConfig, Mapping[str, int], bool]] = {}
        self._asked: dict[str, tuple[QueueConfig, tuple[Callable[[Mapping[str, int]], bool], ...]]] = {}

    # --- queues

    def queues(self, now: float, wall: float) -> dict[str, Any]:
        tallies = self._tallies(wall)
        waiting: dict[str, list[Ticket]] = {}
        for ticket in self._dispatcher.tickets.values():
            if ticket.place is not Place.TALKING:
                waiting.setdefault(ticket.queue, []).append(ticket)
        return {
            "at": wall,
            "queues": [
                self._queue(queue, sorted(waiting.get(queue.id, ()), key=lambda t: t.order), tallies, now)
                for queue in self._dispatcher.config.queues
            ],
        }

    def _queue(
        self, queue: QueueConfig, tickets: list[Ticket], tallies: Mapping[str, Tally], now: float
    ) -> dict[str, Any]:
        live = [ticket for ticket in tickets if not is_callback(ticket)]
        served = [ticket for ticket in self._dispatcher.tickets.values() if ticket.place is Place.TALKING]
        return {
            "queue": queue.id,
            "label": queue.label,
            "waiting": len(live),
            "callbacks": len(tickets) - len(live),
            "talking": sum(ticket.queue == queue.id for ticket in served),
            "longest_wait": max((now - ticket.since for ticket in live), default=0.0),
            "max_waiting": queue.max_waiting,
            "service_level": self._service_level(queue.id, tallies),
            "agents": self._agents_of(queue),
            "callers": [asdict(self._caller(ticket, position, now)) for position, ticket in enumerate(tickets, 1)],
        }

    def _service_level(self, queue: str, tallies: Mapping[str, Tally]) -> dict[str, Any] | None:
        standard, tally = self._standards.get(queue), tallies.get(queue)
        if standard is None:
            return None
        today = {} if tally is None else tally.figures(standard)
        return {
            "answered_within": standard.within,
            "target": standard.target,
            "definition": standard.definition,
            "today": today["service_level"].value if today else None,
            "offered": tally.offered if tally is not None else 0,
            "answered": tally.answered if tally is not None else 0,
            "abandoned": tally.abandoned if tally is not None else 0,
        }

    def _caller(self, ticket: Ticket, position: int, now: float) -> CallerView:
        call = self._calls.get(ticket.call)
        offers = [self._dispatcher.offers[offer] for offer in ticket.offers if offer in self._dispatcher.offers]
        p50, p80 = expected(ticket, now)
        return CallerView(
            call=ticket.call,
            position=position,
            caller=call.caller.number if call is not None else number_of(ticket),
            name=call.caller.name if call is not None else "",
            language=ticket.variables.get("language", ""),
            state=ticket.place.value,
            waited=now - ticket.since,
            priority=ticket.priority,
            standing=ticket.standing(now),
            needs="" if ticket.needs == EVERYBODY else str(ticket.needs),
            step=ticket.step,
            offered_to=tuple(offer.agent for offer in offers),
            expected=p50,
            expected_at_most=p80,
        )

    def _agents_of(self, queue: QueueConfig) -> dict[str, int]:
        """How many of those who could serve some caller of the queue do what."""
        found = dict.fromkeys(("logged_in", "idle", "ringing", "talking", "wrap_up", "break", "unavailable"), 0)
        for agent in self._dispatcher.agents.values():
            if agent.status is not Status.LOGGED_OUT and queue.id not in agent.left and self._serves(queue, agent):
                found["logged_in"] += 1
                found[_doing(agent)] += 1
        return found

    def _serves(self, queue: QueueConfig, agent: Agent) -> bool:
        known = self._may_serve.get((queue.id, agent.id))
        if known is None or known[0] is not queue or known[1] is not agent.skills:
            members = {member.agent for member in queue.agents}
            fits = (not members or agent.id in members) and any(ask(agent.skills) for ask in self._asks(queue))
            known = self._may_serve[queue.id, agent.id] = (queue, agent.skills, fits)
        return known[2]

    def _asks(self, queue: QueueConfig) -> tuple[Callable[[Mapping[str, int]], bool], ...]:
        """The queue's needs, the relaxed ones too, for callers of every language."""
        known = self._asked.get(queue.id)
        if known is None or known[0] is not queue:
            needs = [queue.needs, *(step.needs for step in queue.relax)]
            bound = {
                bind(need, {"language": language})
                for need in needs
                for language in (LANGUAGES if "language" in variables(need) else ("",))
            }
            known = self._asked[queue.id] = (queue, tuple(predicate(need) for need in sorted(bound, key=str)))
        return known[1]

    # --- agents

    def agents(self, now: float, wall: float) -> dict[str, Any]:
        """In the order of the configuration; those who were removed from it last."""
        order = {agent: n for n, agent in enumerate(self._config.agents)}
        agents = sorted(self._dispatcher.agents.values(), key=lambda a: (order.get(a.id, len(order)), a.id))
        return {"at": wall, "agents": [asdict(self._agent(agent, now)) for agent in agents]}

    def _agent(self, agent: Agent, now: float) -> AgentView:
        configured = self._config.agents.get(agent.id)
        ticket = None if agent.call is None else self._dispatcher.tickets.get(agent.call)
        call = None if agent.call is None else self._calls.get(agent.call)
        there = agent.status is not Status.LOGGED_OUT
        ends_at = agent.wrap_up_until if agent.state is State.WRAP_UP else agent.resting_until
        activity = agent.activity
        return AgentView(
            agent=agent.id,
            name=configured.label if configured is not None else agent.id,
            status=agent.status.value,
            state=agent.state.value,
            reason=activity.reason or agent.reason,
            seconds=None if agent.sheet is None else max(0.0, now - agent.sheet.mark / MICROSECONDS),
            ends_in=None if ends_at is None else max(0.0, ends_at - now),
            phone=agent.phone,
            reachable=agent.reachable,
            busy=agent.busy,
            queue="" if ticket is None else ticket.queue,
            call=agent.call or "",
            caller="" if call is None else call.caller.number,
            calls=agent.calls,
            logged_in_for=None if agent.sheet is None else agent.sheet.logged_in(now) / MICROSECONDS,
            idle_for=now - agent.idle_since if there and agent.state is State.IDLE else None,
            occupancy=agent.occupancy(now) if there else None,
            left_queues=tuple(sorted(agent.left)),
            skills=dict(sorted(agent.skills.items())),
        )


def _doing(agent: Agent) -> str:
    match agent.state:
        case State.TALKING:
            return "talking"
        case State.WRAP_UP:
            return "wrap_up"
        case State.IDLE:
            if agent.status is Status.ON_BREAK:
                return "break"
            return "idle" if agent.takes_offers else "unavailable"
    return "ringing"


def is_callback(ticket: Ticket) -> bool:
    """Whether the caller has hung up and is to be called back."""
    return ticket.place.value.startswith("callback")


def number_of(ticket: Ticket) -> str:
    return str(getattr(ticket, "number", ""))


def expected(ticket: Ticket, now: float) -> tuple[float | None, float | None]:
    """How long the caller is expected to wait from now on: P50 and P80."""
    return None, None
