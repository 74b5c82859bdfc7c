"""Queues and who serves them: skill expressions, relaxation, queues that nobody can ever serve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acd import skills
from acd.unbound import could_hold
from softswitch.config.checks.variables import known_variables
from softswitch.config.errors import nearest
from softswitch.config.fields import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from softswitch.config.checks.raw import Raw
    from softswitch.config.checks.variables import Known
    from softswitch.config.errors import Problem
    from softswitch.config.positions import Path

#: Where it is written who is to serve.
_EXPRESSIONS = (
    *("queue.*.needs", "queue.*.relax.*.needs", "queue.*.prefer"),
    *(f"{place}.{word}" for place in ("goto.*", "set.*", "route.*", "list.*.*") for word in ("needs", "prefer")),
)


def check(raw: Raw) -> Iterator[Problem]:
    agents = {name for _, table in raw.select("agent.*.skills") if isinstance(table, dict) for name in table}
    known = known_variables(raw)
    for path, text in raw.strings(*_EXPRESSIONS):
        try:
            expression = skills.parse(text)
        except skills.SkillSyntaxError as error:
            yield raw.error(path, error.message, error.hint, offset=error.column - 1)
            continue
        for name in sorted(skills.variables(expression) - known.names):
            yield from _unknown(raw, path, text, name, known)
        for name in sorted(skills.names(expression) - agents):
            if "{" not in name:
                likely = nearest(name, agents)
                right = f'did you mean "{likely}"?' if likely else "give it to somebody: skills = { … }"
                yield raw.warning(path, f'nobody has the skill "{name}"', right, code="no-such-skill")
    questions = raw.names("verification")
    for path, name in raw.strings("queue.*.verify"):
        if name not in questions:
            yield raw.error(path, f"there is no [verification.{name}]", nearest=nearest(name, questions))
    for path, steps in raw.select("queue.*.relax"):
        yield from _rising(raw, path, steps)
    for path, queue in raw.select("queue.*"):
        if isinstance(queue, dict):
            yield from _unserved(raw, path, queue)
        yield from _chances(raw, path, queue) if isinstance(queue, dict) else ()


def _unknown(raw: Raw, path: Path, text: str, name: str, known: Known) -> Iterator[Problem]:
    """A variable that nothing in this file gives to calls."""
    at = max(text.find(f"{{{name}}}"), 0)
    if name in known.secret:
        what = f'"{{{name}}}" is entered with mask = true, and told to nobody'
        yield raw.error(path, what, "collect it without, or look it up and use what is found", offset=at)
        return
    likely = nearest(name, known.names)
    if known.open:
        if not any(place.startswith("verbs.") for place in known.open):
            what = f'"{{{name}}}" is known only if an answer of {", ".join(known.open)} has it'
            right = f'did you mean "{{{likely}}}"?' if likely else f'name it there: result = {{ {name} = "{name}" }}'
            yield raw.warning(path, what, right, code="uncertain-variable")
        return
    what = f'nothing is known of the caller as "{{{name}}}"'
    told = ", ".join(f"{{{each}}}" for each in sorted(known.names))
    right = "" if likely else f"known are {told}; or give it to calls: data = {{ {name} = … }}"
    yield raw.error(path, what, right, likely and f"{{{likely}}}", offset=at)


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
        yield raw.warning(
            path,
            "nobody can serve this queue",
            "there are no agents" if not raw.names("agent") else "",
            code="nobody-serves",
        )
        return
    unserved = [language for language in LANGUAGES if not _anyone(expressions, agents, language)]
    if len(unserved) == len(LANGUAGES):
        yield raw.warning(
            path, "nobody can serve this queue", "no agent has the skills that it needs", code="nobody-serves"
        )
    elif heard := [language for language in unserved if language in raw.languages]:
        what = f"nobody can serve callers whose language is {', '.join(heard)}"
        yield raw.warning(
            path, what, "" if "when_empty" in queue else 'add when_empty = "…" or relax the needs', code="nobody-serves"
        )


def _chances(raw: Raw, path: Path, queue: dict[str, Any]) -> Iterator[Problem]:
    """Weights, which only one of the strategies knows, and which name agents."""
    weights = queue.get("weights")
    if not isinstance(weights, dict):
        return
    if queue.get("strategy") != "weighted":
        yield raw.warning(
            (*path, "weights"), "mean nothing to this strategy", 'write strategy = "weighted"', code="unused-weights"
        )
    agents = raw.names("agent")
    for name in weights:
        if name not in agents:
            likely = nearest(name, agents)
            right = f'did you mean "{likely}"?' if likely else ""
            yield raw.error_at_key((*path, "weights", name), f'there is no [[agent]] with the id "{name}"', right)


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
    return any(could_hold(expression, levels, {"language": language}) for expression in expressions)
