"""Routes: which callers and times they are for, and which of them can ever match."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from softswitch.config.errors import nearest
from softswitch.config.fields import Wrong, parse_target
from softswitch.config.templates import placeholders

if TYPE_CHECKING:
    from collections.abc import Iterator

    from softswitch.config.checks.raw import Raw
    from softswitch.config.errors import Problem
    from softswitch.config.positions import Path

#: A number to dial, with ``*`` at the end for any rest.
DID = re.compile(r"\+?[0-9A-Za-z_.-]*\*?|[*#][0-9*#]*")
#: A number that calls, or the beginning of such numbers.
ANI = re.compile(r"\+?[0-9]+\*?")
_WHO = 'write "trunk:name", "phone:user", "trunk:*", "phone:*", "list:name", a number, "+4822*" or "withheld"'
_STATES = ("open", "closed", "special")


@dataclass(frozen=True, slots=True)
class _Route:
    """What an earlier route takes. `sure`: every call that fits it, whatever is known of the caller."""

    line: int
    dids: list[str]
    callers: list[str]
    when: frozenset[str]
    sure: bool

    def hides(self, other: _Route) -> bool:
        fits = all(_any_covers(self.dids, did) for did in other.dids)
        fits = fits and all(_any_covers(self.callers, caller) for caller in other.callers)
        return fits and self.sure and self.when <= other.when


def check(raw: Raw) -> Iterator[Problem]:
    earlier: list[_Route] = []
    for path, table in raw.select("route.*"):
        if not isinstance(table, dict):
            continue
        yield from _origins(raw, path, table)
        yield from _times(raw, path, table)
        yield from _refusal(raw, path, table)
        yield from _words(raw, path, table)
        route = _read(raw, path, table)
        if route is not None:
            yield from _dids(raw, path, table, route)
            yield from _hidden(raw, path, route, earlier)
            yield from _hiding_phones(raw, path, route)
            earlier.append(route)


def _read(raw: Raw, path: Path, table: dict[str, Any]) -> _Route | None:
    dids, callers, when = (_strings(table.get(key), default) for key, default in _KEYS)
    if dids is None or callers is None or when is None:
        return None
    targets = [text for key in ("to", "when_unavailable") for _, text in _items(path, key, table.get(key))]
    sure = not all(_depends(target) for target in targets)
    return _Route(raw.positions.of(path).line, dids, callers, frozenset(when) - {""}, sure)


_KEYS = (("did", "*"), ("from", "*"), ("when", ""))


def _depends(target: str) -> bool:
    """Whether it is only for callers of whom something is known."""
    try:
        return set(placeholders(parse_target(target))) - {"did"} != set()
    except Wrong:
        return False


def _origins(raw: Raw, path: Path, table: dict[str, Any]) -> Iterator[Problem]:
    for where, caller in _items(path, "from", table.get("from")):
        kind, colon, name = caller.partition(":")
        if not colon and (caller == "withheld" or ANI.fullmatch(caller)):
            continue
        if kind not in ("trunk", "phone", "list") or not name:
            likely = nearest(caller, ["withheld"])
            yield raw.error(where, f'"{caller}" does not say who calls', _WHO, likely)
        elif (kind == "list" or name != "*") and name not in (known := raw.names(kind)):
            likely = nearest(name, known)
            yield raw.error(where, f'there is no {kind} "{name}"', nearest=likely and f"{kind}:{likely}")


def _times(raw: Raw, path: Path, table: dict[str, Any]) -> Iterator[Problem]:
    hours = raw.names("hours")
    for where, text in _items(path, "when", table.get("when")):
        state, _, name = text.partition(":")
        if state not in _STATES or not name:
            yield raw.error(where, f'"{text}" does not say when', 'write "open:name" or "closed:name" of some hours')
        elif name not in hours:
            likely = nearest(name, hours)
            yield raw.error(where, f"there is no [hours.{name}]", nearest=likely and f"{state}:{likely}")


def _refusal(raw: Raw, path: Path, table: dict[str, Any]) -> Iterator[Problem]:
    if "reject" in table and table.get("to") != "hangup":
        yield raw.error((*path, "reject"), "is for calls that are not taken", 'write to = "hangup"')


def _words(raw: Raw, path: Path, table: dict[str, Any]) -> Iterator[Problem]:
    """What is said of the caller by a word of its own is no variable besides."""
    data = table.get("data")
    for word in ("priority", "needs", "prefer", "language", "label"):
        if isinstance(data, dict) and word in data:
            yield raw.error_at_key(
                (*path, "data", word), "is a word of the route itself", f"write {word} = … beside data"
            )


def _dids(raw: Raw, path: Path, table: dict[str, Any], route: _Route) -> Iterator[Problem]:
    for number, did in enumerate(route.dids):
        where = (*path, "did", number) if isinstance(table.get("did"), list) else (*path, "did")
        if not did or not DID.fullmatch(did):
            right = 'write "100", "+380441234567", or "044*" for all that begin with 044'
            yield raw.error(where, f'"{did}" is not a number', right)


def _hidden(raw: Raw, path: Path, route: _Route, earlier: list[_Route]) -> Iterator[Problem]:
    """The first route that matches wins, so one that an earlier route covers is never reached."""
    for other in earlier:
        if other.hides(route):
            what = f"is never reached: the route in line {other.line} takes all its calls"
            yield raw.error_at_key(path, what, "put the special route before the general one")
            return
        both = [did for did in route.dids if did in other.dids and did != "*"]
        if both and set(route.callers) & set(other.callers) and other.sure and other.when <= route.when:
            what = f'"{both[0]}" has a route already (line {other.line})'
            yield raw.error_at_key((*path, "did"), what, "first match wins; remove one of them")
            return


def _hiding_phones(raw: Raw, path: Path, route: _Route) -> Iterator[Problem]:
    """Routes come before phones: one for the number of a phone makes that phone unreachable from other phones."""
    if not any(caller == "*" or caller.startswith("phone:") for caller in route.callers):
        return
    users = raw.names("phone")
    if hidden := [user for user in users if _any_covers(route.dids, user)]:
        which = ", ".join(hidden[:3]) + (" …" if len(hidden) > 3 else "")
        what = f"takes the calls that phones make to the phones {which}"
        yield raw.warning(path, what, 'add from = "trunk:*", or choose other numbers', code="hidden-phone")


def _items(path: Path, key: str, value: Any) -> Iterator[tuple[Path, str]]:
    """Each string of a value that is one or a list of them, with its place."""
    if isinstance(value, list):
        yield from (((*path, key, number), item) for number, item in enumerate(value) if isinstance(item, str))
    elif isinstance(value, str):
        yield (*path, key), value


def _strings(value: Any, default: str) -> list[str] | None:
    if value is None:
        return [default]
    if isinstance(value, str):
        return [value]
    return value if isinstance(value, list) and value and all(isinstance(item, str) for item in value) else None


def _any_covers(patterns: list[str], other: str) -> bool:
    return any(pattern == other or (pattern.endswith("*") and other.startswith(pattern[:-1])) for pattern in patterns)
