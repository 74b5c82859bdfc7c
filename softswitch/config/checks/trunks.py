"""Trunks: what they need to call out, and who may use them at the carrier's cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ivr.targets import DIALLED, EXTERNAL
from softswitch.config.errors import nearest
from softswitch.config.fields import Wrong, parse_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from softswitch.config.checks.raw import Raw
    from softswitch.config.errors import Problem
    from softswitch.config.positions import Path


def check(raw: Raw) -> Iterator[Problem]:
    for path, trunk in raw.select("trunk.*"):
        if isinstance(trunk, dict):
            yield from _calling_out(raw, path, trunk)
    for path, route in raw.select("route.*"):
        if isinstance(route, dict):
            yield from _dial_through(raw, path, route)


def _calling_out(raw: Raw, path: Path, trunk: dict[str, Any]) -> Iterator[Problem]:
    if "host" not in trunk:
        for key in ("register", "failover", "caller_number", "numbers", "prefix"):
            if key in trunk:
                yield raw.error((*path, key), "is for calls out, and this trunk has no host", 'add host = "…"')
    if "password" in trunk and "user" not in trunk:
        yield raw.error((*path, "password"), "is for nobody", 'add user = "…"')
    elif "user" in trunk and "password" not in trunk:
        yield raw.error((*path, "user"), "has no password", 'add password = "…"')
    names = raw.names("trunk")
    for number, name in enumerate(_list(trunk.get("failover"))):
        where = (*path, "failover", number)
        if name not in names:
            yield raw.error(where, f"there is no [trunk.{name}]", nearest=nearest(name, names))
        elif name == path[1]:
            yield raw.error(where, "is the trunk itself")


def _dial_through(raw: Raw, path: Path, route: dict[str, Any]) -> Iterator[Problem]:
    """A route that lets strangers choose the number that we pay for."""
    try:
        target = parse_target(route.get("to"))
    except Wrong:
        return
    if target.kind != EXTERNAL or target.number != DIALLED:
        return
    callers = _list(route.get("from")) or ["trunk:*"]
    strangers = [caller for caller in callers if not caller.startswith("phone:")]
    if strangers:
        what = f"lets callers from {', '.join(strangers)} call any number at your cost"
        yield raw.warning((*path, "to"), what, 'add from = "phone:*", or name the number in `to`', code="toll-open")


def _list(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]
