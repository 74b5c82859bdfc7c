"""Queues whose callers may wait for ever, because everybody who serves them serves others first.

A caller's points are ``priority + ageing * seconds``, at most ``priority_cap``; inside a band the most points go first.
So the callers of a queue are overtaken without end by those of another one with the same agents if that one is in a
higher band, begins with more points than they can ever have, ends with more, or gains them faster. Callers who bring
more or fewer points than others (by routes, lists, gotos, sets, applications) make the same difference, inside one
queue too. Several such queues together suffice, if every agent serves one of them, or everybody who speaks one of the
languages; those whom a queue borrows (``overflow`` with ``also``) serve its callers too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING

from acd import skills
from acd.unbound import could_hold
from softswitch.config.brought import by_queue
from softswitch.config.errors import Problem, Severity, dotted
from softswitch.config.fields import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ivr.nodes import Flow
    from softswitch.callers.lists import CallerList
    from softswitch.config.brought import Span
    from softswitch.config.model import Config
    from softswitch.config.positions import Path, Positions
    from softswitch.config.words.centre import Queue


@dataclass(frozen=True, slots=True)
class _Class:
    """The order of one queue's callers, and who may serve them."""

    name: str
    band: float
    priority: float
    ageing: float
    cap: float | None
    agents: frozenset[str]
    by_language: tuple[tuple[str, frozenset[str]], ...]
    """Who may serve those who speak it; one that differs in nothing from all the agents is left out."""

    @property
    def start(self) -> float:
        """Points of a new caller."""
        return self.priority if self.cap is None else min(self.priority, self.cap)

    @property
    def end(self) -> float:
        """Points after any time."""
        if self.ageing == 0:
            return self.start
        return inf if self.cap is None else self.cap


def check(config: Config, flow: Flow, lists: Mapping[str, CallerList], positions: Positions) -> Iterator[Problem]:
    brought = {name: _with_callbacks(span, config.queues[name]) for name, span in by_queue(config, flow, lists).items()}
    classes = [_read(config, name, queue) for name, queue in config.queues.items()]
    low = {one.name: replace(one, priority=one.priority + brought[one.name][0]) for one in classes}
    high = {one.name: replace(one, priority=one.priority + brought[one.name][1]) for one in classes}
    for one in classes:
        path: Path = ("queue", one.name)
        if one.cap is not None and one.priority > one.cap:
            what = f"{one.priority:g} is more than priority_cap: callers begin at {one.cap:g} and gain nothing"
            yield _warning(positions, (*path, "priority"), what, "raise priority_cap or lower the priority")
        others = [other for other in classes if other is not one]
        worst = _starved(one, others)
        if worst is None and one.agents:
            worst = _worst([(low[one.name], high[one.name])])
        if worst is None:
            worst = _starved(low[one.name], [high[other.name] for other in others])
        if worst is not None:
            yield _warning(positions, path, *worst)


def _starved(one: _Class, others: list[_Class]) -> tuple[str, str] | None:
    """By one of the *others*, or by several together; at worst all its callers, else those of a language."""
    for language, agents in (("", one.agents), *one.by_language):
        if not agents:
            continue
        worst = _worst([(one, other) for other in others if agents <= other.agents]) or _together(one, others, agents)
        if worst is not None:
            whom = f"callers with the language {language} may" if language else "callers may"
            return worst[0].replace("callers may", whom, 1), worst[1]
    return None


def _together(one: _Class, others: list[_Class], agents: frozenset[str]) -> tuple[str, str] | None:
    stronger: list[_Class] = []
    for rival in _RIVALRY:
        stronger += [other for other in others if other not in stronger and rival(one, other) is not None]
        if agents <= _united(stronger):
            for other in tuple(stronger):  # name no more of them than it takes
                rest = [each for each in stronger if each is not other]
                stronger = rest if agents <= _united(rest) else stronger
            wait = "very long" if rival is _slower else "for ever"
            names = " or ".join(other.name for other in stronger)
            what = f"callers may wait {wait}: everybody who serves it serves {names} first"
            return what, "let all have the same band and ageing and no priority_cap, or give it an agent of its own"
    return None


