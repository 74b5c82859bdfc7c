"""The waiting room: who waits, in which order, and which agents may ever or now serve them.

Callers of one queue with the same needs and preferences stand in one *line*. Who may serve a line is worked out once,
so a decision looks at the heads of lines instead of at every caller times every agent.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from acd.skills import EVERYBODY, Expression, all_of, any_of, bind, names, predicate, useful_levels, variables, wanted
from acd.strategies import Fit

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from acd.agent import Agent
    from acd.model import QueueConfig
    from acd.ticket import Order, Ticket

#: Needs that nobody waits with any more are forgotten beyond so many.
_REMEMBERED = 512


#: Queues whose agents serve as well, with what their agents need for this caller.
Helpers = tuple[tuple[str, Expression], ...]
#: Lower than every tier of a queue's own agents.
_HELPERS_TIER = 1_000_000


@dataclass(slots=True, eq=False)
class Line:
    """Callers with the same needs in fair order, and who may serve them: agent → fit."""

    queue: QueueConfig
    needs: Expression
    helpers: Helpers
    preferences: tuple[Expression, ...]
    fits: dict[str, Fit]
    callers: list[Ticket] = field(default_factory=list, repr=False)
    staff: list[str] = field(default_factory=list, repr=False)  # who may serve, by id, once somebody has asked
    lacking: dict[str, str] = field(default_factory=dict, repr=False)  # what others miss, once somebody has asked


@dataclass(slots=True, eq=False)
class Ladder:
    """Relaxation and overflow of one kind of needs: after ``after[i]`` seconds ``needs[i]`` and ``helpers[i]`` count.

    Each step is wider than the last.
    """

    queue: QueueConfig
    after: tuple[float, ...]
    needs: tuple[Expression, ...]
    preferences: tuple[Expression, ...] = ()
    helpers: tuple[Helpers, ...] = ()
    tickets: int = 0

    def step_at(self, since: float, now: float) -> int:
        return sum(1 for after in self.after[1:] if since + after <= now)


class WaitingRoom:
    """All tickets that wait or are offered."""

    def __init__(self) -> None:
        self._queues: dict[str, QueueConfig] = {}
        self._staying: dict[str, QueueConfig] = {}
        self._variables: dict[str, frozenset[str]] = {}
        self._agents: Mapping[str, Agent] = {}
        self._breadths: dict[str, int] = {}
        self._useful: dict[str, tuple[str, ...]] = {}  # agent → skills as far as some queue asks for them
        self._asked: Callable[[str], int | None] = lambda skill: None  # the level from which on a skill counts
        self.staff: list[str] = []  # all agents, by id
        self._ladders: dict[tuple[object, ...], Ladder] = {}
        self._lines: dict[_Key, Line] = {}
        self._order: dict[str, list[Order]] = {}
        self._wanting: dict[int, Line] = {}  # lines with callers, by identity
        self._grown: set[Line] = set()

    def configure(
        self, queues: Iterable[QueueConfig], agents: Mapping[str, Agent], closing: Collection[str] = ()
    ) -> None:
        """Start over with these queues and agents; the tickets have to be placed again.

        What ``closing`` queues ask for is no reason to spare a skill, and their agents help no other queue.
        """
        self._queues = {queue.id: queue for queue in queues}
        self._staying = {queue.id: queue for queue in self._queues.values() if queue.id not in closing}
        self._variables = {queue.id: self._named_by(queue) for queue in self._queues.values()}
        self._agents = agents
        asked = useful_levels(queue.needs for queue in self._staying.values())
        later = useful_levels(step.needs for queue in self._staying.values() for step in queue.relax)
        self._asked = lambda skill: later(skill) if (level := asked(skill)) is None else level
        self._breadths.clear()
        self._useful.clear()
        for agent in agents.values():
            self._look_at(agent)
        self.staff = sorted(agents)
        self._ladders.clear()
        self._lines.clear()
        self._order = {queue: [] for queue in self._queues}
        self._wanting.clear()
        self._grown.clear()

    def _look_at(self, agent: Agent) -> None:
        self._breadths[agent.id] = sum(agent.skills.values())
        self._useful[agent.id] = tuple(
            skill for skill, have in agent.skills.items() if (level := self._asked(skill)) is not None and have >= level
        )

    def ladder(self, ticket: Ticket) -> Ladder:
        """The lines that this caller would stand in; remembered for the next caller with the same needs."""
        queue = self._queues[ticket.queue]
        named = self._variables[queue.id] | variables(ticket.needs) | variables(ticket.preferred)
        said = sorted((name, ticket.variables[name]) for name in named & ticket.variables.keys())
        key = (queue.id, ticket.needs, ticket.preferred, *said)
        ladder = self._ladders.get(key)
        if ladder is None:
            self._forget_unused()
            ladder = self._ladders[key] = self._new_ladder(queue, ticket)
        return ladder

    def now(self, ladder: Ladder, step: int) -> Mapping[str, Fit]:
        """Agents who may serve at this step, with their fit."""
        return self._line(ladder, step).fits

    def ever(self, ladder: Ladder) -> Mapping[str, Fit]:
        """Agents who may serve at some step: those of the last one, because steps only add."""
        return self._line(ladder, -1).fits

    def place(self, ticket: Ticket, now: float | None = None) -> None:
        """Let a caller in, at the place that age and priority give (``now`` is None: as of when it was written down).

        To change what a waiting caller needs or is worth: :meth:`remove`, change the ticket, place it again.
        """
        ladder = self.ladder(ticket)
        ticket.place_in(self._queues[ticket.queue], ladder, now)
        ladder.tickets += 1
        insort(self._order[ticket.queue], ticket.order)
        self.update(ticket)

    def cap(self, ticket: Ticket) -> None:
        """The caller has all the points that the queue gives; from now on the arrival decides."""
        assert ticket.ladder is not None
        line = ticket.line
        self._leave_line(ticket)
        order = self._order[ticket.queue]
        del order[bisect_left(order, ticket.order)]
        ticket.capped = True
        ticket.sort()
        insort(order, ticket.order)
        if line is not None:
            self._join_line(ticket, line)

    def update(self, ticket: Ticket) -> None:
        """Move the ticket to the line where it belongs now, or out of the lines while it wants no offers."""
        assert ticket.ladder is not None
        line = self._line(ticket.ladder, ticket.step) if ticket.wants_offers else None
        if line is ticket.line:
            return
        self._leave_line(ticket)
        if line is not None:
            self._join_line(ticket, line)

    def _join_line(self, ticket: Ticket, line: Line) -> None:
        insort(line.callers, ticket, key=_order)
        ticket.line = line
        self._wanting[id(line)] = line
        self._grown.add(line)

    def remove(self, ticket: Ticket) -> None:
        """The caller waits no more."""
        assert ticket.ladder is not None
        self._leave_line(ticket)
        order = self._order[ticket.queue]
        del order[bisect_left(order, ticket.order)]
        ticket.ladder.tickets -= 1
        ticket.ladder = None

    def ahead_of(self, ticket: Ticket) -> int:
        """How many callers of the same queue are to be served first."""
        return bisect_left(self._order[ticket.queue], ticket.order)

    def ahead_of_newcomer(self, ticket: Ticket, now: float) -> tuple[int, str | None]:
        """How many would be ahead of somebody who is not in the room yet, and the last of them."""
        ticket.place_in(self._queues[ticket.queue], self.ladder(ticket), now)
        ticket.ladder = None
        order = self._order[ticket.queue]
        ahead = bisect_left(order, ticket.order)
        return ahead, order[ahead - 1][-1] if ahead else None

    def lines(self) -> Iterable[Line]:
        """Lines in which somebody wants an offer, in no particular order."""
        return self._wanting.values()

    def has_grown(self, line: Line) -> bool:
        """Whether somebody came to the line since the last :meth:`settled`."""
        return line in self._grown

    @property
    def anything_new(self) -> bool:
        return bool(self._grown)

    def settled(self) -> None:
        self._grown.clear()

    def _leave_line(self, ticket: Ticket) -> None:
        line = ticket.line
        if line is not None:
            del line.callers[bisect_left(line.callers, ticket.order, key=_order)]
            ticket.line = None
            if not line.callers:
                del self._wanting[id(line)]
                self._grown.discard(line)

    def refit(self, agent: str) -> None:
        """The agent's skills or queues have changed: work out anew who of the waiting callers may be served."""
        self._look_at(self._agents[agent])
        for line in self._lines.values():
            line.staff.clear()
            line.lacking.pop(agent, None)
            fit = self._fits(line.queue, line.needs, line.helpers, line.preferences, only=agent).get(agent)
            line.staff.clear()
            line.lacking.pop(agent, None)
            if fit is None:
                line.fits.pop(agent, None)
            else:
                line.fits[agent] = fit

    def _named_by(self, queue: QueueConfig) -> frozenset[str]:
        """Variables that the queue's expressions name."""
        helpers = (self._queues[step.also] for step in queue.overflow if step.also in self._staying)
        needs = (queue.needs, queue.preferred, *(step.needs for step in queue.relax), *(also.needs for also in helpers))
        return frozenset().union(*map(variables, needs))

    def _new_ladder(self, queue: QueueConfig, ticket: Ticket) -> Ladder:
        extra = bind(ticket.needs, ticket.variables)
        after, own, helpers = [0.0], [bind(queue.needs, ticket.variables)], [_NO_HELPERS]
        steps: list[tuple[float, Expression | None, str | None]]
        steps = [(step.after, step.needs, None) for step in queue.relax]
        steps += [(step.after, None, step.also) for step in queue.overflow if step.also in self._staying]
        for at, needs, also in sorted(steps, key=lambda step: step[0]):
            after.append(at)
            own.append(own[-1] if needs is None else any_of(own[-1], bind(needs, ticket.variables)))
            more = () if also is None else ((also, all_of(bind(self._queues[also].needs, ticket.variables), extra)),)
            helpers.append(helpers[-1] + more)
        soft = (bind(preferred, ticket.variables) for preferred in (queue.preferred, ticket.preferred))
        return Ladder(
            queue,
            tuple(after),
            tuple(all_of(needs, extra) for needs in own),
            tuple(part for part in soft if part != EVERYBODY),
            tuple(helpers),
        )

    def _line(self, ladder: Ladder, step: int) -> Line:
        """Where callers with these needs stand; who may serve them is worked out when the first one comes."""
        needs, helpers = ladder.needs[step], ladder.helpers[step]
        key = (ladder.queue.id, needs, helpers, ladder.preferences)
        line = self._lines.get(key)
        if line is None:
            fits = self._fits(ladder.queue, needs, helpers, ladder.preferences)
            line = self._lines[key] = Line(ladder.queue, needs, helpers, ladder.preferences, fits)
        return line

    def _fits(
        self,
        queue: QueueConfig,
        needs: Expression,
        helpers: Helpers,
        preferences: tuple[Expression, ...],
        *,
        only: str | None = None,
    ) -> dict[str, Fit]:
        """Who may serve: agents of the queue (or ``only`` this one) who satisfy the (bound) needs, and helpers."""
        fits = self._of_queue(queue, needs, preferences, 0, only)
        for number, (also, theirs) in enumerate(helpers, start=1):
            for agent, fit in self._of_queue(
                self._queues[also], theirs, preferences, number * _HELPERS_TIER, only
            ).items():
                if queue.id not in self._agents[agent].left:
                    fits.setdefault(agent, fit)
        return fits

    def _of_queue(
        self, queue: QueueConfig, needs: Expression, preferences: tuple[Expression, ...], tiers: int, only: str | None
    ) -> dict[str, Fit]:
        """Agents of one queue who satisfy the needs; ``tiers`` is added to their tier."""
        if queue.agents:
            ranked = [(m.agent, m.tier, i) for i, m in enumerate(queue.agents) if m.agent in self._agents]
        else:
            ranked = [(agent.id, 1, agent.position) for agent in self._agents.values()]
        if only is not None:
            ranked = [rank for rank in ranked if rank[0] == only]
        named, asked, suffices = names(needs), wanted(needs), predicate(needs)
        pleases = [predicate(preference) for preference in preferences]
        fits = {}
        for agent_id, tier, position in ranked:
            agent = self._agents[agent_id]
            skills = agent.skills
            if suffices(skills) and not agent.removed and queue.id not in agent.left:
                breadth = self._breadths[agent_id] - sum(skills[skill] for skill in named if skill in skills)
                skill = sum(skills[skill] for skill in asked if skill in skills)
                unpreferred = sum(not pleased(skills) for pleased in pleases)
                spare = sum(skill not in named for skill in self._useful[agent_id])
                fits[agent_id] = Fit(tiers + tier, position, breadth, skill, unpreferred, spare)
        return fits

    def _forget_unused(self) -> None:
        """Needs may come from outside in any number; keep those that somebody waits with and a few more."""
        if len(self._ladders) >= _REMEMBERED:
            self._ladders = {key: ladder for key, ladder in self._ladders.items() if ladder.tickets}
            used = {
                (ladder.queue.id, needs, helpers, ladder.preferences)
                for ladder in self._ladders.values()
                for needs, helpers in zip(ladder.needs, ladder.helpers, strict=True)
            }
            self._lines = {key: line for key, line in self._lines.items() if key in used}


_Key = tuple[str, Expression, Helpers, tuple[Expression, ...]]
_NO_HELPERS: Helpers = ()


def _order(ticket: Ticket) -> Order:
    return ticket.order
