"""From a dialled number to a target: feature codes of agents, routes in their order, then our own phones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ivr.targets import EXTERNAL, Target
from softswitch.call.trunks import DIALLABLE

if TYPE_CHECKING:
    from collections.abc import Collection

    from softswitch.call.model import Caller
    from softswitch.config import Config, Route


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a call goes, and by which rule; *language* is set when the route decides it."""

    target: Target
    language: str | None = None
    rule: str = ""


class Router:
    """Matches numbers against the configuration; the first route wins."""

    def __init__(self, config: Config, phones: Collection[str]) -> None:
        self._routes = config.routes
        self._phones = phones

    def find(self, dialled: str, caller: Caller) -> Destination | None:
        """The destination of *dialled*, or None when *caller* can dial no such number."""
        for number, route in enumerate(self._routes, 1):
            if _matches_number(route, dialled) and _matches_caller(route, caller):
                if route.to.kind == EXTERNAL and not DIALLABLE.fullmatch(dialled):
                    continue
                return Destination(route.to.dialled(dialled), route.language, _rule(number, route))
        # numbers of our own desks are for our own people; a trunk reaches them by a route
        if caller.phone is not None and dialled in self._phones:
            return Destination(Target("phone", dialled), rule="the number of a phone")
        return None


def _rule(number: int, route: Route) -> str:
    """``route 2 (did 100, from trunk:kyiv)``, as the journal tells it."""
    asked = [f"did {' or '.join(route.did)}"] if route.did else []
    asked += [f"from {' or '.join(map(str, route.from_))}"] if route.from_ else []
    return f"route {number} ({', '.join(asked) or 'takes every call'})"


def _matches_number(route: Route, dialled: str) -> bool:
    if route.did is None:
        return True
    return any(dialled.startswith(did[:-1]) if did.endswith("*") else dialled == did for did in route.did)


def _matches_caller(route: Route, caller: Caller) -> bool:
    if route.from_ is None:
        return True
    kind, name = ("phone", caller.phone) if caller.phone is not None else ("trunk", caller.trunk)
    return any(origin in (f"{kind}:{name}", f"{kind}:*") for origin in route.from_)
