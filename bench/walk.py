"""A random walk of the distributor with every invariant checked at every step: `python -m bench.walk [--events N]`.

The walk of the unit tests (tests/unit/acd/test_walk.py), as long as you like: all queues, agents, callers, restarts and
reconfigurations at random, three distributors in step (one configured in the opposite order, one written down and read
back every so often), and in the end of each stretch the replay of its journal. Events are the inputs of the first
distributor: events and timers. An AssertionError names the seed of the stretch that shows it.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter

from tests.unit.acd.test_walk import stroll

STEPS = 3000


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--events", type=int, default=1_000_000)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    seen: Counter[str] = Counter()
    began, stretch = time.monotonic(), 0
    while seen["inputs"] < chosen.events:
        seed = chosen.seed * 1_000_000 + stretch
        try:
            seen += stroll(seed, STEPS)
        except AssertionError as error:
            raise AssertionError(f"stroll({seed}, {STEPS}): {error}") from error
        stretch += 1
        if stretch % 20 == 0:
            print(f"{seen['inputs']:9} events, {time.monotonic() - began:6.0f} s", flush=True)
    print(f"{seen.pop('inputs')} events in {stretch} stretches keep every invariant; {time.monotonic() - began:.0f} s")
    print(", ".join(f"{what}: {number}" for what, number in seen.most_common()))


if __name__ == "__main__":
    main()
