"""A real mail server in a thread of its own: what it takes is in `received`."""

from __future__ import annotations

import socket
import time
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any, Self

from aiosmtpd.controller import Controller

if TYPE_CHECKING:
    from email.message import EmailMessage


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class MailServer:
    def __init__(self, port: int = 0) -> None:
        self.port = port or free_port()
        self.received: list[EmailMessage] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.received.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    def wait(self, count: int = 1, within: float = 15.0) -> list[EmailMessage]:
        until = time.monotonic() + within
        while len(self.received) < count:
            assert time.monotonic() < until, f"{len(self.received)} of {count} mails came"
            time.sleep(0.02)
        return self.received

    def wait_for(self, recipient: str, within: float = 15.0) -> EmailMessage:
        """The first mail to *recipient*."""
        until = time.monotonic() + within
        while not (found := [mail for mail in self.received if mail["To"] == recipient]):
            assert time.monotonic() < until, f"no mail to {recipient} came"
            time.sleep(0.02)
        return found[0]
