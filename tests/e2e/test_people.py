"""Real phones are looked for at several places; callers are known, unwanted, or come when nobody is there."""

from __future__ import annotations

import asyncio
import io
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import soundfile

from tests.e2e.conftest import Clients, Switches, render
from tests.e2e.hearing import hears_music, hears_phrase, hears_text, talk
from tests.e2e.office import AGENTS, TRUNK_ADDRESS, Office, phone_tables, write_music
from tests.support.audio import RATE, Recording
from tests.support.mail_server import MailServer
from tests.support.speech import Speech

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.pjsua_agent import PjsuaPhone
    from tests.support.ports import Ports

OUTSIDE, OUTSIDE_ADDRESS = "+380441112233", "127.0.0.23"
KEY_CONTACT, UNWANTED = "+380501234567", "+380509999999"
PIN, VOICE = "58213947", 600.0

CENTRE = """
[mail]
host = "127.0.0.1"
port = {mail}
tls = "none"
from = "switch@example.com"

[trunk.carrier]
source = ["{trunk}"]
dialled = ["Diversion", "Request-URI"]

[trunk.kyiv]
host = "{outside}"
port = {outside_port}
qualify = 0

[music.default]
files = ["music.wav"]

[[list.vip]]
number = "{key_contact}"
name = "Acme"
agent = "olena"
deputy = "piotr"
priority = 100
label = "VIP"

[[list.blocked]]
number = "{unwanted}"

[[route]]
from = "list:blocked"
to = "hangup"
reject = "unwanted"

[[route]]
did = "100"
from = "list:vip"
to = "agent:{{agent}}"
when_unavailable = ["agent:{{deputy}}", "queue:vip"]

[[route]]
from = "+4822*"
to = "echo"

[queue.vip]
label = "Important"
needs = "sales >= 100"
wrap_up = 0

[[route]]
did = "300"
to = "findme:one-by-one"

[findme.one-by-one]
ring = ["phone:2003", "phone:1003", "phone:2002", "phone:1002", "phone:1001"]
timeout = 10
label = "Looked for"

[[route]]
did = "301"
to = "findme:all"

[findme.all]
ring = ["phone:1001", "phone:1002", "external:{outside_number}@kyiv"]
mode = "all"
timeout = 20

[[route]]
did = "302"
to = "findme:cascade"

[findme.cascade]
ring = ["phone:1001", "phone:1002"]
mode = "cascade"
add_after = 1
timeout = 20

[[route]]
did = "303"
to = "findme:outside"

[findme.outside]
ring = ["external:{outside_number}@kyiv"]
timeout = 20

[[route]]
did = "304"
to = "findme:nobody"

[findme.nobody]
ring = ["phone:1003"]
when_no_answer = "voicemail:director"

[voicemail.director]
mail_to = "director@example.com"
greeting = "The director is not there."
number = "500"
pin = "{pin}"

[[route]]
did = "310"
to = "hours:office"

[hours.office]
open = ["daily"]
closed_calendar = "closed.ics"
number = "1"
forced_by = "olena"
when_open = "music:default"
when_closed = "callback:sales"
when_special = "echo"

[callback.sales]
mail_to = "sales@example.com"
label = "Відділ продажу"
due = "hours:office"
queue = "vip"

[[route]]
did = ["9000", "0442223344"]
to = "echo"
"""


@pytest.fixture(scope="module")
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture(scope="module")
def outside(ports: Ports, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PjsuaPhone]:
    """A telephone somewhere behind the trunk."""
    with ExitStack() as stack:
        phone = Clients(ports, tmp_path_factory.mktemp("outside"), stack).pjsua("outside", address=OUTSIDE_ADDRESS)
        phone.use_account()
        yield phone


@pytest.fixture(scope="module")
def opening() -> datetime:
    """When the office opens next, after days that its calendar has closed."""
    today = datetime.fromtimestamp(time.time(), UTC)
    return (today + timedelta(days=3)).replace(hour=9, minute=0, second=0, microsecond=0)


