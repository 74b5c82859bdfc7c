"""Queues and who serves them: skill expressions, relaxation, queues that nobody can ever serve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acd import skills
from softswitch.config.errors import nearest
from softswitch.config.fields import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from softswitch.config.checks.raw import Raw
    from softswitch.config.errors import Problem
    from softswitch.config.positions import Path

#: What an expression may say about the caller.
VARIABLES = ("language",)


def check(raw: Raw) -> Iterator[Problem]:
    known = {name for _, table in raw.select("agent.*.skills") if isinstance(table, dict) for name in table}
    for path, text in raw.strings("queue.*.needs", "queue.*.relax.*.needs"):
        try:
            expression = skills.parse(text)
        except skills.SkillSyntaxError as error:
            yield raw.error(path, error.message, error.hint, offset=error.column - 1)
            continue
        for name in sorted(skills.variables(expression) - set(VARIABLES)):
            what = f'nothing is known of the caller as "{{{name}}}"'
            likely = nearest(name, VARIABLES)
            yield raw.error(path, what, "", likely and f"{{{likely}}}", offset=max(text.find(f"{{{name}}}"), 0))
        for name in sorted(skills.names(expression) - known):
            if "{" not in name:
                likely = nearest(name, known)
                right = f'did you mean "{likely}"?' if likely else "give it to somebody: skills = { … }"
                yield raw.warning(path, f'nobody has the skill "{name}"', right)
    for path, steps in raw.select("queue.*.relax"):
        yield from _rising(raw, path, steps)
    for path, queue in raw.select("queue.*"):
        if isinstance(queue, dict):
            yield from _unserved(raw, path, queue)
    yield from _starving(raw)


def _rising(raw: Raw, path: Path, steps: Any) -> Iterator[Problem]:
    before = 0.0
    for number, step in enumerate(steps if isinstance(steps, list) else ()):
        after = step.get("after") if isinstance(step, dict) else None
        if not isinstance(after, int | float) or isinstance(after, bool):
            return
        if number and after <= before:
            yield raw.error((*path, number, "after"), f"{after:g} does not come after {before:g}", "let the times rise")
        before = after


def _unserved(raw: Raw, path: Path, queue: dict[str, Any]) -> Iterator[Problem]:
    """A warning when no agent could serve the queue's callers, however long they wait, in one of the languages."""
    expressions = _expressions(queue)
    agents = _agents(raw, queue)
    if expressions is None or agents is None:
        return
    if not agents:
        yield raw.warning(path, "nobody can serve this queue", "there are no agents" if not raw.names("agent") else "")
        return
    unserved = [language for language in LANGUAGES if not _anyone(expressions, agents, language)]
    if len(unserved) == len(LANGUAGES):
        yield raw.warning(path, "nobody can serve this queue", "no agent has the skills that it needs")
    elif heard := [language for language in unserved if language in raw.languages]:
        what = f"nobody can serve callers whose language is {', '.join(heard)}"
        yield raw.warning(path, what, "" if "when_empty" in queue else 'add when_empty = "…" or relax the needs')


def _starving(raw: Raw) -> Iterator[Problem]:
    """A queue without ageing whose agents all serve a queue of higher priority may wait for ever."""
    queues: list[tuple[Path, float, float, frozenset[str]]] = []
    for path, queue in raw.select("queue.*"):
        if not isinstance(queue, dict):
            return
        priority, ageing = queue.get("priority", 0), queue.get("ageing", 1)
        expressions, agents = _expressions(queue), _agents(raw, queue)
        if not isinstance(priority, int | float) or not isinstance(ageing, int | float):
            return
        if expressions is None or agents is None:
            return
        able = frozenset(
            name for name, levels in agents.items() for lang in LANGUAGES if _holds(expressions, levels, lang)
        )
        queues.append((path, priority, ageing, able))
    for path, priority, ageing, able in queues:
        for other, higher, _, rivals in queues:
            if ageing == 0 and higher > priority and able and able <= rivals:
                what = f"callers may wait for ever: everybody who serves it serves {other[1]} first"
                yield raw.warning(path, what, "let ageing be more than 0, or give it an agent of its own")
                break


def _expressions(queue: dict[str, Any]) -> list[skills.Expression] | None:
    relax = queue.get("relax", [])
    texts = [queue.get("needs", "")]
    texts += [step.get("needs") for step in relax if isinstance(step, dict)] if isinstance(relax, list) else []
    try:
        return [skills.parse(text) for text in texts if isinstance(text, str)]
    except skills.SkillSyntaxError:
        return None


def _agents(raw: Raw, queue: dict[str, Any]) -> dict[str, Mapping[str, int]] | None:
    """Skills of those who may serve *queue*, by id; None when they cannot be read."""
    levels: dict[str, Mapping[str, int]] = {}
    for _, agent in raw.select("agent.*"):
        table = agent.get("skills", {}) if isinstance(agent, dict) else None
        if not isinstance(table, dict) or not all(type(level) is int for level in table.values()):
            return None
        if isinstance(agent.get("id"), str):
            levels[agent["id"]] = table
    listed = queue.get("agents")
    if isinstance(listed, list | dict):
        return {name: table for name, table in levels.items() if name in listed}
    return levels


def _anyone(expressions: list[skills.Expression], agents: Mapping[str, Mapping[str, int]], language: str) -> bool:
    return any(_holds(expressions, levels, language) for levels in agents.values())


def _holds(expressions: list[skills.Expression], levels: Mapping[str, int], language: str) -> bool:
    return any(skills.holds(skills.bind(e, {"language": language}), levels) for e in expressions)
