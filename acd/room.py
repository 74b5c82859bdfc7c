"""The waiting room: who waits, in which order, and which agents may ever or now serve them.

Callers of one queue with the same needs and preferences stand in one *line*. Who may serve a line is worked out once,
so a decision looks at the heads of lines instead of at every caller times every agent.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from acd.skills import EVERYBODY, Expression, all_of, any_of, bind, names, predicate, variables, wanted
from acd.strategies import Fit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from acd.agent import Agent
    from acd.model import QueueConfig
    from acd.ticket import Order, Ticket

#: Needs that nobody waits with any more are forgotten beyond so many.
_REMEMBERED = 512


@dataclass(slots=True, eq=False)
class Line:
    """Callers with the same needs in fair order, and who may serve them: agent → fit."""

    queue: QueueConfig
    needs: Expression
    preferences: tuple[Expression, ...]
    fits: dict[str, Fit]
    callers: list[Ticket] = field(default_factory=list, repr=False)


@dataclass(slots=True, eq=False)
class Ladder:
    """The relaxation of one kind of needs: ``needs[i]`` count after ``after[i]`` seconds, each wider than the last."""

    queue: QueueConfig
    after: tuple[float, ...]
    needs: tuple[Expression, ...]
    preferences: tuple[Expression, ...] = ()
    tickets: int = 0

    def step_at(self, since: float, now: float) -> int:
        return sum(1 for after in self.after[1:] if since + after <= now)


class WaitingRoom:
    """All tickets that wait or are offered."""

    def __init__(self) -> None:
        self._queues: dict[str, QueueConfig] = {}
        self._variables: dict[str, frozenset[str]] = {}
        self._agents: Mapping[str, Agent] = {}
        self._breadths: dict[str, int] = {}
        self._staff: list[str] = []
        self._ladders: dict[tuple[object, ...], Ladder] = {}
        self._lines: dict[tuple[str, Expression, tuple[Expression, ...]], Line] = {}
        self._order: dict[str, list[Order]] = {}
        self._wanting: dict[int, Line] = {}  # lines with callers, by identity
        self._grown: set[Line] = set()

    def configure(self, queues: Iterable[QueueConfig], agents: Mapping[str, Agent]) -> None:
        """Start over with these queues and agents; the tickets have to be placed again."""
        self._queues = {queue.id: queue for queue in queues}
        self._variables = {
            queue.id: frozenset().union(
                *map(variables, (queue.needs, queue.preferred, *(step.needs for step in queue.relax)))
            )
            for queue in self._queues.values()
        }
        self._agents = agents
        self._breadths = {agent.id: sum(agent.skills.values()) for agent in agents.values()}
        self._staff = sorted(agents)
        self._ladders.clear()
        self._lines.clear()
        self._order = {queue: [] for queue in self._queues}
        self._wanting.clear()
        self._grown.clear()

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

    def count(self, queue: str) -> int:
        return len(self._order[queue])

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

    def _new_ladder(self, queue: QueueConfig, ticket: Ticket) -> Ladder:
        bound = [bind(needs, ticket.variables) for needs in (queue.needs, *(step.needs for step in queue.relax))]
        extra = bind(ticket.needs, ticket.variables)
        after = (0.0, *(step.after for step in queue.relax))
        needs = tuple(all_of(any_of(*bound[: i + 1]), extra) for i in range(len(bound)))
        soft = (bind(preferred, ticket.variables) for preferred in (queue.preferred, ticket.preferred))
        return Ladder(queue, after, needs, tuple(part for part in soft if part != EVERYBODY))

    def _line(self, ladder: Ladder, step: int) -> Line:
        """Where callers with these needs stand; who may serve them is worked out when the first one comes."""
        needs = ladder.needs[step]
        key = (ladder.queue.id, needs, ladder.preferences)
        line = self._lines.get(key)
        if line is None:
            fits = self._fits(ladder.queue, needs, ladder.preferences)
            line = self._lines[key] = Line(ladder.queue, needs, ladder.preferences, fits)
        return line

    def _fits(self, queue: QueueConfig, needs: Expression, preferences: tuple[Expression, ...]) -> dict[str, Fit]:
        """Who may serve: those of the queue who satisfy the (bound) needs."""
        if queue.agents:
            ranked = [(m.agent, m.tier, i) for i, m in enumerate(queue.agents) if m.agent in self._agents]
        else:
            ranked = [(agent.id, 1, agent.position) for agent in self._agents.values()]
        named, asked, suffices = names(needs), wanted(needs), predicate(needs)
        pleases = [predicate(preference) for preference in preferences]
        fits = {}
        for agent, tier, position in ranked:
            skills = self._agents[agent].skills
            if suffices(skills) and not self._agents[agent].removed:
                breadth = self._breadths[agent] - sum(skills[skill] for skill in named if skill in skills)
                skill = sum(skills[skill] for skill in asked if skill in skills)
                unpreferred = sum(not pleased(skills) for pleased in pleases)
                fits[agent] = Fit(tier, position, breadth, skill, unpreferred, named)
        return fits

    def _forget_unused(self) -> None:
        """Needs may come from outside in any number; keep those that somebody waits with and a few more."""
        if len(self._ladders) >= _REMEMBERED:
            self._ladders = {key: ladder for key, ladder in self._ladders.items() if ladder.tickets}
            used = {
                (ladder.queue.id, needs, ladder.preferences)
                for ladder in self._ladders.values()
                for needs in ladder.needs
            }
            self._lines = {key: line for key, line in self._lines.items() if key in used}


def _order(ticket: Ticket) -> Order:
    return ticket.order
