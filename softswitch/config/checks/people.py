"""Find-me and the labels of menus: who can be rung, which keys there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from softswitch.config.errors import nearest, one_of
from softswitch.config.fields import Wrong, parse_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from softswitch.config.checks.raw import Raw
    from softswitch.config.errors import Problem

_CAN_RING = ("phone", "agent", "external")


def check(raw: Raw) -> Iterator[Problem]:
    for path, text in raw.strings("findme.*.ring.*"):
        try:
            target = parse_target(text)
        except Wrong:
            continue  # reported with the value itself
        if target.kind not in _CAN_RING:
            right = 'write "phone:1001", "agent:olena" or "external:+380441234567@trunk"'
            yield raw.error(path, f'"{text}" cannot be rung', right)
    for path, table in raw.select("findme.*"):
        if isinstance(table, dict) and "add_after" in table and table.get("mode") != "cascade":
            yield raw.error((*path, "add_after"), "is for a cascade", 'write mode = "cascade"')
    for path, labels in raw.select("menu.*.labels"):
        keys = next((keys for _, keys in raw.select(f"menu.{path[1]}.keys")), None)
        if not isinstance(labels, dict) or not isinstance(keys, dict):
            continue
        for key in labels:
            if key not in keys:
                known = list(map(str, keys))
                right = f"keys are {one_of(known).removeprefix('one of ')}"
                yield raw.error((*path, key), "is no key of this menu", right, nearest(str(key), known))
