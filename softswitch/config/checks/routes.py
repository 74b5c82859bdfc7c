"""Routes: which callers and times they are for, and which of them can ever match."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

from softswitch.callers.numbers import NumberPlan
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
NUMBER = re.compile(r"\+?[0-9]+")
_WHO = 'write "trunk:name", "phone:user", "trunk:*", "phone:*", "list:name", a number, "+4822*" or "withheld"'
_STATES = ("open", "closed", "special")


#: A caller comes from a trunk or from a phone, and hours are open or closed: what takes both takes all.
_SIDES = ("trunk:*", "phone:*")
#: Hours that are told apart at most, to see whether routes together take all calls.
_MOST_HOURS = 4


@dataclass(frozen=True, slots=True)
class _Route:
    """What an earlier route takes. `sure`: every call that fits it, whatever is known of the caller."""

    line: int
    dids: list[str]
    callers: list[str]
    when: frozenset[str]
    sure: bool

    def takes(self, call: _Call) -> bool:
        fits = self.sure and _any_covers(self.dids, call.did) and self.when <= call.when
        return fits and any(_any_covers(self.callers, caller) for caller in call.who)


@dataclass(frozen=True, slots=True)
class _Call:
    """One kind of calls: the number, all that is known of who calls (a number, and a trunk), and of the hours."""

    did: str
    who: frozenset[str]
    when: frozenset[str]


def check(raw: Raw) -> Iterator[Problem]:
    earlier: list[_Route] = []
    plan = _plan(raw)
    for path, table in raw.select("route.*"):
        if not isinstance(table, dict):
            continue
        yield from _origins(raw, path, table)
        yield from _times(raw, path, table)
        yield from _refusal(raw, path, table)
        yield from _words(raw, path, table)
        route = _read(raw, path, table, plan)
        if route is not None:
            yield from _dids(raw, path, table, route)
            yield from _hidden(raw, path, route, earlier)
            yield from _hiding_phones(raw, path, route)
            earlier.append(route)


def _plan(raw: Raw) -> NumberPlan:
    """As the switch reads numbers; a country without a plan is reported where it stands."""
    country = next((value for _, value in raw.strings("server.country")), "")
    try:
        return NumberPlan(country, internal=raw.names("phone"))
    except ValueError:
        return NumberPlan(internal=raw.names("phone"))


def _read(raw: Raw, path: Path, table: dict[str, Any], plan: NumberPlan) -> _Route | None:
    dids, callers, when = (_strings(table.get(key), default) for key, default in _KEYS)
    if dids is None or callers is None or when is None:
        return None
    callers = [(plan.read(who).dialable or who) if NUMBER.fullmatch(who) else who for who in callers]
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
    states: dict[str, str] = {}
    for where, text in _items(path, "when", table.get("when")):
        state, _, name = text.partition(":")
        if state not in _STATES or not name:
            yield raw.error(where, f'"{text}" does not say when', 'write "open:name" or "closed:name" of some hours')
        elif name not in hours:
            likely = nearest(name, hours)
            yield raw.error(where, f"there is no [hours.{name}]", nearest=likely and f"{state}:{likely}")
        elif state != (before := states.setdefault(name, state)) and "open" in (state, before):
            what = f"is never reached: {name} is not {before} and {state} at once"
            yield raw.error(where, what, "all of the list must be so; write two routes")


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
    takers = _takers_of_all(route, earlier)
    if takers is not None:
        what = f"is never reached: the {_lines(takers)} all its calls"
        yield raw.error_at_key(path, what, "put the special route before the general one")
        return
    for other in earlier:
        both = [did for did in route.dids if did in other.dids and did != "*"]
        if both and set(route.callers) & set(other.callers) and other.sure and other.when <= route.when:
            what = f'"{both[0]}" has a route already (line {other.line})'
            yield raw.error_at_key((*path, "did"), what, "first match wins; remove one of them")
            return


def _takers_of_all(route: _Route, earlier: list[_Route]) -> set[int] | None:
    """The lines of routes that leave nothing for *route*, if they do."""
    lines: set[int] = set()
    when = route.when | {f"closed:{text.partition(':')[2]}" for text in route.when if text.startswith("special:")}
    for did, caller in product(route.dids, route.callers):
        call = _Call(did, frozenset({caller}), when)
        takers = _takers(call, [other for other in earlier if other.sure and _any_covers(other.dids, did)])
        if takers is None:
            return None
        lines |= takers
    return lines


def _takers(call: _Call, earlier: list[_Route]) -> set[int] | None:
    for route in earlier:
        if route.takes(call):
            return {route.line}
    for parts in _parts(call, earlier):
        takers = [_takers(part, earlier) for part in parts]
        if all(takers):
            return {line for lines in takers if lines for line in lines}
    return None


def _parts(call: _Call, earlier: list[_Route]) -> Iterator[list[_Call]]:
    """Ways to part *call* into two kinds of calls that are all of it."""
    asked = {caller for route in earlier for caller in route.callers}
    if asked.issuperset(_SIDES) and not any(who.startswith(("trunk:", "phone:")) for who in call.who):
        yield [replace(call, who=call.who | {side}) for side in _SIDES]
        return
    names = sorted({text.partition(":")[2] for route in earlier for text in route.when})
    for name in names[:_MOST_HOURS]:
        states = [f"open:{name}", f"closed:{name}"]
        if not call.when.intersection(states):
            yield [replace(call, when=call.when | {state}) for state in states]


def _lines(lines: set[int]) -> str:
    told = " and ".join(str(line) for line in sorted(lines))
    return f"route in line {told} takes" if len(lines) == 1 else f"routes in lines {told} together take"


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
