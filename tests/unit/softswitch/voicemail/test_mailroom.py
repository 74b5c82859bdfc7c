"""Messages on disk and in the mail: a real mail server, real files, and processes that end at the wrong moment."""

from __future__ import annotations

import asyncio
import io
import re
import wave
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from softswitch.config import Config, parse_config
from softswitch.messages import Brought, Message, Request, State
from softswitch.store.journal import JournalWriter
from softswitch.voicemail.boxes import Boxes
from softswitch.voicemail.mailroom import DAY, Mailroom
from tests.support.mail_server import MailServer, free_port

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from softswitch.mail.compose import Mail

pytestmark = pytest.mark.asyncio
NOW = 1_795_000_000.0


@pytest.fixture
def server() -> Any:
    with MailServer() as running:
        yield running


class Life:
    """One life of the switch, as far as messages are concerned."""

    def __init__(
        self, folder: Path, port: int, attach: str = "wav", more: str = "", mail: str = "", settled: float = 15.0
    ) -> None:
        toml = f"""
        [server]
        data_dir = "{folder}"
        [mail]
        host = "127.0.0.1"
        port = {port}
        tls = "none"
        from = "switch@example.com"
        [voicemail.sales]
        mail_to = "sales@example.com"
        label = "Продажі"
        attach = "{attach}"
        {more}
        [callback.sales]
        mail_to = ["sales@example.com", "boss@example.com"]
        label = "Sales"
        {mail}
        """
        self.toml, self.folder = toml, folder
        self.config: Config = parse_config(toml.encode(), file="test.toml", folder=folder, env={})
        self.notes: list[tuple[str, Mapping[str, object]]] = []
        self.journal = JournalWriter(folder / "softswitch.db")
        self.boxes = Boxes(self.journal)
        self.now = NOW
        self.mailroom = Mailroom(
            self.config,
            self.boxes,
            wall=lambda: self.now,
            note=lambda kind, data: self.notes.append((kind, data)),
            settled=settled,
        )

    async def __aenter__(self) -> Life:
        await self.journal.start()
        self.boxes.load(*await self.journal.load_left_behind())
        await self.mailroom.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.mailroom.stop()
        await self.journal.close()

    def reload(self, *changes: tuple[str, str]) -> None:
        for old, new in changes:
            assert old in self.toml
            self.toml = self.toml.replace(old, new)
        config = parse_config(self.toml.encode(), file="test.toml", folder=self.folder, env={})
        self.mailroom.reconfigure(config)

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.notes]

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(60):
            while not condition():  # noqa: ASYNC110 (files tell nobody)
                await asyncio.sleep(0.01)


def message(**more: Any) -> Message:
    known: dict[str, Any] = {"box": "sales", "at": NOW, "call": "c1", "number": "+380441234567", "name": "Olena Коваль"}
    return Message(**{"id": "sales~c1~1", "path": "main > support", "seconds": 3.0, **known, **more})


def tone(hertz: float, seconds: float) -> np.ndarray[Any, np.dtype[np.int16]]:
    t = np.arange(round(seconds * 8000)) / 8000
    return (8000 * np.sin(2 * np.pi * hertz * t)).astype(np.int16)


