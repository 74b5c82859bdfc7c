"""An independent generator, if there is one at hand: its figures beside those of our phones.

Any program with the command line and the one JSON line of `loadgen` (modes `uac`, `cps`, `uas`) will do.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench import servers
from bench.figures import LATE
from bench.media import C_ECHO, RATE, SCENARIOS
from bench.signalling import NUMBER
from bench.signalling import SCENARIO as SHORT_CALLS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bench.servers import Place, Server

_CALLER = "127.0.0.2:6090"
_ECHO_AT = "127.0.0.4:6190"
_RTP = ("--rtp-base", "30000", "--uas-rtp-base", "50000")


@dataclass(frozen=True, slots=True)
class Reading:
    scenario: str
    level: int
    figure: float
    """Cores per 1,000 calls, or CPU milliseconds per answered call."""
    objection: str
    raw: dict[str, Any]


def read(scenario: str, level: int, raw: dict[str, Any]) -> Reading:
    server, generator = raw["server"], raw["gen"]
    late = generator["tick_late_ms"]["p99"]
    objection = ""
    if generator["skipped_ticks"]:
        objection = f"the generator left out {generator['skipped_ticks']} ticks"
    elif late > 1000 * LATE:
        objection = f"the generator was late (p99 {late:.0f} ms)"
    elif raw["failed"]:
        objection = f"{raw['failed']} calls failed"
    figure = server["cpu_ms_per_op" if scenario == SHORT_CALLS else "cores_per_1000_calls"]
    return Reading(scenario, level, float(figure), objection, raw)


class Generator:
    def __init__(self, program: Path) -> None:
        self._program = str(program)

    def _run(self, *arguments: str) -> dict[str, Any]:
        try:
            done = subprocess.run([self._program, *arguments], capture_output=True, text=True, timeout=180)
            result: dict[str, Any] = json.loads(done.stdout)
        except (subprocess.SubprocessError, OSError, ValueError) as error:
            raise servers.BenchError(f"the independent generator: {error}") from error
        return result

    def lasting(
        self, place: Place, switch: Server, folder: Path, levels: Sequence[int], scenarios: Sequence[str], window: float
    ) -> Iterator[Reading]:
        for calls in levels:
            shape = ("--calls", str(calls), "--rate", f"{RATE:.0f}", "--settle", "2", "--hold", f"{window:g}")
            for scenario in scenarios:
                servers.settle(switch.pid)
                target = f"sip:{SCENARIOS[scenario]}@127.0.0.1:{place.sip}"
                answering = ("--uas", f"127.0.0.3:{place.answer}") if scenario == "bridge" else ()
                yield read(scenario, calls, self._measure(target, switch.pid, *shape, *answering))
                if scenario == "echo":
                    yield read(C_ECHO, calls, self._own_echo(calls, folder, *shape))

    def short(self, place: Place, switch: Server, rates: Sequence[int], window: float) -> Iterator[Reading]:
        for rate in rates:
            servers.settle(switch.pid)
            raw = self._run(
                "cps", "--rt", "--target", f"sip:{NUMBER}@127.0.0.1:{place.sip}", "--local", _CALLER,
                "--rate", str(rate), "--duration", f"{window:g}", "--hold-ms", "500",
                "--pids", str(switch.pid), "--tree",
            )  # fmt: skip
            yield read(SHORT_CALLS, rate, raw)

    def _measure(self, target: str, pid: int, *shape: str) -> dict[str, Any]:
        return self._run(
            "uac", "--rt", "--target", target, "--local", _CALLER, *_RTP, *shape, "--pids", str(pid), "--tree"
        )

    def _own_echo(self, calls: int, folder: Path, *shape: str) -> dict[str, Any]:
        with (folder / "loadgen-echo.log").open("wb") as log:
            echo = subprocess.Popen(
                [
                    self._program,
                    "uas",
                    "--rt",
                    "--uas",
                    _ECHO_AT,
                    "--uas-mode",
                    "echo",
                    "--uas-legs",
                    str(calls),
                    *_RTP[2:],
                ],
                stdout=log,
                stderr=log,
            )
        try:
            return self._measure(f"sip:echo@{_ECHO_AT}", echo.pid, *shape)
        finally:
            echo.terminate()
            echo.wait()