@pytest.fixture(scope="module")
def shared_switch(
    ports: Ports,
    tmp_path_factory: pytest.TempPathFactory,
    rendered: Path,
    mail: MailServer,
    outside: PjsuaPhone,
    opening: datetime,
) -> Iterator[tuple[Any, Any]]:
    """One switch for the tests of this module."""
    folder = tmp_path_factory.mktemp("people")
    music = write_music(folder)
    ends = f"{opening - timedelta(days=9):%Y%m%dT%H%M%SZ}", f"{opening:%Y%m%dT%H%M%SZ}"
    event = (
        "BEGIN:VEVENT",
        "UID:1",
        "DTSTAMP:20260101T000000Z",
        f"DTSTART:{ends[0]}",
        f"DTEND:{ends[1]}",
        "END:VEVENT",
    )
    calendar = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//office//EN", *event, "END:VCALENDAR", "")
    (folder / "closed.ics").write_bytes("\r\n".join(calendar).encode())
    centre = CENTRE.format(
        mail=mail.port,
        trunk=TRUNK_ADDRESS,
        outside=OUTSIDE_ADDRESS,
        outside_port=outside.port,
        outside_number=OUTSIDE,
        key_contact=KEY_CONTACT,
        unwanted=UNWANTED,
        pin=PIN,
    )
    speech, t = Speech(rendered), f"{opening:%Y-%m-%dT%H:%M}"
    ahead = [speech.wording("callback-request-on", t=t), speech.wording("hours-special-date", t=t)]
    ahead += [speech.wording(key) for key in ("hours-released-closed", "voicemail-enter-box", "voicemail-enter-pin")]
    ahead.append(speech.wording("voicemail-new", n=1))
    asyncio.run(render(rendered, [(text, "en") for text in ahead]))
    with ExitStack() as stack:
        yield Switches(ports, folder, rendered, stack).start(phone_tables() + AGENTS + centre), music


def test_whoever_cannot_be_rung_is_passed_over_without_an_invite_and_who_declines_is_followed(
    office: Office, speech: Speech
) -> None:
    busy, undisturbed, declining, found = (office.phone(user) for user in ("2002", "2003", "1002", "1001"))
    elsewhere = office.dial(busy, "9000")
    wish = office.dial(undisturbed, "*78")
    hears_phrase(wish, speech, "dnd-on")
    elsewhere.wait_confirmed()
    began = time.time()
    call = office.dial(office.phone("2001"), "300")
    ringing = declining.wait_incoming()
    assert "Looked for: Cara Novak" in ringing.remote
    ringing.hang_up(486)
    taken = found.wait_incoming()
    taken.answer()
    taken.wait_confirmed()
    call.wait_confirmed()
    talk(call, taken)
    assert busy.incoming_calls() == undisturbed.incoming_calls() == []
    taken.hang_up()
    call.wait_ended()

    office.records(2)
    lines = [line for line in office.journal("findme.skipped", "findme.ringing") if line.at >= began]
    skipped = [(line.data["place"], line.data["why"]) for line in lines if line.kind == "findme.skipped"]
    assert [place for place, _ in skipped] == ["phone:2003", "phone:1003", "phone:2002"]
    rung = next(line for line in lines if line.kind == "findme.ringing")
    assert rung.at - lines[0].at <= 0.1
    wish = office.dial(undisturbed, "*79")
    hears_phrase(wish, speech, "dnd-off")


def test_all_places_ring_at_once_and_one_after_another_is_added(office: Office, outside: PjsuaPhone) -> None:
    cara, olena, piotr = office.phone("2001"), office.phone("1001"), office.phone("1002")
    call = office.dial(cara, "301")
    late = [olena.wait_incoming(), outside.wait_incoming()]
    taken = piotr.wait_incoming()
    taken.answer()
    taken.wait_confirmed()
    call.wait_confirmed()
    talk(call, taken)
    for each in late:
        assert each.wait_ended()["status"] == 487
    call.hang_up()
    taken.wait_ended()

    call = office.dial(cara, "302")
    first = olena.wait_incoming(after=late[0].incoming)
    second = piotr.wait_incoming(after=taken.incoming)
    assert first.incoming is not None
    assert second.incoming is not None
    assert second.incoming.at - first.incoming.at > 0.8
    assert not first.is_over
    first.answer()
    first.wait_confirmed()
    call.wait_confirmed()
    talk(call, first)
    assert second.wait_ended()["status"] == 487


def test_somebody_outside_has_the_call_after_pressing_one(office: Office, outside: PjsuaPhone, speech: Speech) -> None:
    earlier = outside.incoming_calls()
    call = office.dial(office.phone("2001"), "303")
    asked = outside.wait_incoming(after=earlier[-1] if earlier else None)
    asked.answer()
    asked.wait_confirmed()
    hears_phrase(asked, speech, "findme-confirm", key="1")
    asked.press("2")
    asked.listen(0.5)
    assert not call.phone.log.all("call", call=call.number, state="confirmed"), "nobody has taken the call yet"
    asked.press("1")
    call.wait_confirmed()
    talk(call, asked)
    call.hang_up()
    asked.wait_ended()


