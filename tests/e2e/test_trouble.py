"""Everything around the switch is broken or stuck, and callers still reach an agent and hear no gap."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.e2e.conftest import demand_root
from tests.e2e.hearing import hears_music, record_tones, talk
from tests.e2e.office import AGENTS, TRUNK_ADDRESS, Office, phone_tables, write_music
from tests.support.capture import CODECS, Capture
from tests.support.http_server import HttpServer, Reply, served
from tests.support.switch import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Clients, Switches
    from tests.support.ports import Ports

MENU, BEEP = 700.0, 1000.0

#: The speech program never ends, the web service never answers, the CRM is locked, and nobody takes mail or events.
BROKEN = """
[tts]
engine = "command"
command = ["sleep", "600"]
timeout = 1

[mail]
host = "127.0.0.1"
port = {closed}
tls = "none"
from = "switch@example.com"

[[webhook]]
name = "crm"
url = "http://127.0.0.1:{closed}/events"

[music.default]
files = ["music.wav"]

[[route]]
did = "100"
to = "webservice:erp"

[webservice.erp]
url = "{url}/erp"
allow_private = ["127.0.0.1"]
timeout = 0.5
meanwhile = {{ say = "One moment, please.", after = 0 }}
then = "hangup"
when_failed = "webservice:gone"

[webservice.gone]
url = "http://127.0.0.1:{closed}/gone"
allow_private = ["127.0.0.1"]
timeout = 0.5
then = "hangup"
when_failed = "lookup:crm"

[lookup.crm]
database = "crm.db"
query = "SELECT name FROM customers WHERE phone = :key"
timeout = 0.5
then = "hangup"
when_failed = "verbs:app"

[verbs.app]
url = "{url}/app"
allow_private = ["127.0.0.1"]
timeout = 0.5
when_failed = "menu:main"

[menu.main]
say = "For sales press 1."
keys = {{ 1 = "menu:unspoken", 2 = "voicemail:sales" }}
timeout = 20

[menu.unspoken]
say = "Nobody can say this. Press 5."
keys = {{ 5 = "queue:sales" }}
timeout = 20

[voicemail.sales]
mail_to = "sales@example.com"
greeting = "Nobody can say this, too."
when_failed = "queue:sales"

[queue.sales]
label = "Sales"
needs = "sales >= 50"
ring_timeout = 20
wrap_up = 0
whisper = true
announce = {{ position = true, first_after = 0.5, every = 60 }}
"""


def destinations(wire: Capture) -> set[int]:
    return {packet.destination[1] for packet in wire.packets()}


def make_crm(path: Path) -> None:
    with closing(sqlite3.connect(path)) as crm:
        crm.execute("CREATE TABLE customers (phone TEXT, name TEXT)")
        crm.execute("INSERT INTO customers VALUES ('2001', 'Cara')")
        crm.commit()


def test_with_everything_broken_at_once_a_caller_comes_through_a_menu_to_an_agent(
    switches: Switches, clients: Clients, ports: Ports, tmp_path: Path
) -> None:
    music = write_music(tmp_path)
    record_tones(tmp_path, 2.0, menu__main=MENU)
    make_crm(tmp_path / "crm.db")
    with served(HttpServer(answer=lambda path, body: Reply(hang=True))) as url:
        switch = switches.start(phone_tables() + AGENTS + BROKEN.format(url=url, closed=ports.one()))
        switch.forgiven = "journal: cannot be written|not taken by crm|cannot be spoken"
        office = Office(switch, clients, music)
        with (
            closing(sqlite3.connect(switch.data / "softswitch.db", isolation_level=None)) as journal,
            closing(sqlite3.connect(tmp_path / "crm.db", isolation_level=None)) as crm,
        ):
            journal.execute("BEGIN IMMEDIATE")  # from here on nothing can be written
            crm.execute("BEGIN EXCLUSIVE")
            olena = office.phone("1001")
            call, other = (office.dial(office.phone(user), "100") for user in ("2001", "2002"))
            call.wait_confirmed()
            call.listen_for_tone(MENU)
            call.press("15")
            other.listen_for_tone(MENU)
            other.press("2")
            taken = olena.wait_incoming()
            assert "Sales: Cara Novak" in taken.remote
            taken.answer()
            taken.wait_confirmed()
            talk(call, taken)

            other.listen_for_tone(BEEP, seconds=0.1)  # a message without its greeting
            assert not other.is_over
            taken.hang_up()
            call.wait_ended()
            eventually(lambda: "journal: cannot be written" in switch.output(), what="a word on the journal")
            journal.execute("ROLLBACK")
        other.hang_up()
        said = switch.output()
        for trouble in (
            "webservice erp: timeout",
            "webservice gone: unreachable",
            "lookup crm: ",
            "verbs app: timeout",
        ):
            assert trouble in said, trouble
        assert re.search(r'prompt "menu.unspoken" cannot be made', said)
        # what happened meanwhile is written down as soon as that can be done
        first = min(office.records(2), key=lambda record: record["started"])
        steps = [step["name"] for step in first["path"] if step["kind"] in ("menu", "queue")]
        assert (steps, first["agent"]) == (["main", "unspoken", "sales"], "olena")


#: Everybody who is asked is stuck; the time limits are as long as they may be.
STUCK = """
[[route]]
did = "100"
to = "menu:main"

