"""Messages on their way to the mail server: a folder in which each waits until the server has taken it.

A message is in the folder, whole and synced, before `put` returns. It leaves it only after the server has accepted it,
or goes to the folder `refused` beside it when the server will never take it: nothing is lost without a trace. A message
that was accepted just before a crash is sent again, with the same Message-ID.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from dataclasses import dataclass
from email import policy
from email.parser import BytesHeaderParser
from itertools import chain, count
from typing import TYPE_CHECKING

import aiosmtplib

from softswitch.mail.courier import Courier

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from softswitch.mail.compose import Mail
    from softswitch.mail.courier import MailServer

log = logging.getLogger(__name__)

SUFFIX = ".eml"
REFUSED = "refused"
ENVELOPE = "X-Softswitch-Recipient"
"""First line of a file: who this copy is for. It is taken off before sending."""
_LONGEST_LINE = 4096


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds before the next attempt: `first`, then twice as long each time, at most `longest`."""

    first: float = 30.0
    longest: float = 1800.0

    def after(self, attempts: int) -> float:
        return min(self.longest, self.first * 2.0 ** min(attempts - 1, 32))


#: What a server says of one message; everything else is trouble with the server.
_OF_THE_MESSAGE = (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPDataError)
#: Answers to MAIL FROM that mean how we came, not what we bring: commands, and who we are (RFC 5321, RFC 4954 §6).
_OURS = frozenset({500, 502, 503, 530, 534, 535, 538})


