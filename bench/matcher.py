"""How long the distributor takes for an event and for a decision: `python -m bench.matcher [--events N] [--large]`.

A busy floor: so many callers always wait, every agent who becomes free is given the next one. And a quiet floor: all
agents are idle and each caller is decided among all of them. Times are of `receive` or `handle_timeout` with the
effects drained, in microseconds of CPU, so that other programs on the machine do not count. A decision is an event
that led to at least one offer; its record for the journal (who was compared, who was not asked and why, who waited
ahead) is part of it, and told apart in the last columns. Queues have all strategies that choose one agent, bands, caps,
preferences and relaxation. The last line is the first caller with new needs: who may serve is worked out then.
"""

from __future__ import annotations

import argparse
import gc
import time
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

import acd.offers
from acd.dispatcher import Dispatcher
from acd.effects import AgentStateChanged, Connect, OfferCall
from acd.events import AgentLoggedIn, CallJoined, CallLeft, ConversationEnded, Event, OfferAnswered
from acd.model import AcdConfig, AgentConfig, AnnouncePolicy, QueueConfig, RelaxStep, Strategy
from acd.skills import parse

if TYPE_CHECKING:
    from collections.abc import Callable

LANGUAGES = ("en", "uk", "ru", "pl")
STRATEGIES = [s for s in Strategy if s not in (Strategy.RING_ALL, Strategy.RING_PROGRESSIVELY)]


@dataclass
class Meter:
    events: list[float] = field(default_factory=list)
    decisions: list[float] = field(default_factory=list)
    records: list[float] = field(default_factory=list)

    def line(self) -> str:
        return "  ".join(f"{percentiles(values)}" for values in (self.events, self.decisions, self.records))


#: Seconds that the records of the last event took.
_RECORDS: list[float] = []


def time_records() -> None:
    """From now on."""
    plain: Callable[..., dict[str, Any]] = vars(acd.offers)["decision"]

    def timed(*asked: Any) -> dict[str, Any]:
        started = time.thread_time()
        record = plain(*asked)
        _RECORDS.append(time.thread_time() - started)
        return record

    vars(acd.offers)["decision"] = timed


def percentiles(seconds: list[float]) -> str:
    ordered = sorted(seconds) or [0.0]
    p50, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * q))] * 1e6 for q in (0.5, 0.99))
    return f"{p50:8.0f} {p99:8.0f} {ordered[-1] * 1e6:8.0f}"


