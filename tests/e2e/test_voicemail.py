"""A message left by one real phone lights the lamp of another, plays there, and is in the mail."""

from __future__ import annotations

import io
import json
import sys
import time
from typing import TYPE_CHECKING

import httpx2
import numpy as np
import pytest
import soundfile

from tests.e2e.office import PASSWORDS, phone_tables
from tests.support.mail_server import MailServer

if TYPE_CHECKING:
    from tests.e2e.conftest import Clients, Switches
    from tests.support.ports import Ports

pytestmark = pytest.mark.e2e

BOX = """
[mail]
host = "127.0.0.1"
port = {port}
tls = "none"
from = "switch@example.com"

[voicemail.sales]
mail_to = "sales@example.com"
label = "Продажі"
attach = "mp3"
phone = ["1001", "1002"]
greeting = "Sales."

[transcription]
command = {command}

[api]
listen = "127.0.0.1:{http}"
[[api.token]]
name = "sales-desk"
role = "agent"
token = "{token}"
boxes = "sales"

[menu.main]
say = "Welcome."
keys = {{ 1 = "voicemail:sales" }}

[[route]]
did = "120"
to = "menu:main"
"""
TONE = 600
TOKEN = "sales-0123456789abcdef"
#: Measures the message that it is given.
PROGRAM = "import sys, wave; print('Двісті гривень', wave.open(sys.argv[1]).getnframes())"


def test_a_message_is_left_shown_mailed_and_heard(switches: Switches, clients: Clients, ports: Ports) -> None:
    http, command = ports.one(), json.dumps([sys.executable, "-c", PROGRAM, "{file}"])
    with MailServer() as mail:
        tables = phone_tables().replace('user = "1002"', 'user = "1002"\nlamp = "unsolicited"')
        switch = switches.start(tables + BOX.format(port=mail.port, http=http, token=TOKEN, command=command))
        olena, cara, piotr = clients.pjsua("1001"), clients.pjsua("2001"), clients.pjsua("1002")
        olena.register("1001", PASSWORDS["1001"], server=switch.server, domain=switch.domain, lamp=True)
        cara.register("2001", PASSWORDS["2001"], server=switch.server, domain=switch.domain, display_name="Cara")
        piotr.register("1002", PASSWORDS["1002"], server=switch.server, domain=switch.domain)
        olena.wait_lamp(0, 0)
        piotr.wait_lamp(0, 0)

        call = cara.call(switch.uri("120"))
        call.wait_confirmed()
        call.press("1")
        time.sleep(4)  # the greeting and the tone
        call.play_tone(TONE)
        time.sleep(4)
        call.hang_up()
        ended = time.monotonic()
        olena.wait_lamp(1, 0)
        assert time.monotonic() - ended < 2.0
        piotr.wait_lamp(1, 0)

        (message,) = mail.wait()
        assert switch.tell("status").startswith("all is well\n")
        assert message["Subject"].startswith("Voicemail for Продажі from Cara Novak <2001>")
        text = message.get_body(("plain",))
        assert text is not None
        assert "Двісті гривень " in text.get_content()
        (attached,) = message.iter_attachments()
        assert attached.get_content_type() == "audio/mpeg"
        content = attached.get_content()
        assert isinstance(content, bytes)
        assert_tone(content)

        listening = olena.call(switch.uri("*97"))
        listening.wait_confirmed()
        listening.listen_for_tone(TONE, since=time.monotonic(), within=25)
        listening.press("2")
        olena.wait_lamp(0, 1)
        listening.wait_ended(within=15)

        with httpx2.Client(base_url=f"http://127.0.0.1:{http}", headers={"authorization": f"Bearer {TOKEN}"}) as web:
            (shown,) = web.get("/voicemail/sales").json()["messages"]
            assert (shown["number"], shown["state"]) == ("2001", "heard")
            assert shown["transcript"].startswith("Двісті гривень ")
            at = f"/voicemail/sales/{shown['id']}"
            assert_tone(web.get(f"{at}/audio").content)
            assert web.patch(at, json={"state": "new"}).status_code == 200
            olena.wait_lamp(1, 0)
            assert web.delete(at).status_code == 204
            olena.wait_lamp(0, 0)
            piotr.wait_lamp(0, 0)
        switch.check_log()


def assert_tone(content: bytes) -> None:
    samples, rate = soundfile.read(io.BytesIO(content), dtype="float64")
    assert len(samples) / rate > 3
    spectrum = np.abs(np.fft.rfft(samples))
    assert abs(np.argmax(spectrum) * rate / len(samples) - TONE) < 5
