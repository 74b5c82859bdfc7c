"""The disk and the mail behind the boxes: audio files, letters on their way, what an earlier life left unfinished."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from softswitch.config.words.messages import CallbackRequest, Voicemail
from softswitch.mail.courier import MailServer
from softswitch.mail.spool import MailSpool
from softswitch.messages import Message, Request, State
from softswitch.voicemail import audio
from softswitch.voicemail.mailing import mail_about
from softswitch.voicemail.scribe import Scribe
from softswitch.voicemail.standing import Letters

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Mapping
    from pathlib import Path

    from softswitch.config import Config
    from softswitch.voicemail.boxes import Boxes
    from softswitch.voicemail.standing import Standing

log = logging.getLogger(__name__)

FOLDER, SPOOL = "voicemail", "mail"
#: Room on the disk, in octets, below which no message is begun: half an hour of audio.
ENOUGH = 32 * 1024 * 1024
#: Seconds between looks at the disk, and between attempts to hand over a letter that the disk did not take.
LOOK = 5.0
RETRY = 30.0
#: Seconds after which nobody writes to a recording any more that was to be complete long ago.
SETTLED = 15.0
DAY = 86_400.0
#: Days after which a request that nobody but the reader of the mail answers is forgotten.
FORGET_REQUESTS = 30.0
Words = TypeVar("Words")
#: Separates box and call in the name of a message; no name of a box has it.
SEPARATOR = "~"


class Mailroom:
    """`softswitch.ports.Mailroom`. *note* writes a line of the journal; *wall* is the time of day in seconds."""

    def __init__(
        self,
        config: Config,
        boxes: Boxes,
        *,
        wall: Callable[[], float],
        note: Callable[[str, Mapping[str, object]], None],
        settled: float = SETTLED,
    ) -> None:
        self._config = config
        self._boxes = boxes
        self._wall = wall
        self._note = note
        self._settled = settled
        self._folder = config.server.data_dir / FOLDER
        self._boxes_before: dict[str, Voicemail] = {}
        self._requests_before: dict[str, CallbackRequest] = {}
        self._spool: MailSpool | None = None
        self._letters = Letters(config.server.data_dir / SPOOL)
        self._scribe = Scribe(boxes, note, config.transcription.at_once)
        self._changing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._on_their_way: set[str] = set()
        self._mail_trouble = ""
        self.trouble = ""
        """Why no message can be recorded now; empty when one can."""

    # ------------------------------------------------------------------------------------------------ life
    async def start(self) -> None:
        """Finish what the last life left. A folder that cannot be made is trouble, until it can be."""
        if self._config.voicemails:
            await self._look()
            await self._finish()
        await self._open_spool()
        self._post_left()
        self._keep(self._watch(), "voicemail disk")
        self._keep(self._expire(), "voicemail retention")

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._spool is not None:
            await self._spool.stop()

    async def _open_spool(self) -> None:
        if (server := self._server()) is None:
            return
        folder = self._config.server.data_dir / SPOOL
        spool = MailSpool(folder, server, on_alarm=self._mail_alarm)
        try:
            await spool.start()
        except OSError as error:
            trouble = f"{folder}: {error.strerror}"
            if trouble != self._mail_trouble:
                log.error("mail: letters cannot be kept: %s", trouble)
                self._mail_alarm(trouble)
            self._keep(self._open_later(), "opening of the mail folder")
            return
        self._spool = spool
        if self._mail_trouble:
            self._mail_alarm("")

    async def _open_later(self) -> None:
        await asyncio.sleep(RETRY)
        if self._spool is None:
            await self._change_server()

    def _server(self) -> MailServer | None:
        mail = self._config.mail
        if mail is None:
            return None
        return MailServer(mail.host, mail.port, mail.tls, mail.user or "", mail.password, mail.timeout)

    def _post_left(self) -> None:
        left: list[Message | Request] = [*self._boxes.all(), *self._boxes.requests()]
        for item in left:
            if not item.mailed and not (isinstance(item, Message) and item.state is State.RECORDING):
                self.post(item)

    async def _change_server(self) -> None:
        """Letters that are on their way are handed in at the server that there is now."""
        async with self._changing:
            if self._spool is not None:
                self._spool.serve(self._server())
            else:
                await self._open_spool()
        self._post_left()

    def reconfigure(self, config: Config) -> None:
        """Boxes, addresses and the mail server are those of *config* from now on.

        What was left in a box that is no more is mailed as it would have been.
        """
        before, self._config = self._config, config
        self._boxes_before = _gone(self._boxes_before | dict(before.voicemails), config.voicemails)
        self._requests_before = _gone(self._requests_before | dict(before.callback_requests), config.callback_requests)
        if config.transcription.at_once != before.transcription.at_once:
            self._scribe.allow(config.transcription.at_once)
        if config.mail != before.mail:
            self._keep(self._change_server(), "change of the mail server")
        if config.voicemails:
            with contextlib.suppress(OSError):
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def state(self) -> dict[str, object]:
        """How it is doing, for people."""
        waiting = 0 if self._spool is None else len(self._spool.waiting())
        return {"mail": self._mail_trouble, "waiting": waiting, "disk": self.trouble}

    def standings(self, messages: Iterable[Message]) -> dict[str, Standing]:
        """How the mail about each stands, by its id; one is missing when the disk does not tell. Blocking."""
        return self._letters.of(messages, self._mails)

    def _mails(self, message: Message) -> bool:
        words = self._words(message)
        return self._config.mail is not None and isinstance(words, Voicemail) and bool(words.mail_to)

    # ------------------------------------------------------------------------------------------------ the port
    def path(self, message: Message) -> str:
        """Where the audio of *message* is, or will be."""
        return str(self.file(message))

    def file(self, message: Message) -> Path:
        return self._folder.absolute() / message.file_name

    def post(self, item: Message | Request) -> None:
        """Send the mail about *item*, whose row is durable; once, however often it is asked for."""
        if item.id not in self._on_their_way:
            self._on_their_way.add(item.id)
            self._keep(self._post(item), f"letter about {item.id}")

    def withdraw(self, request: Request) -> None:
        """See `softswitch.ports.Mailroom`."""
        if request.mailed or request.id in self._on_their_way:
            self._keep(self._withdraw(request), f"letter about {request.id}, which is withdrawn")

    async def _withdraw(self, request: Request) -> None:
        while not await self._try(request, withdrawn=True):  # noqa: ASYNC110 (nothing tells when the disk is well)
            await asyncio.sleep(RETRY)

    def salvage(self, message: Message) -> None:
        """See `softswitch.ports.Mailroom`."""
        self._keep(self._salvage(message), f"recording of {message.id}")

    async def _salvage(self, message: Message) -> None:
        await asyncio.sleep(self._settled)
        while (known := self._boxes.message(message.id)) is not None and known.state is State.RECORDING:
            if await self._complete(known):
                break
            await asyncio.sleep(RETRY)
        if (found := self._boxes.message(message.id)) is not None and not found.mailed:
            self.post(found)

    def discard(self, message: Message) -> None:
        """Delete the audio."""
        self._keep(asyncio.to_thread(self._unlink, message), f"deletion of {message.id}")

    def _unlink(self, message: Message) -> None:
        with contextlib.suppress(OSError):
            (self._folder / message.file_name).unlink(missing_ok=True)

    def _keep(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s failed", task.get_name(), exc_info=error)

    # ------------------------------------------------------------------------------------------------ letters
    async def _post(self, item: Message | Request) -> None:
        try:
            if isinstance(item, Message):
                await self._write_down(item)
            while not await self._try(item):  # noqa: ASYNC110 (nothing tells when the disk is well)
                await asyncio.sleep(RETRY)
        finally:
            self._on_their_way.discard(item.id)

    async def _write_down(self, message: Message) -> None:
        words, known = self._words(message), self._boxes.message(message.id)
        if not isinstance(words, Voicemail) or known is None or known.transcript is not None:
            return
        settings = self._config.transcription
        await self._scribe.write_down(
            known,
            self.file(known),
            known.language or self._config.server.language,
            settings.command if words.transcribe is None else words.transcribe,
            within=settings.timeout,
            mailed=self._spool is not None and bool(words.mail_to) and not known.mailed,
        )

    async def _try(self, item: Message | Request, *, withdrawn: bool = False) -> bool:
        """Hand the letter to the spool; False when that must be tried again."""
        words = self._words(item)
        known = self._boxes.message(item.id) if isinstance(item, Message) else self._boxes.request(item.id)
        gone = (known.mailed if known is not None else isinstance(item, Message)) and not withdrawn
        if self._spool is None or self._config.mail is None or words is None or not words.mail_to or gone:
            return True
        try:
            latest = item if known is None else known
            mail = await asyncio.to_thread(
                mail_about, latest, words, self._config, self._config.mail.from_, self._folder, withdrawn=withdrawn
            )
            await self._spool.put(mail, at=self._wall())
        except OSError as error:
            log.error("the mail about %s cannot be written down (%s); it is tried again", item.id, error)
            return False
        self._note("mail.posted", {"about": item.id, "to": len(words.mail_to)})
        if withdrawn:
            return True
        self._boxes.mailed(latest)
        if isinstance(item, Message) and isinstance(words, Voicemail) and words.delete_after_mail:
            self.forget(item, "mailed")
        changed = None if isinstance(item, Message) else self._boxes.request(item.id)
        return changed is None or changed.mailed  # it may have another time by now

    def _words(self, item: Message | Request) -> Voicemail | CallbackRequest | None:
        if isinstance(item, Message):
            return self._config.voicemails.get(item.box) or self._boxes_before.get(item.box)
        return self._config.callback_requests.get(item.kind) or self._requests_before.get(item.kind)

    def _mail_alarm(self, alarm: str) -> None:
        self._mail_trouble = alarm
        self._note("mail.trouble" if alarm else "mail.sent_again", {"why": alarm} if alarm else {})

    # ------------------------------------------------------------------------------------------------ the disk
    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            if self._config.voicemails:
                await self._look()

    async def _look(self) -> None:
        trouble = await asyncio.to_thread(self._disk_trouble)
        if trouble != self.trouble:
            if trouble:
                log.error("voicemail: no message can be taken: %s", trouble)
            else:
                log.info("voicemail: messages can be taken again")
            kind = "voicemail.disk_trouble" if trouble else "voicemail.disk_well"
            self._note(kind, {"why": trouble} if trouble else {})
        self.trouble = trouble

    def _disk_trouble(self) -> str:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = os.statvfs(self._folder)
        except OSError as error:
            return f"{self._folder}: {error.strerror}"
        if found.f_flag & os.ST_RDONLY:
            return f"{self._folder}: the disk is read-only"
        room = found.f_bavail * found.f_frsize
        return f"{self._folder}: only {room // 1024} KB are free" if room < ENOUGH else ""

    # ------------------------------------------------------------------------------------------------ unfinished
    async def _finish(self) -> None:
        """Messages that were being recorded when the last life ended are messages all the same."""
        files = {path.stem for path in await asyncio.to_thread(lambda: list(self._folder.glob("*.wav")))}
        for name in sorted(files):
            box, _, call = name.partition(SEPARATOR)
            if self._boxes.message(name) is None and call and box in self._config.voicemails:
                at = await asyncio.to_thread(self._written_at, self._folder / f"{name}.wav")
                self._boxes.put(Message(name, box, at, call=call.partition(SEPARATOR)[0]))
        for message in self._boxes.all():
            if message.state is State.RECORDING and not await self._complete(message):
                self.salvage(message)

    async def _complete(self, message: Message) -> bool:
        """Make a message of what was recorded, or forget it; False when the disk does not tell what there is."""
        try:
            seconds = await asyncio.to_thread(audio.repair, self._folder / message.file_name)
        except OSError as error:
            log.error("the recording of %s cannot be completed (%s); it is tried again", message.id, error)
            return False
        words = self._config.voicemails.get(message.box)
        if seconds < (words.min_seconds if words is not None else 0.0) or not seconds:
            self.forget(message, "too short")
            return True
        self._boxes.put(replace(message, state=State.NEW, seconds=seconds))
        said = {"message": message.id, "box": message.box, "seconds": round(seconds, 1), "recovered": True}
        self._note("voicemail.left", said)
        return True

    @staticmethod
    def _written_at(path: Path) -> float:
        try:
            return path.stat().st_mtime
        except OSError:
            return 0.0

    # ------------------------------------------------------------------------------------------------ retention
    async def _expire(self) -> None:
        while True:
            self.expire()
            await asyncio.sleep(DAY)

    def expire(self) -> None:
        """Delete what is older than it may be."""
        now = self._wall()
        for message in self._boxes.all():
            words = self._config.voicemails.get(message.box)
            days = 0 if words is None else words.retention_days
            if days and message.state is not State.RECORDING and message.at < now - days * DAY:
                self.forget(message, "retention")
        for request in self._boxes.requests():
            asked = self._config.callback_requests.get(request.kind)
            if (asked is None or asked.queue is None) and request.due < now - FORGET_REQUESTS * DAY:
                self._boxes.remove_request(request)
                self._note("callback_request.forgotten", {"request": request.id})

    def forget(self, message: Message, why: str, *, by: str = "") -> None:
        """Delete a message, its row first. *by*: who wanted it, when somebody did."""
        self._boxes.remove(message)
        who = {"by": by} if by else {}
        self._note("voicemail.deleted", {"message": message.id, "box": message.box, "why": why, **who})
        self.discard(message)


def _gone(known: Mapping[str, Words], there: Mapping[str, Words]) -> dict[str, Words]:
    """What was *known* and is not *there* any more."""
    return {name: words for name, words in known.items() if name not in there}
