"""One simulating process as control sees it: start, ask, kill."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from softswitch.estimates.worker import HEADER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

START_TIMEOUT: Final = 60.0  # reads the journal of earlier days
STOP_TIMEOUT: Final = 2.0
_LARGEST: Final = 64 << 20


class ProcessFailed(Exception):
    """The process died, hung or spoke nonsense; it is gone now and may be started again."""


class EstimatorProcess:
    """At most one child at a time, one job at a time."""

    def __init__(
        self, database: Path, since: float, *, timeout: float = 60.0, command: Sequence[str] | None = None
    ) -> None:
        """*timeout*: seconds for a job. *command*: instead of our own worker."""
        ours = (sys.executable, "-m", "softswitch.estimates.worker", str(database), str(since))
        self._argv = ours if command is None else tuple(command)
        self._timeout = timeout
        self._process: asyncio.subprocess.Process | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self.running else None

    async def start(self) -> dict[str, Any]:
        """Start the child; returns its first answer when it is ready. Raises ProcessFailed."""
        await self.kill()
        try:
            # in a session of its own, so that Ctrl-C in the terminal is the switch's alone
            self._process = await asyncio.create_subprocess_exec(
                *self._argv, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True
            )
        except OSError as error:
            raise ProcessFailed(f"cannot start: {error.strerror}") from None
        hello = await self._answer(START_TIMEOUT)
        if not hello.get("ready"):
            await self.kill()
            raise ProcessFailed("not ready")
        return hello

    async def ask(self, number: int, job: bytes) -> dict[str, Any]:
        """The answer to the job of this number, pickled. Raises ProcessFailed."""
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(len(job).to_bytes(HEADER, "big"))
            self._process.stdin.write(job)
            await self._process.stdin.drain()
        except OSError:
            await self.kill()
            raise ProcessFailed("died") from None
        except asyncio.CancelledError:
            await self.kill()
            raise
        answer = await self._answer(self._timeout)
        if answer.get("id") != number:
            await self.kill()
            raise ProcessFailed("answered out of turn")
        return answer

    async def stop(self) -> None:
        """Let the child end by itself, and see that it does."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), STOP_TIMEOUT)
        await self.kill()

    async def kill(self) -> None:
        if self._process is None:
            return
        process, self._process = self._process, None
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        # The transport is closed here and not by the garbage collector, which would complain about it.
        process._transport.close()  # type: ignore[attr-defined]

    async def _answer(self, within: float) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(within):
                size = int.from_bytes(await self._process.stdout.readexactly(HEADER), "big")
                if size > _LARGEST:
                    raise ValueError
                answer = json.loads(await self._process.stdout.readexactly(size))
        except TimeoutError:
            await self.kill()
            raise ProcessFailed(f"gave no answer in {within:g} s") from None
        except asyncio.CancelledError:
            await self.kill()
            raise
        except (ValueError, asyncio.IncompleteReadError):
            await self.kill()
            raise ProcessFailed("ended or spoke nonsense") from None
        if not isinstance(answer, dict):
            await self.kill()
            raise ProcessFailed("spoke nonsense")
        return answer
