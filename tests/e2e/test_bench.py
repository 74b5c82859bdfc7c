"""The benchmarks run: real phones, the real switch, a few calls of each kind."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.ports import Ports

CALLS = 3


def test_a_small_benchmark_measures_every_kind_of_call(ports: Ports, tmp_path: Path) -> None:
    rtp, echo = ports.run_of(128), ports.run_of(2 * CALLS)
    command = [
        sys.executable,
        "-m",
        "bench",
        "--levels",
        str(CALLS),
        "--rates",
        "10",
        "--repeats",
        "1",
        "--window",
        "1",
    ]
    command += ["--sip-port", str(ports.one()), "--answer-port", str(ports.one()), "--rtp-port", str(rtp)]
    command += ["--echo-port", str(echo), "--json", str(tmp_path / "figures.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=80)
    assert done.returncode == 0, done.stdout + done.stderr
    runs = json.loads((tmp_path / "figures.json").read_text())["runs"]
    kinds = {run["scenario"]: run["outcome"] for run in runs}
    assert {"short calls", "echo", "music", "bridge"} <= kinds.keys()
    for scenario in ("echo", "music", "bridge"):
        outcome = kinds[scenario]
        assert (outcome["answered"], outcome["failed"], outcome["ended"]) == (CALLS, 0, 0), scenario
        assert outcome["expected"] >= 45 * CALLS, scenario
        assert outcome["lost"] < outcome["expected"] / 2, scenario
    assert kinds["music"]["delay"] is None  # music does not come with the phones' own stamps
    assert 0 < kinds["echo"]["delay"][0] < 1
    assert 0 < kinds["bridge"]["delay"][0] < 1
    assert kinds["bridge"]["expected"] > 1.5 * kinds["echo"]["expected"]
    assert kinds["short calls"]["answered_in_window"] > 0
    assert sum(kinds["short calls"]["cpu"].values()) > 0
    assert "Calls that last" in done.stdout
