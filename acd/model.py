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
    LEAST_TALK = "least-talk"
    LEAST_OCCUPIED = "least-occupied"
    TOP_DOWN = "top-down"
    ROUND_ROBIN = "round-robin"
    RANDOM = "random"
    WEIGHTED = "weighted"
    MOST_SKILLED = "most-skilled"
    LEAST_SKILLED = "least-skilled"
    RING_ALL = "ring-all"
    RING_PROGRESSIVELY = "ring-progressively"


class Spare(StrEnum):
    """Which agents are kept back for others while somebody else may take the call as well."""

    SKILLS = "skills"  # those with more skills than this call needs
    NOTHING = "nothing"


#: Strategies that even out work between agents; keeping somebody back does not contradict them.
_EVEN = frozenset({Strategy.LONGEST_IDLE, Strategy.FEWEST_CALLS, Strategy.LEAST_TALK, Strategy.LEAST_OCCUPIED})


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """Somebody who works; may sit at any phone. ``position`` is the rank for top-down and the round of round-robin.

    The wrap-up after a call is the queue's, but at least ``min_wrap_up`` and at most ``max_wrap_up``.
    """

    id: str
    name: str = ""
    skills: Mapping[str, int] = field(default_factory=dict)
    position: int = 0
    min_wrap_up: float = 0.0
    max_wrap_up: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.min_wrap_up <= (self.min_wrap_up if self.max_wrap_up is None else self.max_wrap_up):
            raise ValueError(
                f"agent {self.id}: wrap-up from {self.min_wrap_up} to {self.max_wrap_up} seconds is no range"
            )
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
class OverflowStep:
    """From ``after`` seconds of waiting on: leave to the target ``to``, or stay and be served by the agents of the
    queue ``also`` as well."""

    after: float
    to: str | None = None
    also: str | None = None

    def __post_init__(self) -> None:
        if (self.to is None) == (self.also is None):
            raise ValueError(f"overflow after {self.after} seconds needs either a target or another queue's agents")


@dataclass(frozen=True, slots=True)
class AnnouncePolicy:
    """When a waiting caller is told something: after ``first_after``, then ``every`` seconds (0: only once).

    The wait is told while the spread (sd / mean) of its estimate is at most ``max_spread``. Independent of both, a
    comfort message follows each ``comfort`` seconds of waiting (0: never).
    """

    position: bool = False
    wait: bool = False
    every: float = 30.0
    first_after: float = 5.0
    comfort: float = 0.0
    max_spread: float = 1.5


class DialFirst(StrEnum):
    """Who is called first for a callback; the other one follows when the first has answered."""

    CUSTOMER = "customer"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class CallbackPolicy:
    """The callback that a waiting caller may order by ``key``.

    It is offered after ``after`` seconds of waiting, to somebody who comes with at least ``ahead`` callers ahead, when
    the queue is about to close (QueueClosing), or as soon as the P80 of the wait still to come exceeds ``expected``.
    Who has hung up has ``priority`` points more (or less) than on the line: with 0 there is one order for all.

    ``setup`` is how long a customer takes to answer: with the customer first, the number is dialled when an agent is
    idle, or expected to be (P80) within that time. A failed try is repeated after the delays of ``retry_after`` (the
    last one again and again) until there were ``tries``; ``expires_after`` counts from the order.
    """

    key: str = "1"
    after: float | None = 60.0
    expected: float | None = None
    first: DialFirst = DialFirst.CUSTOMER
    setup: float = 12.0
    ring_timeout: float = 30.0
    tries: int = 3
    retry_after: tuple[float, ...] = (60.0, 300.0, 900.0)
    expires_after: float | None = 8 * 3600.0
    ahead: int | None = None
    priority: float = 0.0

    def __post_init__(self) -> None:
        if self.tries < 1 or not self.retry_after or self.ring_timeout <= 0:
            raise ValueError("a callback needs at least one try, one delay before the next and time to ring")


