"""The synthesis worker process as control sees it."""

from __future__ import annotations

import itertools
import json
import sys
from typing import TYPE_CHECKING, Final

from softswitch.child import Child, Lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

START_TIMEOUT: Final = 30.0  # a loaded machine imports slowly


class WorkerProcess(Child):
    """Questions are jobs of `worker`."""

    def __init__(self, engine: str, command: Sequence[str], *, command_timeout: float, timeout: float) -> None:
        argv = (sys.executable, "-m", "softswitch.tts.worker", engine, str(command_timeout), *command)
        super().__init__(argv, Lines(), start_timeout=START_TIMEOUT, timeout=timeout)
        self._ids = itertools.count(1)

    async def do(self, order: Mapping[str, object]) -> str | None:
        """Have one job of `worker` done: None when it is, else why it was refused. Raises ChildFailed."""
        number = next(self._ids)
        answer = await self.ask(number, json.dumps({"id": number, **order}).encode())
        refusal = answer.get("error")
        return None if refusal is None else str(refusal)
