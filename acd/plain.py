"""Queues for which a formula tells the wait: one kind of callers, served by agents who serve nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd.estimates import Estimate, ql_a
from acd.skills import EVERYBODY, predicate, variables
from acd.ticket import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from acd.agent import Agent
    from acd.dispatcher import Dispatcher
    from acd.load import Load
    from acd.model import QueueConfig

#: Who serves a plain queue.
Crews = dict[str, frozenset[str]]


def plain_queues(queues: Iterable[QueueConfig], agents: Mapping[str, Agent]) -> Crews:
    """The plain queues among these, and who serves each. Works on every queue times every agent: keep the result.

    A queue is plain if its needs are the same for all callers at all times, nobody of its agents serves another
    queue, and it neither lends nor borrows agents.
    """
    known = list(queues)
    crews = {queue.id: _could_serve(queue, agents) for queue in known}
    lending = {step.also for queue in known for step in queue.overflow if step.also is not None}
    times_used: dict[str, int] = {}
    for crew in crews.values():
        for agent in crew:
            times_used[agent] = times_used.get(agent, 0) + 1
    return {
        queue.id: crews[queue.id]
        for queue in known
        if not queue.relax
        and not queue.overflow
        and queue.id not in lending
        and not variables(queue.needs)
        and all(times_used[agent] == 1 for agent in crews[queue.id])
    }


def _could_serve(queue: QueueConfig, agents: Mapping[str, Agent]) -> frozenset[str]:
    """Who might serve some caller of the queue at some time."""
    listed = [member.agent for member in queue.agents if member.agent in agents] if queue.agents else list(agents)
    if queue.relax or variables(queue.needs):
        return frozenset(listed)
    suffices = predicate(queue.needs)
    return frozenset(agent for agent in listed if suffices(agents[agent].skills))


def plain_estimates(dispatcher: Dispatcher, load: Load, queue: str, crew: frozenset[str]) -> dict[str, Estimate] | None:
    """QL-A for everybody who waits in a plain queue. None if they are of several kinds after all.

    Nobody is estimated while nobody is there to serve.
    """
    waiting = dispatcher.waiting(queue)
    if len({ticket.priority for ticket in waiting}) > 1 or any(t.needs != EVERYBODY for t in waiting):
        return None
    known = load.queues.get(queue)
    if known is not None and any(
        kind.priority > ticket.priority for kind in known.arrivals.kinds for ticket in waiting[:1]
    ):
        return None
    agents = dispatcher.agents
    serving = sum(1 for a in crew if a in agents and agents[a].serves and queue not in agents[a].left)
    if not serving:
        return {}
    handling = load.mean_handling(queue, dispatcher.queue(queue).wrap_up)
    patience = load.mean_patience(queue)
    return {
        ticket.call: ql_a(ahead, serving, handling, patience)
        for ahead, ticket in enumerate(waiting)
        if ticket.place is not Place.OFFERED
    }
