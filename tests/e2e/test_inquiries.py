"""Real phones ask files, databases, web services that misbehave, and an application that says what happens to them."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.conftest import Switches, render
from tests.e2e.hearing import hears_music, hears_text, recognises, record_tones, talk
from tests.e2e.office import AGENTS, Office, phone_tables, write_music
from tests.support.http_server import HttpServer, Reply, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.ports import Ports
    from tests.support.speech import Speech

SORRY, JINGLE, BEEP = 1500.0, 1200.0, 1000.0
PARCEL = "four two is on its way on Thursday, the twenty-first of May, for twelve hryvnias and fifty kopiykas."
SUMS = ("До сплати дві гривні.", "Разом сім гривень.", "І ще двадцять дві гривні.")
HELLO, GATHER = "Hello Cara Novak.", "Press a key."
SAID_LATER = (PARCEL, HELLO, GATHER)
BAD = ("hang", "lie", "redirect", "large", "cut")

CENTRE = """
[music.default]
files = ["music.wav"]

[say.sorry]
say = "Sorry."

[queue.sales]
label = "Sales"
needs = "sales >= 50"
agents = {{ olena = 1 }}
wrap_up = 0

[[route]]
did = "200"
to = "webservice:parcel"

[webservice.parcel]
collect = {{ say = "Your number?", digits = "1-12", variable = "parcel" }}
url = "{url}/parcels/{{parcel}}"
allow_private = ["127.0.0.1"]
meanwhile = {{ after = 0 }}
say = "{{parcel:digits}} is {{status}} {{due:on}}, for {{to_pay:money}}."
then = "echo"

[[route]]
did = "206"
to = "webservice:private"

[webservice.private]
url = "{url}/private"
when_failed = "say:sorry"

[[list.known]]
number = "2001"
data = {{ sum = "22 UAH" }}

[[route]]
did = "211"
to = "lookup:file"
language = "uk"

[lookup.file]
file = "customers.csv"
column = "phone"
say = {{ en = "To pay {{sum:money}}.", uk = "До сплати {{sum:money}}." }}
then = "lookup:database"

[lookup.database]
database = "crm.db"
query = "SELECT sum FROM customers WHERE phone = :key AND did = :did"
say = {{ en = "Together {{sum:money}}.", uk = "Разом {{sum:money}}." }}
then = "lookup:list"

[lookup.list]
list = "known"
say = {{ en = "And {{sum:money}}.", uk = "І ще {{sum:money}}." }}
then = "lookup:nobody"

[lookup.nobody]
file = "customers.csv"
key = "{{ani}}0"
when_unknown = "say:sorry"
when_failed = "hangup"

[[route]]
did = "22*"
to = "verbs:app"

[verbs.app]
url = "{url}/app"
allow_private = ["127.0.0.1"]
timeout = 1
when_failed = "say:sorry"

[record.statement]
review = false
silence_ends = 1
then = "verbs:app"
"""
MISBEHAVING = """
[[route]]
did = "20{number}"
to = "webservice:{name}"

