"""How long customers who answer a callback wait for an agent: `python -m bench.callbacks [--days N] [--seed N]`.

Floors of several sizes at 105 % load, where half of those who have waited a minute order a callback. Three of four
customers answer, after a lognormal time of 12 s in the mean (the greeting and the key included), the others never.
Agents' phones answer by themselves; where agents press a key, that time comes on top of every wait. Every 5 seconds
whoever is to be called back is estimated by QL-A, from what the journal has taught so far; the first day is for
learning and not measured.

Rules by which a number is dialled before an agent is idle:

idle      never: an agent is kept first
P50       that quantile of the wait still to come is within the time that customers usually take to answer
product   :func:`acd.dialling.is_due`: as P50, with P80

``≤ 2 s`` is the share of answered callbacks that had an agent within two seconds; ``idle`` are the seconds that agents
were kept for customers, for each callback that was served; ``early`` is the share of dials before an agent was kept.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from acd import effects as fx
from acd import events as ev
from acd.agent import State
from acd.dispatcher import Dispatcher
from acd.estimates import ql_a
from acd.load import Load
from acd.model import AcdConfig, AgentConfig, CallbackPolicy, QueueConfig
from acd.samples import Lognormal, exponential
from acd.ticket import Place
from acd.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from acd.estimates import Estimate

DAY = 8 * 3600.0
QUEUE = "queue"
HANDLING, PATIENCE = 240.0, 300.0
ANSWERS, ORDERS = 0.75, 0.5
WANTED, WITHIN = 0.97, 2.0
FLOORS = (5, 20, 50, 100)

Said = tuple[float, float, float]
#: What the distributor is told of an estimate, so that its own rule becomes the one named; None: nothing.
RULES: dict[str, Callable[[Estimate], Said] | None] = {
    "idle": None,
    "P50": lambda of: (of.p50, of.p50, 0.0),
    "product": lambda of: (of.p50, of.p80, of.spread),
}


@dataclass(slots=True)
class Outcome:
    waits: list[float] = field(default_factory=list)
    kept: float = 0.0
    """Seconds for which agents were kept."""
    dials: int = 0
    early: int = 0

    @property
    def in_time(self) -> float:
        return sum(wait <= WITHIN for wait in self.waits) / len(self.waits)

    @property
    def idle(self) -> float:
        return self.kept / len(self.waits)


class Day:
    """One day on one floor. Implements `acd.world.People`."""

    def __init__(self, agents: int, rule: str, load: Load, outcome: Outcome, seed: int, day: int) -> None:
        self.load, self.outcome, self.rule, self.measured = load, outcome, RULES[rule], day > 0
        self.agents, self.begin = agents, day * 86400.0
        self.random = Random(f"{seed} {day}")
        self.answers = Lognormal(CallbackPolicy().setup, 0.5)
        queue = QueueConfig(QUEUE, wrap_up=0, callback=CallbackPolicy(after=60.0))
        staff = tuple(AgentConfig(f"a{i}", position=i) for i in range(agents))
        self.acd = Dispatcher(AcdConfig((queue,), staff), now=self.begin)
        self.world = World(self.acd, self, self.watch)
        self.calls = 0
        self.kept_since: dict[str, float] = {}

    def rings(self, offer: fx.OfferCall) -> float:
        return 0.0

    def talks(self, call: str, queue: str, agent: str) -> float:
        return exponential(HANDLING, self.random)

    def is_reached(self, call: str, queue: str) -> float:
        return self.answers.draw(self.random) if self.random.random() < ANSWERS else math.inf

    def play(self) -> None:
        for agent in self.acd.config.agents:
            self.world.happen(ev.AgentLoggedIn(agent.id, agent.id), self.begin)
        at = self.begin
        while (at := at + exponential(HANDLING / (1.05 * self.agents), self.random)) < self.begin + DAY:
            self.world.at(at, self._call)
        for step in range(int(DAY / 5)):
            self.world.at(self.begin + 5.0 * step, self._estimate)
        self.world.run(self.begin + DAY)
        self.load.interrupted()

    def _call(self, now: float) -> None:
        self.calls += 1
        call = f"call{self.calls}"
        self.world.happen(ev.CallJoined(call, QUEUE), now)
        self.world.gives_up(call, now + exponential(PATIENCE, self.random))

    def _estimate(self, now: float) -> None:
        if self.rule is None:
            return
        line = [t for t in self.acd.waiting(QUEUE) if t.place is not Place.TALKING]
        handling, patience = self.load.mean_handling(QUEUE, 0.0), self.load.mean_patience(QUEUE)
        said = tuple(
            (ticket.call, *self.rule(ql_a(ahead, self.agents, handling, patience)))
            for ahead, ticket in enumerate(line)
            if ticket.place is Place.CALLBACK and ahead < self.agents / 2  # nobody further back is due
        )
        if said:
            self.world.happen(ev.WaitEstimated(said), now)

    def watch(self, effect: fx.Effect, now: float) -> None:
        match effect:
            case fx.OfferCallback(call=call) if self.random.random() < ORDERS:
                self.world.at(now, ev.CallbackRequested(call, call))
                self.world.at(now, ev.CallLeft(call))
            case fx.DialCallback(call=call) if self.measured:
                self.outcome.dials += 1
                self.outcome.early += self.acd.tickets[call].held is None
            case fx.Journal(record):
                self.load.learn(record)
                if self.measured:
                    self._measure(record.get("kind"), record, now)

    def _measure(self, kind: object, record: object, now: float) -> None:
        assert isinstance(record, dict)
        if kind == "connect" and record["callback"]:
            self.outcome.waits.append(now - self.acd.tickets[record["call"]].joined_at)
        elif kind == "agent":
            since = self.kept_since.pop(record["agent"], None)
            self.outcome.kept += 0.0 if since is None else now - since
            if record["state"] == State.RESERVED.value:
                self.kept_since[record["agent"]] = now


def measure(agents: int, rule: str, *, days: int, seed: int) -> Outcome:
    """So many days of eight hours after one of learning."""
    load, outcome = Load(), Outcome()
    for day in range(days + 1):
        Day(agents, rule, load, outcome, seed, day).play()
    return outcome


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.callbacks", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--days", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--agents", type=int, action="append", help="only a floor of so many; may be repeated")
    given = parser.parse_args(arguments)
    print(f"{'agents':>6} {'rule':8}{'callbacks':>10}{'≤ 2 s':>9}{'idle':>8}{'early':>8}")
    good = True
    for agents in given.agents or FLOORS:
        for rule in RULES:
            outcome = measure(agents, rule, days=given.days, seed=given.seed)
            early = outcome.early / max(1, outcome.dials)
            print(
                f"{agents:6} {rule:8}{len(outcome.waits):10}{100 * outcome.in_time:7.1f} %{outcome.idle:6.1f} s"
                f"{100 * early:6.0f} %",
                flush=True,
            )
            good &= rule != "product" or outcome.in_time >= WANTED
    print(f"wanted of the product: {100 * WANTED:.0f} % within {WITHIN:.0f} s")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
