"""What callers from outside can come to hear: never a busy tone, nor a call that ends without a word.

Every way from a route that takes calls of trunks is followed. It goes wrong where somebody may be busy, not answer or
not be there, and nothing says what follows then; where the call ends before anything has answered it; and where nothing
is ever heard. A route's own ``to = "hangup"`` refuses calls on purpose.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from ivr import texts
from ivr.entries import Collect
from ivr.nodes import NOT_CONNECTED, Answer, External, Goto, Hours, Inquiry, Menu, Phone, Result
from ivr.people import Agent, FindMe
from ivr.targets import HANGUP, Target
from ivr.validate import edges, stands_in
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

_UNANSWERED, _SILENCE = "ends unanswered", "silence"

#: Where a caller is, what follows when nobody takes them, one after another, and whether the call has been answered.
_Place = tuple[Target, tuple[Target, ...], bool]


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
                f"{' → '.join(map(str, way))} ({', '.join(wrong)})" for way, wrong in ways
            )
            right = "say what follows with when_busy, when_no_answer and when_unavailable there or here"
            yield Problem(at.line, at.column, dotted(path), what, right, severity=Severity.WARNING, code=CODE)


def _wrong_ways(menus: Flow, route: Route) -> Iterator[tuple[tuple[Target, ...], list[str]]]:
    """The shortest way to each place where nothing follows, or where the call ends, with what may happen there."""
    chain = (route.to, *route.when_unavailable)
    ways: dict[_Place, tuple[Target, ...]] = {}
    pending: deque[_Place] = deque()

    def go(place: _Place, way: tuple[Target, ...]) -> None:
        if place not in ways:
            ways[place] = (*way, place[0])
            pending.append(place)

    def begin(used: int) -> None:
        """One target may be left out, when nothing is known to fill it."""
        go((chain[used], chain[used + 1 :], False), ())
        if set(placeholders(chain[used])) - {"did"} and used + 1 < len(chain):
            begin(used + 1)

    begin(0)
    blamed: set[tuple[Target, ...]] = set()
    while pending:
        place = target, rest, answered = pending.popleft()
        way = ways[place]
        nodes, may_be_none = _nodes(menus, target, route, begins=len(way) == 1)
        onward = [
            (to, _stand_in(node, key) or rest, answered or _answers(node, key))
            for node in nodes
            for key, to in edges(node)
            if not stands_in(key)
        ]
        lacking = [result for result in _WORDS if any(result in _lacks(node) for node in nodes)]
        wrong = [_SILENCE] if target.kind == Answer.kind else []
        if (lacking or may_be_none) and rest:
            onward.append((rest[0], rest[1:], answered))
        else:
            wrong += [_WORDS[result] for result in lacking]
            onward += [(NOT_CONNECTED, rest, answered)] if may_be_none else []
        if wrong and (target,) not in blamed:
            blamed.add((target,))
            yield way, wrong
        for following in onward:
            if following[0] != HANGUP:
                go(following, way)
            elif not following[2] and (target, HANGUP) not in blamed:
                blamed.add((target, HANGUP))
                yield (*way, HANGUP), [_UNANSWERED]


def _stand_in(node: Node, key: tuple[str, ...]) -> tuple[Target, ...]:
    """What `when_unavailable` of *node* says for who leaves it by *key*: of a failure it says nothing."""
    failed = isinstance(node, Inquiry | Collect) and key[0] not in ("then", "when")
    return () if failed else getattr(node, "fallbacks", ())


def _nodes(menus: Flow, target: Target, route: Route, *, begins: bool) -> tuple[list[Node], bool]:
    """What can be at *target* when its placeholders are filled, and whether it may be nothing.

    Of agents only the kind matters; what a list says is checked when the list is read, and good where the way begins.
    """
    names = set(placeholders(target))
    if target.kind == Agent.kind and names:
        return [Agent(target.name)], not begins
    if not names or target.kind == External.kind:
        node = menus.find(target)
        return [] if node is None else [node], False
    if names != {"did"}:
        return [node for at, node in menus.nodes.items() if at.kind == target.kind], "did" in names or not begins
    found: list[Node] = []
    for did in route.did or ("*",):
        name = texts.fill(target.name, {"did": did})
        start, any_rest, _ = name.partition("*") if did.endswith("*") else (name, "", "")
        found += [
            node
            for at, node in menus.nodes.items()
            if at.kind == target.kind and (at.name == name or (any_rest and at.name.startswith(start)))
        ]
        if any_rest or Target(target.kind, name) not in menus.nodes:
            return found, True
    return found, False


def _lacks(node: Node) -> list[Result]:
    """How *node* may give the caller back with nothing said of what follows."""
    has = node.outcomes if isinstance(node, Phone | External | Agent | FindMe) else {}
    return [result for result in _RESULTS.get(type(node), ()) if result not in has]


def _answers(node: Node, key: tuple[str, ...]) -> bool:
    """Whether a call that leaves *node* by *key* has surely been answered."""
    match node:
        case Goto() | Hours() | Inquiry():
            return False
        case Menu():
            return key[0] != "versions"  # which one it is is chosen before a word is said
        case Phone() | External() | Agent() | FindMe():
            return key[0] in ("then", "when_ended", "when_done")
    return True
