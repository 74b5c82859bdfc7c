"""`softswitch demo`: what everybody tries first."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.audio import read_wav
from tests.support.switch import children_of, eventually, is_running

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = [sys.executable, "-m", "softswitch", "demo"]
DEADLINE = 120.0
SERVED = {  # language, agent and last keys of each caller
    "Emma": ("English", "1 → Sales", "Piotr"),
    "Marta": ("Polish", "1 → Sales", "Piotr"),
    "Taras": ("Ukrainian", "1 → Sales", "Olena"),
    "Jakub": ("Polish", "1 → Sales", "Piotr"),
    "Iryna": ("Russian", "7 → 2 → Support", "Olena"),
}
FILES = ["1-emma-en", "2-marta-pl", "3-taras-uk", "4-jakub-pl", "5-iryna-ru", "6-harry-en"]


@pytest.mark.slow
@pytest.mark.timeout(150)
def test_the_demo_serves_everybody_in_time_and_leaves_what_they_heard(tmp_path: Path) -> None:
    began = time.monotonic()
    done = subprocess.run(COMMAND, cwd=tmp_path, capture_output=True, text=True, timeout=DEADLINE, check=False)
    took = time.monotonic() - began
    said = done.stdout
    assert done.returncode == 0, said + done.stderr
    assert done.stderr == ""
    assert took < 90, f"it took {took:.0f} s"

    for name, (language, path, agent) in SERVED.items():
        [line] = [line for line in said.splitlines() if line.startswith(f"{name} ") and language in line]
        assert path in line
        assert re.search(rf"{agent} +[0-9.]+ s  (agent|caller)", line)
    [harry] = [line for line in said.splitlines() if line.startswith("Harry ")]
    assert "gave up" in harry
    for heard in (
        "Marta (pl)  is next and hears: “Państwa połączenie jest następne w kolejce.”",
        "Jakub (pl)  is 2nd in the queue and hears: “W kolejce przed Państwem jest jedna osoba.”",
        "Harry (en)  is 3rd in the queue and hears: “There are two callers before you.”",
        "Olena is free, but speaks no Polish",
        "Olena       and Iryna hear each other",
    ):
        assert heard in said
    assert "\x1b" not in said, "there is no terminal, so there are no colours"

    folder = tmp_path / "demo-output"
    assert sorted(file.stem for file in folder.glob("*.wav")) == FILES
    for file in FILES:
        assert f"demo-output/{file}.wav" in said
        recording = read_wav(folder / f"{file}.wav")
        assert 10 < recording.length < 60
        assert recording.level() > -30, f"{file} is silent"


@pytest.mark.timeout(90)
@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "kill"])
def test_a_demo_that_is_interrupted_leaves_no_process_behind(tmp_path: Path, kill: signal.Signals) -> None:
    with (tmp_path / "output").open("w") as output:
        demo = subprocess.Popen(COMMAND, cwd=tmp_path, stdout=output, stderr=output, start_new_session=True)
    try:
        eventually(lambda: "Olena" in (tmp_path / "output").read_text(), within=40, what="the agents")
        children = children_of(demo.pid)
        assert len(children) >= 3, "the switch and its workers"
        demo.send_signal(kill)
        assert demo.wait(20) != 0
        eventually(lambda: not any(is_running(child) for child in children), what="the end of its processes")
    finally:
        demo.kill()
        demo.wait()


@pytest.mark.timeout(60)
def test_a_folder_that_cannot_be_written_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "demo-output").write_text("a file where the folder should be")
    done = subprocess.run(COMMAND, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "The demonstration failed" in done.stdout
    assert "demo-output" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
