"""What callers from outside can come to hear: never a busy tone, nor a call that ends without a word.

Every way from a route that takes calls of trunks is followed. It goes wrong where somebody may be busy, not answer or
not be there, and nothing says what follows then.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from ivr.nodes import External, Phone, Result
from ivr.people import Agent, FindMe
from ivr.targets import Target
from ivr.validate import edges
from softswitch.config.errors import Problem, Severity, dotted
from softswitch.config.flows import flow
from softswitch.config.templates import placeholders

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ivr.nodes import Flow, Node
    from softswitch.config import Config, Route
    from softswitch.config.positions import Path, Positions

CODE = "outside-busy"
#: How somebody who was to be rung gives the caller back.
_RESULTS = {
    Phone: (Result.BUSY, Result.NO_ANSWER, Result.UNAVAILABLE),
    External: (Result.BUSY, Result.NO_ANSWER, Result.UNAVAILABLE),
    Agent: (Result.NO_ANSWER, Result.UNAVAILABLE),
    FindMe: (Result.NO_ANSWER, Result.UNAVAILABLE),
}
_WORDS = {Result.BUSY: "busy", Result.NO_ANSWER: "no answer", Result.UNAVAILABLE: "not there"}

#: Where a caller is, and how many fallbacks of the route have been used.
_Place = tuple[Target, int]


def check(config: Config, positions: Positions) -> Iterator[Problem]:
    if not config.trunks:
        return
    menus = flow(config)
    for number, route in enumerate(config.routes):
        if route.from_ and all(origin.startswith("phone:") for origin in route.from_):
            continue
        if ways := list(_wrong_ways(menus, route)):
            path: Path = ("route", number, "to")
            at = positions.of(path)
            what = "a caller from outside can hear busy, or nothing: " + "; ".join(
                f"{' → '.join(map(str, way))} ({', '.join(_WORDS[result] for result in results)})"
                for way, results in ways
            )
            right = "say what follows with when_busy, when_no_answer and when_unavailable there or here"
            yield Problem(at.line, at.column, dotted(path), what, right, severity=Severity.WARNING, code=CODE)


def _wrong_ways(menus: Flow, route: Route) -> Iterator[tuple[tuple[Target, ...], tuple[Result, ...]]]:
    """The shortest way to each place where nothing follows, with what may happen there."""
    chain = (route.to, *route.when_unavailable)
    ways: dict[_Place, tuple[Target, ...]] = {}
    pending: deque[tuple[_Place, tuple[Target, ...]]] = deque()

    def go(place: _Place, way: tuple[Target, ...]) -> None:
        if place not in ways:
            ways[place] = (*way, place[0])
            pending.append((place, ways[place]))

    def fall_back(used: int, way: tuple[Target, ...]) -> bool:
        """To the next of the route's targets, if there is one."""
        if used + 1 >= len(chain):
            return False
        go((chain[used + 1], used + 1), way)
        return True

    def begin(used: int) -> None:
        """One target may be left out, when nothing is known to fill it."""
        go((chain[used], used), ())
        if set(placeholders(chain[used])) - {"did"} and used + 1 < len(chain):
            begin(used + 1)

    begin(0)
    blamed: set[Target] = set()
    while pending:
        (target, used), way = pending.popleft()
        node = _node(menus, target)
        if node is None:
            continue
        for _, to in edges(node):
            go((to, used), way)
        lacking = tuple(result for result in _RESULTS.get(type(node), ()) if result not in _outcomes(node))
        if lacking and not fall_back(used, way) and target not in blamed:
            blamed.add(target)
            yield way, lacking


def _node(menus: Flow, target: Target) -> Node | None:
    """What is at *target*; somebody of whom only the kind is known, when the name depends on the caller."""
    if target.kind == Agent.kind and placeholders(target):
        return Agent(target.name)
    return menus.find(target)


def _outcomes(node: Node) -> frozenset[Result]:
    return frozenset(node.outcomes) if isinstance(node, Phone | External | Agent | FindMe) else frozenset()
