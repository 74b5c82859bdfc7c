"""Control points and real phones: what marketing pushes, what a CRM says and plays, who wants none, new menus."""

from __future__ import annotations

import io
import json
import time
from typing import TYPE_CHECKING, Any

import httpx2
import soundfile

from softswitch.store.database import FILE_NAME
from softswitch.store.queries import Reader
from tests.e2e.hearing import hears_text, record_tones
from tests.e2e.office import Office, phone_tables, write_music
from tests.support.audio import RATE, sine
from tests.support.http_server import HttpServer, Reply, served
from tests.support.switch import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Clients, Switches
    from tests.support.ports import Ports
    from tests.support.speech import Speech

TOKEN = "marketing-0123456789abcdef"
MENU, NEW, OPTED_OUT, RENEWAL, VOICE = 400.0, 700.0, 900.0, 1500.0, 600.0
WITHIN = 5.0  # seconds from the answer to marketing until a caller hears it

CONFIG = """
[menu.main]
say = "Hello."
keys = {{ 9 = "echo" }}
timeout = 20
versions = [{{ to = "menu:new", percent = 0 }}]

[[menu.main.slot]]
id = "promo"
after = 0
key = "4"
targets = ["echo"]
optout = {{ key = "6", then = "echo" }}

[[menu.main.slot]]
id = "renewal"
webservice = "crm"

[template.offer]
text = {{ en = "{{what:text max 30}}: {{sum:money}}." }}

[menu.new]
say = "Welcome."
keys = {{ 9 = "echo" }}
timeout = 20

[webservice.crm]
url = "{url}/offers/{{ani}}"
allow_private = ["127.0.0.1"]
timeout = 2

[campaigns.audio]
allow_private = ["127.0.0.1"]

[api]
listen = "127.0.0.1:{port}"

[[api.token]]
name = "ann"
role = "marketing"
token = "{token}"

[[route]]
did = "100"
to = "menu:main"

[[route]]
did = "9000"
to = "echo"
"""
OFFER = {"campaign": "spring", "template": "offer", "values": {"what": "Insurance", "sum": "12.00 EUR"}}
SPOKEN = "Insurance: twelve euros."
DRAFT = OFFER | {"campaign": "later", "values": {"what": "Soon", "sum": "1.00 EUR"}, "draft": True}
DRAFTED = "Soon: one euro."


class Crm:
    """Answers with a message whose recording it keeps, or not at all."""

    def __init__(self) -> None:
        self.server = HttpServer(answer=self.answer)
        self.url = ""
        self.stuck = False

    def answer(self, path: str, body: bytes) -> Reply:
        if path == "/renewal.flac":
            file = io.BytesIO()
            soundfile.write(file, sine(RENEWAL, 1.0), RATE, format="FLAC")
            return Reply(body=file.getvalue(), media_type="audio/flac", headers=('ETag: "1"',))
        if self.stuck:
            return Reply(hang=True)
        renewal = {
            "campaign": "renewal",
            "template": "offer",
            "values": {"what": "your policy", "sum": "99.00 EUR"},
            "audio": f"{self.url}/renewal.flac",
        }
        bindings = [renewal] if path == "/offers/2001" else []
        return Reply(body=json.dumps({"bindings": bindings}).encode(), headers=('ETag: "7"',))


def lines(office: Office, *kinds: str) -> list[dict[str, Any]]:
    with Reader(office.switch.data / FILE_NAME) as reader:
        return [dict(record.data) for record in reader.lines(kinds)]


def test_campaigns_are_heard_followed_refused_and_rolled_out_by_real_phones(
    switches: Switches, clients: Clients, ports: Ports, tmp_path: Path, speech: Speech
) -> None:
    crm, port = Crm(), ports.one()
    record_tones(tmp_path, seconds=0.7, menu__main=MENU, menu__new=NEW, **{"opted-out": OPTED_OUT})
    music = write_music(tmp_path)
    with served(crm.server) as crm.url:
        switch = switches.start(phone_tables() + CONFIG.format(url=crm.url, port=port, token=TOKEN))
        office = Office(switch, clients, music)
        cara, dan = office.phone("2001"), office.phone("2002")
        witness = office.dial(dan, "9000")  # hears his own voice through all of this
        witness.wait_confirmed()
        witness.play_tone(VOICE)
        witness.listen_for_tone(VOICE)
        # marketing pushes: the next caller hears it, and its key leads on
        headers = {"Authorization": f"Bearer {TOKEN}"}
        marketing = httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False)
        pushed = time.monotonic()
        assert marketing.put("/slots/promo/bindings", json={"bindings": [OFFER]}).status_code == 200
        assert marketing.put("/slots/renewal/bindings", json={"bindings": [DRAFT]}).status_code == 200
        call = office.dial(cara, "100")
        call.wait_confirmed()
        hears_text(call, speech, SPOKEN)
        heard = call.heard_so_far()
        assert heard.started_at + heard.find(speech.text(SPOKEN)).offset - pushed < WITHIN
        call.listen_for_tone(MENU)
        call.press("4")
        call.play_tone(VOICE)
        call.listen_for_tone(VOICE)
        call.hang_up()

        # a draft is heard by who asks for it
        preview = office.dial(cara, "*702")
        hears_text(preview, speech, DRAFTED)
        preview.wait_ended()

        # the CRM was asked about this caller: its recording was fetched, and is what is heard
        eventually(lambda: bool(lines(office, "campaign.audio_fetched")), what="the recording")
        call = office.dial(cara, "100")
        call.listen_for_tone(RENEWAL)
        call.hang_up()
        assert lines(office, "ivr.slot_asked")[-1]["outcome"] == "ok"

        # a CRM that hangs: nobody notices; and a caller who wants no offers presses the key for it
        crm.stuck = True
        call = office.dial(cara, "100")
        hears_text(call, speech, SPOKEN)
        call.press("6")
        call.listen_for_tone(OPTED_OUT)
        call.hang_up()
        call = office.dial(cara, "100")
        call.listen_for_tone(MENU)
        call.press("9")
        call.play_tone(VOICE)
        call.listen_for_tone(VOICE)
        assert call.heard().find(speech.text(SPOKEN)).score < 0.5
        (wish,) = marketing.get("/optouts").json()["optouts"]
        assert (wish["number"], wish["by"]) == ("2001", "caller")
        assert "2001 hears offers" in switch.tell("optouts", "2001", "in")
        assert marketing.get("/optouts").json()["total"] == 0

        assert marketing.delete("/slots/promo/bindings").status_code == 200
        marketing.close()
        # a new menu comes to everybody, and goes back at once
        for share, tone in (("menu:new=100", NEW), ("back", MENU)):
            switch.tell("rollout", "menu:main", share)
            call = office.dial(cara, "100")
            call.listen_for_tone(tone)
            call.hang_up()
        assert [line["to"] for line in lines(office, "ivr.version_chosen")][-2:] == ["menu:new", "menu:main"]

        witness.hang_up()
        office.records(8)
        seconds = lines(office, "ivr.node_left")[-1]["dwell"]  # in echo, all the time
        sent = next(leg["sent"] for leg in lines(office, "leg.media")[::-1])
        assert sent * 0.02 > 0.97 * seconds, "somebody else's audio had gaps"
        assert "/offers/" not in switch.output()  # whom the CRM was asked about
