"""What the switch says when it starts: in plain words, what it listens on, who may register, what can be dialled."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from softswitch.config import Config, Phone, Route

#: Lists longer than this are cut: forty phones in a row tell nobody anything.
MANY = 12


def briefing(config: Config) -> str:
    """A page of text; ends with a line that begins with "ready"."""
    return "\n".join(_lines(config))


def _lines(config: Config) -> Iterator[str]:
    yield "Listening for SIP on " + ", ".join(str(listen) for listen in config.sip.listen) + "."
    yield f"Sound (RTP) uses UDP ports {config.rtp.ports}."
    registering = [phone for phone in config.phones.values() if phone.contact is None]
    fixed = [phone for phone in config.phones.values() if phone.contact is not None]
    if registering:
        yield f"Phones that may register ({config.sip.domain}): {_list(_phone(phone) for phone in registering)}."
    if fixed:
        yield f"Phones at fixed addresses: {_list(f'{phone.user} at {phone.contact}' for phone in fixed)}."
    for name, trunk in config.trunks.items():
        yield f"Calls are taken from trunk {name} at {_list(str(network) for network in trunk.source)}."
    for route in config.routes:
        yield _route(route)
    if config.phones:
        yield "Phones reach each other by their numbers."
    if config.agents:
        codes = config.features
        yield (
            f"Agents: {_list(agent.label for agent in config.agents.values())}. "
            f"They dial {codes.login} to log in, {codes.logout} to log out, "
            f"{codes.break_} for a break, {codes.back} when they are back."
        )
    yield "ready (Ctrl-C stops the switch and ends its calls)"


def _phone(phone: Phone) -> str:
    return f"{phone.user} ({phone.name})" if phone.name else phone.user


def _route(route: Route) -> str:
    numbers = "any number" if route.did is None else _list(route.did)
    who = "" if route.from_ is None else f" from {_list(route.from_)}"
    return f"Dial {numbers}{who}: {route.to}."


def _list(items: Iterable[str]) -> str:
    words = list(items)
    shown = words[:MANY]
    rest = len(words) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")
