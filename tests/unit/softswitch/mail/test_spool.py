"""The spool against a real mail server that is down, refuses and comes back: nothing is lost or sent twice."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP as Protocol

from softswitch.mail.compose import Attachment, compose
from softswitch.mail.courier import MailServer
from softswitch.mail.spool import ENVELOPE, REFUSED, Backoff, MailSpool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from email.message import EmailMessage
    from pathlib import Path

    from softswitch.mail.compose import Mail

QUICK = Backoff(first=0.01, longest=0.05)


class Server:
    """A mail server on a port of its own; `answers` are given to the next messages in place of 250."""

    def __init__(self, most: int = 1 << 25) -> None:
        self.most = most
        self.received: list[str] = []
        self.letters: list[EmailMessage] = []
        self.senders: list[str] = []
        self.answers: list[str] = []
        self.full: set[str] = set()
        self.recipients: list[str] = []
        self.changed = asyncio.Event()
        self.parting, self.may_part = asyncio.Event(), asyncio.Event()
        self.may_part.set()
        self.port = 0
        self._server: asyncio.Server | None = None

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.full:
            return "452 mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 known"

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        envelope.mail_from = address
        return self.senders.pop(0) if self.senders else "250 known"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = self.answers.pop(0) if self.answers else "250 taken"
        if answer.startswith("250"):
            message = message_from_bytes(envelope.content, policy=policy.default)
            assert ENVELOPE not in message
            self.letters.append(message)
            self.received.append(message["Subject"])
            self.recipients += envelope.rcpt_tos
        self.changed.set()
        return answer

    async def handle_QUIT(self, server: Any, session: Any, envelope: Any) -> str:
        self.parting.set()
        await self.may_part.wait()
        return "221 bye"

    async def up(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Protocol(self, hostname="mail.test", enable_SMTPUTF8=True, loop=loop, data_size_limit=self.most),
            "127.0.0.1",
            self.port,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def until(self, count: int) -> None:
        async with asyncio.timeout(60):
            while len(self.received) < count:
                self.changed.clear()
                await self.changed.wait()


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    await server.up()
    yield server
    await server.down()


def message(subject: str, *to: str, files: tuple[bytes, ...] = ()) -> Mail:
    return compose(
        sender="pbx@example.com",
        to=to or ["sales@example.com"],
        subject=subject,
        text=subject,
        at=datetime(2026, 3, 1, tzinfo=UTC),
        message_id=f"{len(subject)}@pbx",
        attachments=[Attachment(f"{number}.wav", "audio/wav", file) for number, file in enumerate(files)],
    )


def spool(folder: Path, server: Server, alarms: asyncio.Queue[str] | None = None) -> MailSpool:
    return MailSpool(
        folder,
        MailServer("127.0.0.1", server.port, tls="none"),
        backoff=QUICK,
        on_alarm=None if alarms is None else alarms.put_nowait,
    )


async def emptied(mail: MailSpool) -> None:
    async with asyncio.timeout(60):
        await mail.idle.wait()
    assert not mail.waiting()


@pytest.mark.asyncio
async def test_messages_are_sent_in_their_order_and_leave_the_folder(tmp_path: Path, server: Server) -> None:
    mail = spool(tmp_path, server)
    await mail.start()
    for number in range(5):
        await mail.put(message(f"Повідомлення {number}"), at=1000.0 + number)
    await server.until(5)
    await emptied(mail)
    await mail.stop()
    assert server.received == [f"Повідомлення {number}" for number in range(5)]


@pytest.mark.asyncio
async def test_while_the_server_is_down_messages_wait_and_survive_a_restart(tmp_path: Path, server: Server) -> None:
    await server.down()
    alarms: asyncio.Queue[str] = asyncio.Queue()
    mail = spool(tmp_path, server, alarms)
    await mail.start()
    await mail.put(message("first"), at=1.0)
    await mail.put(message("second"), at=2.0)
    async with asyncio.timeout(60):
        alarm = await alarms.get()
    await mail.stop()
    assert len(mail.waiting()) == 2
    await server.up()
    again = spool(tmp_path, server)
    await again.start()
    await server.until(2)
    await emptied(again)
    await again.stop()
    assert server.received == ["first", "second"]
    assert alarm.startswith("mail cannot be sent through 127.0.0.1")


@pytest.mark.asyncio
async def test_a_server_that_says_later_is_asked_again_and_the_alarm_ends(tmp_path: Path, server: Server) -> None:
    server.answers = ["451 later", "451 later"]
    alarms: asyncio.Queue[str] = asyncio.Queue()
    mail = spool(tmp_path, server, alarms)
    await mail.start()
    await mail.put(message("patient"), at=1.0)
    await server.until(1)
    await emptied(mail)
    await mail.stop()
    assert server.received == ["patient"]
    assert "later" in alarms.get_nowait()
    assert alarms.get_nowait() == ""


@pytest.mark.asyncio
async def test_what_will_never_be_taken_is_kept_aside_and_does_not_hold_up_the_rest(
    tmp_path: Path, server: Server
) -> None:
    server.answers = ["554 we do not want this"]
    mail = spool(tmp_path, server)
    await mail.start()
    refused = await mail.put(message("unwanted"), at=1.0)
    await mail.put(message("wanted"), at=2.0)
    await server.until(1)
    await emptied(mail)
    await mail.stop()
    assert server.received == ["wanted"]
    assert [path.name for path in (tmp_path / REFUSED).iterdir()] == [refused]


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", ["550 who are you", "552 too much", "553 not from here"])
async def test_what_is_refused_for_good_at_the_first_word_is_kept_aside_at_once(
    tmp_path: Path, server: Server, answer: str
) -> None:
    server.senders = [answer]
    alarms: asyncio.Queue[str] = asyncio.Queue()
    mail = spool(tmp_path, server, alarms)
    await mail.start()
    refused = await mail.put(message("unwanted"), at=1.0)
    await mail.put(message("wanted"), at=2.0)
    await server.until(1)
    await emptied(mail)
    await mail.stop()
    assert server.received == ["wanted"]
    assert [path.name for path in (tmp_path / REFUSED).iterdir()] == [refused]
    assert alarms.empty(), "the server is well"


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", ["451 later", "530 log in first"])
async def test_what_is_no_fault_of_the_message_is_tried_again(tmp_path: Path, server: Server, answer: str) -> None:
    server.senders = [answer]
    mail = spool(tmp_path, server)
    await mail.start()
    await mail.put(message("patient"), at=1.0)
    await server.until(1)
    await emptied(mail)
    await mail.stop()
    assert server.received == ["patient"]


@pytest.mark.asyncio
async def test_a_message_that_is_larger_than_the_server_takes_is_not_sent_at_all(tmp_path: Path) -> None:
    server = Server(most=100_000)
    await server.up()
    mail = spool(tmp_path, server)
    await mail.start()
    large = await mail.put(message("large", files=(bytes(200_000),)), at=1.0)
    await mail.put(message("small"), at=2.0)
    await server.until(1)
    await emptied(mail)
    await mail.stop()
    await server.down()
    assert server.received == ["small"]
    assert [path.name for path in (tmp_path / REFUSED).iterdir()] == [large]


@pytest.mark.asyncio
async def test_long_files_arrive_as_they_were(tmp_path: Path, server: Server) -> None:
    files = (random.Random(1).randbytes(3_000_001), b"", b"RIFF" * 57)
    mail = spool(tmp_path, server)
    await mail.start()
    await mail.put(message("long", files=files), at=1.0)
    await server.until(1)
    await emptied(mail)
    await mail.stop()
    (letter,) = server.letters
    assert tuple(file.get_content() for file in letter.iter_attachments()) == files


@pytest.mark.asyncio
async def test_lines_that_begin_with_a_dot_and_a_last_line_without_an_end_are_sent_as_they_are(
    tmp_path: Path, server: Server
) -> None:
    head = "From: pbx@example.com\r\nSubject: dots\r\n\r\n"
    before = (1 << 16) - len(head)  # octets up to the next piece, which begins with a dot
    lines = ["x" * 62] * (before // 64 - 1) + [
        "y" * (before % 64 + 62),
        ".first",
        *["x" * 70, ".", "..two"] * 5000,
        ".last",
    ]
    letter = f"{ENVELOPE}: sales@example.com\r\n{head}" + "\r\n".join(lines)
    (tmp_path / "0000000001.000000-1-0.eml").write_bytes(letter.encode())
    mail = spool(tmp_path, server)
    await mail.start()
    await server.until(1)
    await emptied(mail)
    await mail.stop()
    assert server.letters[0].get_content().splitlines() == lines


@pytest.mark.asyncio
async def test_a_disk_that_fills_up_between_two_recipients_keeps_nothing(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever tries again does not write to the first of them twice."""
    synced = 0

    def full(file: int) -> None:
        nonlocal synced
        synced += 1
        if synced == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("softswitch.mail.spool.os.fsync", full)
    mail = spool(tmp_path, server)
    await mail.start()
    both = message("to both", "head@example.com", "sales@example.com")
    with pytest.raises(OSError, match="No space"):
        await mail.put(both, at=1.0)
    assert os.listdir(tmp_path) == [REFUSED]
    await mail.put(both, at=1.0)
    await server.until(2)
    await emptied(mail)
    await mail.stop()
    assert sorted(server.recipients) == ["head@example.com", "sales@example.com"]


