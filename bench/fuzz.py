"""Seeded fuzzing of everything that reads from the network.

    python bench/fuzz.py --cases 1000000 --seed 1
    python bench/fuzz.py --target sip-datagram --seed 1 --case 4711      # one case again

A case of a parser is a corpus message, mutated, or a heap of grammar fragments. A parser may refuse it with its own
error and nothing else. A case of a system (the SIP endpoint, call control, the media plane) is a stretch of its life
among strangers who send mutated messages, at the end of which nothing may be left over. A case that breaks what must
hold, or has an input that takes more than 50 ms of CPU, is printed and makes the exit status 1.
"""

from __future__ import annotations

import argparse
import sys
import time

from bench import fuzz_parsers
from bench.fuzz_cases import Target, run
from bench.fuzz_control import CALL_CONTROL
from bench.fuzz_endpoint import ENDPOINT
from bench.fuzz_plane import PLANE


def targets() -> list[Target]:
    return [*fuzz_parsers.targets(), ENDPOINT, CALL_CONTROL, PLANE]


def main() -> int:
    parser = argparse.ArgumentParser(description="Fuzz everything that reads from the network.")
    parser.add_argument("--cases", type=int, default=100_000, help="inputs in total, shared among the targets")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", choices=[target.name for target in targets()])
    parser.add_argument("--case", type=int, help="run only this case")
    parser.add_argument("--limit-ms", type=float, default=50.0, help="CPU time allowed to one input")
    options = parser.parse_args()
    chosen = [target for target in targets() if options.target in (None, target.name)]
    for target in chosen:
        if options.case is None:
            cases = range(-(-options.cases // len(chosen) // target.inputs))
        else:
            cases = range(options.case, options.case + 1)
        started = time.perf_counter()
        result, problem = run(target, options.seed, cases, options.limit_ms / 1e3)
        if problem:
            print(f"FAILED {problem}")
            return 1
        count = max(result.cases, 1) * target.inputs
        print(
            f"{target.name:13} {count:8} inputs  {count / (time.perf_counter() - started):7.0f}/s  "
            f"{result.seconds / count * 1e6:6.1f} us each  refused {result.refused / count:4.0%}  "
            f"worst {result.worst * 1e3:5.2f} ms (case {result.worst_case})",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
