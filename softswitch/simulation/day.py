"""One virtual day: drawn callers and agents around the product's own dispatcher. Same seed, same day."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, TypeVar

from acd import effects as fx
from acd import events as ev
from acd.agent import State, Status
from acd.dispatcher import Dispatcher
from acd.model import AcdConfig, AnnouncePolicy
from acd.people import Kind
from acd.samples import exponential
from acd.skills import parse
from acd.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from softswitch.simulation.demand import Callers, Demand

#: Seconds after the last call for which those who still wait are served.
GRACE = 2 * 3600.0
_QUEUE_TARGET = "queue:"
_T = TypeVar("_T")


@dataclass(slots=True)
class QueueDay:
    """What became of the callers of one queue. Waits are seconds; answered and given up, in the order they ended."""

    offered: int = 0
    answered: list[float] = field(default_factory=list)
    abandoned: list[float] = field(default_factory=list)
    elsewhere: int = 0
    """Went on to where the configuration says: queue full, empty, waited too long, overflow."""
    left: int = 0
    """Still waiting when the day was over."""
    handled: float = 0.0
    """Agents' seconds that the calls of the queue took: ringing, talking, wrap-up."""


@dataclass(slots=True)
class AgentDay:
    logged_in: float = 0.0
    busy: float = 0.0


@dataclass(slots=True)
class DayResult:
    queues: dict[str, QueueDay]
    agents: dict[str, AgentDay]


@dataclass(slots=True)
class _Call:
    """All that is drawn about a caller at once, so that the same callers come whoever works."""

    at: float
    queue: str
    kind: Kind
    talk: float
    patience: float
    answer: float


@dataclass(slots=True)
class _Doing:
    """What an agent does since when, and for which queue."""

    since: float
    logged_in: bool = False
    busy: bool = False
    queue: str = ""


def play(config: AcdConfig, demand: Demand, seed: int, day: int = 0) -> DayResult:
    """The day number ``day`` of this seed. The configuration's queues and agents; announcements are left out."""
    return _Day(config, demand, seed, day).play()


