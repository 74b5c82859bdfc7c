"""Which idle agent is offered the call: each strategy is a sort key, smallest first.

Before the strategy count, in this order: who has failed this caller comes last, the agent whom the caller asked for
comes first, then whoever satisfies more preferences, then the lower tier, then (where the queue spares skills) whoever
has fewer skills that others may need and this caller does not. Agents whom the strategy deems equal are ordered by how
little else they can do (*breadth*: levels of skills that this call does not need), then by the longer idle time, then
by id. Whatever a strategy remembers or leaves to chance is an argument, never a global, so that a replay decides alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from heapq import nsmallest
from math import log
from typing import TYPE_CHECKING, Any, Protocol

from acd.model import Strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from acd.model import QueueConfig

#: Position and id of the agent whom round-robin offered a call last.
Cursor = tuple[int, str]

#: So many candidates are named in the record of a decision.
NAMED = 20


class Idle(Protocol):
    """What a strategy may know about an agent."""

    @property
    def id(self) -> str: ...
    @property
    def idle_since(self) -> float: ...
    @property
    def load(self) -> int: ...
    @property
    def talk_load(self) -> float: ...
    def occupancy(self, now: float) -> float: ...


class Caller(Protocol):
    """What a caller brings along: who has failed (agent → number of that failure), and who was asked for."""

    @property
    def failures(self) -> Mapping[str, int]: ...
    @property
    def agent(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Fit:
    """How an agent fits the callers of one line: the rank in the queue, and the skills."""

    tier: int
    position: int
    breadth: int  # levels of the skills that they do not need
    skill: int = 0  # levels of the skills that they do
    unpreferred: int = 0  # preferences that the agent does not satisfy
    spare: int = 0  # number of skills that some queue asks for and these callers do not


@dataclass(frozen=True, slots=True)
class Moment:
    """What a decision depends on besides caller and agents."""

    queue: QueueConfig
    now: float = 0.0
    number: int = 0  # of the decision; draws the lots together with the queue's seed
    cursor: Cursor | None = None
    one: bool = False  # even where all ring: the agent is kept for somebody who is called back


#: Numbers, and the id last.
Rank = tuple[Any, ...]
Candidate = tuple[Idle, Fit]


def _longest_idle(agent: Idle, fit: Fit, moment: Moment) -> Rank:
    return (agent.idle_since, fit.breadth, agent.id)


def _fewest_calls(agent: Idle, fit: Fit, moment: Moment) -> Rank:
    return (agent.load, fit.breadth, agent.idle_since, agent.id)


def _least_talk(agent: Idle, fit: Fit, moment: Moment) -> Rank:
    return (agent.talk_load, fit.breadth, agent.idle_since, agent.id)


def _least_occupied(agent: Idle, fit: Fit, moment: Moment) -> Rank:
    return (agent.occupancy(moment.now), fit.breadth, agent.idle_since, agent.id)


def _top_down(agent: Idle, fit: Fit, moment: Moment) -> Rank:
    return (fit.position, fit.breadth, agent.idle_since, agent.id)


def _round_robin(agent: Idle, fit: Fit, moment: Moment) -> Rank:
    had_a_turn = moment.cursor is not None and (fit.position, agent.id) <= moment.cursor
    return (int(had_a_turn), fit.position, agent.id)


def _random(agent: Idle, fit: Fit, moment: Moment) -> Rank:
    return (_lot(agent, moment), agent.id)


def _weighted(agent: Idle, fit: Fit, moment: Moment) -> Rank:
    """The least of exponential variates with these rates: chosen as often as the weight says (Efraimidis, Spirakis)."""
    weight = moment.queue.weights.get(agent.id, 1.0)
    return (-log(_lot(agent, moment)) / weight if weight else _LAST, agent.id)


def _most_skilled(agent: Idle, fit: Fit, moment: Moment) -> Rank:
    return (-fit.skill, fit.breadth, agent.idle_since, agent.id)


def _least_skilled(agent: Idle, fit: Fit, moment: Moment) -> Rank:
    return (fit.skill, fit.breadth, agent.idle_since, agent.id)


#: After every draw, and a number that JSON has.
_LAST = 1e300


def _lot(agent: Idle, moment: Moment) -> float:
    """More than 0, at most 1; another one for each agent and decision, the same one in every replay."""
    text = f"{moment.queue.seed}/{moment.number}/{agent.id}"
    return (int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) + 1) / 2**64


RANKS: dict[Strategy, Callable[[Idle, Fit, Moment], Rank]] = {
    Strategy.LONGEST_IDLE: _longest_idle,
    Strategy.FEWEST_CALLS: _fewest_calls,
    Strategy.LEAST_TALK: _least_talk,
    Strategy.LEAST_OCCUPIED: _least_occupied,
    Strategy.TOP_DOWN: _top_down,
    Strategy.ROUND_ROBIN: _round_robin,
    Strategy.RANDOM: _random,
    Strategy.WEIGHTED: _weighted,
    Strategy.MOST_SKILLED: _most_skilled,
    Strategy.LEAST_SKILLED: _least_skilled,
    Strategy.RING_ALL: _top_down,  # all of them, in this order
    Strategy.RING_PROGRESSIVELY: _top_down,  # one after the other, in this order
}

_COMMON = ("failed", "not_asked_for", "unpreferred", "tier", "spare_skills")
_OWN: dict[Strategy, tuple[str, ...]] = {
    Strategy.LONGEST_IDLE: ("idle_since", "breadth"),
    Strategy.FEWEST_CALLS: ("calls", "breadth", "idle_since"),
    Strategy.LEAST_TALK: ("talk", "breadth", "idle_since"),
    Strategy.LEAST_OCCUPIED: ("occupancy", "breadth", "idle_since"),
    Strategy.TOP_DOWN: ("position", "breadth", "idle_since"),
    Strategy.ROUND_ROBIN: ("had_a_turn", "position"),
    Strategy.RANDOM: ("lot",),
    Strategy.WEIGHTED: ("weighted_lot",),
    Strategy.MOST_SKILLED: ("minus_skill", "breadth", "idle_since"),
    Strategy.LEAST_SKILLED: ("skill", "breadth", "idle_since"),
    Strategy.RING_ALL: ("position", "breadth", "idle_since"),
    Strategy.RING_PROGRESSIVELY: ("position", "breadth", "idle_since"),
}

#: What the parts of a sort key are, in their order; the agent's id is the last part and has no name.
KEYS: dict[Strategy, tuple[str, ...]] = {strategy: (*_COMMON, *own) for strategy, own in _OWN.items()}


@dataclass(frozen=True, slots=True)
class Choice:
    """Agents to offer the call to: one, or all for ring-all. ``compared``: sort keys of the best, best first."""

    agents: tuple[str, ...]
    compared: tuple[Rank, ...]


def choose(idle: Collection[Candidate], caller: Caller, moment: Moment) -> Choice:
    """Compare the candidates, at least one. Among those who failed this caller the longest ago comes first."""
    strategy = moment.queue.strategy
    own, spares = RANKS[strategy], moment.queue.spares_skills
    failures, asked_for = caller.failures, caller.agent

    def key(candidate: Candidate) -> Rank:
        agent, fit = candidate
        return (
            failures.get(agent.id, 0),
            int(agent.id != asked_for),
            fit.unpreferred,
            fit.tier,
            fit.spare if spares else 0,
            *own(agent, fit, moment),
        )

    if strategy is Strategy.RING_ALL and not moment.one:
        ranked = sorted(map(key, idle))
        return Choice(tuple(str(rank[-1]) for rank in ranked), tuple(ranked[:NAMED]))
    ranked = nsmallest(NAMED, map(key, idle))
    return Choice((str(ranked[0][-1]),), tuple(ranked))
