"""Configurations with something changed somewhere: some are as good as before, others are not any more."""

from __future__ import annotations

import copy
import json
import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

Place = tuple[str | int, ...]

#: Values that seldom fit.
ODD: tuple[Any, ...] = (
    *(0, -1, 10**9, 0.5, True, "", "x", "*", "é" * 50, [], ["x"], {}, {"en": "x"}, "{language}", "hangup"),
)


def places(value: Any, path: Place = ()) -> list[Place]:
    """Every key and item below *value*."""
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [place for key, item in items for place in places(item, (*path, key))]


def toml(tables: dict[str, Any]) -> str:
    """*tables* as a file, each on a line."""
    return "\n".join(f"{json.dumps(key)} = {_inline(value)}" for key, value in tables.items()) + "\n"


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return json.dumps(value).replace("\x7f", "\\u007f")


def mutated(rng: Random, text: str, keep: tuple[str, ...] = ()) -> str:
    """*text* with one to three changes; the tables *keep* stay as they are."""
    tables = tomllib.loads(text)
    for _ in range(rng.randint(1, 3)):
        everywhere = [place for place in places(tables) if place[0] not in keep]
        path = rng.choice(everywhere)
        holder = _at(tables, path[:-1])
        last = path[-1]
        match rng.randrange(6):
            case 0 if isinstance(holder, dict) and len(path) > 1:
                del holder[str(last)]
            case 1 if isinstance(holder, dict) and len(path) > 1:
                holder[f"{last}x"] = holder.pop(str(last))
            case 2 if isinstance(holder, dict) and len(path) == 2:
                holder[f"{last}-2"] = copy.deepcopy(holder[str(last)])
            case 3:
                holder[last] = rng.choice(ODD)
            case _:  # something that stands elsewhere for the same sort of thing
                kind = type(holder[last])
                alike = [place for place in everywhere if type(_at(tables, place)) is kind and place[-1] == last]
                others = alike or [place for place in everywhere if type(_at(tables, place)) is kind]
                holder[last] = copy.deepcopy(_at(tables, rng.choice(others)))
    return toml(tables)


def _at(tables: Any, path: Place) -> Any:
    for part in path:
        tables = tables[part]
    return tables