class Floor:
    """A dispatcher, its clock, and who talks to whom."""

    def __init__(self, agents: int, seed: int) -> None:
        self.random = Random(seed)
        names = [f"skill{i}" for i in range(20)]
        self.queues = [
            QueueConfig(
                f"queue{i}",
                needs=parse(f"{names[i % 20]} >= 40 and {{language}} >= 50"),
                relax=(RelaxStep(30, parse(f"{names[i % 20]} >= 20")), RelaxStep(90, parse(""))),
                strategy=STRATEGIES[i % len(STRATEGIES)],
                preferred=parse(f"{names[(i + 7) % 20]} >= 60" if i % 3 else ""),
                weights={f"agent{j}": float(j % 5) for j in range(0, agents, 3)},
                band=int(i % 10 == 0),
                priority=10.0 * (i % 3),
                priority_cap=300.0 if i % 4 else None,
                ageing=1.0 + i % 2,
                wrap_up=5,
                announce=AnnouncePolicy(position=True),
            )
            for i in range(max(4, min(50, agents // 10)))
        ]
        staff = [AgentConfig(f"agent{i}", skills=self._skills(names, i), position=i) for i in range(agents)]
        self.acd = Dispatcher(AcdConfig(tuple(self.queues), tuple(staff)))
        self.staff = [agent.id for agent in staff]
        self.now = 0.0
        self.calls = 0
        self.ringing: list[int] = []
        self.talking: list[str] = []
        self.meter = Meter()

    def _skills(self, names: list[str], i: int) -> dict[str, int]:
        skills = {name: self.random.randrange(20, 101) for name in self.random.sample(names, 4)}
        skills[names[i % 20]] = 90
        return skills | {language: 80 for language in self.random.sample(LANGUAGES, 2)}

    def do(self, event: Event | None) -> None:
        started = time.thread_time()
        if event is None:
            self.acd.handle_timeout(self.now)
        else:
            self.acd.receive(event, self.now)
        effects = self.acd.effects()
        took = time.thread_time() - started
        decided = False
        for effect in effects:
            match effect:
                case OfferCall(offer):
                    decided = True
                    self.ringing.append(offer)
                case Connect(call=call):
                    self.talking.append(call)
                case AgentStateChanged():
                    pass
        self.meter.events.append(took)
        self.meter.records += _RECORDS
        _RECORDS.clear()
        if decided:
            self.meter.decisions.append(took)

    def advance(self, seconds: float) -> None:
        until = self.now + seconds
        while (at := self.acd.next_deadline()) is not None and at <= until:
            self.now = at
            self.do(None)
        self.now = until

    def somebody_calls(self) -> str:
        self.calls += 1
        queue = self.random.choice(self.queues)
        call = f"call{self.calls}"
        self.do(CallJoined(call, queue.id, self.random.choice(LANGUAGES), self.random.choice([0.0, 0.0, 20.0])))
        return call

    def answer_all(self) -> None:
        while self.ringing:
            self.do(OfferAnswered(self.ringing.pop()))


def busy(agents: int, waiting: int, events: int, seed: int) -> Meter:
    """All agents talk, `waiting` callers wait; conversations end one by one and callers come as they are served."""
    floor = Floor(agents, seed)
    for agent in floor.staff:
        floor.do(AgentLoggedIn(agent, agent))
    while len(floor.acd.tickets) < agents + waiting:
        floor.advance(100 / waiting)
        floor.somebody_calls()
        floor.answer_all()
    until = floor.now + 100  # everybody who waits has been through the ladder, all lines are known
    while floor.now < until or len(floor.meter.events) < events:
        if floor.now < until:
            floor.meter = Meter()
        if floor.talking:
            floor.do(ConversationEnded(floor.talking.pop(floor.random.randrange(len(floor.talking)))))
        floor.advance(floor.random.expovariate(agents / 60))
        floor.answer_all()
        while len(floor.acd.tickets) - len(floor.talking) < waiting:
            floor.somebody_calls()
            floor.answer_all()
    return floor.meter


def quiet(agents: int, events: int, seed: int) -> tuple[Meter, Meter]:
    """Nobody waits; each caller finds all agents idle and hangs up again. Also: the first caller of each kind."""
    floor = Floor(agents, seed)
    for agent in floor.staff:
        floor.do(AgentLoggedIn(agent, agent))
    first = floor.meter = Meter()
    for queue in floor.queues:
        for language in LANGUAGES:
            floor.do(CallJoined("first", queue.id, language))
            floor.do(CallLeft("first"))
    floor.meter = Meter()
    while len(floor.meter.events) < events:
        floor.do(CallLeft(floor.somebody_calls()))
        floor.ringing.clear()
        floor.advance(0.2)
    return floor.meter, first


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=5000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--large", action="store_true", help="also ten times the largest floor")
    chosen = options.parse_args()
    sizes = [(20, 10), (200, 100), (500, 250), (1000, 500), (2000, 1000)] + [(10_000, 5000)] * chosen.large
    time_records()
    columns = [f"{f'{what}: p50      p99      max':>29}" for what in ("event", "decision", "record")]
    print(f"{'µs':26}{''.join(columns)}")
    for agents, waiting in sizes:
        gc.collect()
        gc.freeze()
        print(f"{f'busy  {agents:6} × {waiting}':26}{busy(agents, waiting, chosen.events, chosen.seed).line()}")
        warm, first = quiet(agents, chosen.events, chosen.seed)
        print(f"{f'quiet {agents:6} idle':26}{warm.line()}")
        print(f"{'      first with these needs':57}{percentiles(first.decisions)}")


if __name__ == "__main__":
    main()
