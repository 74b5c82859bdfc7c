"""Numbers and addresses: who is who on the network, what can be dialled."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from softswitch.callers.numbers import EMERGENCY
from softswitch.config.fields import Wrong, parse_listen, parse_network, parse_numbers, parse_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from softswitch.config.checks.raw import Raw
    from softswitch.config.errors import Problem
    from softswitch.config.model import Config
    from softswitch.config.positions import Path

MIN_PASSWORD = 8
_ANOTHER = "choose another number"


def check(raw: Raw) -> Iterator[Problem]:
    yield from _phones(raw)
    yield from _sources(raw)
    yield from _features(raw)
    yield from _places(raw)
    yield from _emergency(raw)
    yield from _sockets(raw)


def _phones(raw: Raw) -> Iterator[Problem]:
    for path, phone in raw.select("phone.*"):
        if isinstance(phone, dict) and "user" in phone and not {"password", "contact", "source"} & phone.keys():
            right = 'give a password to register with, a contact = "sip:…" where it is, or a source = ["address"]'
            yield raw.error_at_key(path, "can neither register nor be reached", right)


def check_passwords(config: Config, raw: Raw) -> Iterator[Problem]:
    """Those of phones, wherever they are kept."""
    for number, phone in enumerate(config.phone_list):
        password = "" if phone.password is None else phone.password.reveal()
        if phone.password is not None and (len(password) < MIN_PASSWORD or password == phone.user):
            right = f"use {MIN_PASSWORD} characters or more"
            yield raw.warning(("phone", number, "password"), "is easily guessed", right, code="weak-password")


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


def _codes_in_calls(raw: Raw, table: object) -> Iterator[Problem]:
    """None may be the beginning or, as only the last keys count, the end of another."""
    names = {"transfer": "*2", "consult": "*3", "verified": "*4", "not_verified": "*5", "no_offers": ""}
    if "park" in raw.tables:
        names["park"] = "*6"
    written = table if isinstance(table, dict) else {}
    names |= {key: written[key] for key in names if isinstance(written.get(key), str)}
    for (one, code), (other, longer) in combinations(names.items(), 2):
        short, long = sorted((code, longer), key=len)
        if short and (long.startswith(short) or long.endswith(short)):
            path: Path = ("feature", other if other in written else one)
            yield raw.error(path, f"the codes for {one} and {other} begin or end alike", "the codes must differ")


def _features(raw: Raw) -> Iterator[Problem]:
    names = {"login": "*11", "logout": "*12", "break": "*13", "back": "*14"}
    names |= {
        "leave_queue": "*15",
        "join_queue": "*16",
        "done": "*17",
        "extend": "*18",
        "voicemail": "*97",
        "voicemail_of": "*98",
    }
    names |= {"stay": "*10", "hours": "*30", "dnd": "*78", "dnd_off": "*79", "preview": "*70"}
    if "park" in raw.tables:
        names["park"] = "*6"
    table = raw.tables.get("feature")
    if isinstance(table, dict):
        names |= {key: value for key, value in table.items() if key in names and isinstance(value, str)}
    for name, code in names.items():
        for other, longer in names.items():
            if code and other != name and longer.startswith(code) and (longer != code or other > name):
                written = isinstance(table, dict) and name in table  # of the two at least one is
                if longer == code:
                    what = f'"{code}" is also the code for {other if written else name}'
                elif written:
                    what = f'"{code}" is the beginning of the code for {other}'
                else:
                    what = f'"{longer}" begins with the code for {name}, "{code}"'
                yield raw.error(("feature", name if written else other), what, "the codes must differ")
    yield from _codes_in_calls(raw, table)
    for path, did in raw.strings("route.*.did", "route.*.did.*"):
        for name, code in names.items():
            if code and did.startswith(code):
                what = f'is never reached from phones: "{code}" is the feature code for {name}'
                yield raw.warning(
                    path,
                    what,
                    f'choose another number, or another code: [feature] {name} = "…"',
                    code="code-hides-number",
                )


def _places(raw: Raw) -> Iterator[Problem]:
    """Numbers of parking places are dialled by our own phones, and mean nothing else to them."""
    park = raw.tables.get("park")
    try:
        places = parse_numbers(park["places"]).numbers if isinstance(park, dict) and "places" in park else ()
    except Wrong:
        return
    for path, number in raw.strings("phone.*.user", "queue.*.number", "route.*.did", "route.*.did.*"):
        if number in places:
            yield raw.error(path, f"{number} is a parking place, too", "choose another number, or other [park] places")


def _emergency(raw: Raw) -> Iterator[Problem]:
    """Our own numbers come first, so that whoever needs help would call a colleague."""
    for path, number in raw.strings("phone.*.user"):
        if number in EMERGENCY:
            yield raw.warning(path, f"whoever dials the emergency number {number} gets this instead", _ANOTHER)
    table = raw.tables.get("park")
    try:
        places = parse_numbers(table["places"]).numbers if isinstance(table, dict) and "places" in table else ()
    except Wrong:
        return
    if hidden := [number for number in EMERGENCY if number in places]:
        what = f"whoever dials the emergency number {hidden[0]} gets a parking place instead"
        yield raw.warning(("park", "places"), what, _ANOTHER)


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
