"""Which idle agent is offered the call: each strategy is a sort key, smallest first.

Lower tiers come first under every strategy. Agents whom the strategy deems equal are ordered by how little else they
can do (*breadth*: levels of skills that this call does not need), so that the only Polish speaker is kept for a Polish
caller; then by the longer idle time, then by id. A strategy that needs memory gets it as an argument (the cursor of
round-robin), never as a global, so that a replay decides alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from acd.model import Strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: Position and id of the agent whom round-robin offered a call last.
Cursor = tuple[int, str]


class Idle(Protocol):
    """What a strategy may know about an agent."""

    @property
    def id(self) -> str: ...
    @property
    def idle_since(self) -> float: ...
    @property
    def load(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Fit:
    """How an agent fits the callers of one line: the rank in the queue, and the skills they do not need."""

    tier: int
    position: int
    breadth: int


Rank = tuple[float | str, ...]


def _longest_idle(agent: Idle, fit: Fit, cursor: Cursor | None) -> Rank:
    return (fit.tier, agent.idle_since, fit.breadth, agent.id)


def _fewest_calls(agent: Idle, fit: Fit, cursor: Cursor | None) -> Rank:
    return (fit.tier, agent.load, fit.breadth, agent.idle_since, agent.id)


def _top_down(agent: Idle, fit: Fit, cursor: Cursor | None) -> Rank:
    return (fit.tier, fit.position, fit.breadth, agent.idle_since, agent.id)


def _round_robin(agent: Idle, fit: Fit, cursor: Cursor | None) -> Rank:
    had_a_turn = cursor is not None and (fit.position, agent.id) <= cursor
    return (fit.tier, had_a_turn, fit.position, agent.id)


RANKS: dict[Strategy, Callable[[Idle, Fit, Cursor | None], Rank]] = {
    Strategy.LONGEST_IDLE: _longest_idle,
    Strategy.FEWEST_CALLS: _fewest_calls,
    Strategy.TOP_DOWN: _top_down,
    Strategy.ROUND_ROBIN: _round_robin,
    Strategy.RING_ALL: _top_down,  # all of them, in this order
}


def choose(
    strategy: Strategy, idle: Iterable[tuple[Idle, Fit]], failures: dict[str, int], cursor: Cursor | None = None
) -> list[str]:
    """Ids of the agents to offer the call to: one, or all for ring-all; empty if nobody is idle.

    Agents who have failed this caller (``failures``: agent → number of that failure) come after all who have not;
    among them, the one whose failure is longest ago.
    """
    rank = RANKS[strategy]
    if strategy is Strategy.RING_ALL:
        return [agent.id for agent, fit in sorted(idle, key=lambda pair: rank(pair[0], pair[1], cursor))]
    best = min(idle, key=lambda pair: (failures.get(pair[0].id, 0), rank(pair[0], pair[1], cursor)), default=None)
    return [] if best is None else [best[0].id]
