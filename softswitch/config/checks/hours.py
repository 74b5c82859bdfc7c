"""Opening hours: numbers to dial are different ones, and who may set hours by telephone exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from softswitch.config.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from softswitch.config.checks.raw import Raw
    from softswitch.config.errors import Problem


def check(raw: Raw) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for path, number in raw.strings("hours.*.number"):
        owner = seen.setdefault(number, str(path[1]))
        if owner != path[1]:
            yield raw.error(path, f'"{number}" is the number of [hours.{owner}] already', "choose another")
    known = [*raw.names("phone"), *raw.names("agent")]
    for path, who in raw.strings("hours.*.forced_by", "hours.*.forced_by.*"):
        if who not in known:
            what = f'there is neither a [[phone]] with the user nor an [[agent]] with the id "{who}"'
            yield raw.error(path, what, nearest=nearest(who, known))
    for path, hours in raw.select("hours.*"):
        if isinstance(hours, dict) and hours.get("forced_by") and "number" not in hours:
            yield raw.error_at_key((*path, "forced_by"), "has no number to dial", 'add number = "1"')
