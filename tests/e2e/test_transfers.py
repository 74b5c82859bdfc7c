"""Transfers by real phones, and calls to the outside through a carrier that asks for a password."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from tests.e2e.office import AGENTS, CENTRE, Office, phone_tables, write_music

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Clients, Switches
    from tests.support.pjsua_agent import PjsuaCall
    from tests.support.sipp import SippMessage

CARRIER, REGISTRAR = "127.0.0.21", "127.0.0.22"
PASSWORD = "of the trunk"
LOGIN = f'user = "380440000000", password = "{PASSWORD}"'


def talking(office: Office) -> tuple[PjsuaCall, PjsuaCall]:
    """A caller and the agent of the sales, who talk."""
    caller, olena = office.phone("2001"), office.phone("1001")
    call = office.dial(caller, "101")
    taken = olena.wait_incoming()
    taken.answer()
    call.wait_confirmed()
    taken.wait_confirmed()
    call.play_tone(440)
    taken.listen_for_tone(440)
    return call, taken


def hear_each_other(call: PjsuaCall, other: PjsuaCall) -> None:
    other.play_tone(1000)
    call.listen_for_tone(1000)
    other.listen_for_tone(440)


def test_blind_to_a_phone_and_the_agent_is_told(office: Office) -> None:
    dan = office.phone("2002")
    call, taken = talking(office)

    taken.transfer(office.switch.uri("2002"))
    ringing = dan.wait_incoming()
    assert "Sales: Cara Novak" in ringing.remote
    ringing.answer()

    assert taken.wait_transferred() == 200
    hear_each_other(call, ringing)
    taken.wait_ended()
    call.hang_up()
    ringing.wait_ended()
    (record,) = office.records(1, of="2001")
    talks = [segment["name"] for segment in record["path"] if segment["kind"] == "talk"]
    assert talks == ["olena", "2002"]


def test_blind_to_a_phone_that_is_busy_brings_the_caller_back(office: Office) -> None:
    dan = office.phone("2002")
    call, taken = talking(office)

    taken.transfer(office.switch.uri("2002"))
    dan.wait_incoming().hang_up(486)

    assert taken.wait_transferred() == 486
    hear_each_other(call, taken)


def test_blind_to_another_queue(office: Office) -> None:
    piotr = office.phone("1002")
    call, taken = talking(office)

    taken.transfer(office.switch.uri("support"))
    offered = piotr.wait_incoming()
    assert taken.wait_transferred() == 200
    offered.answer()

    hear_each_other(call, offered)


def test_attended(office: Office) -> None:
    dan = office.phone("2002")
    call, taken = talking(office)
    taken.hold()
    consult = office.dial(taken.phone, "2002")
    asked = dan.wait_incoming()
    asked.answer()
    consult.wait_confirmed()

    taken.transfer(consult)

    assert taken.wait_transferred() == 200
    hear_each_other(call, asked)
    consult.wait_ended()
    taken.wait_ended()


def test_a_baresip_phone_transfers_too(office: Office) -> None:
    dan = office.phone("2002")
    olena = office.baresip("1001", tone_hz=700)
    caller = office.phone("2001")
    call = office.dial(caller, "101")
    incoming = olena.wait_incoming()
    olena.answer()
    olena.wait_established(after=incoming)
    call.wait_confirmed()
    call.play_tone(440)
    call.listen_for_tone(700)

    olena.transfer(office.switch.uri("2002"))
    ringing = dan.wait_incoming()
    ringing.answer()

    hear_each_other(call, ringing)


def assert_knows_the_password(request: SippMessage, header: str) -> None:
    """By RFC 2069's formula: the challenge has no qop."""
    said = dict(re.findall(r'(\w+)="([^"]*)"', request.header(header)))
    first = md5(f"{said['username']}:{said['realm']}:{PASSWORD}")
    assert said["response"] == md5(f"{first}:{said['nonce']}:{md5(request.method + ':' + said['uri'])}")


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def test_registers_with_a_carrier_and_calls_through_another(
    switches: Switches, clients: Clients, tmp_path: Path
) -> None:
    calls, registers = clients.reserve_sipp(), clients.reserve_sipp()
    carrier = clients.sipp("uas-carrier", ports=calls, address=CARRIER, echo=True)
    registrar = clients.sipp("uas-registrar", ports=registers, address=REGISTRAR)
    trunks = f"""
[trunk.kyiv]
host = "{CARRIER}"
port = {calls.sip}
user = "380440000000"
password = "{PASSWORD}"
number_format = "digits"
qualify = 0

[trunk.lviv]
host = "{REGISTRAR}"
port = {registers.sip}
register = {{ {LOGIN}, expires = 60 }}

[[route]]
did = "+*"
from = "phone:*"
to = "external:{{did}}@kyiv"
"""
    music = write_music(tmp_path)
    office = Office(switches.start(phone_tables() + AGENTS + CENTRE + trunks), clients, music)
    asked, told = (message for message in registrar.wait() if message.method == "REGISTER" and not message.sent)
    assert not asked.has_header("Authorization")
    assert_knows_the_password(told, "Authorization")

    call = office.dial(office.phone("2001"), "+380501112233")
    call.wait_confirmed()
    call.play_tone(440)
    call.listen_for_tone(440)
    call.hang_up()

    carrier.wait()
    invite = [message for message in carrier.messages() if message.first_line.startswith("INVITE")][-1]
    assert_knows_the_password(invite, "Proxy-Authorization")
    assert invite.first_line == f"INVITE sip:380501112233@{CARRIER}:{calls.sip} SIP/2.0"
    assert PASSWORD not in office.switch.output()
