"""Who could take a caller that comes to a queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd.skills import SkillSyntaxError, bind, parse, predicate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ivr.progress import Progress
    from softswitch.config import Config


def could_serve(config: Config, queue: str, progress: Progress) -> Iterator[str]:
    """Agents who satisfy what the queue needs at once and what the caller brings along."""
    words, known = config.queues[queue], {**progress.public, "language": progress.language}
    try:
        asks = [predicate(bind(parse(text), known)) for text in (words.needs, progress.needs) if text]
    except SkillSyntaxError:
        return
    for agent in config.agents.values():
        if (words.agents is None or agent.id in words.agents) and all(ask(agent.skills) for ask in asks):
            yield agent.id