[[route]]
did = "101"
to = "queue:sales"

[[route]]
did = "102"
to = "music:default"

[[route]]
did = "110"
to = "webservice:erp"

[[route]]
did = "111"
to = "verbs:app"

[[route]]
did = "112"
to = "lookup:crm"

[trunk.carrier]
source = ["{trunk}"]

[music.default]
files = ["music.wav"]

[menu.main]
say = "For sales press 1."
keys = {{ 1 = "queue:sales" }}
timeout = 20

[webservice.erp]
url = "{url}/erp"
allow_private = ["127.0.0.1"]
timeout = 60
meanwhile = {{ after = 0 }}

[verbs.app]
url = "{url}/app"
allow_private = ["127.0.0.1"]
timeout = 60
meanwhile = {{ after = 0, music = "default" }}

[lookup.crm]
database = "crm.db"
query = "SELECT name FROM customers WHERE phone = :key"
timeout = 60
meanwhile = {{ after = 0 }}

[queue.sales]
label = "Sales"
needs = "sales >= 50"
ring_timeout = 20
wrap_up = 0
"""
SERVICES = ("110", "111", "112")
HANGING = 8  # callers at each of them
GAP = 0.06


def test_services_that_are_stuck_make_no_gap_in_anybodys_audio(
    switches: Switches, clients: Clients, tmp_path: Path
) -> None:
    demand_root("capture what callers hear")
    music = write_music(tmp_path)
    record_tones(tmp_path, 2.0, menu__main=MENU)
    make_crm(tmp_path / "crm.db")
    web = HttpServer(answer=lambda path, body: Reply(hang=True))
    with served(web) as url, closing(sqlite3.connect(tmp_path / "crm.db", isolation_level=None)) as crm:
        crm.execute("BEGIN EXCLUSIVE")
        centre = STUCK.format(url=url, trunk=TRUNK_ADDRESS)
        office = Office(switches.start(phone_tables() + AGENTS + centre, rtp_ports=96), clients, music)
        cara, olena, dan = (office.phone(user) for user in ("2001", "1001", "2002"))
        call, listening = office.dial(cara, "101"), office.dial(dan, "102")
        taken = olena.wait_incoming()
        taken.answer()
        taken.wait_confirmed()
        listening.wait_confirmed()
        talk(call, taken)
        hears_music(listening, music)

        with Capture(
            [port for phone in (cara, olena, dan) for port in range(phone.rtp_port, phone.rtp_port + 16)]
        ) as wire:
            eventually(lambda: len(destinations(wire)) == 3, what="audio for all three")
            talking = destinations(wire)
            waiting = [
                clients.sipp(
                    "uac-call",
                    remote=office.switch.server,
                    domain=office.switch.domain,
                    address=TRUNK_ADDRESS,
                    service=service,
                    caller=f"+38050000{service}",
                    calls=HANGING,
                    at_once=HANGING,
                    pause=4.0,
                )
                for service in SERVICES
            ]
            eventually(
                lambda: (
                    all(len(each.received(status=200, method="INVITE")) >= HANGING for each in waiting)
                    and len(web.requests) == 2 * HANGING
                ),
                what="everybody's question",
            )
            # who calls while everybody hangs is served as ever
            iryna = office.phone("1003")
            late = office.dial(cara, "100")
            late.wait_confirmed()
            late.listen_for_tone(MENU)
            late.press("1")
            found = iryna.wait_incoming()
            found.answer()
            found.wait_confirmed()
            talk(late, found)
            for each in waiting:
                each.wait(20)
        for port in talking:
            stream = [packet for packet in wire.packets() if packet.destination[1] == port]
            sequence = [packet.sequence for packet in stream if packet.payload_type in CODECS]
            assert {(after - before) & 0xFFFF for before, after in pairwise(sequence)} == {1}, "packets are missing"
        assert max(map(wire.longest_gap, destinations(wire))) <= GAP
        hears_music(listening, music)
        assert not call.is_over
