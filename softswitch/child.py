"""Processes beside the switch: one that answers questions for as long as it lives, and one that does a thing and ends.

What may be slow, hang or crash is done in a process of its own; here is how it is started, asked, given up and ended.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from asyncio import StreamReader
    from collections.abc import Sequence

STOP_TIMEOUT: Final = 2.0
_LARGEST: Final = 64 << 20


class ChildFailed(Exception):
    """The process died, hung or spoke nonsense; it is gone now and may be started again."""


def runs(pid: int) -> bool:
    """Whether there is such a process."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


async def end(process: asyncio.subprocess.Process) -> None:
    """End the *process*, which is the first of its session, with whatever it has started: that may hang, too.

    It is gone when this returns, and when this is cancelled.
    """
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    gone = asyncio.ensure_future(process.wait())
    try:
        await asyncio.shield(gone)
    except asyncio.CancelledError:
        await asyncio.wait([gone])
        raise
    finally:
        # What it has started may hold its pipes, and the garbage collector would complain about the transport.
        process._transport.close()  # type: ignore[attr-defined]


class Framing(Protocol):
    """Where a message begins and ends on a pipe."""

    def pack(self, message: bytes) -> bytes: ...

    async def read(self, stream: StreamReader) -> bytes:
        """The next message. Raises ValueError for what is none, EOFError at the end."""


class Lines:
    """A message is a line."""

    def pack(self, message: bytes) -> bytes:
        return message + b"\n"

    async def read(self, stream: StreamReader) -> bytes:
        line = await stream.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        return line


@dataclass(frozen=True, slots=True)
class Sized:
    """Before a message stands its size, in so many octets, big endian."""

    header: int

    def pack(self, message: bytes) -> bytes:
        return len(message).to_bytes(self.header, "big") + message

    async def read(self, stream: StreamReader) -> bytes:
        size = int.from_bytes(await stream.readexactly(self.header), "big")
        if size > _LARGEST:
            raise ValueError
        return await stream.readexactly(size)


class Child:
    """At most one process at a time, one question at a time.

    It reads questions from its standard input, until that ends, and writes answers, objects of JSON, to its standard
    output. The first one comes unasked: ``{"ready": true}``, or ``{"ready": false, "error": …}``. The others repeat
    the ``id`` of the question.
    """

    def __init__(self, argv: Sequence[str], framing: Framing, *, start_timeout: float, timeout: float) -> None:
        """*start_timeout*, *timeout*: seconds for the first answer and for the others."""
        self._argv = tuple(argv)
        self._framing = framing
        self._start_timeout, self._timeout = start_timeout, timeout
        self._process: asyncio.subprocess.Process | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self.running else None

    async def start(self) -> dict[str, Any]:
        """Start the process; returns its first answer when it is ready. Raises ChildFailed."""
        await self.kill()
        try:
            # in a session of its own, so that Ctrl-C in the terminal is the switch's alone
            self._process = await asyncio.create_subprocess_exec(
                *self._argv, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True
            )
        except OSError as error:
            raise ChildFailed(f"cannot start: {error.strerror}") from None
        try:
            hello = await self._exchange(self._process, b"", self._start_timeout)
            if not hello.get("ready"):
                raise ChildFailed(str(hello.get("error", "not ready")))
        except BaseException:
            await self.kill()
            raise
        return hello

    async def ask(self, number: int, question: bytes) -> dict[str, Any]:
        """The answer to the question of this number. Raises ChildFailed."""
        assert self._process is not None
        try:
            answer = await self._exchange(self._process, self._framing.pack(question), self._timeout)
            if answer.get("id") != number:
                raise ChildFailed("answered out of turn")
        except BaseException:
            await self.kill()
            raise
        return answer

    async def wait(self) -> None:
        """Return when the process has ended."""
        if self._process is not None:
            await self._process.wait()

    async def stop(self) -> None:
        """Let the process end by itself, and see that it does."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_TIMEOUT):
                    await self._process.wait()
        await self.kill()

    async def kill(self) -> None:
        """End the process and whatever it has started: that may hang, too."""
        if self._process is None:
            return
        process, self._process = self._process, None
        await end(process)

    async def _exchange(self, process: asyncio.subprocess.Process, question: bytes, within: float) -> dict[str, Any]:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            async with asyncio.timeout(within):  # who does not read hangs as well
                if question:
                    process.stdin.write(question)
                    await process.stdin.drain()
                answer = json.loads(await self._framing.read(process.stdout))
        except TimeoutError:
            raise ChildFailed(f"gave no answer in {within:g} s") from None
        except OSError:
            raise ChildFailed("died") from None
        except EOFError:
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_TIMEOUT):  # `wait_for` of Python 3.11 may lose who is cancelled
                    status = await process.wait()
                raise ChildFailed(f"ended with status {status}") from None
            raise ChildFailed("closed its output") from None
        except ValueError:
            raise ChildFailed("spoke nonsense") from None
        if not isinstance(answer, dict):
            raise ChildFailed("spoke nonsense")
        return answer


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended, and what it wrote to its standard output and standard error."""

    status: int
    said: bytes
    complaint: str


async def run_module(module: str, *arguments: str, within: float, given: bytes = b"") -> Ended:
    """Have ``python -m module arguments…`` do its work; *given* is its standard input, which no list of processes
    shows. Raises TimeoutError after *within* seconds; it is gone then."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        stdin=asyncio.subprocess.PIPE if given else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(within):
            said, complaint = await process.communicate(given or None)
    finally:
        if process.returncode is None:
            await end(process)
    assert process.returncode is not None
    return Ended(process.returncode, said, complaint.decode(errors="replace").strip())
