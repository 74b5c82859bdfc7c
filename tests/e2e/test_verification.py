"""An agent makes sure who the caller is, the caller says how it was, and the reports tell of both."""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from softswitch.store.database import FILE_NAME
from softswitch.store.queries import Reader
from tests.e2e.hearing import hears_text, talk
from tests.e2e.office import AGENTS, Office, phone_tables, write_music
from tests.support.switch import command, eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Clients, Switches
    from tests.support.speech import Speech

pytestmark = pytest.mark.e2e

CENTRE = """
[menu.main]
say = "Welcome."
keys = { 1 = "set:known" }
labels = { 1 = "Рахунки" }

[set.known]
data = { maiden = "Шевченко" }
then = "queue:sales"

[queue.sales]
label = "Sales"
needs = "sales >= 50"
verify = "identity"
survey = "survey:after"

[verification.identity]
ask = "Ask for the mother's maiden name."
show = "Maiden name: {maiden}"

[[survey.after.question]]
id = "service"
say = "How was it?"

[[route]]
did = "100"
to = "menu:main"
"""


def reported(office: Office, *words: str) -> dict[str, Any]:
    done = subprocess.run(
        [*command("report"), *words, "--json", "--config", str(office.switch.config)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def marked(office: Office) -> bool:
    with Reader(office.switch.data / FILE_NAME) as reader:
        return any(reader.lines({"call.verified"}))


def test_a_caller_is_made_sure_of_and_says_how_it_was(
    switches: Switches, clients: Clients, tmp_path: Path, speech: Speech
) -> None:
    office = Office(switches.start(phone_tables() + AGENTS + CENTRE), clients, write_music(tmp_path))
    cara, olena = office.phone("2001"), office.phone("1001")
    call = office.dial(cara, "100")
    call.wait_confirmed()
    call.press("1")
    taken = olena.wait_incoming()
    assert "Subject: Maiden name: Шевченко" in taken.invite
    assert ';info="Рахунки"' in taken.invite
    taken.answer()
    taken.wait_confirmed()
    hears_text(taken, speech, "Ask for the mother's maiden name.")
    talk(call, taken)
    call.be_quiet()
    taken.press("*4")
    eventually(lambda: marked(office), what="the mark of the agent")
    again = time.monotonic()
    call.play_tone(700)
    taken.listen_for_tone(700, since=again)
    call.be_quiet()
    left = time.monotonic()
    taken.hang_up()
    hears_text(call, speech, "How was it?", since=left)
    call.press("5")
    call.wait_ended(within=15)

    (record,) = office.records(1)
    assert (record["verified"], record["label"]) == ("passed", "Рахунки")
    (topic, everybody) = reported(office, "containment")["rows"]
    assert (topic["topic"], everybody["figures"]["containment"]["value"]) == ("Рахунки", 0.0)
    (answer, *_) = reported(office, "survey", "--by", "agent")["rows"]
    assert (answer["agent"], answer["figures"]["csat"]["value"]) == ("olena", 1.0)
    assert answer["figures"]["response_rate"]["value"] == 1.0
