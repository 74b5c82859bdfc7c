"""Control's end of one media worker: its process, its socket, its life.

The worker is found alive (control was restarted) or started; it is watched by the health it reports every second; when
it is gone or stuck it is replaced by one on the same ports. What is said to it is written without waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from softswitch.media import protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

log = logging.getLogger(__name__)

CONNECT_TIMEOUT = 15.0
SILENT_TOO_LONG = 5.0
MOST_UNWRITTEN = 8 << 20
EXIT_TIMEOUT = 2.0
_RETRY = 0.02
_BACKOFF = (0.0, 0.2, 0.5, 1.0, 2.0)


class WorkerLink:
    def __init__(
        self,
        index: int,
        host: str,
        ports: Sequence[int],
        path: Path,
        *,
        portable: bool = False,
        realtime: bool = True,
        grace: float = 30.0,
        record_below: str = "",
        on_connected: Callable[[int, bool], None],
        on_message: Callable[[int, protocol.Message], None],
    ) -> None:
        """*on_connected* gets the worker's index and whether it was found alive (it may have legs)."""
        self.index = index
        self.pid: int | None = None
        self.legs_per_lane = 1
        self.path = path
        self._host = host
        self._ports = list(ports)
        self._portable = portable
        self._realtime = realtime
        self._grace = grace
        self._record_below = record_below
        self._on_connected = on_connected
        self._on_message = on_message
        self._process: subprocess.Popen[bytes] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._unsent: list[protocol.Message] = []
        self._flush_is_due = False
        self._heard_at = 0.0
        self._closing = False
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Connected when this returns; raises OSError when the worker cannot be brought up."""
        reader = await self._find() or await self._bring_up()
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._live(reader), name=f"media-worker-{self.index}"),
            loop.create_task(self._watch(), name=f"media-watchdog-{self.index}"),
        ]

    async def close(self) -> None:
        """End the worker."""
        self._closing = True
        self.say([protocol.EXIT])
        self._flush()
        if self._tasks:  # the first of them ends when the worker hangs up
            await asyncio.wait(self._tasks[:1], timeout=EXIT_TIMEOUT)
        self.kill()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._disconnect()
        await self._reap()

    def detach(self) -> None:
        """Leave the worker alone, with its legs, for the next control process to find."""
        self._closing = True
        for task in self._tasks:
            task.cancel()
        if self._writer is not None:
            self._flush()
            self._writer.close()
        if self._process is not None:
            self._process.returncode = 0  # it is nobody's child from here on

    def say(self, message: protocol.Message) -> None:
        """Send soon, together with what else is said meanwhile; lost when the worker is not there."""
        if self._writer is None:
            return
        self._unsent.append(message)
        if not self._flush_is_due:
            self._flush_is_due = True
            asyncio.get_running_loop().call_soon(self._flush)

    def kill(self) -> None:
        if self.pid is not None and self._alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    # ------------------------------------------------------------------------------------------------------- internals
    def _flush(self) -> None:
        self._flush_is_due = False
        if self._writer is None or not self._unsent:
            return
        if self._writer.transport.get_write_buffer_size() > MOST_UNWRITTEN:
            log.error("media worker %d does not read any more", self.index)
            self.kill()
            return
        self._writer.write(protocol.encode(self._unsent))
        self._unsent.clear()

    async def _find(self) -> asyncio.StreamReader | None:
        """A worker that outlived its control, if it is one that we would have started."""
        try:
            reader, facts = await self._connect()
        except (OSError, protocol.ProtocolError, TimeoutError):
            return None
        ours = (protocol.VERSION, self._host, self._ports, self._portable)
        if (facts["version"], facts["host"], facts["ports"], facts["portable"]) == ours:
            self._on_connected(self.index, True)
            return reader
        log.warning("media worker %d (pid %s) is of another kind; replacing it", self.index, self.pid)
        self.kill()
        await self._disconnect()
        return None

    async def _bring_up(self) -> asyncio.StreamReader:
        self._spawn()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + CONNECT_TIMEOUT
        while True:
            try:
                reader, _ = await self._connect()
                break
            except (OSError, protocol.ProtocolError, TimeoutError):
                if not self._alive():
                    raise OSError(f"media worker {self.index} does not start (see its message above)") from None
                if loop.time() > deadline:
                    self.kill()
                    raise
                await asyncio.sleep(_RETRY)
        self._on_connected(self.index, False)
        return reader

    def _spawn(self) -> None:
        root = str(Path(__file__).resolve().parents[2])
        # One thread each: a matrix library that starts threads of its own would only take the other core.
        environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        arguments = ["--index", str(self.index), "--host", self._host, "--ports", ",".join(map(str, self._ports))]
        arguments += ["--socket", str(self.path), "--grace", str(self._grace)]
        if self._record_below:
            arguments += ["--record-below", self._record_below]
        if self._portable:
            arguments.append("--portable")
        if self._realtime:
            arguments.append("--realtime")
        self.path.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "softswitch.media.worker", *arguments],
            stdin=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        self.pid = self._process.pid

    async def _connect(self) -> tuple[asyncio.StreamReader, dict[str, Any]]:
        reader, writer = await asyncio.open_unix_connection(self.path, limit=1 << 20)
        decoder = protocol.Decoder()
        messages: list[protocol.Message] = []
        try:
            async with asyncio.timeout(SILENT_TOO_LONG):
                while not messages:
                    data = await reader.read(1 << 16)
                    if not data:
                        raise OSError("hung up")
                    messages = decoder.feed(data)
            if messages[0][0] != protocol.HELLO:
                raise protocol.ProtocolError("no greeting")
        except BaseException:
            writer.close()
            raise
        self._writer, self._decoder = writer, decoder
        self.pid = messages[0][1]["pid"]
        self.legs_per_lane = messages[0][1].get("legs_per_lane", 1)
        self._heard_at = asyncio.get_running_loop().time()
        self._early = messages[1:]
        return reader, messages[0][1]

    async def _live(self, reader: asyncio.StreamReader) -> None:
        attempt = 0
        while not self._closing:
            await self._listen(reader)
            await self._disconnect()
            while not self._closing:
                self.kill()
                await self._reap()
                await asyncio.sleep(_BACKOFF[min(attempt, len(_BACKOFF) - 1)])
                attempt += 1
                try:
                    reader = await self._bring_up()
                    break
                except (OSError, TimeoutError) as error:
                    log.error("media worker %d: %s", self.index, error)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        messages = self._early
        loop = asyncio.get_running_loop()
        while True:
            self._heard_at = loop.time()
            for message in messages:
                try:
                    self._on_message(self.index, message)
                except Exception:  # one bad handler must not cost the worker its control
                    log.exception("media event %r", message[:2])
            try:
                data = await reader.read(1 << 18)
                if not data:
                    break
                messages = self._decoder.feed(data)
            except (OSError, protocol.ProtocolError) as error:
                log.error("media worker %d: %s", self.index, error)
                break
        if not self._closing:
            log.error("media worker %d (pid %s) is gone", self.index, self.pid)

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(1.0)
            if loop.time() - before > 2.0:  # we were the ones who slept
                self._heard_at = loop.time()
            elif self._writer is not None and loop.time() - self._heard_at > SILENT_TOO_LONG:
                log.error("media worker %d (pid %s) has been silent for %.0f s", self.index, self.pid, SILENT_TOO_LONG)
                self._heard_at = loop.time()
                self.kill()

    async def _disconnect(self) -> None:
        writer, self._writer = self._writer, None
        self._unsent.clear()
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _reap(self) -> None:
        """Our child has ended or been killed; ask for its status, so that it does not stay as a zombie."""
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(self._process.wait, EXIT_TIMEOUT)

    def _alive(self) -> bool:
        if self._process is not None and self._process.pid == self.pid:
            return self._process.poll() is None
        try:
            os.kill(self.pid or 0, 0) if self.pid else None
        except OSError:
            return False
        return self.pid is not None
