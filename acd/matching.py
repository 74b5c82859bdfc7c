"""The decision: which waiting caller is offered to which idle agent. A pure function of its arguments.

Callers are taken in fair order over all queues and each takes the best idle agent by the queue's strategy. A caller
who finds all suitable agents taken by callers before may have one of them if that one's caller can take another: so as
many callers as possible are served, and nobody is overtaken: an agent goes to a later caller only if no earlier one is
left who may have that agent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from acd.model import Strategy
from acd.strategies import Moment, choose
from acd.ticket import decision_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from acd.model import QueueConfig
    from acd.strategies import Candidate, Choice, Cursor, Rank
    from acd.ticket import DecisionKey, Ticket


@dataclass(frozen=True, slots=True)
class Group:
    """Callers of one queue with the same needs, in fair order, and the idle agents who may serve them."""

    queue: QueueConfig
    callers: Sequence[Ticket]
    idle: Sequence[Candidate]


@dataclass(frozen=True, slots=True)
class Pairing:
    """One decision: offer this caller to these agents, chosen among so many.

    ``number`` is that of the decision's first offer. ``compared`` are the sort keys of the best candidates, best
    first. ``moved_for``: the caller for whose sake another agent was taken than the best one.
    """

    ticket: Ticket
    queue: QueueConfig
    number: int
    agents: tuple[str, ...]
    candidates: int
    compared: tuple[Rank, ...]
    moved_for: str | None = None


def match(
    groups: Iterable[Group],
    cursors: Mapping[str, Cursor],
    now: float,
    *,
    number: int = 1,
) -> tuple[list[Pairing], dict[str, Cursor]]:
    """Decide for all groups at once.

    ``number`` is that of the next offer. Returns the pairings in the order of decision and the new round-robin cursor
    of each queue that moved. An agent is in at most one pairing. The result does not depend on the order of groups or
    agents.
    """
    return _Round(cursors, now, number).decide(groups)


class _Round:
    def __init__(self, cursors: Mapping[str, Cursor], now: float, number: int) -> None:
        self._cursors = dict(cursors)
        self._now = now
        self._number = number
        self._pairings: list[Pairing] = []
        self._groups: list[Group] = []  # of each pairing
        self._seat: dict[str, int] = {}  # agent → pairing
        self._stuck: set[str] = set()  # agents whose callers cannot move
        self._wanted: set[str] = set()  # by callers served before, for whom everybody is to ring

    def decide(self, groups: Iterable[Group]) -> tuple[list[Pairing], dict[str, Cursor]]:
        before = dict(self._cursors)
        ahead: list[tuple[DecisionKey, int, Group]] = [
            (decision_key(group.callers[0], self._now), 0, group) for group in groups if group.callers
        ]
        heapify(ahead)  # callers' ids are unique, so a key decides before a group would be compared
        while ahead:
            _, index, group = heappop(ahead)
            ticket = group.callers[index]
            if not self._serve(group, ticket):
                continue  # nor can those behind: they have the same needs
            if index + 1 < len(group.callers):
                heappush(ahead, (decision_key(group.callers[index + 1], self._now), index + 1, group))
        moved = {queue: cursor for queue, cursor in self._cursors.items() if before.get(queue) != cursor}
        return self._pairings, moved

    def _serve(self, group: Group, ticket: Ticket) -> bool:
        free = self._free(group)
        if not free:
            agent = self._make_room(group, ticket)
            free = [] if agent is None else [candidate for candidate in group.idle if candidate[0].id == agent]
        if free:
            self._sit(len(self._pairings), group, ticket, self._number, free)
        return bool(free)

    def _free(self, group: Group) -> list[Candidate]:
        return [candidate for candidate in group.idle if candidate[0].id not in self._seat]

    def _choose(self, group: Group, ticket: Ticket, number: int, free: list[Candidate]) -> Choice:
        queue = group.queue
        return choose(free, ticket, Moment(queue, self._now, number, self._cursors.get(queue.id), ticket.takes_one))

    def _sit(self, seat: int, group: Group, ticket: Ticket, number: int, free: list[Candidate]) -> None:
        choice = self._choose(group, ticket, number, free)
        pairing = Pairing(ticket, group.queue, number, choice.agents, len(free), choice.compared)
        if seat == len(self._pairings):
            self._pairings.append(pairing)
            self._groups.append(group)
            self._number += len(choice.agents)
        else:
            self._pairings[seat] = pairing
        for agent in choice.agents:
            self._seat[agent] = seat
        if group.queue.strategy is Strategy.RING_ALL and not ticket.takes_one:
            self._wanted.update(agent.id for agent, _ in group.idle)
        if group.queue.strategy is Strategy.ROUND_ROBIN:
            position = next(fit.position for agent, fit in free if agent.id == choice.agents[0])
            self._cursors[group.queue.id] = (position, choice.agents[0])

    def _make_room(self, group: Group, ticket: Ticket) -> str | None:
        """Free an agent of the group by moving callers who were served in this round to others (an augmenting path).

        Agents whose callers could not move will not be able to later in the round either: the free only get fewer.
        Nobody is freed who would ring for an earlier caller then.
        """
        came_from: dict[str, str | None] = {}  # agent → the agent whose caller would move here
        queue: list[tuple[str | None, Group]] = [(None, group)]
        for mover, its_group in queue:
            if mover is not None and (free := self._free(its_group)):
                return self._move(mover, free, came_from, ticket)
            for agent in sorted(candidate[0].id for candidate in its_group.idle):
                if mover is None and agent in self._wanted:
                    continue
                if agent not in came_from and agent not in self._stuck:
                    came_from[agent] = mover
                    seated = self._groups[self._seat[agent]]
                    if seated.queue.strategy is not Strategy.RING_ALL:
                        queue.append((agent, seated))
        self._stuck |= came_from.keys()
        return None

    def _move(self, mover: str, free: list[Candidate], came_from: Mapping[str, str | None], ticket: Ticket) -> str:
        """Move the caller of *mover* to the best of the free, and so on back to the agent who is needed."""
        while True:
            seat = self._seat.pop(mover)
            pairing, group = self._pairings[seat], self._groups[seat]
            self._sit(seat, group, pairing.ticket, pairing.number, free)
            self._pairings[seat] = replace(self._pairings[seat], moved_for=ticket.call)
            before = came_from[mover]
            if before is None:
                return mover
            free = [candidate for candidate in self._groups[self._seat[before]].idle if candidate[0].id == mover]
            mover = before
