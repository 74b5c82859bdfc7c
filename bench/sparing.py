"""What it brings and costs to keep back agents with a rare skill: `python -m bench.sparing [--calls N] [--seed N]`.

The same callers (Poisson arrivals, exponential handling times, endless patience) are served by the same agents under
several rules of choice among idle agents:

* longest idle: whoever waits longest for a call (`spare = "nothing"`).
* narrowest first: whoever has the fewest other skills, then the longest idle (`spare = "skills"`, the product's rule).
* scarcest last: the same with each other skill counted as one divided by the number of agents who have it.
* keep the last: only who is the sole idle one with another skill is kept back, then the longest idle.
* greatest weight: the pair of caller and agent with the most (seconds waited + seconds idle - cost); the cost is
  60 s or 300 s divided by the number of idle agents for each skill of the agent that the call does not need. As every
  event brings one caller or one agent, the pair is the whole matching.

Told for each language: mean wait and part of the callers answered within 20 s. Of agents: occupancy of each kind, and
how far the busiest of a kind is above its median. And how often a caller was served before one who had waited longer
and whom the same agent could have served.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from operator import itemgetter
from random import Random
from statistics import mean, median

from acd.matching import Group, match
from acd.model import QueueConfig, Spare
from acd.room import Ladder
from acd.skills import EVERYBODY
from acd.strategies import Fit
from acd.ticket import Ticket

HANDLING = 240.0
WITHIN = 20.0


@dataclass(frozen=True)
class Scenario:
    """``staff``: how many agents speak what. ``mix``: part of the callers of each language."""

    name: str
    staff: dict[str, int]
    mix: dict[str, float]
    load: float

    @property
    def arrivals(self) -> float:
        """A second."""
        return self.load * sum(self.staff.values()) / HANDLING


SCENARIOS = (
    Scenario("one of nine speaks Polish", {"en": 8, "en+pl": 1}, {"en": 0.95, "pl": 0.05}, 0.70),
    Scenario("6 English, 2 Polish, 3 both", {"en": 6, "pl": 2, "en+pl": 3}, {"en": 0.65, "pl": 0.35}, 0.80),
    Scenario(
        "12 English, 5 with Polish, 3 with Polish and Ukrainian",
        {"en": 12, "en+pl": 5, "en+pl+uk": 3},
        {"en": 0.75, "pl": 0.17, "uk": 0.08},
        0.85,
    ),
    Scenario(
        "the same with fewer calls",
        {"en": 12, "en+pl": 5, "en+pl+uk": 3},
        {"en": 0.75, "pl": 0.17, "uk": 0.08},
        0.70,
    ),
    Scenario(
        "every pair of languages",
        {"en": 4, "en+pl": 4, "en+uk": 4, "pl+uk": 1, "en+ru": 3},
        {"en": 0.5, "pl": 0.2, "uk": 0.2, "ru": 0.1},
        0.75,
    ),
)
#: The languages of the scenarios.
QUEUES = {language: QueueConfig(language, spare=Spare.SKILLS) for language in ("en", "pl", "uk", "ru")}


@dataclass
class Worker:
    id: str
    kind: str
    idle_since: float = 0.0
    worked: float = 0.0
    load: int = 0
    talk_load: float = 0.0

    def __post_init__(self) -> None:
        self.speaks = frozenset(self.kind.split("+"))

    def occupancy(self, now: float) -> float:
        return self.worked / now if now else 0.0


@dataclass
class Floor:
    """Who waits (ticket of each caller, in order of arrival, by language) and who is idle."""

    idle: dict[str, Worker]
    waiting: dict[str, list[Ticket]]
    speakers: dict[str, int]
    """How many agents speak each language, idle or not."""
    now: float = 0.0

    def able(self) -> dict[str, int]:
        """How many idle agents speak each language."""
        return Counter(language for worker in self.idle.values() for language in worker.speaks)


#: Decides which waiting caller goes to which agent; the callers' language first.
Rule = Callable[[Floor], Sequence[tuple[str, Ticket, str]]]
#: How dear it is to give an agent a call in this language: the cheapest are chosen first.
Price = Callable[["Worker", str, Floor], float]


def greedy(price: Price) -> Rule:
    """The product's matching; the price of an agent's other skills takes the place of their number."""

    def rule(floor: Floor) -> Sequence[tuple[str, Ticket, str]]:
        groups = [
            Group(
                QUEUES[language],
                callers,
                [
                    (worker, Fit(1, 0, 0, spare=round(1000 * price(worker, language, floor))))
                    for worker in floor.idle.values()
                    if language in worker.speaks
                ],
            )
            for language, callers in floor.waiting.items()
            if callers
        ]
        pairings, _ = match([group for group in groups if group.idle], {}, floor.now)
        return [(pairing.queue.id, pairing.ticket, pairing.agents[0]) for pairing in pairings]

    return rule


def nothing(worker: Worker, language: str, floor: Floor) -> float:
    return 0


def breadth(worker: Worker, language: str, floor: Floor) -> float:
    return len(worker.speaks - {language})


def scarcity(worker: Worker, language: str, floor: Floor) -> float:
    return sum(1 / floor.speakers[other] for other in worker.speaks - {language})


def sole(worker: Worker, language: str, floor: Floor) -> float:
    able = floor.able()
    return sum(able[other] == 1 for other in worker.speaks - {language})


def greatest_weight(cost: float) -> Rule:
    def rule(floor: Floor) -> Sequence[tuple[str, Ticket, str]]:
        able = floor.able()
        pairs = [
            (
                floor.now - callers[0].since
                + floor.now - worker.idle_since
                - sum(cost / able[other] for other in worker.speaks - {language}),
                language,
                callers[0],
                worker.id,
            )
            for language, callers in floor.waiting.items()
            if callers
            for worker in floor.idle.values()
            if language in worker.speaks
        ]  # fmt: skip
        return [max(pairs, key=itemgetter(0))[1:]] if pairs else []

    return rule


RULES: dict[str, Rule] = {
    "longest idle": greedy(nothing),
    "narrowest first": greedy(breadth),
    "scarcest last": greedy(scarcity),
    "keep the last": greedy(sole),
    "greatest weight, 60 s": greatest_weight(60),
    "greatest weight, 300 s": greatest_weight(300),
}


@dataclass
class Outcome:
    waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    overtaken: int = 0
    occupancy: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def lines(self) -> list[str]:
        served = sum(len(waits) for waits in self.waits.values())
        languages = [
            f"{language} {mean(waits):5.1f} s {sum(w <= WITHIN for w in waits) / len(waits):5.1%}"
            for language, waits in sorted(self.waits.items())
        ]
        kinds = [
            f"{kind} {mean(values):.2f} (+{max(values) / median(values) - 1:.1%})"
            for kind, values in sorted(self.occupancy.items())
        ]
        everybody = mean(wait for waits in self.waits.values() for wait in waits)
        return [", ".join([f"all {everybody:5.1f} s", *languages]), ", ".join(kinds), f"{self.overtaken / served:.2%}"]


def play(scenario: Scenario, rule: Rule, calls: int, seed: int) -> Outcome:
    random = Random(seed)
    languages, parts = zip(*scenario.mix.items(), strict=True)
    workers = {
        f"{kind} {i}": Worker(f"{kind} {i}", kind) for kind, number in scenario.staff.items() for i in range(number)
    }
    speakers = Counter(language for worker in workers.values() for language in worker.speaks)
    floor = Floor(dict(workers), {language: [] for language in languages}, speakers)
    happens: list[tuple[float, int, str, float]] = []  # at, number, language or worker, handling time
    at = 0.0
    for number in range(calls):
        at += random.expovariate(scenario.arrivals)
        happens.append((at, number, random.choices(languages, parts)[0], random.expovariate(1 / HANDLING)))
    handling = {f"call{number}": length for _, number, _, length in happens}
    outcome = Outcome()
    while happens:
        floor.now, number, who, _ = heappop(happens)
        if who in workers:
            workers[who].idle_since = floor.now
            floor.idle[who] = workers[who]
        else:
            floor.waiting[who].append(caller(number, who, floor.now))
        for language, ticket, agent in rule(floor):
            worker = floor.idle.pop(agent)
            callers = floor.waiting[language]
            callers.remove(ticket)
            outcome.waits[language].append(floor.now - ticket.since)
            outcome.overtaken += any(
                other[0].since < ticket.since
                for name, other in floor.waiting.items()
                if other and name in worker.speaks
            )
            length = handling[ticket.call]
            worker.worked += length
            heappush(happens, (floor.now + length, calls, agent, 0.0))
    for worker in workers.values():
        outcome.occupancy[worker.kind].append(worker.worked / floor.now)
    return outcome


def caller(number: int, language: str, now: float) -> Ticket:
    ticket = Ticket(f"call{number}", language, now, now, 0.0)
    queue = QUEUES[language]
    ticket.place_in(queue, Ladder(queue, (0.0,), (EVERYBODY,)), now)
    return ticket


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--calls", type=int, default=40_000, help="callers in each scenario")
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    for scenario in SCENARIOS:
        print(f"{scenario.name}, load {scenario.load:.0%}: mean wait, answered within {WITHIN:.0f} s")
        for name, rule in RULES.items():
            waits, occupied, overtaken = play(scenario, rule, chosen.calls, chosen.seed).lines()
            print(f"  {name:24}{waits}\n  {'':24}occupancy {occupied}; overtaken {overtaken}")


if __name__ == "__main__":
    main()
