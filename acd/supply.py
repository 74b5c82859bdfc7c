"""Which skills the idle agents offer at the moment, and who is the only one with a skill.

A skill counts from the level that some queue asks for; what no queue asks for is nobody's loss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd.skills import useful_levels

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from acd.agent import Agent
    from acd.model import QueueConfig


class Supply:
    """The idle agents by skill; kept up with :meth:`add` and :meth:`discard`."""

    def __init__(self) -> None:
        self._skills: dict[str, tuple[str, ...]] = {}
        self._holders: dict[str, set[str]] = {}
        self._sole: dict[str, frozenset[str]] | None = None

    def configure(self, queues: Iterable[QueueConfig], agents: Mapping[str, Agent], idle: Iterable[str]) -> None:
        """Start over with these queues and agents."""
        queues = tuple(queues)
        at_first = useful_levels(queue.needs for queue in queues)
        later = useful_levels(step.needs for queue in queues for step in queue.relax)
        levels = {}
        for skill in {skill for agent in agents.values() for skill in agent.skills}:
            level = at_first(skill)
            levels[skill] = later(skill) if level is None else level
        self._skills = {
            agent.id: tuple(
                skill for skill, have in agent.skills.items() if (level := levels[skill]) is not None and have >= level
            )
            for agent in agents.values()
        }
        self._holders = {skill: set() for skills in self._skills.values() for skill in skills}
        for agent_id in idle:
            self.add(agent_id)
        self._sole = None

    def add(self, agent: str) -> None:
        for skill in self._skills.get(agent, ()):
            self._holders[skill].add(agent)
        self._sole = None

    def discard(self, agent: str) -> None:
        for skill in self._skills.get(agent, ()):
            self._holders[skill].discard(agent)
        self._sole = None

    def sole(self, taken: Collection[str] = ()) -> Mapping[str, frozenset[str]]:
        """Agents who, without those taken, are the only idle ones with some skills, and these skills."""
        if taken:
            return _sole((skill, holders.difference(taken)) for skill, holders in self._holders.items())
        if self._sole is None:
            self._sole = _sole(self._holders.items())
        return self._sole


def _sole(holders: Iterable[tuple[str, set[str]]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for skill, agents in holders:
        if len(agents) == 1:
            found.setdefault(next(iter(agents)), set()).add(skill)
    return {agent: frozenset(skills) for agent, skills in found.items()}
