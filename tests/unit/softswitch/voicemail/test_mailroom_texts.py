"""What a program has written down of a message: in the mail, in the database, and in no log."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from softswitch.messages import State
from tests.support.mail_server import MailServer
from tests.unit.softswitch.voicemail.test_mailroom import Life, message, record

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.asyncio


@pytest.fixture
def server() -> Any:
    with MailServer() as running:
        yield running


def transcribing(script: str, timeout: float = 30.0) -> str:
    words = json.dumps([sys.executable, "-c", script, "{file}", "{language}"])
    return f"[transcription]\ncommand = {words}\ntimeout = {timeout}\n"


async def letter_of(life: Life, server: MailServer, **more: Any) -> str:
    """The text of the mail about one message."""
    item = life.boxes.put(message(state=State.NEW, **more))
    record(life, item)
    life.mailroom.post(item)
    await life.until(lambda: server.received)
    body = server.received[0].get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


async def test_what_is_said_stands_in_the_mail_and_is_kept_with_the_message(
    tmp_path: Path, server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    script = "import sys, os; print('Привіт,', os.path.getsize(sys.argv[1]), sys.argv[2])"
    async with Life(tmp_path, server.port, mail=transcribing(script)) as life:
        text = await letter_of(life, server, language="uk")
        assert text.endswith("as a machine has written it down:\n\nПривіт, 48044 uk\n")
        (known,) = life.boxes.all()
        assert known.transcript == "Привіт, 48044 uk"
        said = {"message": known.id, "box": "sales", "letters": 16}
        assert ("voicemail.transcribed", said) in life.notes
        assert not any("Привіт" in str(data) for _, data in life.notes)
        life.boxes.heard(known.id)
    assert "Привіт" not in caplog.text
    async with Life(tmp_path, server.port) as life:
        assert [(known.transcript, known.state) for known in life.boxes.all()] == [("Привіт, 48044 uk", State.HEARD)]


async def test_a_program_that_hangs_holds_the_mail_up_for_so_long_and_no_longer(
    tmp_path: Path, server: MailServer
) -> None:
    async with Life(tmp_path, server.port, mail=transcribing("import signal; signal.pause()", 0.3)) as life:
        text = await letter_of(life, server)
        assert text.endswith("The message is attached.\nWhat is said in it could not be written down.\n")
        assert [known.transcript for known in life.boxes.all()] == [""]
        (why,) = (str(data["why"]) for kind, data in life.notes if kind == "voicemail.not_transcribed")
        assert re.search(r"took longer than 0\.\d s$", why), "of its 0.3 s some are gone before it starts"


@pytest.mark.parametrize("own", ["[]", '["sh", "-c", "echo boxes own"]'])
async def test_a_box_may_have_another_program_or_none(tmp_path: Path, server: MailServer, own: str) -> None:
    mail = transcribing("print('of all')")
    async with Life(tmp_path, server.port, more=f"transcribe = {own}", mail=mail) as life:
        text = await letter_of(life, server)
        assert "of all" not in text
        assert [known.transcript for known in life.boxes.all()] == [None if own == "[]" else "boxes own"]
        assert text.endswith("attached.\n" if own == "[]" else "\n\nboxes own\n")


async def test_messages_without_mail_are_written_down_too_and_only_once(tmp_path: Path, server: MailServer) -> None:
    mail = transcribing(f"open({str(tmp_path / 'runs')!r}, 'a').write('x'); print('text')")
    own = ('mail_to = "sales@example.com"', "")
    for _ in range(2):
        async with Life(tmp_path, server.port, mail=mail) as life:
            life.reload(own)
            item = life.boxes.message("sales~c1~1") or life.boxes.put(message(state=State.NEW))
            record(life, item)
            life.mailroom.post(item)
            await life.until(lambda life=life: [known.transcript for known in life.boxes.all()] == ["text"])
            await life.until(lambda life=life: not life.mailroom._on_their_way)
    assert (tmp_path / "runs").read_text() == "x"
    assert server.received == []


async def test_a_message_that_is_deleted_meanwhile_stays_deleted(tmp_path: Path, server: MailServer) -> None:
    begun, go_on = tmp_path / "begun", tmp_path / "go on"
    os.mkfifo(go_on)
    script = f"open({str(begun)!r}, 'w').close(); print(open({str(go_on)!r}).read())"
    async with Life(tmp_path, server.port, mail=transcribing(script)) as life:
        item = life.boxes.put(message(state=State.NEW))
        record(life, item)
        life.mailroom.post(item)
        await life.until(begun.exists)
        life.mailroom.forget(item, "by phone")
        await asyncio.to_thread(go_on.write_text, "text")
        await life.until(lambda: not life.mailroom._on_their_way)
        assert life.boxes.all() == []
    assert server.received == []