class MailSpool:
    """One folder and one task that empties it. `start` it on the loop, `stop` it before the loop ends."""

    def __init__(
        self,
        folder: Path,
        server: MailServer | None,
        *,
        backoff: Backoff | None = None,
        on_alarm: Callable[[str], None] | None = None,
    ) -> None:
        """*on_alarm* is told, once each, that mail cannot be sent and why, and "" when it can be again."""
        self._folder = folder
        self._server = server
        self._courier = Courier()
        self._backoff = backoff or Backoff()
        self._on_alarm = on_alarm
        self._alarm = ""
        self._attempts: dict[str, int] = {}
        self._due: dict[str, float] = {}  # by message: not before this instant of the loop
        self._wake = asyncio.Event()
        self.idle = asyncio.Event()
        """Set while nothing waits."""
        self._task: asyncio.Task[None] | None = None
        self._numbers = count()
        self._stopping = False

    # ------------------------------------------------------------------------------------------------ life
    async def start(self) -> None:
        """Raises OSError when the folder cannot be made."""
        await asyncio.to_thread((self._folder / REFUSED).mkdir, parents=True, exist_ok=True)
        self._wake.set()  # what the last run left
        self._task = asyncio.create_task(self._run(), name="mail spool")

    async def stop(self) -> None:
        """What is not sent yet stays in the folder for the next start."""
        self._stopping = True  # a message that is being handed over may swallow the cancellation
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self._courier.close()

    def serve(self, server: MailServer | None) -> None:
        """Hand in at *server* from now on, and try at once what waits; None: it waits until there is one."""
        self._server = server
        self._due.clear()
        self._wake.set()

    # ------------------------------------------------------------------------------------------------ taking
    async def put(self, mail: Mail, *, at: float) -> str:
        """Keep *mail*; it is on disk when this returns. *at*: wall time, orders the folder. Raises OSError.

        Each recipient has a copy of their own, so that nobody waits for the mailbox of another. What cannot be kept for
        all of them is kept for none: whoever tries again sends nobody two.
        """
        names = {f"{at:017.6f}-{os.getpid()}-{next(self._numbers)}{SUFFIX}": address for address in mail.to}
        await asyncio.to_thread(self._keep, mail, names)
        self.idle.clear()
        self._wake.set()
        return next(iter(names))

    def waiting(self) -> list[str]:
        """Names of the messages that are not sent yet, the oldest first."""
        return sorted(path.name for path in self._folder.glob(f"*{SUFFIX}"))

    def _keep(self, mail: Mail, names: Mapping[str, str]) -> None:
        unfinished = {self._folder / f"{name}.part": self._folder / name for name in names}
        try:
            for path, address in zip(unfinished, names.values(), strict=True):
                self._write(path, address, mail)
            for path, whole in unfinished.items():
                path.rename(whole)
            self._sync_folder()
        except OSError:
            for path in chain.from_iterable(unfinished.items()):
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
            raise

    def _sync_folder(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @staticmethod
    def _write(path: Path, address: str, mail: Mail) -> None:
        with path.open("wb") as file:
            file.write(f"{ENVELOPE}: {address}\r\n".encode())
            for piece in mail.pieces():
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())

    # ------------------------------------------------------------------------------------------------ sending
    async def _run(self) -> None:
        pause = 0.0
        while not self._stopping:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause or None):
                    await self._wake.wait()
            self._wake.clear()
            pause = await self._empty()

    async def _empty(self) -> float:
        """Send all that is due; seconds until the next attempt, 0 when nothing is left."""
        names = [] if self._server is None else await asyncio.to_thread(self.waiting)
        for gone in {*self._due, *self._attempts} - set(names):  # somebody has removed it
            self._forget(gone)
        for name in sorted(names, key=lambda name: self._attempts.get(name, 0)):  # one that fails holds up no other
            if self._stopping or self._server is None:
                return 0.0
            if self._due.get(name, 0.0) > asyncio.get_running_loop().time():
                continue
            try:
                await self._send(name)
            except _OF_THE_MESSAGE as error:
                if self._is_final(error):
                    await self._refuse(name, error)
                else:
                    self._postpone(name, error)
                continue
            except (aiosmtplib.SMTPException, OSError) as error:
                return self._postpone(name, error)
            except Exception as error:
                log.exception("mail: %s cannot be sent", name)
                await self._refuse(name, error)
                continue
            self._forget(name)
            self._set_alarm("")
        if self._due:
            return max(0.001, min(self._due.values()) - asyncio.get_running_loop().time())
        if not self._wake.is_set() and self._server is not None:
            self.idle.set()
        return 0.0

    async def _send(self, name: str) -> None:
        path, server = self._folder / name, self._server
        if server is None:  # it went away meanwhile
            raise OSError("there is no mail server")
        recipient, sender, begin = await asyncio.to_thread(_envelope, path)
        with path.open("rb") as letter:
            letter.seek(begin)
            await self._courier.hand_in(letter, sender, recipient, server)
        await asyncio.to_thread(path.unlink)

    def _is_final(self, error: aiosmtplib.SMTPException) -> bool:
        """The server will not take this message however often it is tried; what is wrong with us is not its fault."""
        match error:
            case aiosmtplib.SMTPRecipientsRefused():
                return all(500 <= refused.code < 600 for refused in error.recipients)
            case aiosmtplib.SMTPDataError():
                return 500 <= error.code < 600
            case aiosmtplib.SMTPSenderRefused():
                return 500 <= error.code < 600 and error.code not in _OURS
        return False

    def _forget(self, name: str) -> None:
        self._attempts.pop(name, None)
        self._due.pop(name, None)

    async def _refuse(self, name: str, error: Exception) -> None:
        log.error("mail: %s will not be taken by %s (%s); it is kept in %s", name, self._name, error, REFUSED)
        self._forget(name)
        with contextlib.suppress(OSError):
            await asyncio.to_thread((self._folder / name).rename, self._folder / REFUSED / name)

    def _postpone(self, name: str, error: Exception) -> float:
        attempts = self._attempts[name] = self._attempts.get(name, 0) + 1
        pause = self._backoff.after(attempts)
        self._due[name] = asyncio.get_running_loop().time() + pause
        self._set_alarm(f"mail cannot be sent through {self._name}: {error}")
        return pause

    @property
    def _name(self) -> str:
        return "nobody" if self._server is None else str(self._server)

    def _set_alarm(self, alarm: str) -> None:
        if alarm and not self._alarm:
            log.warning("%s; it waits on disk", alarm)
        elif self._alarm and not alarm:
            log.info("mail is sent again")
        if alarm != self._alarm:
            self._alarm = alarm
            if self._on_alarm is not None:
                self._on_alarm(alarm)


def _envelope(path: Path) -> tuple[str, str, int]:
    """Who a message is for, who it is from, and where in the file it begins. Raises OSError, ValueError."""
    with path.open("rb") as file:
        name, _, recipient = file.readline().decode("ascii", "replace").partition(":")
        if name != ENVELOPE or not recipient.strip():
            raise ValueError(f"{path.name} does not say who it is for")
        begin, head = file.tell(), b""
        while (line := file.readline(_LONGEST_LINE)).strip():
            head += line
    sender = BytesHeaderParser(policy=policy.SMTP).parsebytes(head)["From"]
    if sender is None or not sender.addresses:
        raise ValueError(f"{path.name} does not say who it is from")
    return recipient.strip(), sender.addresses[0].addr_spec, begin