@pytest.mark.asyncio
async def test_a_full_mailbox_holds_up_neither_other_messages_nor_other_recipients(
    tmp_path: Path, server: Server
) -> None:
    server.full = {"head@example.com"}
    mail = spool(tmp_path, server)
    await mail.start()
    await mail.put(message("to both", "head@example.com", "sales@example.com"), at=1.0)
    await mail.put(message("later"), at=2.0)
    await server.until(2)
    assert server.received == ["to both", "later"]
    assert server.recipients == ["sales@example.com"] * 2
    server.full = set()
    await server.until(3)
    await emptied(mail)
    await mail.stop()
    assert server.recipients[2:] == ["head@example.com"]


@pytest.mark.asyncio
async def test_a_file_that_is_no_message_is_kept_aside_and_the_task_goes_on(tmp_path: Path, server: Server) -> None:
    (tmp_path / "0000000000.000000-1-0.eml").write_bytes(b"")
    mail = spool(tmp_path, server)
    await mail.start()
    await mail.put(message("whole"), at=2.0)
    await server.until(1)
    await emptied(mail)
    await mail.stop()
    assert server.received == ["whole"]
    assert [path.name for path in (tmp_path / REFUSED).iterdir()] == ["0000000000.000000-1-0.eml"]


@pytest.mark.asyncio
async def test_a_message_that_was_being_written_at_a_crash_is_not_sent(tmp_path: Path, server: Server) -> None:
    mail = spool(tmp_path, server)
    await mail.start()
    (tmp_path / "0000000001.000000-1-0.eml.part").write_bytes(b"From: half")
    await mail.put(message("whole"), at=2.0)
    await server.until(1)
    await emptied(mail)
    await mail.stop()
    assert server.received == ["whole"]


