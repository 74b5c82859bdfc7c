"""The state of queues and agents at this moment, as plain data for the commands that show it.

Times are seconds from now: how long something lasts already, or until it ends. Nothing here changes anything.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from acd.agent import State, Status
from acd.skills import EVERYBODY, bind, predicate, variables
from acd.ticket import CALLED_BACK, Place
from acd.timesheet import MICROSECONDS
from acd.unbound import could_hold
from softswitch.config.fields import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

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


class Crews:
    """For each queue, the agents who could serve some caller of it: with the needs of any step, whatever is known of
    that caller.

    Working that out takes a while with many queues and agents, and is done again only where something has changed.
    """

    def __init__(self) -> None:
        self._queues: tuple[QueueConfig, ...] = ()
        self._skills: dict[str, Mapping[str, int]] = {}
        self._known: dict[str, tuple[QueueConfig, dict[str, Mapping[str, int]], tuple[str, ...]]] = {}

    def look(self, queues: tuple[QueueConfig, ...], agents: Mapping[str, Agent]) -> None:
        """What there is at this moment."""
        self._queues = queues
        self._skills = {agent.id: agent.skills for agent in agents.values()}

    @property
    def stale(self) -> bool:
        return any(not self._is_known(queue) for queue in self._queues)

    def work_out(self) -> None:
        """Safe in another thread: it looks only at what never changes."""
        skills = self._skills
        for queue in self._queues:
            if not self._is_known(queue):
                self._known[queue.id] = (queue, skills, tuple(_crew(queue, skills)))

    def of(self, queue: str) -> tuple[str, ...]:
        known = self._known.get(queue)
        return () if known is None else known[2]

    def _is_known(self, queue: QueueConfig) -> bool:
        known = self._known.get(queue.id)
        return known is not None and known[0] is queue and (known[1] is self._skills or _same(known[1], self._skills))


def _same(one: Mapping[str, Mapping[str, int]], other: Mapping[str, Mapping[str, int]]) -> bool:
    return one.keys() == other.keys() and all(one[agent] is other[agent] for agent in one)


def _crew(queue: QueueConfig, skills: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    needs = [queue.needs, *(step.needs for step in queue.relax)]
    bound = {
        bind(need, {"language": language})
        for need in needs
        for language in (LANGUAGES if "language" in variables(need) else ("",))
    }
    asks = [partial(could_hold, need) if variables(need) else predicate(need) for need in bound]
    members = {member.agent for member in queue.agents}
    for agent, levels in skills.items():
        if (not members or agent in members) and any(ask(levels) for ask in asks):
            yield agent


class Live:
    """Looks at the dispatcher and the calls of the running switch."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        calls: Mapping[str, Call],
        config: Config,
        standards: Mapping[str, Standard],
        tallies: Callable[[float], Mapping[str, Tally]],
        expected: Callable[[str, float], tuple[float | None, float | None]],
    ) -> None:
        """*tallies*: today's, at a wall time. *expected*: of a call, at a wall time, the wait to come (P50, P80)."""
        self._dispatcher = dispatcher
        self._calls = calls
        self._config = config
        self._standards = standards
        self._tallies = tallies
        self._expected = expected
        self._crews = Crews()

    def reconfigure(self, config: Config, standards: Mapping[str, Standard]) -> None:
        """From now on the queues and agents are called as in *config*."""
        self._config, self._standards = config, standards

    def crews(self) -> Crews:
        """Who serves which queue, to be worked out (`Crews.work_out`) before `queues`; in another thread, if it is
        much."""
        self._crews.look(self._dispatcher.config.queues, self._dispatcher.agents)
        return self._crews

    # --- queues

    def queues(self, now: float, wall: float) -> dict[str, Any]:
        tallies = self._tallies(wall)
        waiting: dict[str, list[Ticket]] = {}
        talking: Counter[str] = Counter()
        for ticket in self._dispatcher.tickets.values():
            if ticket.place is Place.TALKING:
                talking[ticket.queue] += 1
            else:
                waiting.setdefault(ticket.queue, []).append(ticket)
        there = {
            agent.id: (_doing(agent), agent.left)
            for agent in self._dispatcher.agents.values()
            if agent.status is not Status.LOGGED_OUT
        }
        return {
            "at": wall,
            "queues": [
                self._queue(queue, sorted(waiting.get(queue.id, ()), key=lambda t: t.order), talking, now, wall)
                | {"service_level": self._service_level(queue.id, tallies), "agents": self._agents_of(queue, there)}
                for queue in self._dispatcher.config.queues
            ],
        }

    def _queue(
        self, queue: QueueConfig, tickets: list[Ticket], talking: Counter[str], now: float, wall: float
    ) -> dict[str, Any]:
        live = [ticket for ticket in tickets if ticket.place not in CALLED_BACK]
        return {
            "queue": queue.id,
            "label": queue.label,
            "waiting": len(live),
            "callbacks": len(tickets) - len(live),
            "talking": talking[queue.id],
            "longest_wait": max((now - ticket.since for ticket in live), default=0.0),
            "max_waiting": queue.max_waiting,
            "callers": [_plain(self._caller(ticket, n, now, wall)) for n, ticket in enumerate(tickets, 1)],
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

    def _caller(self, ticket: Ticket, position: int, now: float, wall: float) -> CallerView:
        call = self._calls.get(ticket.call)
        offers = [self._dispatcher.offers[offer] for offer in ticket.offers if offer in self._dispatcher.offers]
        p50, p80 = self._expected(ticket.call, wall)
        return CallerView(
            call=ticket.call,
            position=position,
            caller=ticket.number or (call.caller.number if call is not None else ticket.customer),
            name=call.caller.name if call is not None else ticket.about.get("name", ""),
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

    def _agents_of(self, queue: QueueConfig, there: Mapping[str, tuple[str, frozenset[str]]]) -> dict[str, int]:
        """How many of those who could serve some caller of the queue do what."""
        found = dict.fromkeys(("logged_in", "idle", "ringing", "talking", "wrap_up", "break", "unavailable"), 0)
        for agent in self._crews.of(queue.id):
            doing, left = there.get(agent, ("", frozenset[str]()))
            if doing and queue.id not in left:
                found["logged_in"] += 1
                found[doing] += 1
        return found

    # --- agents

    def agents(self, now: float, wall: float) -> dict[str, Any]:
        """In the order of the configuration; those who were removed from it last."""
        order = {agent: n for n, agent in enumerate(self._config.agents)}
        agents = sorted(self._dispatcher.agents.values(), key=lambda a: (order.get(a.id, len(order)), a.id))
        return {"at": wall, "agents": [_plain(self._agent(agent, now)) for agent in agents]}

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


def _plain(view: CallerView | AgentView) -> dict[str, Any]:
    return {name: getattr(view, name) for name in view.__slots__}


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
