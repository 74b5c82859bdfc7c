"""The configuration as the call distributor sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd import skills
from acd.model import AcdConfig, AgentConfig, AnnouncePolicy, Member, QueueConfig, RelaxStep, Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from softswitch.config.model import Config
    from softswitch.config.words.centre import Queue


def acd_config(config: Config) -> AcdConfig:
    """Queues and agents; agents rank in the order of the file where nothing else says how."""
    return AcdConfig(
        queues=tuple(_queue(name, queue) for name, queue in config.queues.items()),
        agents=tuple(
            AgentConfig(id=agent.id, name=agent.label, skills=dict(agent.skills), position=position)
            for position, agent in enumerate(config.agent_list)
        ),
    )


def _queue(name: str, queue: Queue) -> QueueConfig:
    return QueueConfig(
        id=name,
        label=queue.label or name,
        needs=skills.parse(queue.needs),
        relax=tuple(RelaxStep(step.after, skills.parse(step.needs)) for step in queue.relax),
        strategy=Strategy(queue.strategy),
        priority=queue.priority,
        ageing=queue.ageing,
        announce=AnnouncePolicy(
            position=queue.announce.position,
            every=queue.announce.every,
            first_after=queue.announce.first_after,
        ),
        ring_timeout=queue.ring_timeout,
        wrap_up=queue.wrap_up,
        max_wait=queue.max_wait,
        max_waiting=queue.max_waiting,
        when_full=str(queue.when_full),
        when_timed_out=str(queue.when_timed_out),
        when_empty=None if queue.when_empty is None else str(queue.when_empty),
        agents=_members(queue.agents or {}),
    )


def _members(tiers: Mapping[str, int]) -> tuple[Member, ...]:
    return tuple(Member(agent, tier) for agent, tier in tiers.items())
