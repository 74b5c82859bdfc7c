"""Rendered speech on disk, found again by what was said and how."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_FORMAT: Final = "2"  # raise it when rendering changes, and old files are no longer found
_HEADER_BYTES: Final = 44


class SpeechCache:
    """A folder of WAV files named by a digest of (engine, voice, rate, text)."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        for leftover in directory.glob(".*.tmp"):  # of a worker that was killed while writing
            leftover.unlink(missing_ok=True)

    def target(self, engine: str, voice: str, rate: int, text: str) -> Path:
        """Where this speech is, or is to be put."""
        identity = "\0".join((_FORMAT, engine, voice, str(rate), text))
        return self.directory / f"{hashlib.sha256(identity.encode()).hexdigest()[:40]}.wav"

    @staticmethod
    def holds(target: Path) -> bool:
        """Whether *target* is there with audio in it."""
        try:
            return target.stat().st_size > _HEADER_BYTES
        except OSError:
            return False
