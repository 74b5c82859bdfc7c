"""The simulating process as control sees it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from softswitch.child import Child, Sized
from softswitch.estimates.worker import HEADER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

START_TIMEOUT: Final = 60.0  # reads the journal of earlier days


class EstimatorProcess(Child):
    """Questions are jobs of `worker`, pickled."""

    def __init__(
        self, database: Path, since: float, *, timeout: float = 60.0, command: Sequence[str] | None = None
    ) -> None:
        """*timeout*: seconds for a job. *command*: instead of our own worker."""
        ours = (sys.executable, "-m", "softswitch.estimates.worker", str(database), str(since))
        argv = ours if command is None else command
        super().__init__(argv, Sized(HEADER), start_timeout=START_TIMEOUT, timeout=timeout)
