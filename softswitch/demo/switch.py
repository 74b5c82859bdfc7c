"""The real switch as a process of its own, on free ports of the loopback address."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import secrets
import socket
import sys
from typing import TYPE_CHECKING, Final

from softswitch.demo.script import AGENTS, CALLERS, configuration
from softswitch.store.database import FILE_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from sip.flow import Address

HOST: Final = "127.0.0.1"
RTP_PORTS: Final = 32
_START_SECONDS: Final = 40.0
_STOP_SECONDS: Final = 15.0
_LOOK_EVERY: Final = 0.1
_TROUBLE: Final = re.compile(r"Traceback \(most recent call last\)|\b(?:ERROR|CRITICAL)\b")


class DemoError(Exception):
    """The demonstration cannot go on; the message says why."""


class SwitchProcess:
    """`softswitch run` with a configuration of its own in *folder*."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "config.toml"
        self.data = folder / "data"
        self.log = folder / "switch.log"
        self.passwords = {person.number: secrets.token_urlsafe(12) for person in (*AGENTS, *CALLERS)}
        self.address: Address = (HOST, 0)
        self._process: asyncio.subprocess.Process | None = None

    def prepare(self) -> None:
        """Write the configuration, and forget the calls of an earlier demonstration. Raises DemoError."""
        try:
            self.data.mkdir(parents=True, exist_ok=True)
            for leftover in self.data.glob(f"{FILE_NAME}*"):
                leftover.unlink()
            self.address = (HOST, _free_sip_port())
            text = configuration(port=self.address[1], rtp_ports=_free_rtp_ports(), passwords=self.passwords)
            self.config.write_text(text, encoding="utf-8")
        except OSError as error:
            raise DemoError(f"cannot prepare {self.folder}: {error}") from error

    async def start(self) -> int:
        """Until the switch is ready; returns its process id. Raises DemoError."""
        with self.log.open("wb") as log:  # a file, no pipe: its workers may outlive it, and would hold the pipe
            process = self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "softswitch", "run", "--config", str(self.config)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"},
            )
        deadline = asyncio.get_running_loop().time() + _START_SECONDS
        while not any(line.startswith("ready") for line in self._lines()):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), _LOOK_EVERY)
            if process.returncode is not None or asyncio.get_running_loop().time() > deadline:
                raise DemoError(f"the switch did not start:\n{self._tail()}")
        return process.pid

    async def ended(self) -> None:
        """Until its process is over."""
        if self._process is not None:
            await self._process.wait()

    async def stop(self) -> None:
        """Ask it to end its calls and itself, as Ctrl-C does. Raises DemoError when it does not end well."""
        process = self._process
        if process is None:
            return
        slow = False
        try:
            if process.returncode is None:
                process.terminate()
            await asyncio.wait_for(process.wait(), _STOP_SECONDS)
        except TimeoutError:
            slow = True
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        finally:
            self._process = None
        if slow:
            raise DemoError(f"the switch did not end within {_STOP_SECONDS:g} s:\n{self._tail()}")
        if process.returncode:
            raise DemoError(f"the switch ended with code {process.returncode}:\n{self._tail()}")

    def complaints(self) -> list[str]:
        """Lines of its log that tell of something that should not happen."""
        return [line for line in self._lines() if _TROUBLE.search(line)]

    def _lines(self) -> list[str]:
        try:
            return self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []

    def _tail(self) -> str:
        return "\n".join(self._lines()[-15:]) or "(it said nothing)"


def _free_sip_port() -> int:
    """A port that is free for UDP and TCP. Raises OSError."""
    for _ in range(50):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
            tcp.bind((HOST, 0))
            port = int(tcp.getsockname()[1])
            if _is_free(port):
                return port
    raise OSError("no free port for SIP")


def _free_rtp_ports() -> range:
    """A run of free UDP ports, below those that systems give out by themselves. Raises OSError."""
    starts = list(range(16_384, 32_000, RTP_PORTS))
    random.shuffle(starts)
    for first in starts[:100]:
        ports = range(first, first + RTP_PORTS)
        if all(_is_free(port) for port in ports):
            return ports
    raise OSError("no free ports for RTP")


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        try:
            udp.bind((HOST, port))
        except OSError:
            return False
    return True
