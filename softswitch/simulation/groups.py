"""Agents who can do the same, and a floor with one of them more or less."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from acd.model import AcdConfig, Member
from acd.unbound import could_hold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acd.model import AgentConfig, QueueConfig
    from softswitch.simulation.demand import Demand


@dataclass(frozen=True, slots=True)
class Group:
    """Agents with the same skills in the same tiers of the same queues."""

    agents: tuple[str, ...]
    queues: tuple[str, ...]
    """Those they serve, at least some callers."""

    @property
    def name(self) -> str:
        return self.agents[0] if len(self.agents) == 1 else f"{len(self.agents)} like {self.agents[0]}"


def groups(config: AcdConfig) -> list[Group]:
    """The largest first."""
    tiers: dict[str, list[tuple[str, int]]] = {}
    for queue in config.queues:
        for member in queue.agents:
            tiers.setdefault(member.agent, []).append((queue.id, member.tier))
    alike: dict[object, list[AgentConfig]] = {}
    for agent in config.agents:
        key = (tuple(sorted(agent.skills.items())), tuple(tiers.get(agent.id, ())))
        alike.setdefault(key, []).append(agent)
    found = [
        Group(tuple(a.id for a in same), tuple(q.id for q in config.queues if _may_serve(q, same[0])))
        for same in alike.values()
    ]
    return sorted(found, key=lambda group: (-len(group.agents), group.agents))


def _may_serve(queue: QueueConfig, agent: AgentConfig) -> bool:
    if queue.agents and all(member.agent != agent.id for member in queue.agents):
        return False
    widest = queue.relax[-1].needs if queue.relax else queue.needs
    return any(could_hold(needs, agent.skills) for needs in (queue.needs, widest))


def one_more(config: AcdConfig, demand: Demand, group: Group) -> tuple[AcdConfig, Demand]:
    """With somebody who can do what the first one of the group can, and works when that one works."""
    model = next(agent for agent in config.agents if agent.id == group.agents[0])
    name = f"{model.id} (one more)"
    queues = tuple(
        replace(queue, agents=(*queue.agents, *(Member(name, m.tier) for m in queue.agents if m.agent == model.id)))
        for queue in config.queues
    )
    shifts: Mapping[str, tuple[tuple[float, float], ...]] = demand.shifts
    if model.id in shifts:
        shifts = {**shifts, name: shifts[model.id]}
    more = replace(config, queues=queues, agents=(*config.agents, replace(model, id=name)))
    return more, replace(demand, shifts=shifts)


def one_less(config: AcdConfig, demand: Demand, group: Group) -> tuple[AcdConfig, Demand]:
    """Without the last one of the group."""
    gone = group.agents[-1]
    return replace(config, agents=tuple(agent for agent in config.agents if agent.id != gone)), demand
