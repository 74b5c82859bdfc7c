"""The simulating process: `python -m softswitch.estimates.worker <database> <since>`.

Jobs come on standard input, each a length (8 octets, big endian) and that many octets of pickle, which only our own
parent writes; answers go to standard output, a length and JSON. End of input ends the process. The first answer says
what the journal of earlier days teaches.
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import signal
import sqlite3
import sys
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

from acd.forward import forward
from acd.load import Load
from softswitch.estimates.history import learn_history
from softswitch.store.database import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import BinaryIO

HEADER: Final = 8
ROLLOUTS: Final = 60
#: No more rollouts are begun after so many steps (see `acd.forward`): seconds of work even where hundreds wait.
MOST_STEPS: Final = 50_000
#: Longest wait that is told apart from longer ones, seconds.
HORIZON: Final = 3600.0
_NICENESS: Final = 10


def answer_job(job: Mapping[str, Any]) -> dict[str, Any]:
    """Estimates for a job ``{id, seed, snapshot, load}``: ``{id, estimates: [[call, p50, p80, spread], …], took}``."""
    started = time.perf_counter()
    found = forward(
        job["snapshot"],
        Load.from_plain(job["load"]),
        Random(job["seed"]),
        rollouts=ROLLOUTS,
        horizon=HORIZON,
        most_steps=MOST_STEPS,
    )
    estimates = [[call, round(e.p50, 1), round(e.p80, 1), round(e.spread, 3)] for call, e in found.items()]
    return {"id": job["id"], "estimates": estimates, "took": round(time.perf_counter() - started, 3)}


def serve(jobs: BinaryIO, answers: BinaryIO, hello: Mapping[str, Any]) -> None:
    """Answer jobs until their stream ends."""

    def answer(message: Mapping[str, Any]) -> None:
        octets = json.dumps(message).encode()
        answers.write(len(octets).to_bytes(HEADER, "big") + octets)
        answers.flush()

    answer(hello)
    while len(header := jobs.read(HEADER)) == HEADER:
        size = int.from_bytes(header, "big")
        octets = jobs.read(size)
        if len(octets) < size:
            return
        answer(answer_job(pickle.loads(octets)))


def hello(database: Path, since: float) -> dict[str, Any]:
    """``{ready, load}``; without ``load`` if there is no history to be had."""
    try:
        return {"ready": True, "load": learn_history(database, since).plain()}
    except (StoreError, sqlite3.Error) as error:
        return {"ready": True, "why": str(error)}


def main(argv: Sequence[str]) -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for control, which then ends our input
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(_NICENESS)
    serve(sys.stdin.buffer, sys.stdout.buffer, hello(Path(argv[0]), float(argv[1])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
