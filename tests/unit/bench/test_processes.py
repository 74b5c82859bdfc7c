"""CPU time from /proc: whose it is, and how much of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bench.processes import CpuMeter, Stat, descendants, difference, kind_of, parse_stat, read_all

if TYPE_CHECKING:
    from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")


def line(
    pid: int, parent: int, user: int, system: int, command: str = "python", waited: tuple[int, int] = (0, 0)
) -> str:
    return (
        f"{pid} ({command}) S {parent} 1 1 0 -1 4194560 9 0 0 0 {user} {system} {waited[0]} {waited[1]} 20 0 1 0 100\n"
    )


@pytest.mark.parametrize("command", ["python", "a b", "odd) S 7 (name", "("])
def test_a_line_is_read_whatever_the_command_is_called(command: str) -> None:
    stat = parse_stat(line(12, 3, 40, 2, command))
    assert (stat.pid, stat.parent) == (12, 3)
    assert stat.seconds == pytest.approx(42 * TICK)


def test_the_time_of_children_who_have_ended_counts() -> None:
    assert parse_stat(line(12, 3, 40, 2, waited=(5, 6))).seconds == pytest.approx(53 * TICK)


def test_descendants_are_found_over_generations_and_others_are_not() -> None:
    stats = {pid: Stat(pid, parent, 0.0) for pid, parent in {2: 1, 3: 2, 4: 3, 5: 1, 6: 5}.items()}
    assert descendants(stats, 2) == {2, 3, 4}
    assert descendants(stats, 9) == set()


def proc(folder: Path, processes: dict[int, tuple[str, str]]) -> None:
    for pid, (stat, command) in processes.items():
        (folder / str(pid)).mkdir(exist_ok=True)
        (folder / str(pid) / "stat").write_text(stat)
        (folder / str(pid) / "cmdline").write_text(command.replace(" ", "\0"))


def test_a_meter_tells_the_parts_of_the_switch_apart(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("not a process")
    media, speech = "python -m softswitch.media.worker --index 0", "python -m softswitch.tts.worker pyttsx3"
    commands = {10: "python -m softswitch run", 11: media, 12: media, 13: speech, 20: media}
    proc(tmp_path, {pid: (line(pid, 1 if pid in (10, 20) else 10, 100, 0), text) for pid, text in commands.items()})
    meter = CpuMeter(10, tmp_path)
    before = meter.read()
    assert before == pytest.approx({"control": 100 * TICK, "media": 200 * TICK, "speech": 100 * TICK})
    proc(tmp_path, {11: (line(11, 10, 130, 20), media), 20: (line(20, 1, 999, 0), media)})
    assert difference(before, meter.read()) == pytest.approx({"control": 0.0, "media": 50 * TICK, "speech": 0.0})


def test_a_worker_that_started_meanwhile_counts_from_nothing() -> None:
    assert difference({"control": 1.0}, {"control": 3.0, "media": 0.5}) == {"control": 2.0, "media": 0.5}


def test_our_own_process_is_among_all() -> None:
    own = read_all()[os.getpid()]
    assert own.parent == os.getppid()
    assert own.seconds > 0


def test_other_commands_are_the_control_process() -> None:
    assert kind_of("/usr/bin/python -m softswitch run --config x") == "control"
