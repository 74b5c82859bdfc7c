"""Rendered speech on disk, found again by what was said and how; what nobody has heard for longest makes room."""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from softswitch.child import runs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_FORMAT: Final = "2"  # raise it when rendering changes, and old files are no longer found
_HEADER_BYTES: Final = 44
#: Seconds in which a file is not removed after it was asked for: somebody may hear it now.
RECENT: Final = 3600.0
#: A cache that is too large is made so much smaller than it may be, so that it is not cleaned at every file.
ROOM: Final = 0.9


@dataclass(frozen=True, slots=True)
class Uses:
    """What cleaning has to know: when files were asked for last (wall time), and which are never removed."""

    last: Mapping[Path, float]
    kept: frozenset[Path]


class SpeechCache:
    """A folder of WAV files named by a digest of (engine, voice, rate, text)."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._used: dict[Path, float] = {}
        self._kept: set[Path] = set()
        directory.mkdir(parents=True, exist_ok=True)
        for leftover in directory.glob(".*.tmp"):  # of a worker that was killed while writing
            if not _is_being_written(leftover):
                leftover.unlink(missing_ok=True)

    def target(self, engine: str, voice: str, rate: int, text: str) -> Path:
        """Where this speech is, or is to be put."""
        return self.directory / file_name(engine, voice, rate, text)

    @staticmethod
    def holds(target: Path) -> bool:
        """Whether *target* is there with audio in it."""
        try:
            return target.stat().st_size > _HEADER_BYTES
        except OSError:
            return False

    def use(self, target: Path) -> None:
        """Somebody is about to hear it."""
        self._used[target] = time.time()

    def keep(self, target: Path) -> None:
        """It may be wanted at any moment, and is never removed as long as this process lives."""
        self._kept.add(target)

    def uses(self) -> Uses:
        """For `clean`; uses are counted anew from here on."""
        uses, self._used = self._used, {}
        return Uses(uses, frozenset(self._kept))

    def clean(self, uses: Uses, limit: int) -> int:
        """Remove what was not asked for for longest until there are at most *limit* octets; returns how many files.

        Blocking; for a thread. The time of the last use outlasts a restart as the file's time of modification.
        """
        found: list[tuple[float, int, Path]] = []
        for path in self.directory.glob("*.wav"):
            with suppress(OSError):
                status = path.stat()
                at = uses.last.get(path, 0.0)
                if at > status.st_mtime:
                    os.utime(path, (at, at))
                found.append((max(at, status.st_mtime), status.st_size, path))
        total = sum(size for _, size, _ in found)
        if total <= limit:
            return 0
        removed, oldest = 0, time.time() - RECENT
        for at, size, path in sorted(found):
            if total <= limit * ROOM or at > oldest:
                break
            if path not in uses.kept:
                with suppress(OSError):
                    path.unlink()
                    total, removed = total - size, removed + 1
        return removed


def file_name(engine: str, voice: str, rate: int, text: str) -> str:
    """Of this speech, in any cache."""
    identity = "\0".join((_FORMAT, engine, voice, str(rate), text))
    return f"{hashlib.sha256(identity.encode()).hexdigest()[:40]}.wav"


def _is_being_written(unfinished: Path) -> bool:
    """Whether the worker whose number is in the name is there: that of a switch which runs beside this process."""
    pid = unfinished.name.removesuffix(".tmp").removesuffix(".raw").rpartition(".")[2]
    return pid.isdigit() and runs(int(pid))
