"""How long everybody who waits still has to wait: the real matcher, run forward many times from its own snapshot.

In each rollout the dispatcher is restored from the snapshot, and what people will do is drawn from the :class:`Load`:
conversations end given how long they have lasted, agents answer, finish their wrap-up, come back from a break or begin
one, callers hang up given how long they have waited, and those who could overtake somebody go on calling. A caller's
own patience does not count for the own estimate: who gives up in a rollout keeps the place as a *ghost*, notes the
instant at which an agent would have answered, and lets that agent go on to the next caller at once. So one rollout
tells something about every caller.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from acd import effects as fx
from acd import events as ev
from acd.dispatcher import Dispatcher
from acd.estimates import Estimate, of_samples
from acd.samples import exponential
from acd.skills import parse
from acd.world import LISTENING, World

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acd.load import Kind, Load
    from acd.samples import Draws

#: Rollouts that are made even when ``most_steps`` are used up.
FEWEST = 10
#: Mean seconds that a caller listens to the exit menu, and that a customer takes to answer a callback.
_AWAY = 15.0
_REACHED = 12.0


@dataclass(slots=True)
class _People:
    """See :class:`acd.world.People`."""

    load: Load
    draws: Draws

    def rings(self, offer: fx.OfferCall) -> float:
        return self.load.draw_ring(self.draws)

    def talks(self, call: str, queue: str, agent: str) -> float:
        return self.load.draw_talk(queue, agent, self.draws)

    def is_reached(self, call: str, queue: str) -> float:
        return exponential(_REACHED, self.draws)


def forward(
    snapshot: Mapping[str, Any],
    load: Load,
    rng: Draws,
    *,
    rollouts: int = 60,
    horizon: float = 3600.0,
    most_steps: int | None = None,
) -> dict[str, Estimate]:
    """Estimates of the wait still to come for every caller who waits or rings in the snapshot.

    Who is to be called back waits until the number is dialled. ``snapshot`` is `Dispatcher.snapshot`'s, ``load`` was
    learnt on the same clock. A wait longer than ``horizon`` (seconds) counts as that long; one in a queue that sends
    the caller on before, as long as it lasts.
    The cost of a rollout is a step for each agent and caller who is restored, and one for each event until the last of
    those who wait is served; after ``most_steps`` no more rollouts are begun (but :data:`FEWEST` are made). The same
    state of ``rng`` gives the same estimates.
    """
    quiet = _quiet(snapshot)
    probes = [t["call"] for t in quiet["calls"]["tickets"] if t["place"] not in _BEING_SERVED]
    if not probes:
        return {}
    callers = _overtakers(quiet, load)
    waits: dict[str, list[float]] = {call: [] for call in probes}
    restored = len(quiet["agents"]) + len(quiet["calls"]["tickets"])
    steps = 0
    for done in range(rollouts):
        if most_steps is not None and steps >= most_steps and done >= FEWEST:
            break
        rollout = _Rollout(quiet, load, rng, callers, horizon)
        for call, wait in rollout.play().items():
            waits[call].append(wait)
        steps += restored + rollout.world.events
    return {call: of_samples(drawn) for call, drawn in waits.items()}


#: What a ticket has for announcements, and the last estimate, which must not make the next one.
_SAID = ("announce_at", "comfort_at", "offer_callback_at", "estimate", "estimated_at")
_BEING_SERVED = frozenset({"talking", "called_again", "gone"})


@dataclass(slots=True)
class _Caller:
    """Callers of one queue who will come: so many per second, one of these kinds each."""

    queue: str
    rate: float
    kinds: list[Kind]
    needs: dict[str, Any] = field(default_factory=dict)


class _Rollout:
    """One possible future."""

    def __init__(
        self, snapshot: Mapping[str, Any], load: Load, draws: Draws, callers: list[_Caller], horizon: float
    ) -> None:
        own = {**snapshot, "agents": _own(snapshot["agents"]), "calls": _own(snapshot["calls"])}
        dispatcher = Dispatcher.restore(own)
        self.world = World(dispatcher, _People(load, draws), self._watch)
        self._load = load
        self._draws = draws
        self._begin = dispatcher.now
        self._until = dispatcher.now + horizon
        self._ghosts: set[str] = set()
        self._waiting: set[str] = set()
        self._answer_at: dict[str, float] = {}  # while offered
        self._waits: dict[str, float] = {}
        self._came = 0
        self._plan_calls()
        self._plan_agents()
        for caller in callers:
            self._next_call(caller, self._begin)

    def play(self) -> dict[str, float]:
        """Seconds until an agent answers, for each caller who waits now."""
        self.world.run(self._until, lambda: not self._waiting)
        for call in self._waiting:
            self._waits[call] = self._until - self._begin
        return self._waits

    # --- what is going on now

    def _plan_calls(self) -> None:
        now, load, draws = self._begin, self._load, self._draws
        dispatcher = self.world.dispatcher
        for ticket in list(dispatcher.tickets.values()):
            place = ticket.place.value
            if place == "talking":
                offer = dispatcher.offers[ticket.offers[0]]
                since = load.connected_at(ticket.call)
                elapsed = max(0.0, now - since) if since is not None else 0.0
                talk = load.draw_talk(ticket.queue, offer.agent, draws, elapsed)
                self.world.talks_until(ticket.call, offer.id, now + talk)
                continue
            self._waiting.add(ticket.call)
            if place in LISTENING:
                self._give_up(ticket.call, now + load.draw_patience(ticket.queue, draws, now - ticket.since))
            if place == "dialling":
                self.world.at(now + exponential(_REACHED, draws), ev.CallbackAnswered(ticket.call))
            if place == "away":
                self.world.at(now + exponential(_AWAY, draws), ev.CallReturned(ticket.call))
        for offer in list(dispatcher.offers.values()):
            if not offer.answered:
                rang = max(0.0, now - load.ringing_since(offer.id, now))
                when = now + load.draw_ring(draws, rang)
                self._answer_at[offer.call] = min(when, self._answer_at.get(offer.call, math.inf))
                self.world.at(when, ev.OfferAnswered(offer.id))

    def _plan_agents(self) -> None:
        now, load, draws, rate = self._begin, self._load, self._draws, self._load.break_rate
        for agent in self.world.dispatcher.agents.values():
            status = agent.status.value
            if status == "on_break":
                self.world.at(now + load.draw_break(agent.id, now, draws), ev.AgentBreakEnded(agent.id))
            elif status == "available" and rate > 0:
                begin = now + exponential(1 / rate, draws)
                if begin < self._until:
                    self.world.at(begin, ev.AgentBreakStarted(agent.id))
                    self.world.at(begin + load.draw_break(agent.id, begin, draws), ev.AgentBreakEnded(agent.id))
            if agent.state.value == "wrap_up":
                self._wraps_up(agent.id, now, load.in_wrap_up_for(agent.id, now))

    def _wraps_up(self, agent: str, now: float, elapsed: float = 0.0) -> None:
        """The agent may be done before the wrap-up time is over, if there is one."""
        until = self.world.dispatcher.agents[agent].wrap_up_until
        if until is None or self._load.wrap_up:
            done = now + self._load.draw_wrap_up(self._draws, elapsed)
            if until is None or done < until:
                self.world.at(done, ev.WrapUpEnded(agent))

    # --- what happens

    def _watch(self, effect: fx.Effect, now: float) -> None:
        match effect:
            case fx.OfferCall(call=call):
                if call in self._ghosts:
                    ring = self._load.draw_ring(self._draws)
                    self._note(call, now + (ring if ring < math.inf else effect.ring_timeout))
                    self._ghosts.discard(call)
                    self.world.at(now, lambda at: self.world.happen(ev.CallLeft(call), at))
            case fx.Connect(call=call) | fx.DialCallback(call=call):
                self._note(call, now)
            case (
                fx.QueueTimedOut(call=call)
                | fx.QueueEmpty(call=call)
                | fx.QueueOverflowed(call=call)
                | fx.CallbackOver(call=call)
            ):
                self._note(call, now)
            case fx.AgentStateChanged(agent=agent, state=state):
                if state.value == "wrap_up":
                    self._wraps_up(agent, now)

    def _note(self, call: str, when: float) -> None:
        if call in self._waiting:
            self._waiting.discard(call)
            self._waits[call] = min(when, self._until) - self._begin

    def _give_up(self, call: str, when: float) -> None:
        def gives_up(now: float) -> None:
            ticket = self.world.dispatcher.tickets.get(call)
            if ticket is None or ticket.place.value not in LISTENING:
                return
            if call not in self._waiting:
                self.world.hang_up(call, now)
            elif ticket.place.value == "offered":
                answer = self._answer_at.get(call, math.inf)
                self._note(call, answer if answer < math.inf else now)
                self.world.hang_up(call, now)
            else:
                self._ghosts.add(call)

        self.world.at(when, gives_up)

    def _next_call(self, caller: _Caller, now: float) -> None:
        when = now + exponential(1 / caller.rate, self._draws)
        if when <= self._until:
            self.world.at(when, lambda at: self._calls(caller, at))

    def _calls(self, caller: _Caller, now: float) -> None:
        self._came += 1
        call = f"~{self._came}"
        kind = caller.kinds[int(self._draws.random() * len(caller.kinds))]
        event = ev.CallJoined(
            call,
            caller.queue,
            language=kind.language,
            priority=kind.priority,
            needs=caller.needs[kind.needs],
            variables=kind.variables,
        )
        self.world.happen(event, now)
        self.world.gives_up(call, now + self._load.draw_patience(caller.queue, self._draws))
        self._next_call(caller, now)


def _quiet(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """The snapshot without announcements: they change nothing about the waits and cost a timer each."""
    config = dict(snapshot["config"])
    silence = {"position": False, "wait": False, "comfort": 0.0}
    config["queues"] = [
        {**queue, "announce": {**queue["announce"], **{k: v for k, v in silence.items() if k in queue["announce"]}}}
        for queue in config["queues"]
    ]
    calls = dict(snapshot["calls"])
    calls["tickets"] = [{**ticket, **dict.fromkeys(_SAID)} for ticket in calls["tickets"]]
    return {**snapshot, "config": config, "calls": calls}


def _own(value: Any) -> Any:
    """A copy whose lists and tables are nobody else's, of a snapshot that many dispatchers are restored from."""
    if isinstance(value, dict):
        return {name: _own(part) if isinstance(part, (dict, list)) else part for name, part in value.items()}
    return [_own(part) if isinstance(part, (dict, list)) else part for part in value]


