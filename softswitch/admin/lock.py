"""One switch to a data directory: two would write over each other's journal."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from softswitch.admin.protocol import run_dir

if TYPE_CHECKING:
    from pathlib import Path


class Locked(Exception):
    """Another switch works with this data directory; the message says which."""


class DataDirLock:
    """Held by the process, and let go by the kernel however the process ends."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._file: int | None = None

    def take(self) -> None:
        """Raises `Locked`, or OSError when the directory cannot be written."""
        directory = run_dir(self._data_dir)
        directory.mkdir(parents=True, exist_ok=True)
        file = os.open(directory / "switch.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(file, 20, 0).decode("ascii", "replace").strip()
            os.close(file)
            raise Locked(
                f"a switch is running already with {self._data_dir} (process {pid or 'unknown'}): "
                "stop it, or give this one another data_dir"
            ) from None
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
