"""One synthesis worker process as control sees it: start, ask, watch, kill."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

START_TIMEOUT: Final = 30.0  # a loaded machine imports slowly
STOP_TIMEOUT: Final = 2.0


class WorkerFailed(Exception):
    """The process died, hung or never became ready; it is gone now and may be started again."""


class WorkerProcess:
    """At most one child at a time, one job at a time."""

    def __init__(self, engine: str, command: Sequence[str], *, command_timeout: float, timeout: float) -> None:
        self._argv = (sys.executable, "-m", "softswitch.tts.worker", engine, str(command_timeout), *command)
        self._timeout = timeout
        self._process: asyncio.subprocess.Process | None = None
        self._ids = itertools.count(1)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self.running else None

    async def start(self) -> None:
        """Start the child and wait until it is ready; raises WorkerFailed."""
        await self.kill()
        try:
            # in a session of its own, so that Ctrl-C in the terminal is the switch's alone
            self._process = await asyncio.create_subprocess_exec(
                *self._argv, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True
            )
        except OSError as error:
            raise WorkerFailed(f"cannot start: {error.strerror}") from None
        hello = await self._answer(START_TIMEOUT)
        if not hello.get("ready"):
            await self.kill()
            raise WorkerFailed(str(hello.get("error", "not ready")))

    async def do(self, order: Mapping[str, object]) -> str | None:
        """Have one job of `worker` done: None when it is, else why it was refused. Raises WorkerFailed."""
        assert self._process is not None
        assert self._process.stdin is not None
        number = next(self._ids)
        job = {"id": number, **order}
        try:
            self._process.stdin.write(json.dumps(job).encode() + b"\n")
            await self._process.stdin.drain()
        except (OSError, asyncio.CancelledError) as error:
            await self.kill()
            if isinstance(error, asyncio.CancelledError):
                raise
            raise WorkerFailed("died") from None
        answer = await self._answer(self._timeout)
        if answer.get("id") != number:
            await self.kill()
            raise WorkerFailed("answered out of turn")
        error_text = answer.get("error")
        return None if error_text is None else str(error_text)

    async def wait(self) -> None:
        """Return when the child has ended."""
        if self._process is not None:
            await self._process.wait()

    async def stop(self) -> None:
        """Let the child end by itself, and see that it does."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), STOP_TIMEOUT)
        await self.kill()

    async def kill(self) -> None:
        """End the child and whatever it has started: a program that speaks may hang."""
        if self._process is None:
            return
        process, self._process = self._process, None
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its session is its own, and so is the group
        await process.wait()
        # The transport is closed here and not by the garbage collector, which would complain about it.
        process._transport.close()  # type: ignore[attr-defined]

    async def _answer(self, within: float) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), within)
            answer = json.loads(line)
        except TimeoutError:
            await self.kill()
            raise WorkerFailed(f"gave no answer in {within:g} s") from None
        except asyncio.CancelledError:
            await self.kill()
            raise
        except ValueError:  # end of stream, or not JSON
            status = await self._process.wait() if self._process.stdout.at_eof() else None
            await self.kill()
            raise WorkerFailed("spoke nonsense" if status is None else f"ended with status {status}") from None
        if not isinstance(answer, dict):
            await self.kill()
            raise WorkerFailed("spoke nonsense")
        return answer
