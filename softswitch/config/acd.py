"""The configuration as the call distributor sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd import skills
from acd.model import (
    AcdConfig,
    AgentConfig,
    AnnouncePolicy,
    CallbackPolicy,
    DialFirst,
    Member,
    OfferRules,
    OverflowStep,
    QueueConfig,
    RelaxStep,
    Spare,
    Strategy,
)
from softswitch.config.brought import highest
from softswitch.config.words.waiting import UNTIL_DONE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from softswitch.config.model import Config
    from softswitch.config.words.centre import Agent, Queue
    from softswitch.config.words.waiting import Announce, OfferCallback, Overflow


def acd_config(config: Config) -> AcdConfig:
    """Queues and agents; agents rank in the order of the file where nothing else says how."""
    brought = highest(config)
    return AcdConfig(
        queues=tuple(_queue(name, queue, brought) for name, queue in config.queues.items()),
        agents=tuple(_agent(agent, position) for position, agent in enumerate(config.agent_list)),
        offers=OfferRules(**config.offers.model_dump()),
    )


def _agent(agent: Agent, position: int) -> AgentConfig:
    limits = agent.wrap_up
    return AgentConfig(
        id=agent.id,
        name=agent.label,
        skills=dict(agent.skills),
        position=position,
        min_wrap_up=0.0 if limits is None else limits.min,
        max_wrap_up=None if limits is None else limits.max,
    )


def _queue(name: str, queue: Queue, brought: float) -> QueueConfig:
    """*brought*: the highest priority that a caller may come with, on top of the queue's."""
    return QueueConfig(
        id=name,
        label=queue.label or name,
        needs=skills.parse(queue.needs),
        relax=tuple(RelaxStep(step.after, skills.parse(step.needs)) for step in queue.relax),
        preferred=skills.parse(queue.prefer),
        strategy=Strategy(queue.strategy),
        spare=None if queue.spare is None else Spare(queue.spare),
        weights=dict(queue.weights),
        seed=queue.seed,
        ring_step=queue.ring_next_after,
        band=queue.band,
        priority=queue.priority,
        ageing=queue.ageing,
        priority_cap=queue.priority_cap,
        announce=_announce(queue.announce),
        ring_timeout=queue.ring_timeout,
        wrap_up=None if queue.wrap_up == UNTIL_DONE else float(queue.wrap_up),
        max_wrap_up=queue.max_wrap_up,
        max_wait=queue.max_wait,
        max_waiting=queue.max_waiting,
        max_expected_wait=queue.max_expected_wait,
        overflow=tuple(map(_overflow, queue.overflow)),
        resume_within=queue.resume_within,
        highest_priority=max(brought, 0.0),
        callback=None if queue.offer_callback is None else _callback(queue.offer_callback),
        when_full=str(queue.when_full),
        when_timed_out=str(queue.when_timed_out),
        when_empty=None if queue.when_empty is None else str(queue.when_empty),
        agents=_members(queue.agents or {}),
    )


def _announce(words: Announce) -> AnnouncePolicy:
    return AnnouncePolicy(
        position=words.position,
        wait=words.wait,
        every=words.every,
        first_after=words.first_after,
        comfort=words.comfort_every if words.comfort or words.comfort_say else 0.0,
    )


def _overflow(words: Overflow) -> OverflowStep:
    to, also = words.to, words.also
    return OverflowStep(words.after, None if to is None else str(to), None if also is None else also.name)


def _callback(words: OfferCallback) -> CallbackPolicy:
    return CallbackPolicy(
        key=words.key,
        after=words.after,
        expected=words.expected,
        first=DialFirst(words.first),
        setup=words.setup,
        ring_timeout=words.ring_timeout,
        tries=words.tries,
        retry_after=words.retry_after,
        expires_after=words.expires_after,
        ahead=words.position,
        priority=words.priority,
    )


def _members(tiers: Mapping[str, int]) -> tuple[Member, ...]:
    return tuple(Member(agent, tier) for agent, tier in tiers.items())
