"""The decision: which waiting caller is offered to which idle agent. A pure function of its arguments.

Callers are taken in fair order over all queues and each takes the best idle agent that the queue's strategy names.
Nobody is overtaken: an agent goes to a later caller only if no earlier one may have that agent. This is fair to
callers and greedy about skills.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from acd.model import Strategy
from acd.strategies import choose
from acd.ticket import decision_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from acd.model import QueueConfig
    from acd.strategies import Cursor, Fit, Idle
    from acd.ticket import DecisionKey, Ticket


@dataclass(frozen=True, slots=True)
class Group:
    """Callers of one queue with the same needs, in fair order, and the idle agents who may serve them."""

    queue: QueueConfig
    callers: Sequence[Ticket]
    idle: Sequence[tuple[Idle, Fit]]


@dataclass(frozen=True, slots=True)
class Pairing:
    """One decision: offer this caller to these agents, chosen among so many."""

    ticket: Ticket
    queue: QueueConfig
    agents: tuple[str, ...]
    candidates: int


def match(
    groups: Iterable[Group], cursors: Mapping[str, Cursor], now: float
) -> tuple[list[Pairing], dict[str, Cursor]]:
    """Decide for all groups at once.

    Returns the pairings in the order of decision and the new round-robin cursor of each queue that moved. An agent is
    in at most one pairing. The result does not depend on the order of groups or agents.
    """
    ahead: list[tuple[DecisionKey, int, Group]] = [
        (decision_key(group.callers[0], now), 0, group) for group in groups if group.callers
    ]
    heapify(ahead)  # callers' ids are unique, so a key decides before a group would be compared
    taken: set[str] = set()
    pairings: list[Pairing] = []
    moved: dict[str, Cursor] = {}
    while ahead:
        _, index, group = heappop(ahead)
        free = [pair for pair in group.idle if pair[0].id not in taken]
        if not free:
            continue
        ticket, queue = group.callers[index], group.queue
        cursor = moved.get(queue.id, cursors.get(queue.id))
        agents = choose(queue.strategy, free, ticket.failures, cursor)
        taken.update(agents)
        pairings.append(Pairing(ticket, queue, tuple(agents), len(free)))
        if queue.strategy is Strategy.ROUND_ROBIN:
            position = next(fit.position for agent, fit in free if agent.id == agents[0])
            moved[queue.id] = (position, agents[0])
        if index + 1 < len(group.callers):
            heappush(ahead, (decision_key(group.callers[index + 1], now), index + 1, group))
    return pairings, moved
