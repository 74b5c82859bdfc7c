"""What an estimate of everybody's wait costs: `python -m bench.estimate_cost`.

CPU time of what keeps the switch from other things (the snapshot, and handing it over), and of the simulation in the
other process, on floors where all agents talk and so many callers wait, with four skills and two languages each.
"""

from __future__ import annotations

import gc
import pickle
import time
from random import Random

from acd.events import AgentLoggedIn
from acd.forward import forward
from acd.load import Load
from bench.matcher import Floor
from softswitch.estimates.worker import HORIZON, MOST_STEPS, ROLLOUTS

SIZES = ((10, 10), (50, 25), (200, 100), (1000, 500))


def floor_of(agents: int, waiting: int) -> tuple[Floor, Load]:
    floor = Floor(agents, seed=1)
    for agent in floor.staff:
        floor.do(AgentLoggedIn(agent, agent))
    while len(floor.acd.tickets) < agents + waiting:
        floor.somebody_calls()
        floor.answer_all()
    load = Load()
    for queue in floor.queues:
        for _ in range(400):
            load.queue(queue.id).talking.add(floor.random.expovariate(1 / 240))
    return floor, load


def main() -> None:
    print(f"{'agents × waiting':18}{'snapshot, ms':>14}{'handing over, ms':>18}{'simulating, s':>15}{'estimates':>11}")
    for agents, waiting in SIZES:
        floor, load = floor_of(agents, waiting)
        gc.collect()
        gc.freeze()
        snapshots, handing = [], []
        for _ in range(5):
            begun = time.thread_time()
            snapshot = floor.acd.snapshot()
            taken = time.thread_time()
            pickle.dumps({"snapshot": snapshot, "load": load.plain()}, protocol=5)
            handing.append(time.thread_time() - taken)
            snapshots.append(taken - begun)
        begun = time.thread_time()
        found = forward(snapshot, load, Random(1), rollouts=ROLLOUTS, horizon=HORIZON, most_steps=MOST_STEPS)
        took = time.thread_time() - begun
        print(
            f"{f'{agents:,} × {waiting}':18}{1000 * sorted(snapshots)[2]:14.1f}{1000 * sorted(handing)[2]:18.1f}"
            f"{took:15.1f}{len(found):11}",
            flush=True,
        )


if __name__ == "__main__":
    main()
