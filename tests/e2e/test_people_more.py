"""Real phones come on holidays, from numbers of some form, over a carrier with older headers; they rate, and confer."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.conftest import Switches, render
from tests.e2e.hearing import hears_phrase, hears_text, talk
from tests.e2e.office import AGENTS, TRUNK_ADDRESS, Office, phone_tables, write_music
from tests.support.speech import Speech
from tests.support.switch import command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.conftest import Clients
    from tests.support.ports import Ports

OLDER_ADDRESS = "127.0.0.24"  # of the carrier with the older headers
KEY_CONTACT, ANYBODY = "+380501234567", "+380631234567"
UNWANTED, NEARLY = "+380670000011", "+380670000012"
BRANCH = "+380442000417"
PIN, VOICE = "60482715", 600.0
CLOSED, NOBODY, OURS = "It is a holiday today.", "The meeting is not for you.", "Hello to our branch office."
EFFORT, THANKS = "How easy was it?", "Goodbye then."

CENTRE = f"""
[trunk.carrier]
source = ["{TRUNK_ADDRESS}"]

[trunk.older]
source = ["{OLDER_ADDRESS}"]
identity = ["Remote-Party-ID", "From"]
dialled = ["History-Info", "Request-URI"]

[music.default]
files = ["music.wav"]

[[list.vip]]
number = "{KEY_CONTACT}"
name = "Acme"
agent = "olena"
label = "VIP"

[[list.blocked]]
number = '/\\+38067\\d*11/'

[[list.branches]]
number = '/\\+380442000[14]\\d{{2}}/'

[[route]]
from = "list:blocked"
to = "hangup"
reject = "unwanted"

[[route]]
from = "list:branches"
to = "say:ours"

[[route]]
did = "100"
from = "list:vip"
when = "closed:office"
to = "agent:{{agent}}"
when_unavailable = "say:closed"

[[route]]
did = "100"
to = "hours:office"

[hours.office]
open = ["daily"]
closed = ["TODAY", "TOMORROW", "easter", "orthodox-easter"]
holidays = ["gb"]
when_open = "echo"
when_closed = "say:closed"

[say.closed]
say = "{CLOSED}"

[say.ours]
say = "{OURS}"

[[route]]
did = "200"
to = "queue:sales"

[queue.sales]
label = "Sales"
needs = "sales >= 50"
agents = {{ olena = 1 }}
ring_timeout = 20
wrap_up = 0
survey = "survey:after"

[survey.after]
thanks = "{THANKS}"
[[survey.after.question]]
id = "effort"
scale = "ces"
say = "{EFFORT}"

[[route]]
did = "210"
to = "conference:board"

[conference.board]
pin = "{PIN}"
chime = false
when_refused = "say:nobody"

[say.nobody]
say = "{NOBODY}"

[[route]]
did = "0442223344"
to = "phone:1002"

