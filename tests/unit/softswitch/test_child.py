"""Processes beside the switch, with real processes: asked, given up, ended with all they started."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from softswitch.child import Child, ChildFailed, Framing, Lines, Sized, run_module, runs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(300)]

READY = "import json, os, signal, subprocess, sys; print('{\"ready\": true}', flush=True)"
SIZED = """
import sys
def say(m): sys.stdout.buffer.write(len(m).to_bytes(8, 'big') + m); sys.stdout.buffer.flush()
say(b'{"ready": true}')
size = int.from_bytes(sys.stdin.buffer.read(8), 'big')
say(b'{"id": 1, "size": %d}' % len(sys.stdin.buffer.read(size)))
"""


@asynccontextmanager
async def child(script: str, framing: Framing | None = None, within: float = 20.0) -> AsyncIterator[Child]:
    process = Child((sys.executable, "-c", script), framing or Lines(), start_timeout=20.0, timeout=within)
    try:
        yield process
    finally:
        await process.kill()
    assert process.pid is None


async def test_a_question_is_answered_line_by_line() -> None:
    async with child(f"{READY}\nfor line in sys.stdin: print(line, end='', flush=True)") as process:
        assert await process.start() == {"ready": True}
        assert await process.ask(1, b'{"id": 1, "a": "b"}') == {"id": 1, "a": "b"}
        assert await process.ask(2, b'{"id": 2}') == {"id": 2}
        assert process.running


async def test_a_question_may_be_of_any_octets_and_large() -> None:
    async with child(SIZED, Sized(8)) as process:
        await process.start()
        assert await process.ask(1, b"\n\0" * 500_000) == {"id": 1, "size": 1_000_000}


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("raise SystemExit(3)", "ended with status 3"),
        ("print('hello, world')", "spoke nonsense"),
        ("print('[]')", "spoke nonsense"),
        ("print('{}')", "not ready"),
        ('print(\'{"error": "no such voice"}\')', "no such voice"),
    ],
)
async def test_a_process_that_does_not_become_ready_is_gone_and_it_is_said_why(script: str, why: str) -> None:
    async with child(script) as process:
        with pytest.raises(ChildFailed, match=f"^{why}$"):
            await process.start()
        assert not process.running


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("sys.stdin.readline(); sys.exit(4)", "ended with status 4"),
        ("sys.stdin.readline(); os.close(1); signal.pause()", "closed its output"),
        ("sys.stdin.readline(); print('?')", "spoke nonsense"),
        ("sys.stdin.readline(); print(json.dumps({'id': 2}))", "answered out of turn"),
    ],
)
async def test_a_process_that_fails_is_gone_and_it_is_said_why(script: str, why: str) -> None:
    async with child(f"{READY}; {script}") as process:
        await process.start()
        with pytest.raises(ChildFailed, match=f"^{why}$"):
            await process.ask(1, b"{}")
        assert not process.running


@pytest.mark.parametrize("size", [10, 1_000_000])
async def test_a_process_that_neither_reads_nor_answers_is_given_up(size: int) -> None:
    async with child(f"{READY}; signal.pause()", within=0.1) as process:
        await process.start()
        with pytest.raises(ChildFailed, match=r"no answer in 0\.1 s"):
            await process.ask(1, b"x" * size)
        assert not process.running


async def test_a_size_beyond_all_measure_is_nonsense() -> None:
    async with child("print('hello, world')", Sized(8)) as process:
        with pytest.raises(ChildFailed, match="spoke nonsense"):
            await process.start()


async def test_a_program_that_cannot_be_run_is_said_to_be_so() -> None:
    process = Child(("/nowhere/at/all",), Lines(), start_timeout=1.0, timeout=1.0)
    with pytest.raises(ChildFailed, match="cannot start: No such file"):
        await process.start()


async def test_who_asked_and_is_cancelled_leaves_no_process_behind() -> None:
    async with child(f"{READY}; signal.pause()") as process:
        await process.start()
        asking = asyncio.create_task(process.ask(1, b"{}"))
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert not process.running


async def test_it_is_gone_although_who_ends_it_is_cancelled() -> None:
    async with child(f"{READY}; signal.pause()") as process:
        await process.start()
        pid = process.pid
        assert pid is not None
        ending = asyncio.create_task(process.kill())
        await asyncio.sleep(0)
        ending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await ending
        assert not runs(pid)
    gc.collect()  # which complains about what is not closed


async def test_what_the_process_has_started_ends_with_it(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    started = f"pipe = os.open({str(pipe)!r}, os.O_WRONLY); subprocess.Popen(['sleep', '60'], pass_fds=[pipe])"
    async with child(f"import os, subprocess; {started}; {READY}; signal.pause()") as process:
        await process.start()
        await process.kill()
        os.set_blocking(reader, True)
        ended = await asyncio.wait_for(asyncio.to_thread(os.read, reader, 1), 60.0)
    os.close(reader)
    assert ended == b""  # nobody holds the pipe any more


async def test_a_process_is_let_end_by_itself() -> None:
    async with child(f"{READY}; sys.stdin.read()") as process:
        await process.start()
        ended = asyncio.create_task(process.wait())
        await process.stop()
        await ended


async def test_a_module_does_its_work_and_ends() -> None:
    well = await run_module("platform", within=20.0)
    assert (well.status, well.complaint) == (0, "")
    assert well.said
    ill = await run_module("json.tool", "/nowhere/at/all", within=20.0)
    assert (ill.status != 0, ill.said) == (True, b"")
    assert "No such file" in ill.complaint


async def test_a_module_that_takes_too_long_is_ended() -> None:
    with pytest.raises(TimeoutError):
        await run_module("http.server", "--bind", "127.0.0.1", "0", within=0.1)