class _Day:
    """Implements `acd.world.People`."""

    def __init__(self, config: AcdConfig, demand: Demand, seed: int, day: int) -> None:
        silent = tuple(replace(queue, announce=AnnouncePolicy(), callback=None) for queue in config.queues)
        self.demand = demand
        self.config = replace(config, queues=silent)
        self.calls = {f"{i}": call for i, call in enumerate(_calls(demand, seed, day))}
        self.acd = Dispatcher(self.config, now=min(demand.begin, *_starts(demand)))
        self.world = World(self.acd, self, self.watch)
        self.result = DayResult(
            {queue.id: QueueDay() for queue in config.queues}, {agent.id: AgentDay() for agent in config.agents}
        )
        self.doing = {agent.id: _Doing(self.acd.now) for agent in config.agents}
        self.offered_to: dict[str, str] = {}  # agent → queue of the call
        self.waits_in: dict[str, str] = {}
        self.since: dict[str, float] = {}

    # --- people

    def rings(self, offer: fx.OfferCall) -> float:
        return self.calls[offer.call].answer

    def talks(self, call: str, queue: str, agent: str) -> float:
        return self.calls[call].talk

    def is_reached(self, call: str, queue: str) -> float:
        return math.inf

    # --- the day

    def play(self) -> DayResult:
        begin, end = self.acd.now, self.demand.end
        for agent in self.config.agents:
            for start, stop in self.demand.shifts.get(agent.id, ((begin, end + GRACE),)):
                self.world.at(start, ev.AgentLoggedIn(agent.id, agent.id))
                self.world.at(stop, ev.AgentLoggedOut(agent.id, "end of shift"))
        for name, call in self.calls.items():
            self._plan(name, call)
        self.world.run(end + GRACE)
        now = max(self.world.now, end)
        for name in self.doing:
            self._account(name, now)
        for queue in self.waits_in.values():
            self.result.queues[queue].left += 1
        return self.result

    def _plan(self, name: str, call: _Call) -> None:
        def arrives(now: float) -> None:
            self.result.queues[call.queue].offered += 1
            self._join(name, call.queue, now, now)
            self.world.gives_up(name, now + call.patience)

        self.world.at(call.at, arrives)

    def _join(self, name: str, queue: str, since: float, now: float) -> None:
        kind = self.calls[name].kind
        self.waits_in[name], self.since[name] = queue, since
        joined = ev.CallJoined(
            name,
            queue,
            kind.language,
            kind.priority,
            needs=parse(kind.needs),
            preferred=parse(kind.preferred),
            variables=kind.variables,
            waiting_since=since,
        )
        self.world.happen(joined, now)

    def watch(self, effect: fx.Effect, now: float) -> None:
        match effect:
            case fx.Connect(call=call, waited=waited):
                self.result.queues[self.calls[call].queue].answered.append(waited)
                self.waits_in.pop(call, None)
            case fx.OfferCall(agent=agent, queue=queue):
                self.offered_to[agent] = queue
            case fx.AgentStateChanged(agent=agent, status=status, state=state):
                self._account(agent, now)
                doing = self.doing[agent]
                doing.logged_in, doing.busy = status is not Status.LOGGED_OUT, state is not State.IDLE
                doing.queue = self.offered_to.get(agent, "")
            case fx.QueueTimedOut(call, queue, target) | fx.QueueFull(call, queue, target):
                self._goes_on(call, target, now)
            case fx.QueueEmpty(call, queue, target) | fx.QueueOverflowed(call, queue, target):
                self._goes_on(call, target, now)
            case fx.Journal(record) if record["kind"] == "call_over" and record.get("how") == "abandoned":
                self._gave_up(record["call"], now)

    def _gave_up(self, call: str, now: float) -> None:
        if self.waits_in.pop(call, None) is not None:
            self.result.queues[self.calls[call].queue].abandoned.append(now - self.since[call])

    def _goes_on(self, call: str, target: str | None, now: float) -> None:
        """Into another queue with the age kept, or to where no queue is."""
        self.waits_in.pop(call, None)
        queue = target[len(_QUEUE_TARGET) :] if target is not None and target.startswith(_QUEUE_TARGET) else ""
        if queue in self.result.queues and queue != self.calls[call].queue:
            self.world.at(now, lambda at: self._join(call, queue, self.since[call], at))
        else:
            self.result.queues[self.calls[call].queue].elsewhere += 1

    def _account(self, agent: str, now: float) -> None:
        """Book the time since the agent's last change; waiting for the last callers to be served is no work."""
        doing, booked = self.doing[agent], self.result.agents[agent]
        seconds, paid = now - doing.since, min(now, self.demand.end) - min(doing.since, self.demand.end)
        doing.since = now
        if doing.busy:
            booked.logged_in += seconds
            booked.busy += seconds
            if doing.queue:
                self.result.queues[doing.queue].handled += seconds
        elif doing.logged_in:
            booked.logged_in += paid


def _starts(demand: Demand) -> Iterator[float]:
    yield math.inf
    for shifts in demand.shifts.values():
        yield from (begin for begin, _ in shifts)


def _calls(demand: Demand, seed: int, day: int) -> list[_Call]:
    """Everybody who calls on this day, from one stream of draws for each queue."""
    calls = []
    for queue in sorted(demand.queues):
        callers = demand.queues[queue]
        draws = Random(f"{seed} {day} {queue}")
        for interval in callers.intervals:
            if interval.calls <= 0:
                continue
            between = (interval.end - interval.begin) / interval.calls
            at = interval.begin
            while (at := at + exponential(between, draws)) < interval.end:
                calls.append(
                    _Call(
                        at,
                        queue,
                        _kind(callers, draws),
                        callers.talk.draw(draws),
                        callers.patience.draw(draws),
                        callers.answer.draw(draws),
                    )
                )
    calls.sort(key=lambda call: (call.at, call.queue))
    return calls


def _kind(callers: Callers, draws: Random) -> Kind:
    if callers.kinds:
        return _one_of(callers.kinds, Kind(), draws)
    language = _one_of(callers.languages, "", draws)
    return Kind(_one_of(callers.priorities, 0.0, draws), language)


def _one_of(weights: Mapping[_T, float], otherwise: _T, draws: Random) -> _T:
    return draws.choices(list(weights), list(weights.values()))[0] if weights else otherwise