def record(life: Life, item: Message, hertz: float = 600, seconds: float = 3.0) -> None:
    with wave.open(life.mailroom.path(item), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(tone(hertz, seconds).tobytes())


def loudest(content: bytes) -> tuple[float, float]:
    """The frequency with the most power, and the seconds."""
    samples, rate = soundfile.read(io.BytesIO(content), dtype="float64")
    spectrum = np.abs(np.fft.rfft(samples))
    return float(np.argmax(spectrum) * rate / len(samples)), len(samples) / rate


@pytest.mark.parametrize(("form", "kind"), [("wav", "audio/wav"), ("mp3", "audio/mpeg"), ("opus", "audio/ogg")])
async def test_the_mail_says_who_called_and_plays_what_they_said(
    tmp_path: Path, server: MailServer, form: str, kind: str
) -> None:
    async with Life(tmp_path, server.port, form) as life:
        item = life.boxes.put(message(state=State.NEW))
        record(life, item)
        life.mailroom.post(item)
        await life.until(lambda: server.received)
        (mail,) = server.received
        assert mail["Subject"] == "Voicemail for Продажі from Olena Коваль <+380441234567>, 0:03 (main > support)"
        assert mail["To"] == "sales@example.com"
        (attached,) = mail.iter_attachments()
        assert attached.get_content_type() == kind
        assert str(attached.get_filename()).endswith(f".{form}")
        content = attached.get_content()
        assert isinstance(content, bytes)
        hertz, seconds = loudest(content)
        assert hertz == pytest.approx(600, abs=5)
        assert seconds == pytest.approx(3.0, abs=0.2)
        text = mail.get_body(("plain",))
        assert text is not None
        assert "main > support" in text.get_content()
        await life.until(lambda: [known.mailed for known in life.boxes.all()] == [True])


async def test_a_message_outlives_a_mail_server_that_is_down_and_the_process(tmp_path: Path) -> None:
    port = free_port()
    async with Life(tmp_path, port) as life:
        item = life.boxes.put(message(state=State.NEW))
        record(life, item)
        life.mailroom.post(item)
        await life.until(lambda: life.mailroom.state()["mail"])
        assert "mail.trouble" in life.kinds()
    with MailServer(port) as server:
        async with Life(tmp_path, port) as life:
            await life.until(lambda: server.received)
            assert [known.mailed for known in life.boxes.all()] == [True]
            await life.until(lambda: life.mailroom.state()["waiting"] == 0)
        assert len(server.received) == 1


async def test_a_recording_that_a_killed_process_left_is_finished_and_mailed(
    tmp_path: Path, server: MailServer
) -> None:
    async with Life(tmp_path, server.port) as life:
        item = life.boxes.put(message(seconds=0.0))
        record(life, item)
        path = tmp_path / "voicemail" / item.file_name
        content = bytearray(path.read_bytes())
        content[40:44] = content[4:8] = bytes(4)  # the header was never brought up to date
        path.write_bytes(content)
    async with Life(tmp_path, server.port) as life:
        (found,) = life.boxes.messages("sales")
        assert (found.state, found.number) == (State.NEW, "+380441234567")
        assert found.seconds == pytest.approx(3.0)
        assert "voicemail.left" in life.kinds()
        await life.until(lambda: server.received)


async def test_a_recording_of_which_nobody_says_that_it_is_complete_is_mailed_all_the_same(
    tmp_path: Path, server: MailServer
) -> None:
    async with Life(tmp_path, server.port, settled=0.0) as life:
        item = life.boxes.put(message(seconds=0.0))
        record(life, item)
        life.mailroom.salvage(item)
        await life.until(lambda: server.received)
        (found,) = life.boxes.messages("sales")
        assert found.state is State.NEW
        assert found.seconds == pytest.approx(3.0)
        short = life.boxes.put(message(id="sales~c2~1", seconds=0.0))
        record(life, short, seconds=0.5)
        life.mailroom.salvage(short)
        await life.until(lambda: life.boxes.message(short.id) is None)


async def test_a_recording_that_the_disk_does_not_give_back_is_not_taken_for_an_empty_one(
    tmp_path: Path, server: MailServer
) -> None:
    async with Life(tmp_path, server.port, settled=0.0) as life:
        item = life.boxes.put(message(seconds=0.0))
        (tmp_path / "voicemail" / item.file_name).mkdir()  # reading it is an error of the disk, even for root
        assert not await life.mailroom._complete(item)
        assert life.boxes.message(item.id) == item


async def test_audio_without_a_row_is_a_message_from_somebody(tmp_path: Path, server: MailServer) -> None:
    async with Life(tmp_path, server.port) as life:
        record(life, message(id="sales~c7~1"))
    async with Life(tmp_path, server.port) as life:
        (found,) = life.boxes.messages("sales")
        assert (found.call, found.number) == ("c7", "")
        await life.until(lambda: server.received)


async def test_a_recording_with_next_to_nothing_in_it_is_deleted(tmp_path: Path, server: MailServer) -> None:
    async with Life(tmp_path, server.port) as life:
        item = life.boxes.put(message(seconds=0.0))
        record(life, item, seconds=0.5)
    async with Life(tmp_path, server.port) as life:
        assert life.boxes.all() == []
        await life.until(lambda: not list((tmp_path / "voicemail").iterdir()))
    assert server.received == []


async def test_old_messages_are_deleted_with_their_audio(tmp_path: Path, server: MailServer) -> None:
    async with Life(tmp_path, server.port, more="retention_days = 7") as life:
        old, young = message(at=NOW - 8 * DAY, mailed=True), message(id="sales~c2~1", at=NOW - 6 * DAY, mailed=True)
        for item in (old, young):
            record(life, life.boxes.put(replace(item, state=State.HEARD)))
    async with Life(tmp_path, server.port, more="retention_days = 7") as life:
        await life.until(lambda: [known.id for known in life.boxes.all()] == [young.id])
        await life.until(lambda: [path.name for path in (tmp_path / "voicemail").iterdir()] == [young.file_name])
        assert ("voicemail.deleted", {"message": old.id, "box": "sales", "why": "retention"}) in life.notes


async def test_what_only_the_mail_keeps_is_deleted_after_it(tmp_path: Path, server: MailServer) -> None:
    async with Life(tmp_path, server.port, more="delete_after_mail = true") as life:
        item = life.boxes.put(message(state=State.NEW))
        record(life, item)
        life.mailroom.post(item)
        await life.until(lambda: server.received)
        await life.until(lambda: not list((tmp_path / "voicemail").iterdir()))
        assert life.boxes.all() == []


async def test_a_request_to_be_called_back_is_mailed_to_everybody_named(tmp_path: Path, server: MailServer) -> None:
    async with Life(tmp_path, server.port) as life:
        request, _ = life.boxes.ask(Request("sales~c1", "sales", NOW, NOW + 3600, "+380441234567"))
        life.mailroom.post(request)
        await life.until(lambda: len(server.received) == 2)  # a copy for each
        for mail in server.received:
            assert mail["Subject"] == "Call back +380441234567 (Sales)"
            assert str(mail["To"]) == "sales@example.com, boss@example.com"
        await life.until(lambda: [known.mailed for known in life.boxes.requests()] == [True])


@pytest.mark.parametrize(
    ("due", "vague", "said"),
    [(0.0, False, "now"), (0.1, False, "now"), (60.0, True, "when it is open again"), (3600.0, False, "20")],
)
async def test_the_mail_says_honestly_when_a_request_is_due(
    tmp_path: Path, server: MailServer, due: float, vague: bool, said: str
) -> None:
    async with Life(tmp_path, server.port) as life:
        request, _ = life.boxes.ask(Request("sales~c1", "sales", NOW, NOW + due, "+380441234567", vague=vague))
        life.mailroom.post(request)
        await life.until(lambda: bool(server.received))
        assert f"Due:      {said}" in server.received[0].get_content()


async def test_another_time_and_the_end_of_a_request_are_mailed_too(tmp_path: Path, server: MailServer) -> None:
    def dues(received: int) -> list[str]:
        found = [line for mail in server.received for line in mail.get_content().splitlines() if line.startswith("Due")]
        return found[received:]

    mail = '[hours.kyiv]\nopen = ["mon-sun 00:00-24:00"]\ntimezone = "Europe/Kyiv"\nwhen_open = "hangup"\n'
    mail = f'due = "hours:kyiv"\n{mail}when_closed = "hangup"\n'
    async with Life(tmp_path, server.port, mail=mail) as life:
        request, _ = life.boxes.ask(Request("sales~c1", "sales", NOW, NOW + 3600, "+380441234567"))
        life.mailroom.post(request)
        await life.until(lambda: [known.mailed for known in life.boxes.requests()] == [True])
        await life.until(lambda: life.mailroom.state()["waiting"] == 0)
        changed = life.boxes.put_request(replace(request, due=NOW + 7200, asked=2))
    async with Life(tmp_path, server.port, mail=mail) as life:  # killed before it was mailed
        await life.until(lambda: len(server.received) == 4)
        await life.until(lambda: [known.mailed for known in life.boxes.requests()] == [True])
        assert dues(0) == ["Due:      2026-11-18 14:06 EET"] * 2 + ["Due:      2026-11-18 15:06 EET"] * 2
        assert "before holds no more" in server.received[2].get_content()
        life.boxes.remove_request(changed)
        life.mailroom.withdraw(replace(changed, mailed=True))
        await life.until(lambda: len(server.received) == 6)
    assert dues(4) == ["Due:      no more"] * 2
    assert server.received[4]["Subject"] == "Taken back: Call back +380441234567 (Sales)"
    assert len({mail["Message-ID"] for mail in server.received}) == 3


async def test_a_request_that_has_another_time_while_it_is_mailed_is_mailed_again(
    tmp_path: Path, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("softswitch.voicemail.mailroom.RETRY", 0.01)
    async with Life(tmp_path, server.port) as life:
        request, _ = life.boxes.ask(Request("sales~c1", "sales", NOW, NOW + 3600, "+380441234567"))
        spool = life.mailroom._spool
        assert spool is not None
        put = spool.put

        async def changed_meanwhile(mail: Mail, *, at: float) -> str:
            name = await put(mail, at=at)
            if life.boxes.requests()[0].asked == 1:
                life.boxes.put_request(replace(request, due=NOW + 7200, asked=2))
                life.mailroom.post(request)
            return name

        monkeypatch.setattr(spool, "put", changed_meanwhile)
        life.mailroom.post(request)
        await life.until(lambda: len(server.received) == 4)
        await life.until(lambda: [known.mailed for known in life.boxes.requests()] == [True])


async def test_nobody_is_told_that_a_request_is_withdrawn_of_which_nobody_knew(
    tmp_path: Path, server: MailServer
) -> None:
    async with Life(tmp_path, server.port) as life:
        request = Request("sales~c1", "sales", NOW, NOW, "+380441234567")
        life.mailroom.withdraw(request)
        assert not life.mailroom._tasks - {task for task in life.mailroom._tasks if "voicemail" in task.get_name()}


async def test_rows_are_what_they_were_after_a_restart(tmp_path: Path, server: MailServer) -> None:
    brought = Brought(5.0, "pl >= 50", "", (("level", "b2"),), (("segment", "gold"),)).written()
    request = Request("sales~c1", "sales", NOW, NOW, "2001", mailed=True, vague=True, brought=brought)
    item = message(state=State.HEARD, mailed=True)
    async with Life(tmp_path, server.port) as life:
        record(life, life.boxes.put(item))
        life.boxes.ask(request)
        assert life.boxes.ask(replace(request, id="sales~c2"))[1] is False
    async with Life(tmp_path, server.port) as life:
        assert life.boxes.all() == [item]
        assert life.boxes.requests() == [replace(request, asked=2)]
        (kept,) = life.boxes.requests()
        assert (kept.merits.needs, kept.merits.variables, kept.known) == (
            "pl >= 50",
            (("level", "b2"),),
            {"segment": "gold"},
        )


async def test_a_disk_without_room_is_trouble_that_is_noted_once(tmp_path: Path, server: MailServer) -> None:
    async with Life(tmp_path, server.port) as life:
        life.mailroom._disk_trouble = lambda: "no room"  # type: ignore[method-assign]
        await life.mailroom._look()
        await life.mailroom._look()
        assert life.mailroom.trouble == "no room"
        assert life.kinds().count("voicemail.disk_trouble") == 1


async def test_a_file_in_place_of_a_folder_is_trouble_until_it_is_gone(
    tmp_path: Path, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("softswitch.voicemail.mailroom.RETRY", 0.02)
    monkeypatch.setattr("softswitch.voicemail.mailroom.LOOK", 0.02)
    for name in ("mail", "voicemail"):
        (tmp_path / name).write_text("a file")
    async with Life(tmp_path, server.port) as life:
        assert life.mailroom.trouble == f"{tmp_path}/voicemail: File exists"
        assert life.mailroom.state()["mail"] == f"{tmp_path}/mail: Not a directory"
        request, _ = life.boxes.ask(Request("sales~c1", "sales", NOW, NOW, "+380441234567"))
        life.mailroom.post(request)
        await life.until(lambda: not life.mailroom._on_their_way)
        for name in ("mail", "voicemail"):
            (tmp_path / name).unlink()
        await life.until(lambda: len(server.received) == 2)
        await life.until(lambda: not life.mailroom.trouble)
        assert life.mailroom.state()["mail"] == ""
        assert [kind for kind in life.kinds() if kind.startswith("mail.")][:2] == ["mail.trouble", "mail.sent_again"]


async def test_a_reload_may_name_another_mail_server_or_none_and_take_boxes_away(
    tmp_path: Path, server: MailServer
) -> None:
    async with Life(tmp_path, free_port()) as life:

        def leave(name: str) -> None:
            item = life.boxes.put(message(id=f"sales~{name}", state=State.NEW))
            record(life, item)
            life.mailroom.post(item)

        leave("1")
        await life.until(lambda: life.mailroom.state()["mail"])
        section = life.toml[life.toml.index("[mail]") : life.toml.index("[voicemail.sales]")]
        good = re.sub(r"port = \d+", f"port = {server.port}", section)
        life.reload((section, good), ("[voicemail.sales]", "[voicemail.other]"), ("[callback.sales]", "[callback.new]"))
        await life.until(lambda: len(server.received) == 1)
        assert server.received[0]["To"] == "sales@example.com"
        await life.until(lambda: not life.mailroom.state()["mail"])
        life.reload(
            (good, ""),
            ('mail_to = "sales@example.com"', ""),
            ('mail_to = ["sales@example.com", "boss@example.com"]', 'queue = "people"\n[queue.people]'),
        )
        leave("2")
        await life.until(lambda: not life.mailroom._on_their_way)
        assert [known.mailed for known in life.boxes.all()] == [True, False]
        life.reload(("[voicemail.other]", good + '[voicemail.sales]\nmail_to = "sales@example.com"'))
        await life.until(lambda: len(server.received) == 2)
        life.mailroom.post(message(id="sales~2", state=State.NEW))
        await life.until(lambda: not life.mailroom._on_their_way)
        assert len(server.received) == 2, "nothing is mailed twice"


class Refusing(MailServer):
    """Takes letters but for one box."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if b"from 666" in envelope.content:
            return "554 never"
        return str(await super().handle_DATA(server, session, envelope))


async def test_how_the_mail_stands_is_told_from_the_files(tmp_path: Path) -> None:
    nowhere = free_port()
    with Refusing() as server:
        async with Life(tmp_path, nowhere, "none", 'subject = "from {number}"\n[voicemail.quiet]') as life:
            items = [
                message(state=State.NEW),
                message(id="sales~c2~1", call="c2", number="666", state=State.NEW),
                message(id="quiet~c3~1", call="c3", box="quiet", state=State.NEW),
            ]
            stands = life.mailroom.standings
            taken, refused, quiet = map(life.boxes.put, items)
            assert stands(items) == {taken.id: "waits", refused.id: "waits", quiet.id: "none"}, "not written yet"
            for item in items:
                life.mailroom.post(item)
            await life.until(lambda: [known.mailed for known in life.boxes.all()] == [True, True, False])
            known = life.boxes.all()
            assert stands(known) == {taken.id: "waits", refused.id: "waits", quiet.id: "none"}, "nobody listens"
            life.reload((f"port = {nowhere}", f"port = {server.port}"))
            await life.until(lambda: "waits" not in stands(known).values())
            assert stands(known) == {taken.id: "sent", refused.id: "refused", quiet.id: "none"}


async def test_a_folder_that_does_not_tell_makes_nothing_sent(tmp_path: Path, server: MailServer) -> None:
    known = [message(state=State.NEW, mailed=True), message(id="sales~c2~1", state=State.NEW)]
    async with Life(tmp_path, server.port) as life:
        assert life.mailroom.standings(known) == {known[0].id: "sent", known[1].id: "waits"}
        (tmp_path / "mail" / "1.eml").symlink_to(tmp_path / "mail" / "1.eml")  # a letter that cannot be read
        assert life.mailroom.standings(known) == {known[1].id: "waits"}
