"""What was said, written down by a program of one's own: in a process of its own, within limits, without a shell.

Whatever it does, mail goes out: the time limit counts from when the mail was wanted, the turns of others included.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import subprocess
from typing import TYPE_CHECKING, Final

from softswitch.child import end

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

#: Octets that a program may write: many times what is said in an hour.
MOST: Final = 256 * 1024
#: Below calls, for which seconds matter (see nice(1)).
_NICE: Final = 10
_PLACEHOLDER = re.compile(r"\{(file|language)\}")
_CONTROLS = re.compile(r"[^\S\n]+|[\x00-\x09\x0b-\x1f\x7f-\x9f]+")
_EMPTY_LINES = re.compile(r"\s*\n\s*\n\s*")


class TranscriptionFailed(Exception):
    """There is no text; the message says why, and nothing of what was said."""


class Transcriber:
    """So many programs at a time, the others wait for their turn."""

    def __init__(self, at_once: int = 1) -> None:
        self.allow(at_once)

    def allow(self, at_once: int) -> None:
        """From now on so many at a time; those that run already do not count."""
        self._turns = asyncio.Semaphore(at_once)

    async def text_of(
        self, file: Path, language: str, command: Sequence[str], *, within: float, turn_within: float | None = None
    ) -> str:
        """What is said in *file*, a WAV file. *within*: seconds for the program; *turn_within*: with its waiting.

        Empty when it has nothing to say. Raises TranscriptionFailed.
        """
        loop = asyncio.get_running_loop()
        begun = loop.time()
        turns = self._turns
        try:
            async with asyncio.timeout(turn_within):
                await turns.acquire()
        except TimeoutError:
            raise TranscriptionFailed("others took too long before it") from None
        left = within if turn_within is None else min(within, turn_within - (loop.time() - begun))
        try:
            return await _run(file, language, command, max(0.0, left))
        finally:
            turns.release()


async def _run(file: Path, language: str, command: Sequence[str], within: float) -> str:
    values = {"file": str(file), "language": language}
    argv = [_fill(word, values) for word in command]
    try:
        to_stdin = not any("{file}" in word for word in command)
        with await asyncio.to_thread(file.open, "rb") if to_stdin else contextlib.nullcontext() as audio:
            process = await _start(argv, audio)
    except OSError as error:
        raise TranscriptionFailed(f"{argv[0]}: {error.strerror}") from None
    try:
        async with asyncio.timeout(within):
            said = await _read(process)
            status = await process.wait()
    except TimeoutError:
        raise TranscriptionFailed(f"{argv[0]} took longer than {round(within, 1):g} s") from None
    finally:
        await end(process)
    if status != 0:
        raise TranscriptionFailed(f"{argv[0]} ended with status {status}")
    return _tidy(said)


async def _start(argv: Sequence[str], audio: BinaryIO | None) -> asyncio.subprocess.Process:
    """Raises OSError."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=subprocess.DEVNULL if audio is None else audio,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # it may quote what was said
        start_new_session=True,
    )
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PGRP, process.pid, max(_NICE, os.getpriority(os.PRIO_PROCESS, 0)))
    return process


async def _read(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    said = bytearray()
    while chunk := await process.stdout.read(65_536):
        said += chunk
        if len(said) > MOST:
            raise TranscriptionFailed(f"more than {MOST} octets were written")
    return bytes(said)


def _fill(word: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: values[match[1]], word)


def _tidy(said: bytes) -> str:
    """As text for people: nothing that could steer a terminal, no more than one empty line at once."""
    text = _CONTROLS.sub(" ", said.decode("utf-8", "replace").replace("\r\n", "\n").replace("\ufeff", ""))
    return _EMPTY_LINES.sub("\n\n", "\n".join(line.strip() for line in text.strip().splitlines()))
