"""Programs that write down what was said: real ones that hang, fail, babble and speak any script."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from softswitch.voicemail.transcription import MOST, Transcriber, TranscriptionFailed

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(300)]
#: Starts another program that holds its output, says who it is, and hangs.
HANG = """
import subprocess, sys
other = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
open(sys.argv[1] + ".pid", "w").write(str(other.pid))
other.wait()
"""


def program(script: str, *words: str) -> list[str]:
    return [sys.executable, "-c", script, *words]


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    file = tmp_path / "sales~c1~1.wav"
    file.write_bytes(b"RIFF\xff")
    return file


async def written(audio: Path, command: list[str], within: float = 30.0) -> str:
    return await Transcriber().text_of(audio, "uk", command, within=within)


async def test_file_and_language_are_filled_in_and_nothing_is_a_shells(audio: Path) -> None:
    script = "import sys; print(open(sys.argv[1], 'rb').read() == b'RIFF\\xff', *sys.argv[2:])"
    assert await written(audio, program(script, "{file}", "--l={language}", "$HOME; {text}")) == (
        "True --l=uk $HOME; {text}"
    )


async def test_without_a_place_for_the_file_it_is_on_standard_input(audio: Path) -> None:
    assert await written(audio, program("import sys; print(len(sys.stdin.buffer.read()))")) == "5"


async def test_the_text_is_of_any_script_and_steers_no_terminal(audio: Path) -> None:
    said = "\ufeffДобрий день,\r\n\r\n\r\n\x1b[31m  це Zażółć 😀\t \u202f і \xff\n"
    octets = said.encode().replace("ÿ".encode(), b"\xff")
    script = f"import sys; sys.stdout.buffer.write({octets!r})"
    assert await written(audio, program(script)) == "Добрий день,\n\n[31m це Zażółć 😀 і \N{REPLACEMENT CHARACTER}"


async def test_silence_is_no_failure(audio: Path) -> None:
    assert await written(audio, program("")) == ""


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("import sys; print('secret words'); print('secret', file=sys.stderr); sys.exit(3)", "ended with status 3"),
        (f"print('secret' * {MOST})", "octets were written"),
        ("while True: print('secret' * 1000)", "octets were written"),
        ("import os; os.kill(os.getpid(), 9)", "ended with status -9"),
    ],
)
async def test_failures_say_why_and_nothing_of_what_was_said(
    audio: Path, script: str, why: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(TranscriptionFailed, match=why) as failed:
        await written(audio, program(script))
    assert "secret" not in str(failed.value).replace(script, "")
    assert "secret" not in "".join(capfd.readouterr())


async def test_a_program_or_a_file_that_is_not_there(audio: Path) -> None:
    with pytest.raises(TranscriptionFailed, match="No such file"):
        await written(audio, ["/no/such/program", "{file}"])
    with pytest.raises(TranscriptionFailed, match="No such file"):
        await written(audio.with_name("gone.wav"), program(""))


async def test_one_that_hangs_is_ended_with_all_it_has_started_and_the_loop_goes_on(audio: Path) -> None:
    pid = audio.with_name(f"{audio.name}.pid")
    waiting = asyncio.create_task(written(audio, program(HANG, "{file}"), within=3.0))
    turns = 0
    while not waiting.done():
        await asyncio.sleep(0.01)
        turns += 1
    with pytest.raises(TranscriptionFailed, match="longer than 3 s"):
        await waiting
    assert turns > 50
    await _gone(int(pid.read_text()))


async def test_one_that_is_given_up_is_ended_too(audio: Path) -> None:
    pid = audio.with_name(f"{audio.name}.pid")
    waiting = asyncio.create_task(written(audio, program(HANG, "{file}")))
    async with asyncio.timeout(60):
        while not (pid.exists() and pid.read_text()):  # noqa: ASYNC110 (files tell nobody)
            await asyncio.sleep(0.01)
    waiting.cancel()
    with suppress(asyncio.CancelledError):
        await waiting
    await _gone(int(pid.read_text()))


async def _gone(pid: int) -> None:
    async with asyncio.timeout(60):
        while not _ended(pid):  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.01)


def _ended(pid: int) -> bool:
    """Whoever inherits an orphan may not have asked for its status yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


async def test_they_take_turns_and_nobody_waits_longer_than_is_good_for_the_mail(audio: Path) -> None:
    transcriber, begun = Transcriber(1), audio.with_name("begun")
    script = f"open({str(begun)!r}, 'a').write('x'); import signal; signal.pause()"
    first = asyncio.create_task(transcriber.text_of(audio, "uk", program(script), within=60.0))
    async with asyncio.timeout(60):
        while not begun.exists():  # noqa: ASYNC110 (files tell nobody)
            await asyncio.sleep(0.01)
    with pytest.raises(TranscriptionFailed, match="others took too long"):
        await transcriber.text_of(audio, "uk", program(script), within=60.0, turn_within=0.1)
    assert begun.read_text() == "x"
    second = asyncio.create_task(transcriber.text_of(audio, "uk", program("print('second')"), within=30.0))
    first.cancel()
    assert await second == "second"
    with suppress(asyncio.CancelledError):
        await first


async def test_calls_come_first(audio: Path) -> None:
    wanted = f"os.getpriority(os.PRIO_PROCESS, 0) == {max(10, os.getpriority(os.PRIO_PROCESS, 0))}"
    until = f"time.monotonic() < {time.monotonic() + 20}"
    script = f"import os, time\nwhile not {wanted} and {until}: pass\nprint({wanted})"
    assert await written(audio, program(script)) == "True"
