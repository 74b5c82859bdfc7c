"""Points that callers bring along into a queue, on top of its own: from routes, lists, gotos, sets, applications."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr.nodes import Goto, Queue
from ivr.targets import Target
from ivr.validate import edges

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ivr.nodes import Flow
    from softswitch.callers.lists import CallerList
    from softswitch.config.model import Config
    from softswitch.config.words.dialogue import Set as SetTable
    from softswitch.config.words.flow import Goto as GotoTable
    from softswitch.config.words.flow import Route

#: Least and most.
Span = tuple[float, float]

_NOTHING: Span = (0.0, 0.0)
#: Places and points looked at; a graph of that size has told what there is to tell.
_MOST = 100_000


def highest(config: Config) -> float:
    """The most that anybody may bring to any queue, as whoever talks with a caller may send them to all of them."""
    spans = [*(entries.priorities for entries in config.lists.values()), *_said(config)]
    return max((most for _, most in spans), default=0.0)


def _said(config: Config) -> Iterator[Span]:
    given: list[GotoTable | SetTable | Route] = [*config.gotos.values(), *config.sets.values(), *config.routes]
    yield from ((table.priority, table.priority) for table in given if table.priority is not None)
    yield from ((0.0, app.max_priority) for app in config.verbs.values())


def by_queue(config: Config, flow: Flow, lists: Mapping[str, CallerList]) -> dict[str, Span]:
    """What those bring who come to each queue through routes and menus."""
    found: dict[str, Span] = {}
    reached: set[tuple[Target, float]] = set()
    coming = list(_entries(config, lists))
    while coming:
        target, points = coming.pop()
        if "{" in target.name:
            coming += [(to, points) for to in flow.nodes if to.kind == target.kind]
            continue
        if (target, points) in reached or len(reached) > _MOST:
            continue
        reached.add((target, points))
        node = flow.find(target)
        if isinstance(node, Queue):
            least, most = found.get(node.name, (points, points))
            found[node.name] = min(least, points), max(most, points)
        if isinstance(node, Goto) and node.priority is not None:
            points = node.priority
        if target.kind == "verbs" and target.name in config.verbs:
            anywhere = (points, config.verbs[target.name].max_priority)
            coming += [(Target(Queue.kind, queue), more) for queue in config.queues for more in anywhere]
        if node is not None:
            coming += [(to, points) for _, to in edges(node)]
    return {queue: found.get(queue, _NOTHING) for queue in config.queues}


def _entries(config: Config, lists: Mapping[str, CallerList]) -> Iterator[tuple[Target, float]]:
    """Where calls come in, and with how many points at least and at most."""
    left = dict(lists)  # those of which some may come as far as this route
    for route in config.routes:
        for target in (route.to, *route.when_unavailable):
            for points in _of_route(route, left):
                yield target, points
        if route.did is None and route.when is None and "{" not in route.to.name:
            for origin in route.from_ or ():
                left.pop(origin.removeprefix("list:"), None)


def _of_route(route: Route, lists: Mapping[str, CallerList]) -> tuple[float, ...]:
    """What the callers of one route begin with, at least and at most."""
    if route.priority is not None:
        return (route.priority,)
    names = [origin.removeprefix("list:") for origin in route.from_ or () if origin.startswith("list:")]
    only = len(names) == len(route.from_ or ("anybody",))
    spans = [entries.priorities for name, entries in lists.items() if not only or name in names]
    points = {0.0} if not only else set()
    points.update(*spans)
    return tuple({min(points, default=0.0), max(points, default=0.0)})
