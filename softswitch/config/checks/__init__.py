"""What keys mean to each other. Each check yields problems; none of them raises, whatever the file holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from softswitch.config.checks import (
    asked,
    design,
    dialogue,
    folders,
    forms,
    graph,
    hours,
    languages,
    lookups,
    mentions,
    messages,
    names,
    numbers,
    outside,
    people,
    queues,
    refused,
    routes,
    speech,
    starvation,
    systems,
    trunks,
    waiting,
)
from softswitch.config.checks.raw import Raw
from softswitch.config.flows import entries, flow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from softswitch.callers.lists import CallerList
    from softswitch.config.errors import Problem
    from softswitch.config.model import Config
    from softswitch.config.positions import Positions


def check(tables: dict[str, Any], positions: Positions, folder: Path) -> Iterator[Problem]:
    raw = Raw(tables, positions, folder)
    yield from names.check(raw)
    yield from folders.check(raw)
    yield from languages.check(raw)
    yield from numbers.check(raw)
    yield from hours.check(raw)
    yield from routes.check(raw)
    yield from people.check(raw)
    yield from queues.check(raw)
    yield from waiting.check(raw)
    yield from speech.check(raw)
    yield from trunks.check(raw)
    yield from messages.check(raw)
    yield from dialogue.check(raw)
    yield from asked.check(raw)
    yield from lookups.check(raw)
    yield from mentions.check(raw)
    yield from forms.check(raw)
    yield from systems.check(raw)


def check_graph(config: Config, raw: Raw, lists: Mapping[str, CallerList]) -> Iterator[Problem]:
    """What can only be seen when every single value is right."""
    positions = raw.positions
    yield from systems.check_tokens(config, raw)
    yield from numbers.check_passwords(config, raw)
    yield from languages.check_missing(raw, lists)
    yield from graph.check(config, positions)
    yield from outside.check(config, positions)
    yield from refused.check(config, positions)
    yield from starvation.check(config, flow(config), lists, positions)
    yield from design.check(config, flow(config), entries(config).values(), positions)