[webservice.{name}]
url = "{url}/{name}"
allow_private = ["127.0.0.0/8"]
timeout = 2.5
meanwhile = {{ after = 0 }}
say = "This is never said."
when_failed = "say:sorry"
"""


class Web:
    """The ERP, the application, and a neighbour whom nobody may reach."""

    def __init__(self) -> None:
        self.server = HttpServer(answer=self.answer)
        self.neighbour = HttpServer()
        self.inside = ""  # where the neighbour is
        self.told: list[dict[str, Any]] = []  # what the application was told

    def answer(self, path: str, body: bytes) -> Reply:
        match path:
            case "/parcels/42":
                return said({"status": "on its way", "due": "2026-05-21", "to_pay": "12.50 UAH"})
            case "/hang":
                return Reply(hang=True)
            case "/lie":
                return Reply(body=b"<html>All is well.</html>")
            case "/redirect":
                return Reply(302, headers=(f"Location: {self.inside}/secret",))
            case "/large":
                return said({"status": "x" * 10_000_000})
            case "/cut":
                return Reply(body=b'{"status": "on', cut=True)
            case "/app":
                return self.application(json.loads(body))
        return Reply(404)

    def application(self, call: dict[str, Any]) -> Reply:
        self.told.append(call)
        match call:
            case {"did": "221", "choice": "7"}:
                return said([{"verb": "set", "label": "App"}, {"verb": "queue", "name": "sales"}])
            case {"did": "221"}:
                gather = {"verb": "gather", "text": "Press a key.", "variable": "choice", "digits": 1}
                return said([{"verb": "play", "name": "jingle"}, {"verb": "say", "text": "Hello {name}."}, gather])
            case {"did": "222", "recording": _}:
                return said([{"verb": "hangup"}])
            case {"did": "222"}:
                return said([{"verb": "dial", "to": "phone:1003"}, {"verb": "record", "name": "statement"}])
            case {"did": "223"}:
                return Reply(hang=True)
            case {"did": "224"}:
                return said([{"verb": "sing", "text": "La la la."}])
        return Reply(404)


def said(answer: object) -> Reply:
    return Reply(body=json.dumps(answer).encode())


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    there = Web()
    with served(there.neighbour) as there.inside:
        yield there


@pytest.fixture(scope="module")
def shared_switch(
    ports: Ports, tmp_path_factory: pytest.TempPathFactory, rendered: Path, web: Web
) -> Iterator[tuple[Any, Any]]:
    """One switch for the tests of this module."""
    folder = tmp_path_factory.mktemp("inquiries")
    record_tones(folder, say__sorry=SORRY, jingle=JINGLE)
    (folder / "customers.csv").write_text("phone,sum\n2001,2 UAH\n", encoding="utf-8")
    with closing(sqlite3.connect(folder / "crm.db")) as crm:
        crm.execute("CREATE TABLE customers (phone TEXT, did TEXT, sum TEXT)")
        crm.execute("INSERT INTO customers VALUES ('2001', '211', '7 UAH')")
        crm.commit()
    music = write_music(folder)
    asyncio.run(render(rendered, [*((text, "en") for text in SAID_LATER), *((text, "uk") for text in SUMS)]))
    with ExitStack() as stack:
        url = stack.enter_context(served(web.server))
        centre = CENTRE.format(url=url) + "".join(
            MISBEHAVING.format(number=number, name=name, url=url) for number, name in enumerate(BAD, 1)
        )
        yield Switches(ports, folder, rendered, stack).start(phone_tables() + AGENTS + centre), music


def outcomes(office: Office) -> dict[str, str]:
    """What became of the questions that were asked so far, by whom was asked."""
    records = office.journal("ivr.question_answered")
    return {record.data["node"].split(":")[1].split("/")[0]: record.data["outcome"] for record in records}


def test_a_service_is_asked_and_what_it_says_is_spoken(office: Office, speech: Speech) -> None:
    call = office.dial(office.phone("2001"), "200")
    call.wait_confirmed()
    hears_text(call, speech, "Your number?")
    call.press("42#")
    hears_text(call, speech, PARCEL)
    call.play_tone(600)
    call.listen_for_tone(600)
    call.hang_up()


def test_services_that_misbehave_cost_their_callers_an_excuse_and_nobody_else_anything(
    office: Office, speech: Speech, web: Web
) -> None:
    cara, dan = office.phone("2001"), office.phone("2002")
    calls = {name: office.dial(cara if number < 5 else dan, f"20{number}") for number, name in enumerate(BAD, 1)}
    calls["private"] = office.dial(dan, "206")
    hears_music(calls["hang"], office.music)
    for name, call in calls.items():
        call.listen_for_tone(SORRY)
        call.wait_ended()
        assert call.heard().find(speech.text("This is never said.")).score < 0.5, name
    office.records(len(calls))
    assert (
        outcomes(office).items()
        >= {
            "hang": "timeout",
            "lie": "unreadable",
            "redirect": "status",
            "large": "too-large",
            "cut": "unreachable",
            "private": "address-refused",
        }.items()
    )
    assert web.neighbour.requests == []
    assert not [line for line, *_ in web.server.requests if "/private" in line]


def test_lists_files_and_databases_are_asked_and_what_they_say_is_spoken(office: Office, speech: Speech) -> None:
    call = office.dial(office.phone("2001"), "211")
    call.wait_confirmed()
    for text in SUMS:
        hears_text(call, speech, text, "uk")
    call.listen_for_tone(SORRY)  # who is not in the file
    call.wait_ended()


def test_an_application_drives_calls(office: Office, speech: Speech, web: Web) -> None:
    cara, dan, olena, iryna = (office.phone(user) for user in ("2001", "2002", "1001", "1003"))
    led, recorded = office.dial(cara, "221"), office.dial(dan, "222")
    led.wait_confirmed()
    # somebody who declines is followed by the next verb; what is recorded then is told to the application
    iryna.wait_incoming().hang_up(486)
    recorded.listen_for_tone(BEEP, seconds=0.1)
    recorded.play_tone(600)
    recorded.listen(1.5)
    recorded.be_quiet()
    recorded.wait_ended()
    told = web.told[-1]
    assert (told["did"], float(told["recording_seconds"]) > 1) == ("222", True)
    assert (office.switch.data / told["recording"]).exists()

    hears_text(led, speech, GATHER)
    heard = led.heard_so_far()
    assert heard.tone_seconds(JINGLE) > 0.5
    assert recognises(heard, speech.text(HELLO))
    led.press("7")
    taken = olena.wait_incoming()
    assert "App Sales: Cara Novak" in taken.remote
    taken.answer()
    taken.wait_confirmed()
    talk(led, taken)

    # no answer, and one that cannot be carried out: what the configuration says
    for number in ("223", "224"):
        call = office.dial(dan, number)
        call.listen_for_tone(SORRY)
        call.wait_ended()


def test_an_application_puts_somebody_through(office: Office, web: Web) -> None:
    dan, iryna = office.phone("2002"), office.phone("1003")
    call = office.dial(dan, "222")
    taken = iryna.wait_incoming()
    taken.answer()
    taken.wait_confirmed()
    call.wait_confirmed()
    talk(call, taken)
    taken.hang_up()
    call.wait_ended()