@dataclass(frozen=True, slots=True)
class QueueConfig:
    """One queue.

    ``agents`` empty: everybody who has the skills. Otherwise only those listed, in that order (and with the skills).
    ``when_empty`` is None: callers wait although nobody who could serve them is logged in.

    Order: callers of a higher ``band`` come before all of a lower one; inside a band ``priority + ageing * seconds
    waited`` counts, at most ``priority_cap``; at the cap it is first come, first served.

    ``preferred``: agents who satisfy it are asked before the others. ``spare`` is None: skills are spared under the
    strategies that even out work. ``weights``: how often an agent is chosen by the weighted strategy, compared with
    others (1 where nothing is said). ``seed``: of the random choices. ``ring_step``: seconds after which
    ring-progressively rings one more agent.
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
    wrap_up: float | None = 15.0
    max_wrap_up: float | None = None
    max_wait: float | None = None
    max_waiting: int | None = None
    max_expected_wait: float | None = None
    overflow: tuple[OverflowStep, ...] = ()
    resume_within: float = 0.0
    callback: CallbackPolicy | None = None
    highest_priority: float = 0.0
    when_full: str | None = None
    when_timed_out: str | None = None
    when_empty: str | None = None
    agents: tuple[Member, ...] = ()
    band: int = 0
    priority_cap: float | None = None
    preferred: Expression = EVERYBODY
    spare: Spare | None = None
    weights: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    ring_step: float = 10.0

    @property
    def spares_skills(self) -> bool:
        return self.strategy in _EVEN if self.spare is None else self.spare is Spare.SKILLS

    def __post_init__(self) -> None:
        for name, value in (
            ("ageing", self.ageing),
            ("wrap_up", self.wrap_up),
            ("max_wrap_up", self.max_wrap_up),
            ("max_waiting", self.max_waiting),
            ("max_expected_wait", self.max_expected_wait),
            ("resume_within", self.resume_within),
        ):
            if value is not None and value < 0:
                raise ValueError(f"queue {self.id}: {name} is {value}, it cannot be negative")
        for name, value in (
            ("ring_timeout", self.ring_timeout),
            ("max_wait", self.max_wait),
            ("ring_step", self.ring_step),
        ):
            if value is not None and value <= 0:
                raise ValueError(f"queue {self.id}: {name} is {value}, it must be more than 0")
        for name, after in (
            ("relax", [step.after for step in self.relax]),
            ("overflow", [step.after for step in self.overflow]),
        ):
            if any(a <= 0 for a in after) or after != sorted(set(after)):
                raise ValueError(f"queue {self.id}: the steps of {name} need rising times above 0, not {after}")
        if any(step.to is not None for step in self.overflow[:-1]):
            raise ValueError(f"queue {self.id}: an overflow that leaves the queue has to be the last step")
        for agent, weight in self.weights.items():
            if weight < 0:
                raise ValueError(f"queue {self.id}: the weight of {agent} is {weight}, it cannot be negative")
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
            _fields(agent, ("skills",)) | {"skills": dict(sorted(agent.skills.items()))} for agent in config.agents
        ],
        "offers": _fields(config.offers, ()),
    }


def config_from_plain(plain: Mapping[str, Any]) -> AcdConfig:
    return AcdConfig(
        queues=tuple(_queue_from_plain(queue) for queue in plain["queues"]),
        agents=tuple(AgentConfig(**agent) for agent in plain["agents"]),
        offers=OfferRules(**plain["offers"]),
    )


#: Fields of a queue that are not plain already.
_SPELT_OUT = (
    "needs",
    "relax",
    "strategy",
    "announce",
    "agents",
    "preferred",
    "spare",
    "weights",
    "overflow",
    "callback",
)


def _plain_queue(queue: QueueConfig) -> dict[str, Any]:
    return {
        **_fields(queue, _SPELT_OUT),
        "needs": str(queue.needs),
        "preferred": str(queue.preferred),
        "spare": None if queue.spare is None else queue.spare.value,
        "weights": dict(sorted(queue.weights.items())),
        "relax": [[step.after, str(step.needs)] for step in queue.relax],
        "strategy": queue.strategy.value,
        "announce": _fields(queue.announce, ()),
        "agents": [[member.agent, member.tier] for member in queue.agents],
        "overflow": [_fields(step, ()) for step in queue.overflow],
        "callback": None if queue.callback is None else _plain_callback(queue.callback),
    }


def _queue_from_plain(plain: Mapping[str, Any]) -> QueueConfig:
    return QueueConfig(
        **{
            **plain,
            "needs": parse(plain["needs"]),
            "preferred": parse(plain["preferred"]),
            "spare": None if plain["spare"] is None else Spare(plain["spare"]),
            "relax": tuple(RelaxStep(after, parse(needs)) for after, needs in plain["relax"]),
            "strategy": Strategy(plain["strategy"]),
            "announce": AnnouncePolicy(**plain["announce"]),
            "agents": tuple(Member(agent, tier) for agent, tier in plain["agents"]),
            "overflow": tuple(OverflowStep(**step) for step in plain["overflow"]),
            "callback": None if plain["callback"] is None else _callback_from_plain(plain["callback"]),
        }
    )


def _plain_callback(policy: CallbackPolicy) -> dict[str, Any]:
    return _fields(policy, ()) | {"first": policy.first.value, "retry_after": list(policy.retry_after)}


def _callback_from_plain(plain: Mapping[str, Any]) -> CallbackPolicy:
    retry_after = tuple(plain["retry_after"])
    return CallbackPolicy(**{**plain, "first": DialFirst(plain["first"]), "retry_after": retry_after})


def _fields(value: Any, without: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__ if name not in without}
