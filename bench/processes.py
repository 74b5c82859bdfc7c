"""CPU time of a server's processes, read from /proc: exact in total; the user and system shares are guesses."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

_TICK = 1.0 / os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Stat:
    pid: int
    parent: int
    seconds: float
    """CPU time so far, user and system together, that of children who have ended included."""


def parse_stat(text: str) -> Stat:
    """A /proc/PID/stat line; the command in it may hold blanks and brackets (proc(5))."""
    pid = int(text[: text.index(" ")])
    fields = text[text.rindex(")") + 2 :].split()
    return Stat(pid, int(fields[1]), sum(map(int, fields[11:15])) * _TICK)


def kind_of(command: str) -> str:
    """Which part of the switch a command line is."""
    if "softswitch.media.worker" in command:
        return "media"
    if "softswitch.tts.worker" in command:
        return "speech"
    return "control"


def read_all(proc: Path = _PROC) -> dict[int, Stat]:
    stats = {}
    for folder in proc.iterdir():
        if folder.name.isdigit():
            try:
                stat = parse_stat((folder / "stat").read_text())
            except OSError:  # it has just ended
                continue
            stats[stat.pid] = stat
    return stats


def descendants(stats: dict[int, Stat], root: int) -> set[int]:
    """*root* and all that it started, directly or not."""
    family = {root} & stats.keys()
    while more := {stat.pid for stat in stats.values() if stat.parent in family} - family:
        family |= more
    return family


@dataclass(slots=True)
class CpuMeter:
    """CPU seconds of a process and its descendants, by kind."""

    root: int
    proc: Path = _PROC
    _kinds: dict[int, str] = field(default_factory=dict)

    def read(self) -> dict[str, float]:
        stats = read_all(self.proc)
        seconds: dict[str, float] = {}
        for pid in descendants(stats, self.root):
            if pid not in self._kinds:
                command = (self.proc / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                self._kinds[pid] = kind_of(command)
            kind = self._kinds[pid]
            seconds[kind] = seconds.get(kind, 0.0) + stats[pid].seconds
        return seconds


def difference(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    return {kind: seconds - before.get(kind, 0.0) for kind, seconds in after.items()}
