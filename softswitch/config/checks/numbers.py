"""Numbers and addresses: who is who on the network, what can be dialled, which route is ever reached."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

from softswitch.config.fields import Wrong, parse_listen, parse_network, parse_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from softswitch.config.checks.raw import Raw
    from softswitch.config.errors import Problem
    from softswitch.config.positions import Path

#: A number to dial, with ``*`` at the end for any rest.
DID = re.compile(r"\+?[0-9A-Za-z_.-]*\*?|[*#][0-9*#]*")


MIN_PASSWORD = 8


def check(raw: Raw) -> Iterator[Problem]:
    yield from _phones(raw)
    yield from _sources(raw)
    yield from _routes(raw)
    yield from _features(raw)
    yield from _sockets(raw)


def _phones(raw: Raw) -> Iterator[Problem]:
    for path, phone in raw.select("phone.*"):
        if isinstance(phone, dict) and "user" in phone and not {"password", "contact", "source"} & phone.keys():
            right = 'give a password to register with, a contact = "sip:…" where it is, or a source = ["address"]'
            yield raw.error_at_key(path, "can neither register nor be reached", right)
        password, user = (phone.get("password"), phone.get("user")) if isinstance(phone, dict) else (None, None)
        if isinstance(password, str) and (len(password) < MIN_PASSWORD or password == user):
            yield raw.warning((*path, "password"), "is easily guessed", f"use {MIN_PASSWORD} characters or more")


def _sources(raw: Raw) -> Iterator[Problem]:
    """Every trusted address belongs to one trunk or phone."""
    seen: dict[object, str] = {}
    for path, trunk in raw.select("trunk.*"):
        if isinstance(trunk, dict) and not trunk.get("source") and trunk.get("host") is None:
            yield raw.error_at_key(path, "has no address", 'add host = "192.0.2.10", or source = ["192.0.2.10"]')
    for path, text in raw.strings("trunk.*.host", "trunk.*.source.*", "phone.*.source.*"):
        try:
            network = parse_network(text)
        except Wrong:
            continue
        owner = f"{path[0]}.{path[1]}" if path[0] == "trunk" else _phone_name(raw, path)
        if seen.setdefault(network, owner) != owner:
            yield raw.error(path, f"{network} already belongs to {seen[network]}", "give each address to one of them")


def _phone_name(raw: Raw, path: Path) -> str:
    (phone,) = [value for where, value in raw.select("phone.*") if where == path[:2]]
    return f"phone {phone.get('user', '')}" if isinstance(phone, dict) else "phone"


def _routes(raw: Raw) -> Iterator[Problem]:
    """The first route that matches wins, so one that an earlier route covers is never reached."""
    earlier: list[tuple[int, list[str], list[str]]] = []
    for path, route in raw.select("route.*"):
        if not isinstance(route, dict):
            continue
        dids, callers = _strings(route.get("did"), "*"), _strings(route.get("from"), "*")
        if dids is None or callers is None:
            continue
        for number, did in enumerate(dids):
            where = (*path, "did", number) if isinstance(route.get("did"), list) else (*path, "did")
            if not did or not DID.fullmatch(did):
                right = 'write "100", "+380441234567", or "044*" for all that begin with 044'
                yield raw.error(where, f'"{did}" is not a number', right)
        for line, their_dids, their_callers in earlier:
            if all(_any_covers(their_dids, did) for did in dids) and all(
                _any_covers(their_callers, caller) for caller in callers
            ):
                what = f"is never reached: the route in line {line} takes all its calls"
                yield raw.error_at_key(path, what, "put the special route before the general one")
                break
            both = [did for did in dids if did in their_dids and did != "*"]
            if both and set(callers) & set(their_callers):
                what = f'"{both[0]}" has a route already (line {line})'
                yield raw.error_at_key((*path, "did"), what, "first match wins; remove one of them")
                break
        earlier.append((raw.positions.of(path).line, dids, callers))
        yield from _hiding_phones(raw, path, dids, callers)


def _hiding_phones(raw: Raw, path: Path, dids: list[str], callers: list[str]) -> Iterator[Problem]:
    """Routes come before phones: one for the number of a phone makes that phone unreachable from other phones."""
    if all(caller.startswith("trunk:") for caller in callers):
        return
    users = raw.names("phone")
    if hidden := [user for user in users if _any_covers(dids, user)]:
        which = ", ".join(hidden[:3]) + (" …" if len(hidden) > 3 else "")
        what = f"takes the calls that phones make to the phones {which}"
        yield raw.warning(path, what, 'add from = "trunk:*", or choose other numbers')


def _features(raw: Raw) -> Iterator[Problem]:
    names = {"login": "*11", "logout": "*12", "break": "*13", "back": "*14"}
    names |= {"leave_queue": "*15", "join_queue": "*16", "done": "*17", "extend": "*18"}
    table = raw.tables.get("feature")
    if isinstance(table, dict):
        names |= {key: value for key, value in table.items() if key in names and isinstance(value, str)}
    for name, code in names.items():
        for other, longer in names.items():
            if other != name and longer.startswith(code) and (longer != code or other > name):
                what = f'"{code}" is {"also" if longer == code else "the beginning of"} the code for {other}'
                path: Path = ("feature", name) if isinstance(table, dict) and name in table else ("feature", other)
                yield raw.error(path, what, "the codes must differ")
    in_calls = {"transfer": "*2", "consult": "*3"}
    if isinstance(table, dict):
        in_calls |= {key: table[key] for key in in_calls if isinstance(table.get(key), str)}
    one, other = in_calls.values()
    if one and other and (one.startswith(other) or other.startswith(one)):
        path = ("feature", "consult") if isinstance(table, dict) and "consult" in table else ("feature", "transfer")
        yield raw.error(path, "the codes for transfer and consult begin alike", "the codes must differ")
    for path, did in raw.strings("route.*.did", "route.*.did.*"):
        for name, code in names.items():
            if did.startswith(code):
                what = f'is never reached from phones: "{code}" is the feature code for {name}'
                yield raw.warning(path, what, f'choose another number, or another code: [feature] {name} = "…"')


def _sockets(raw: Raw) -> Iterator[Problem]:
    rtp = raw.tables.get("rtp")
    ports = None
    if isinstance(rtp, dict) and "ports" in rtp:
        try:
            ports = parse_ports(rtp["ports"])
        except Wrong:
            ports = None
    else:
        ports = parse_ports("20000-20127")
    seen: list[str] = []
    for path, text in raw.strings("sip.listen.*"):
        try:
            listen = parse_listen(text)
        except Wrong:
            continue
        if str(listen) in seen and listen.port:
            yield raw.error(path, f'"{listen}" is in this list already')
        seen.append(str(listen))
        if ports and listen.transport == "udp" and ports.first <= listen.port <= ports.last:
            yield raw.error(path, f"port {listen.port} is one of rtp.ports, {ports}", "keep the two apart")
    for path, expires in raw.select("sip.expires"):
        if isinstance(expires, dict):
            low, default, high = (
                expires.get(key, standard) for key, standard in (("min", 60), ("default", 3600), ("max", 7200))
            )
            if all(type(value) is int for value in (low, default, high)) and not low <= default <= high:
                yield raw.error_at_key(path, f"{low} (min), {default} (default), {high} (max) are not in this order")


def _strings(value: Any, default: str) -> list[str] | None:
    if value is None:
        return [default]
    if isinstance(value, str):
        return [value]
    return value if isinstance(value, list) and value and all(isinstance(item, str) for item in value) else None


def _any_covers(patterns: list[str], other: str) -> bool:
    return any(pattern == other or (pattern.endswith("*") and other.startswith(pattern[:-1])) for pattern in patterns)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
