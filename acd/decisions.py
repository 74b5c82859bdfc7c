"""What the journal says of a decision: who was compared by what, who was not asked and why, who waited ahead elsewhere.

At most :data:`acd.strategies.NAMED` of each are named and the rest counted, so that a record stays small in a large
centre. See :mod:`acd.journal` for the fields.
"""

from __future__ import annotations

from bisect import bisect_left
from heapq import nsmallest
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from acd.agent import State, Status
from acd.skills import All, missing
from acd.strategies import KEYS, NAMED
from acd.ticket import decision_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acd.agent import Agent
    from acd.floor import Floor
    from acd.matching import Pairing
    from acd.room import Line, WaitingRoom
    from acd.ticket import Ticket

#: Idle agents who may not serve the caller are named first, but leave room for those who may and are not idle.
_NAMED_UNSKILLED = NAMED // 2


def decision(pairing: Pairing, room: WaitingRoom, floor: Floor, now: float) -> dict[str, Any]:
    """The fields of the record, as JSON-able data. To be asked before the agents' phones ring."""
    ticket = pairing.ticket
    line = ticket.line
    assert line is not None
    excluded = list(islice(chain(_unskilled(line, room, floor), _occupied(line, floor)), NAMED))
    ahead, more = _ahead(ticket, line, room, now)
    return {
        "by": KEYS[pairing.queue.strategy],
        "compared": [[rank[-1], *rank[:-1]] for rank in pairing.compared],
        "excluded": excluded,
        "others": len(floor.agents) - max(pairing.candidates, len(pairing.compared)) - len(excluded),
        "ahead": ahead,
        "more_ahead": more,
        "moved_for": pairing.moved_for,
    }


def _unskilled(line: Line, room: WaitingRoom, floor: Floor) -> Iterator[list[str]]:
    """Idle agents who may not serve these callers."""
    few = len(floor.idle) * _NAMED_UNSKILLED < len(room.staff)
    idle = sorted(floor.idle) if few else (agent for agent in room.staff if agent in floor.idle)
    for agent_id in islice((agent for agent in idle if agent not in line.fits), _NAMED_UNSKILLED):
        yield [agent_id, *_why_not(line, floor.agents[agent_id])]


def _why_not(line: Line, agent: Agent) -> tuple[str, str]:
    queue = line.queue
    if queue.agents and all(member.agent != agent.id for member in queue.agents):
        return "not_in_queue", ""
    if queue.id in agent.left:
        return "opted_out", ""
    lacking = line.lacking.get(agent.id)
    if lacking is None:
        parts = missing(line.needs, agent.skills)
        lacking = line.lacking[agent.id] = str(parts[0] if len(parts) == 1 else All(parts))
    return "skills", lacking


def _occupied(line: Line, floor: Floor) -> Iterator[list[str]]:
    """Agents who may serve these callers and take no offers now. Who is logged out is only counted."""
    if not line.staff:
        line.staff.extend(sorted(line.fits))
    for agent_id in line.staff:
        if agent_id not in floor.idle:
            agent = floor.agents[agent_id]
            if agent.status is not Status.LOGGED_OUT:
                yield [agent_id, *_occupation(agent)]


def _occupation(agent: Agent) -> tuple[str, str]:
    if agent.state is not State.IDLE:
        return agent.state.value, agent.call or ""
    if agent.status is Status.ON_BREAK:
        return "on_break", agent.reason
    if not agent.reachable:
        return "unreachable", ""
    if agent.busy:
        return "busy", ""
    return "resting", agent.resting_for


def _ahead(ticket: Ticket, line: Line, room: WaitingRoom, now: float) -> tuple[list[list[Any]], int]:
    """Lines whose first caller stands ahead of this one: that caller, and how many of the line do. And the rest."""
    key = decision_key(ticket, now)
    heads = [(head, other) for other in room.lines() if other is not line and (head := _head(other, now)) < key]
    named = nsmallest(NAMED, heads, key=lambda pair: pair[0])
    told = []
    for _, other in named:
        first = other.callers[0]
        callers = bisect_left(other.callers, key, key=lambda caller: decision_key(caller, now))
        told.append([first.call, first.queue, first.standing(now), callers])
    return told, len(heads) - len(named)


def _head(line: Line, now: float) -> tuple[int, float, float, str]:
    return decision_key(line.callers[0], now)