def _united(classes: Iterable[_Class]) -> frozenset[str]:
    return frozenset().union(*(one.agents for one in classes))


def _with_callbacks(span: Span, queue: Queue) -> Span:
    """Who has hung up and is to be called back may have more or fewer points than on the line."""
    points = 0.0 if queue.offer_callback is None else queue.offer_callback.priority
    return span[0] + min(0.0, points), span[1] + max(0.0, points)


def _worst(pairs: list[tuple[_Class, _Class]]) -> tuple[str, str] | None:
    return next((said for rival in _RIVALRY for one, other in pairs if (said := rival(one, other))), None)


def _warning(positions: Positions, path: Path, what: str, right: str) -> Problem:
    at = positions.of(path)
    return Problem(at.line, at.column, dotted(path), what, right, severity=Severity.WARNING, code="may-starve")


def _read(config: Config, name: str, queue: Queue) -> _Class:
    borrowed = [step.also.name for step in queue.overflow if step.also is not None]
    serving = [queue, *(config.queues[other] for other in borrowed if other in config.queues)]
    able = {
        language: frozenset(agent for each in serving for agent in _able_agents(config, each, language))
        for language in LANGUAGES
    }
    agents = frozenset().union(*able.values())
    fewer = tuple((language, some) for language, some in able.items() if some != agents)
    return _Class(name, queue.band, queue.priority, queue.ageing, queue.priority_cap, agents, fewer)


def _able_agents(config: Config, queue: Queue, language: str) -> Iterator[str]:
    """Who may serve some callers of the queue who speak it; nobody while that cannot be read."""
    try:
        needs = [skills.parse(text) for text in (queue.needs, *(step.needs for step in queue.relax))]
    except skills.SkillSyntaxError:
        return
    for agent in config.agent_list:
        listed = queue.agents is None or agent.id in queue.agents
        if listed and any(could_hold(need, agent.skills, {"language": language}) for need in needs):
            yield agent.id


def _lower_band(one: _Class, other: _Class) -> tuple[str, str] | None:
    if one.band >= other.band:
        return None
    what = f"callers may wait for ever: everybody who serves it serves {other.name} first, which is in a higher band"
    return what, "let priority and ageing decide in one band, or give it an agent of its own"


def _brings_more(one: _Class, other: _Class) -> tuple[str, str] | None:
    """In one queue: those who bring most against those who bring least, and never have as much."""
    if one.name != other.name or one.end >= other.start:
        return None
    what = f"callers may wait for ever: they never have more than {one.end:g} points, others come with {other.start:g}"
    return what, "let ageing be more than 0: a caller then gains points by waiting"


def _never_enough(one: _Class, other: _Class) -> tuple[str, str] | None:
    if one.band > other.band or one.end >= other.start:
        return None
    if one.ageing == 0:
        return _FIRST.format(other.name), "let ageing be more than 0, or give it an agent of its own"
    what = f"callers may wait for ever: they never have more than {one.end:g} points, new callers of {other.name}"
    return f"{what} have {other.start:g}", f"let priority_cap be {other.start:g} or more"


def _less_in_the_end(one: _Class, other: _Class) -> tuple[str, str] | None:
    if one.band > other.band or one.end >= other.end:
        return None
    if one.ageing == 0:
        what = f"callers may wait for ever: they gain no points, and those of {other.name} overtake them with time"
        return what, "let ageing be more than 0, or give it an agent of its own"
    most = "any number" if other.end == inf else f"{other.end:g}"
    what = f"callers may wait for ever when {other.name} is busy: they never have more than {one.end:g} points"
    return f"{what}, its callers {most}", "give both the same priority_cap, or give it an agent of its own"


def _slower(one: _Class, other: _Class) -> tuple[str, str] | None:
    if one.band > other.band or one.end < inf or other.end < inf or one.ageing >= other.ageing:
        return None
    what = f"callers may wait very long when {other.name} is busy: they gain {one.ageing:g} points a second, its"
    return f"{what} callers {other.ageing:g}", "let both gain the same, or give it an agent of its own"


#: The worst first.
_RIVALRY = (_lower_band, _brings_more, _never_enough, _less_in_the_end, _slower)
_FIRST = "callers may wait for ever: everybody who serves it serves {} first"
