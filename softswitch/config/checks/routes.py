"""Routes: which callers and times they are for, and which of them can ever match."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from softswitch.callers.numbers import NumberPlan
from softswitch.config.checks.hidden import Forms, Route, covers, takers_of_all
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
#: A number of the public network, or the beginning of such numbers, with its country ("+…") or as that dials it.
PUBLIC = re.compile(r"\+[0-9]+\*?|0[1-9][0-9]+\*|0[1-9][0-9]{5,}|[1-9][0-9]{8,}")
#: A number that calls, or the beginning of such numbers.
ANI = re.compile(r"\+?[0-9]+\*?")
_WHO = 'write "trunk:name", "phone:user", "trunk:*", "phone:*", "list:name", a number, "+4822*" or "withheld"'
_STATES = ("open", "closed", "special")


def check(raw: Raw) -> Iterator[Problem]:
    earlier: list[Route] = []
    forms = Forms(_plan(raw), raw)
    for path, table in raw.select("route.*"):
        if not isinstance(table, dict):
            continue
        yield from _origins(raw, path, table)
        yield from _times(raw, path, table)
        yield from _refusal(raw, path, table)
        yield from _words(raw, path, table)
        route = _read(raw, path, table, forms)
        if route is not None:
            yield from _dids(raw, path, table, route)
            yield from _hidden(raw, path, route, earlier, forms)
            yield from _hiding_phones(raw, path, route)
            earlier.append(route)
    yield from _country(raw)


def _country(raw: Raw) -> Iterator[Problem]:
    """Carriers send a number as they like, and only a country tells that its forms are one number."""
    if not raw.names("trunk") or any(country for _, country in raw.strings("server.country")):
        return
    written: dict[str, Path] = {}
    for path, table in raw.select("route.*"):
        callers = _strings(table.get("from"), "*") if isinstance(table, dict) else None
        if callers and not all(caller.startswith("phone:") for caller in callers):
            for where, did in _items(path, "did", table.get("did")):
                if PUBLIC.fullmatch(did):
                    written.setdefault(did, where)
    ends = {did: did.strip("+0*") for did in written}
    alone = [
        did
        for did, end in ends.items()
        if not any(end.endswith(other) or other.endswith(end) for also, other in ends.items() if also != did)
    ]
    if alone:
        did = alone[0]
        form = "as the country dials it" if did.startswith("+") else 'with "+" and the code of the country'
        more = f"; so it is with {len(alone) - 1} more" if len(alone) > 1 else ""
        what = f'misses calls of carriers that send "{did}" {form}: no country says that it is one number{more}'
        right = 'write country = "UA", or whichever it is, in [server]'
        yield raw.warning(written[did], what, right, code="no-country")


def _plan(raw: Raw) -> NumberPlan:
    """As the switch reads numbers; a country without a plan is reported where it stands."""
    country = next((value for _, value in raw.strings("server.country")), "")
    try:
        return NumberPlan(country, internal=raw.names("phone"))
    except ValueError:
        return NumberPlan(internal=raw.names("phone"))


def _read(raw: Raw, path: Path, table: dict[str, Any], forms: Forms) -> Route | None:
    dids, callers, when = (_strings(table.get(key), default) for key, default in _KEYS)
    if dids is None or callers is None or when is None:
        return None
    targets = [text for key in ("to", "when_unavailable") for _, text in _items(path, key, table.get(key))]
    sure = not all(_depends(target) for target in targets)
    return Route(
        raw.positions.of(path).line,
        [forms.did(did) for did in dids],
        [forms.caller(caller) for caller in callers],
        [who for caller in callers for who in forms.whoever(caller)],
        frozenset(when) - {""},
        sure,
    )


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


def _dids(raw: Raw, path: Path, table: dict[str, Any], route: Route) -> Iterator[Problem]:
    for number, did in enumerate(each.written for each in route.dids):
        where = (*path, "did", number) if isinstance(table.get("did"), list) else (*path, "did")
        if not did or not DID.fullmatch(did):
            right = 'write "100", "+380441234567", or "044*" for all that begin with 044'
            yield raw.error(where, f'"{did}" is not a number', right)


def _hidden(raw: Raw, path: Path, route: Route, earlier: list[Route], forms: Forms) -> Iterator[Problem]:
    """The first route that matches wins, so one that an earlier route covers is never reached."""
    earlier = [other for other in earlier if any(other.may_take(did) for did in route.dids)]
    takers = takers_of_all(route, earlier, forms)
    if takers is not None:
        what = f"is never reached: the {_lines(raw, takers)} all its calls"
        yield raw.error_at_key(path, what, "put the special route before the general one")
        return
    for other in earlier:
        both = _same(route, other) if other.sure and other.when <= route.when else ""
        if both:
            what = f'"{both}" has a route already ({raw.positions.told(other.line)})'
            yield raw.error_at_key((*path, "did"), what, "first match wins; remove one of them")
            return
    takers = takers_of_all(route, earlier, forms, trunks_of_today=True)
    if takers is not None:
        what = f"is only for trunks that there are not yet: the {_lines(raw, takers)} all calls of the others"
        yield raw.warning(path, what, "put it before them, or leave it out")
        return
    if any(caller.written.startswith("phone:") for caller in route.callers):
        return
    for_all = [other for other in earlier if any(caller.written == "*" for caller in other.callers)]
    takers = takers_of_all(route, for_all, forms, outside=True)
    if takers is not None:
        what = (
            f"is never reached from outside, where these numbers are the same: the {_lines(raw, takers)} all such calls"
        )
        yield raw.warning(path, what, 'put it before, or add from = "phone:*"')


def _same(route: Route, other: Route) -> str:
    """A number of *route* that *other* is for too, for some of the same callers."""
    callers = {caller.written for caller in route.callers} & {caller.written for caller in other.callers}
    trunks = any(caller.startswith("trunk:") for caller in callers)
    for did in route.dids if callers else ():
        for each in other.dids:
            if did.written == each.written != "*" or (trunks and did.forms & each.forms):
                return did.written
    return ""


def _lines(raw: Raw, lines: set[int]) -> str:
    places = [raw.positions.told(line) for line in sorted(lines)]
    if len(places) == 1:
        return f"route in {places[0]} takes"
    if len(raw.positions.files) <= 1:
        places = ["lines " + " and ".join(str(line) for line in sorted(lines))]
    return f"routes in {' and '.join(places)} together take"


def _hiding_phones(raw: Raw, path: Path, route: Route) -> Iterator[Problem]:
    """Routes come before phones: one for the number of a phone makes that phone unreachable from other phones."""
    if not any(caller.written == "*" or caller.written.startswith("phone:") for caller in route.callers):
        return
    users = raw.names("phone")
    if hidden := [user for user in users if any(covers(did.written, user) for did in route.dids)]:
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
