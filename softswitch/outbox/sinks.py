"""Where events go: a URL, or a file with a JSON document on each line."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import hmac
import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import httpx2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from softswitch.config.secrets import Secret
    from softswitch.outbox.events import Event

#: Answers that will be the same however often these events are sent: it is them that are wrong, not the moment.
_REFUSED = frozenset({400, 406, 409, 411, 413, 415, 422})
#: Octets looked at at once for the last whole line of a file.
_TAIL = 1 << 16


class NotDelivered(Exception):
    """The events were not taken. `refused`: and will not be."""

    def __init__(self, why: str, *, refused: bool = False) -> None:
        super().__init__(why)
        self.refused = refused


class Sink(Protocol):
    """Takes events in order. `name` is for people and for the cursor's file."""

    @property
    def name(self) -> str: ...

    async def deliver(self, events: Sequence[Event]) -> None:
        """Return when the receiver has them for good; raise NotDelivered."""

    async def close(self) -> None: ...


def signature(secret: Secret, timestamp: int, body: bytes) -> str:
    """`t=…,v1=…`: HMAC-SHA256 over "timestamp.body", so that neither can be changed nor replayed much later."""
    digest = hmac.new(secret.reveal().encode(), b"%d." % timestamp + body, hashlib.sha256)
    return f"t={timestamp},v1={digest.hexdigest()}"


@dataclass(frozen=True, slots=True)
class Webhook:
    """A POST with `{"events": […]}`; any 2xx means that all of them were taken."""

    name: str
    url: str
    client: httpx2.AsyncClient
    wall: Callable[[], float]
    secret: Secret | None = None
    timeout: float = 10.0

    async def deliver(self, events: Sequence[Event]) -> None:
        document = {"events": [event.document for event in events]}
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": f"{events[0].id}..{events[-1].seq}"}
        if self.secret is not None:
            headers["Softswitch-Signature"] = signature(self.secret, int(self.wall()), body)
        try:
            async with asyncio.timeout(self.timeout):  # the client's own limits would be shorter, or none
                sent = self.client.stream("POST", self.url, content=body, headers=headers, timeout=None)
                async with sent as response:
                    status = response.status_code  # what else it says is of no interest, however long it is
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, OSError) as error:
            raise NotDelivered(str(error) or type(error).__name__) from error
        if not 200 <= status < 300:
            raise NotDelivered(f"status {status}", refused=status in _REFUSED)

    async def close(self) -> None:
        await self.client.aclose()


@contextmanager
def locked(path: Path) -> Iterator[BinaryIO]:
    """The file at *path*, made if need be; nobody else who asks for it here has it meanwhile. Raises OSError."""
    while True:
        file = open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")  # noqa: SIM115 (closed by whoever asks)
        fcntl.flock(file, fcntl.LOCK_EX)
        if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
            break
        file.close()  # another one has taken its place
    with file:
        yield file


def _whole(file: BinaryIO) -> int:
    """Where its last whole line ends."""
    end = file.seek(0, os.SEEK_END)
    while end:
        begin = max(0, end - _TAIL)
        file.seek(begin)
        if found := file.read(end - begin).rfind(b"\n") + 1:
            return begin + found
        end = begin
    return 0


class EventFile:
    """Documents are appended, one to a line; what a crash left half written is taken off first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = f"file {path.name}"

    async def deliver(self, events: Sequence[Event]) -> None:
        lines = "".join(json.dumps(event.document, ensure_ascii=False) + "\n" for event in events)
        try:
            await asyncio.to_thread(self._append, lines.encode())
        except OSError as error:
            raise NotDelivered(f"{self.path}: {error.strerror}") from error

    def _append(self, lines: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with locked(self.path) as file:
            file.truncate(_whole(file))
            file.seek(0, os.SEEK_END)
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())

    async def close(self) -> None:
        pass
