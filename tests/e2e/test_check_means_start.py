"""What `check` says of a real file comes true: the process starts, or it ends with the same errors."""

from __future__ import annotations

import random
import signal
import subprocess
from typing import TYPE_CHECKING

from softswitch.paths import prompts_dir
from softswitch.tryout.check import BAD, GOOD, check
from tests.sim.test_check_means_start import WHOLE
from tests.support.mutated import mutated
from tests.support.switch import HEAD, STOP_SECONDS, command

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.ports import Ports

#: Files of each sort that are started.
EACH = 2


def test_what_check_accepts_starts_and_what_it_refuses_does_not(tmp_path: Path, ports: Ports) -> None:
    rng, accepted, refused = random.Random(4), 0, 0
    rtp = ports.run_of(32)
    head = HEAD.format(domain="pbx.test", digest='["MD5"]', port=ports.one(), sip="", first_rtp=rtp, last_rtp=rtp + 31)
    music = str(prompts_dir() / "music" / "default.wav")
    body = WHOLE[: WHOLE.index("[sip]")] + WHOLE[WHOLE.index("[[agent]]") :].replace("prompts/music/default.wav", music)
    file = tmp_path / "config.toml"
    for _ in range(60):
        file.write_text(mutated(rng, head + body, keep=("server", "sip", "rtp", "music")), encoding="utf-8")
        told: list[str] = []
        found = check(file, told.append, told.append, as_json=False, strict=False)
        if found == GOOD and accepted < EACH:
            accepted += 1
            starts(file)
        elif found == BAD and refused < EACH:
            refused += 1
            run = subprocess.run([*command("run"), "--config", str(file)], capture_output=True, text=True, check=False)
            assert (run.returncode, run.stderr.splitlines()) == (BAD, "\n".join(told).splitlines())
        if accepted == refused == EACH:
            return
    raise AssertionError(f"{accepted} files were accepted and {refused} refused")


def starts(file: Path) -> None:
    """The process is ready, and ends well when it is told to."""
    with (file.parent / "stderr.log").open("w+") as errors:
        process = subprocess.Popen(
            [*command("run"), "--config", str(file)], stdout=subprocess.PIPE, stderr=errors, text=True
        )
        assert process.stdout is not None
        try:
            told = next((line for line in process.stdout if line.lower().startswith("ready")), "")
            assert told, f"it did not start:\n{(file.parent / 'stderr.log').read_text()}\n{file.read_text()}"
            process.send_signal(signal.SIGINT)
            assert process.wait(STOP_SECONDS) == 0
        finally:
            process.kill()
            process.wait(5)
            process.stdout.close()
    assert "Traceback" not in (file.parent / "stderr.log").read_text()