[[route]]
did = ["300", "0442225566"]
to = "echo"
"""


@pytest.fixture(scope="module")
def shared_switch(ports: Ports, tmp_path_factory: pytest.TempPathFactory, rendered: Path) -> Iterator[tuple[Any, Any]]:
    """One switch for the tests of this module, on a day that is a holiday every year."""
    folder = tmp_path_factory.mktemp("people-more")
    music = write_music(folder)
    today = datetime.fromtimestamp(time.time(), UTC)
    centre = CENTRE.replace("TODAY", f"{today:%m-%d}").replace("TOMORROW", f"{today + timedelta(days=1):%m-%d}")
    speech = Speech(rendered)
    ahead = [speech.wording(key) for key in ("conference-enter-pin", "conference-wrong-pin")]
    asyncio.run(render(rendered, [(text, "en") for text in (*ahead, CLOSED, NOBODY, OURS, EFFORT, THANKS)]))
    with ExitStack() as stack:
        yield Switches(ports, folder, rendered, stack).start(phone_tables() + AGENTS + centre), music


def told(office: Office, *words: str) -> str:
    """What a command says that needs the configuration alone."""
    run = [*command(words[0]), *words[1:], "--config", str(office.switch.config)]
    return subprocess.run(run, capture_output=True, text=True, timeout=60, check=True).stdout


def test_on_a_holiday_a_key_contact_reaches_who_is_on_duty_and_others_hear_that_it_is_closed(
    office: Office, speech: Speech
) -> None:
    olena = office.phone("1001")
    other = office.dial(office.outside_caller(ANYBODY), "100")
    call = office.dial(office.outside_caller(KEY_CONTACT), "100")
    taken = olena.wait_incoming()
    assert "VIP: " in taken.remote
    taken.answer()
    taken.wait_confirmed()
    call.wait_confirmed()
    talk(call, taken)
    hears_text(other, speech, CLOSED)
    other.wait_ended()
    call.hang_up()
    taken.wait_ended()
    assert len(olena.incoming_calls()) == 1
    (hours,) = office.switch.ask("hours")["hours"]
    assert hours["state"] == "closed"

    def goes_to(day: str) -> str:
        return told(office, "explain", "route", "--did", "100", "--ani", ANYBODY, "--at", f"{day} 10:00")

    assert "say:closed" in goes_to("2027-05-02"), "Orthodox Easter"
    assert "say:closed" in goes_to("2027-03-29"), "Easter Monday is of the set of public holidays"
    assert "say:closed" not in goes_to("2027-05-04")


def test_an_older_carrier_says_by_remote_party_id_who_calls_and_by_history_info_which_number_was_dialled(
    office: Office, clients: Clients
) -> None:
    piotr = office.phone("1002")

    def comes(dialled: str, privacy: str) -> Any:
        keys = {"asserted": "+380440000000", "party": "+380671112233", "privacy": privacy}
        return clients.sipp(
            "uac-history",
            remote=office.switch.server,
            domain=office.switch.domain,
            address=OLDER_ADDRESS,
            service="300",
            keys=keys | {"dialled": dialled, "via": "0442225566"},
            pause=0.2,
        )

    known = comes("0442223344", "off")
    ringing = piotr.wait_incoming()
    assert "+380671112233" in ringing.remote
    assert "Carrier's Name" in ringing.remote
    ringing.answer()
    known.wait()
    ringing.wait_ended()
    comes("0442225566", "full").wait()
    records = sorted(office.records(2), key=lambda record: float(record["started"]))
    found = [(record["caller"], record["name"], record["withheld"], record["dialled"]) for record in records]
    assert found == [("+380671112233", "Carrier's Name", False, "0442223344"), ("", "", True, "0442225566")]
    assert len(piotr.incoming_calls()) == 1


def test_a_caller_keys_how_easy_it_was_and_the_report_has_it(office: Office, speech: Speech) -> None:
    call, olena = office.dial(office.phone("2001"), "200"), office.phone("1001")
    taken = olena.wait_incoming()
    taken.answer()
    taken.wait_confirmed()
    talk(call, taken)
    call.be_quiet()
    left = time.monotonic()
    taken.hang_up()
    hears_text(call, speech, EFFORT, since=left)
    call.press("6")
    hears_text(call, speech, THANKS, since=left)
    call.wait_ended()
    office.records(1)
    (answer,) = (line.data for line in office.journal("ivr.survey"))
    assert (answer["survey"], answer["question"], answer["scale"], answer["score"]) == ("after", "effort", "ces", 6)
    assert (answer["agent"], answer["queue"]) == ("olena", "sales")
    (row, *_) = json.loads(told(office, "report", "survey", "--json"))["rows"]
    assert (row["figures"]["ces"]["value"], row["figures"]["ces_easy"]["value"]) == (6.0, 1.0)


def test_only_who_knows_the_pin_comes_into_the_room_and_it_is_written_nowhere(office: Office, speech: Speech) -> None:
    cara = office.dial(office.phone("2001"), "210")
    cara.wait_confirmed()
    cara.press("60482716#")
    hears_phrase(cara, speech, "conference-wrong-pin")
    assert office.journal("conference.joined") == []
    cara.press(f"{PIN}#")
    stranger = office.dial(office.phone("1002"), "210")
    stranger.wait_confirmed()
    for attempt in ("1#", "22#"):
        began = time.monotonic()
        stranger.press(attempt)
        hears_phrase(stranger, speech, "conference-wrong-pin", since=began)
    stranger.press("333#")
    hears_text(stranger, speech, NOBODY)
    stranger.wait_ended()
    dan = office.dial(office.phone("2002"), "210")
    dan.wait_confirmed()
    dan.press(f"{PIN}#")
    talk(cara, dan)
    cara.hang_up()
    dan.hang_up()
    office.records(3)
    assert [line.data["room"] for line in office.journal("conference.joined")] == ["board", "board"]
    assert [(line.data["room"], line.data["why"]) for line in office.journal("conference.refused")] == [
        ("board", "pin")
    ]
    switch = office.switch
    written = [path for path in switch.folder.rglob("*") if path.is_file() and path != switch.config]
    assert [path for path in written if PIN[:-1].encode() in path.read_bytes()] == []
    assert PIN[:-1] not in switch.output(), "neither the right one nor the wrong one"


def test_numbers_of_a_form_are_refused_or_led_elsewhere_and_those_nearly_of_it_are_not(
    office: Office, speech: Speech
) -> None:
    assert office.dial(office.outside_caller(UNWANTED), "300").wait_ended()["status"] == 607
    nearly = office.dial(office.outside_caller(NEARLY), "300")
    nearly.wait_confirmed()
    branch = office.dial(office.outside_caller(BRANCH), "300")
    hears_text(branch, speech, OURS)
    branch.wait_ended()
    nearly.play_tone(VOICE)
    nearly.listen_for_tone(VOICE)
    nearly.hang_up()
    assert {record["caller"] for record in office.records(3)} == {UNWANTED, NEARLY, BRANCH}
