"""Configuration of queues and agents as the dispatcher sees it: frozen, validated, free of any file format.

Times and lengths are seconds. Targets (``"voicemail:sales"``) are opaque here: they are handed back in effects.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from acd.skills import EVERYBODY, MAX_LEVEL, Expression, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Strategy(StrEnum):
    """Which of several idle agents is offered the call; the words of the configuration."""

    LONGEST_IDLE = "longest-idle"
    FEWEST_CALLS = "fewest-calls"
    TOP_DOWN = "top-down"
    ROUND_ROBIN = "round-robin"
    RING_ALL = "ring-all"


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """Somebody who works; may sit at any phone. ``position`` is the rank for top-down and the round of round-robin."""

    id: str
    name: str = ""
    skills: Mapping[str, int] = field(default_factory=dict)
    position: int = 0

    def __post_init__(self) -> None:
        for skill, level in self.skills.items():
            if not 0 <= level <= MAX_LEVEL:
                raise ValueError(f"agent {self.id}: skill {skill} has level {level}, levels go from 0 to {MAX_LEVEL}")


@dataclass(frozen=True, slots=True)
class Member:
    """An agent's rank in one queue: lower tiers are asked first; inside a tier the strategy decides."""

    agent: str
    tier: int = 1


@dataclass(frozen=True, slots=True)
class RelaxStep:
    """From ``after`` seconds of waiting on, agents who satisfy ``needs`` may serve *as well*."""

    after: float
    needs: Expression


@dataclass(frozen=True, slots=True)
class AnnouncePolicy:
    """When a waiting caller is told the position: after ``first_after``, then ``every`` seconds (0: only once)."""

    position: bool = False
    wait: bool = False
    every: float = 30.0
    first_after: float = 5.0


@dataclass(frozen=True, slots=True)
class QueueConfig:
    """One queue.

    ``agents`` empty: everybody who has the skills. Otherwise only those listed, in that order (and with the skills).
    ``when_empty`` is None: callers wait although nobody who could serve them is logged in.
    """

    id: str
    label: str = ""
    needs: Expression = EVERYBODY
    relax: tuple[RelaxStep, ...] = ()
    strategy: Strategy = Strategy.LONGEST_IDLE
    priority: float = 0.0
    ageing: float = 1.0
    announce: AnnouncePolicy = AnnouncePolicy()
    ring_timeout: float = 20.0
    wrap_up: float = 15.0
    max_wait: float | None = None
    max_waiting: int | None = None
    when_full: str | None = None
    when_timed_out: str | None = None
    when_empty: str | None = None
    agents: tuple[Member, ...] = ()

    def __post_init__(self) -> None:
        for name, value in (("ageing", self.ageing), ("wrap_up", self.wrap_up), ("max_waiting", self.max_waiting)):
            if value is not None and value < 0:
                raise ValueError(f"queue {self.id}: {name} is {value}, it cannot be negative")
        for name, value in (("ring_timeout", self.ring_timeout), ("max_wait", self.max_wait)):
            if value is not None and value <= 0:
                raise ValueError(f"queue {self.id}: {name} is {value}, it must be more than 0")
        after = [step.after for step in self.relax]
        if any(a <= 0 for a in after) or after != sorted(set(after)):
            raise ValueError(f"queue {self.id}: the steps of relax need rising times above 0, not {after}")
        listed = [member.agent for member in self.agents]
        if len(set(listed)) != len(listed):
            raise ValueError(f"queue {self.id}: an agent is listed twice")


@dataclass(frozen=True, slots=True)
class OfferRules:
    """What follows an offer that came to nothing: pauses before the agent's next offer of any call."""

    after_no_answer: float = 10.0
    after_reject: float = 15.0
    after_busy: float = 10.0
    after_unreachable: float = 30.0
    after_drop: float = 5.0
    #: So many unanswered offers in a row send the agent on a break "did not answer"; 0: never.
    no_answer_limit: int = 2


@dataclass(frozen=True, slots=True)
class AcdConfig:
    """All queues and agents. The order of the tuples means nothing: ties are decided by ids and positions."""

    queues: tuple[QueueConfig, ...] = ()
    agents: tuple[AgentConfig, ...] = ()
    offers: OfferRules = OfferRules()

    def __post_init__(self) -> None:
        for what, ids in (("queue", [q.id for q in self.queues]), ("agent", [a.id for a in self.agents])):
            if len(set(ids)) != len(ids):
                raise ValueError(f"two {what}s have the same id")


def plain_config(config: AcdConfig) -> dict[str, Any]:
    """The configuration as JSON-able data, for the journal; read back by :func:`config_from_plain`."""
    return {
        "queues": [_plain_queue(queue) for queue in config.queues],
        "agents": [
            {"id": a.id, "name": a.name, "skills": dict(sorted(a.skills.items())), "position": a.position}
            for a in config.agents
        ],
        "offers": _fields(config.offers, ()),
    }


def config_from_plain(plain: Mapping[str, Any]) -> AcdConfig:
    return AcdConfig(
        queues=tuple(_queue_from_plain(queue) for queue in plain["queues"]),
        agents=tuple(AgentConfig(**agent) for agent in plain["agents"]),
        offers=OfferRules(**plain["offers"]),
    )


def _plain_queue(queue: QueueConfig) -> dict[str, Any]:
    return {
        **_fields(queue, ("needs", "relax", "strategy", "announce", "agents")),
        "needs": str(queue.needs),
        "relax": [[step.after, str(step.needs)] for step in queue.relax],
        "strategy": queue.strategy.value,
        "announce": _fields(queue.announce, ()),
        "agents": [[member.agent, member.tier] for member in queue.agents],
    }


def _queue_from_plain(plain: Mapping[str, Any]) -> QueueConfig:
    return QueueConfig(
        **{
            **plain,
            "needs": parse(plain["needs"]),
            "relax": tuple(RelaxStep(after, parse(needs)) for after, needs in plain["relax"]),
            "strategy": Strategy(plain["strategy"]),
            "announce": AnnouncePolicy(**plain["announce"]),
            "agents": tuple(Member(agent, tier) for agent, tier in plain["agents"]),
        }
    )


def _fields(value: Any, without: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__ if name not in without}