@pytest.mark.asyncio
async def test_a_stop_while_the_server_says_good_bye_sends_nothing_twice(tmp_path: Path, server: Server) -> None:
    server.may_part.clear()
    mail = spool(tmp_path, server)
    await mail.start()
    await mail.put(message("once"), at=1.0)
    async with asyncio.timeout(60):
        await server.parting.wait()
        await mail.stop()
    server.may_part.set()
    assert mail.waiting() == []


@pytest.mark.asyncio
async def test_a_letter_that_somebody_removes_is_waited_for_no_more(tmp_path: Path, server: Server) -> None:
    await server.down()
    alarms: asyncio.Queue[str] = asyncio.Queue()
    mail = spool(tmp_path, server, alarms)
    await mail.start()
    name = await mail.put(message("removed"), at=1.0)
    async with asyncio.timeout(60):
        await alarms.get()
        (tmp_path / name).unlink()
        await mail.idle.wait()
    await mail.stop()


@pytest.mark.asyncio
async def test_a_mail_server_whose_name_is_not_found_holds_up_nobody_elses_files(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, go_on, real = threading.Event(), threading.Event(), socket.getaddrinfo

    def look_up(host: str, *args: Any, **options: Any) -> Any:
        if host == "mail.example":
            entered.set()
            go_on.wait(30)
            host = "127.0.0.1"
        return real(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    mail = MailSpool(tmp_path, MailServer("mail.example", server.port, tls="none"), backoff=QUICK)
    await mail.start()
    try:
        await mail.put(message("patient"), at=1.0)
        async with asyncio.timeout(60):
            while not entered.is_set():  # noqa: ASYNC110 (a thread sets it)
                await asyncio.sleep(0.005)
            await asyncio.to_thread(lambda: None)
            await mail.put(message("more"), at=2.0)
        assert len(mail.waiting()) == 2
    finally:
        go_on.set()
    await server.until(2)
    await emptied(mail)
    await mail.stop()
    assert server.received == ["patient", "more"]


@pytest.mark.asyncio
async def test_a_name_that_is_found_too_late_is_trouble_like_any_other(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: go_on.wait(30) and [])
    alarms: asyncio.Queue[str] = asyncio.Queue()
    mail = MailSpool(
        tmp_path, MailServer("mail.example", 25, tls="none", timeout=0.05), backoff=QUICK, on_alarm=alarms.put_nowait
    )
    await mail.start()
    try:
        await mail.put(message("patient"), at=1.0)
        async with asyncio.timeout(60):
            assert "the name mail.example was not found within 0.05 s" in await alarms.get()
    finally:
        go_on.set()
    await mail.stop()
    assert len(mail.waiting()) == 1


def test_the_pause_doubles_up_to_the_longest() -> None:
    backoff = Backoff(30.0, 1800.0)
    assert [backoff.after(attempts) for attempts in (1, 2, 3, 7, 8, 1000)] == [
        30.0,
        60.0,
        120.0,
        1800.0,
        1800.0,
        1800.0,
    ]