def _overtakers(snapshot: Mapping[str, Any], load: Load) -> list[_Caller]:
    """Who may still come and be served before somebody who waits now.

    Where all queues age alike and nobody's standing is capped, that takes more priority than the least of those who
    wait. A caller who waits may be served by other agents later (relaxation, overflow): then everybody who comes
    matters, because they decide which agents are idle at that time.
    """
    queues = {queue["id"]: queue for queue in snapshot["config"]["queues"]}
    used = [name for name, queue in load.queues.items() if name in queues and queue.arrivals.rate(snapshot["now"]) > 0]
    waiting = [t for t in snapshot["calls"]["tickets"] if t["place"] not in _BEING_SERVED]
    involved = [queues[name] for name in {*used, *(t["queue"] for t in waiting)} if name in queues]
    simple = len({queue["ageing"] for queue in involved}) <= 1 and not any(
        queue.get(word) for queue in involved for word in ("relax", "overflow", "priority_cap")
    )
    least = min((_rank(queues[t["queue"]], t["priority"]) for t in waiting), default=(0, 0.0))
    found = []
    for name in used:
        arrivals = load.queues[name].arrivals
        kinds = list(arrivals.kinds)
        if simple:
            kinds = [kind for kind in kinds if _rank(queues[name], kind.priority) > least]
        if kinds:
            rate = arrivals.rate(snapshot["now"]) * len(kinds) / len(arrivals.kinds)
            found.append(_Caller(name, rate, kinds, {kind.needs: parse(kind.needs) for kind in kinds}))
    return found


def _rank(queue: Mapping[str, Any], priority: float) -> tuple[int, float]:
    return queue.get("band", 0), queue["priority"] + priority
