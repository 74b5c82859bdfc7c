"""How long a list of a million callers takes to load, and one of them to be found: `python -m bench.callers`."""

from __future__ import annotations

import argparse
from random import Random
from statistics import mean
from time import perf_counter

from softswitch.callers.lists import CallerList, Entry
from softswitch.callers.numbers import NumberPlan

FIRST = 380_500_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--numbers", type=int, default=1_000_000)
    parser.add_argument("--look-ups", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    plan, rng = NumberPlan("UA"), Random(args.seed)
    began = perf_counter()
    entries = (
        Entry(f"+{FIRST + 2 * row}", {"name": f"Customer {row}", "agent": "olena"}) for row in range(args.numbers)
    )
    callers = CallerList(entries, plan)
    print(f"{len(callers):,} numbers loaded in {perf_counter() - began:.1f} s")
    took, found = [], 0
    for _ in range(args.look_ups):
        number = plan.read(f"+{FIRST + rng.randrange(2 * args.numbers)}")  # half of them are on the list
        began = perf_counter()
        found += callers.find(number) is not None
        took.append(perf_counter() - began)
    took.sort()
    p99 = took[len(took) * 99 // 100]
    print(f"{found:,} of {args.look_ups:,} found; a look-up takes", end=" ")
    print(f"{mean(took) * 1e6:.1f} µs in the mean, {p99 * 1e6:.1f} µs p99, {took[-1] * 1e3:.2f} ms at most")


if __name__ == "__main__":
    main()