def test_a_key_contact_is_put_through_to_the_deputy_or_waits_first_and_the_unwanted_are_refused(
    office: Office, clients: Clients
) -> None:
    outside = office.outside_caller(KEY_CONTACT)
    piotr = office.phone("1002")  # the consultant's phone is not there
    call = office.dial(outside, "100")
    ringing = piotr.wait_incoming()
    assert "VIP: Outside" in ringing.remote
    ringing.hang_up(486)
    call.wait_confirmed()
    hears_music(call, office.music)
    (waiting,) = office.switch.ask("queues")["queues"]
    assert waiting["waiting"]
    call.hang_up()
    assert office.dial(office.outside_caller(UNWANTED), "100").wait_ended()["status"] == 607
    call = office.dial(office.outside_caller("+48221234567"), "100")  # by the beginning of the number
    call.wait_confirmed()
    call.play_tone(VOICE)
    call.listen_for_tone(VOICE)


def test_who_calls_and_what_was_dialled_are_what_the_carrier_is_believed_in(office: Office, clients: Clients) -> None:
    for privacy in ("none", "id"):
        clients.sipp(
            "uac-identity",
            remote=office.switch.server,
            domain=office.switch.domain,
            address=TRUNK_ADDRESS,
            service="anything",
            keys={"asserted": "+380671112233", "privacy": privacy, "diverted": "0442223344"},
            pause=0.2,
        ).wait()
    records = sorted(office.records(2), key=lambda record: float(record["started"]))
    told = [(record["caller"], record["name"], record["withheld"], record["dialled"]) for record in records]
    assert told == [("+380671112233", "Carrier's Name", False, "0442223344"), ("", "", True, "0442223344")]


def test_who_finds_nobody_leaves_a_message_that_is_mailed_and_waits_for_whoever_knows_the_pin(
    office: Office, speech: Speech, mail: MailServer
) -> None:
    call = office.dial(office.phone("2001"), "304")
    call.wait_confirmed()
    hears_text(call, speech, "The director is not there.")
    call.listen_for_tone(1000, seconds=0.1)
    call.play_tone(VOICE)
    call.listen(3)
    call.hang_up()
    (attached,) = mail.wait_for("director@example.com").iter_attachments()
    samples, rate = soundfile.read(io.BytesIO(attached.get_content()), dtype="float32")
    assert rate == RATE
    assert Recording(samples).tone_seconds(VOICE) > 2

    listening = office.dial(office.phone("1002"), "*98")
    listening.wait_confirmed()
    hears_phrase(listening, speech, "voicemail-enter-box")
    listening.press("500#")
    hears_phrase(listening, speech, "voicemail-enter-pin")
    listening.press(f"{PIN}#")
    hears_phrase(listening, speech, "voicemail-new", n=1)
    listening.hang_up()
    office.records(2)
    switch = office.switch
    written = [path for path in switch.folder.rglob("*") if path.is_file() and path != switch.config]
    assert [path for path in written if PIN.encode() in path.read_bytes()] == []
    assert PIN not in switch.output()


def test_who_calls_on_a_day_that_the_calendar_has_closed_is_promised_a_call(
    office: Office, speech: Speech, mail: MailServer, opening: datetime
) -> None:
    call = office.dial(office.phone("2001"), "310")
    call.wait_confirmed()
    hears_phrase(call, speech, "callback-number", number="2001")
    call.press("1")
    hears_phrase(call, speech, "callback-request-on", t=f"{opening:%Y-%m-%dT%H:%M}")
    letter = mail.wait_for("sales@example.com")
    assert letter["Subject"] == "Call back Cara Novak <2001> (Відділ продажу)"
    (asked,) = (each for each in office.switch.ask("callbacks") if each["why"] == "asked out of hours")
    assert (asked["number"], asked["queue"], asked["request"]) == ("2001", "vip", "sales")
    (taken,) = office.journal("callback_request.taken")
    assert taken.data["due"] == opening.timestamp()

    # a state of its own, set by telephone, until the calendar would change anyway
    olena = office.phone("1001")
    code = office.dial(olena, "*30*1*3")
    hears_phrase(code, speech, "hours-special-date", t=f"{opening:%Y-%m-%dT%H:%M}")
    special = office.dial(olena, "310")
    special.wait_confirmed()
    special.play_tone(VOICE)
    special.listen_for_tone(VOICE)
    code = office.dial(olena, "*30*1*0")
    hears_phrase(code, speech, "hours-released-closed")
