"""What is measured, as processes: the switch with `bench/config.toml`, and the C echo that it is compared with."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.phones import Order, Outcome
from bench.processes import CpuMeter, difference

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

HERE = Path(__file__).parent
ECHO_ADDRESS = "127.0.0.1"
_START_SECONDS = 60.0
_LANES = 128


class BenchError(Exception):
    """The benchmark cannot go on; the message says why."""


class PortTaken(BenchError):
    """A server does not start because somebody else has one of its ports."""


@dataclass(frozen=True, slots=True)
class Place:
    """Ports; everything is on loopback addresses."""

    sip: int = 5060
    rtp: int = 14_000
    answer: int = 6100
    echo: int = 16_000

    def configuration(self, data: Path) -> str:
        """`bench/config.toml` for these ports."""
        text = (HERE / "config.toml").read_text()
        for old, new in (
            ("127.0.0.1:5060", f"127.0.0.1:{self.sip}"),
            ("14000-14127", f"{self.rtp}-{self.rtp + _LANES - 1}"),
            ("127.0.0.3:6100", f"127.0.0.3:{self.answer}"),
            ('"../var/bench"', json.dumps(str(data))),
        ):
            if old not in text:
                raise BenchError(f"bench/config.toml: {old} is gone")
            text = text.replace(old, new)
        return text

    @property
    def server(self) -> tuple[str, int]:
        return "127.0.0.1", self.sip

    @property
    def answer_at(self) -> tuple[str, int]:
        return "127.0.0.3", self.answer


class Server:
    """A process that says "ready" and ends when its `stop` is called."""

    def __init__(self, command: list[str], log: Path, *, how_to_end: str = "terminate") -> None:
        """*how_to_end*: terminate (SIGTERM) or close (its standard input)."""
        self._how_to_end = how_to_end
        self._log = log
        with log.open("wb") as out:
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT)
        self.pid = self._process.pid

    @property
    def code(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.returncode

    def wait_ready(self) -> None:
        until = time.monotonic() + _START_SECONDS
        while not any(line.startswith("ready") for line in self._log.read_text(errors="replace").splitlines()):
            if self._process.poll() is not None or time.monotonic() > until:
                self.stop()
                said = self._log.read_text(errors="replace")
                error = PortTaken if "in use" in said else BenchError
                raise error(f"{self._process.args!r} does not start:\n{said}")
            time.sleep(0.05)

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        if self._how_to_end == "terminate":
            self._process.terminate()
        try:
            self._process.wait(20.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        try:
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def switch(place: Place, folder: Path) -> Server:
    """The switch, with its data in *folder*."""
    config = folder / "config.toml"
    config.write_text(place.configuration(folder / "data"))
    command = [sys.executable, "-m", "softswitch", "run", "--config", str(config)]
    return Server(command, folder / "switch.log")


def compile_echo(folder: Path) -> Path | None:
    """The C echo; None where there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        return None
    program = folder / "echo"
    subprocess.run([compiler, "-O2", "-o", str(program), str(HERE / "echo.c")], check=True)
    return program


@contextlib.contextmanager
def echo(program: Path, place: Place, calls: int, folder: Path) -> Iterator[tuple[Server, int]]:
    """The C echo and its first port: the first range of ports from *place* on that is free."""
    for first in range(place.echo, 65_000 - 2 * calls, 2 * calls):
        try:
            with Server(
                [str(program), ECHO_ADDRESS, str(first), str(calls)], folder / "echo.log", how_to_end="close"
            ) as c:
                yield c, first
            return
        except PortTaken:
            continue
    raise BenchError(f"no {calls} even ports in a row are free from {place.echo} on")


def settle(pid: int, *, share: float = 0.05, within: float = 30.0) -> None:
    """Wait until a server does nothing: prompts are spoken, the last calls are forgotten."""
    meter = CpuMeter(pid)
    until = time.monotonic() + within
    before = meter.read()
    while time.monotonic() < until:
        time.sleep(0.5)
        after = meter.read()
        if sum(difference(before, after).values()) <= share * 0.5:
            return
        before = after


def phones(order: Order) -> Outcome:
    """Run a process of phones. Raises BenchError."""
    patience = 60 + 2 * (order.settle + order.window) + 2 * order.calls / order.rate
    try:
        done = subprocess.run(
            [sys.executable, "-m", "bench.phones", json.dumps(asdict(order))],
            stdout=subprocess.PIPE,
            timeout=patience,
            check=True,
            text=True,
        )
    except subprocess.SubprocessError as error:
        raise BenchError(f"the phones: {error}") from error
    return Outcome(**json.loads(done.stdout))
