"""Real phones enter numbers and secrets, lose their way in menus, choose a language, and say how they were served."""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from tests.e2e.conftest import Switches, render
from tests.e2e.hearing import hears_phrase, hears_text, recognises, record_tones, talk
from tests.e2e.office import AGENTS, Office, phone_tables, write_music

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.audio import Recording, Span
    from tests.support.pjsua_agent import PjsuaCall
    from tests.support.ports import Ports
    from tests.support.speech import Speech

CODE = "83651947"
TOKEN = "marketing-0123456789abcdef"
OWN = 600.0  # what callers say
FRONT, AGAIN, WRONG, NOTHING, STILL_NOTHING, SUB = 500.0, 700.0, 900.0, 1100.0, 1300.0, 1500.0
NOTICE, DEAF, STUBBORN = 1700.0, 1900.0, 2100.0
MENUS = {
    "menu__front": FRONT,
    "menu__front__again__1": AGAIN,
    "menu__front__invalid__1": WRONG,
    "menu__front__no-input__1": NOTHING,
    "menu__front__no-input__2": STILL_NOTHING,
    "menu__sub": SUB,
    "menu__deaf": DEAF,
}

CENTRE = """
[event_log]
file = "events.jsonl"

[music.default]
files = ["music.wav"]

[say.thanks]
say = "Thank you."
then = "music:default"

[collect.card]
say = "Your card?"
digits = "2-19"
valid = "luhn"
confirm = true
variable = "card"
then = "say:thanks"

[collect.birth]
say = "Your birthday?"
valid = "date"
confirm = true
variable = "birth"
then = "say:thanks"

[collect.sum]
say = "How much?"
valid = "amount"
currency = "UAH"
confirm = true
variable = "sum"
then = "say:thanks"

[collect.pesel]
say = "Your identity number?"
valid = "pesel"
variable = "pesel"
then = "say:thanks"

[collect.code]
say = "Your code?"
digits = 8
mask = true
variable = "code"
then = "say:code"

[say.code]
say = "Nobody says {code} aloud."
then = "music:default"

[menu.front]
say = "The first menu."
keys = { 2 = "menu:sub", 7 = "say:notice", 8 = "menu:stubborn", "*" = "repeat" }
timeout = 2
retries = 4
say_again = "The first menu, shorter."
say_invalid = "Wrong."
say_no_input = ["Nothing.", "Nothing again."]

[menu.sub]
say = "The second menu."
keys = { 5 = "echo", 0 = "back" }
timeout = 20

[say.notice]
say = "Something that must be heard."
barge_in = false
then = "menu:deaf"

[menu.deaf]
say = "Keys that were pressed ahead are forgotten."
keys = { 5 = "echo" }
type_ahead = false
timeout = 20

[menu.stubborn]
say = "This is said to its end."
keys = { 5 = "echo" }
barge_in = false
timeout = 20

[menu.language]
say = "For English press 1."
say_also = [{ uk = "Для української натисніть два." }]
keys = { 1 = "set:english", 2 = "set:ukrainian" }
timeout = 20

[set.english]
language = "en"
then = "say:welcome"

[set.ukrainian]
language = "uk"
then = "say:welcome"

[say.welcome]
say = { en = "Welcome.", uk = "Вітаємо у нашій фірмі." }
then = "music:default"

[menu.choice]
say = "Press 1."
keys = { 1 = "set:invoices" }
labels = { 1 = "Рахунки" }
timeout = 20

[set.invoices]
priority = 5000
label = "VIP"
data = { segment = "gold" }
then = "goto:sales"

[goto.sales]
then = "queue:sales"

[queue.sales]
label = "Sales"
needs = "sales >= 50"
agents = { olena = 1 }
ring_timeout = 20
wrap_up = 0
survey = "survey:after"

[survey.after]
thanks = "Goodbye then."
then = "music:default"
[[survey.after.question]]
id = "service"
say = "How was it?"
[[survey.after.question]]
id = "friends"
scale = "nps"
say = "And your friends?"

[menu.offers]
say = "Hello."
keys = { 1 = "echo" }
say_invalid = "There is no such key."
timeout = 20

[[menu.offers.slot]]
id = "promo"
key = "4"
targets = ["echo"]

[template.offer]
text = { en = "Today {what:text max 30} costs {sum:money}." }

[api]
listen = "127.0.0.1:API_PORT"

[[api.token]]
name = "ann"
role = "marketing"
token = "TOKEN"
"""
CARD, BIRTHDAY = "You have entered one eight.", "You have entered the twenty-first of May twenty twenty-six."
SUM = "You have entered twelve hryvnias and fifty kopiykas."
OFFER = "Today insurance costs twelve euros and fifty cents."
SAID_LATER = (CARD, BIRTHDAY, SUM, OFFER, "Nobody says aloud.")
ROUTES = {
    "101": "queue:sales",
    "201": "collect:card",
    "202": "collect:birth",
    "203": "collect:sum",
    "204": "collect:pesel",
    "205": "collect:code",
    "210": "menu:front",
    "220": "menu:language",
    "230": "menu:choice",
    "240": "menu:offers",
}


@pytest.fixture(scope="module")
def api(ports: Ports) -> Iterator[httpx2.Client]:
    """Marketing, where the switch will listen."""
    url = f"http://127.0.0.1:{ports.one()}"
    with httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def shared_switch(
    ports: Ports, tmp_path_factory: pytest.TempPathFactory, rendered: Path, api: httpx2.Client
) -> Iterator[tuple[Any, Any]]:
    """One switch for the tests of this module."""
    folder = tmp_path_factory.mktemp("dialogue")
    record_tones(folder, 0.6, **MENUS)
    record_tones(folder, 1.5, say__notice=NOTICE, menu__stubborn=STUBBORN)
    music = write_music(folder)
    centre = CENTRE.replace("API_PORT", str(api.base_url.port)).replace("TOKEN", TOKEN)
    routes = "".join(f'[[route]]\ndid = "{did}"\nto = "{to}"\n' for did, to in ROUTES.items())
    asyncio.run(render(rendered, [(text, "en") for text in SAID_LATER]))
    with ExitStack() as stack:
        yield Switches(ports, folder, rendered, stack).start(phone_tables() + AGENTS + centre + routes), music


def everything_written(office: Office) -> dict[str, bytes]:
    """By file or stream; the configuration is left out."""
    switch = office.switch
    written = {"output": switch.output().encode(), "calls": str(switch.calls()).encode()}
    for path in switch.folder.rglob("*"):
        if path.is_file() and path != switch.config:
            written[str(path.relative_to(switch.folder))] = path.read_bytes()
    return written


def test_what_callers_enter_is_checked_and_read_back_and_a_secret_is_nowhere(office: Office, speech: Speech) -> None:
    cara, dan = office.phone("2001"), office.phone("2002")
    entries = {
        "201": ("19#", "18#", CARD),
        "202": ("31022026", "21052026", BIRTHDAY),
        "203": ("12**5#", "12*50#", SUM),
        "204": ("44051401358", "44051401359", ""),
    }
    calls = {number: office.dial(cara, number) for number in entries}
    secret = office.dial(dan, "205")
    secret.wait_confirmed()
    secret.press(CODE)
    for number, call in calls.items():
        call.wait_confirmed()
        call.press(entries[number][0])
    for number, call in calls.items():
        hears_phrase(call, speech, "entry-invalid")
        call.press(entries[number][1])
    for number, call in calls.items():
        if read_back := entries[number][2]:
            hears_text(call, speech, read_back)
            call.press("1")
    for call in calls.values():
        hears_text(call, speech, "Thank you.")
        call.hang_up()
    hears_text(secret, speech, "Nobody says aloud.")
    secret.hang_up()

    office.records(5)
    kept = {name: value for line in office.journal("ivr.variables_set") for name, value in line.data["values"].items()}
    assert (kept["card"], kept["birth"], kept["sum"], kept["pesel"]) == ("18", "2026-05-21", "12.50", "44051401359")
    written = everything_written(office)
    assert {"softswitch.db", "events.jsonl"} <= {name.rsplit("/")[-1] for name in written}
    assert [where for where, data in written.items() if CODE.encode() in data] == []


def hears_in_turn(call: PjsuaCall, *tones: float, since: float = 0.0) -> float:
    """These tones, each after the one before and all after `since`; offset of the end of the last, in seconds."""
    for hz in tones:
        found: list[Span] = []

        def heard(recording: Recording, hz: float = hz, since: float = since, found: list[Span] = found) -> bool:
            over = recording.length - 0.1
            found[:] = [
                s for s in recording.tone_spans(hz) if s.length >= 0.3 and s.start >= since - 0.1 and s.end < over
            ]
            return bool(found)

        call.listen_until(heard, what=f"{hz:g} Hz")
        since = found[0].end
    return since


def test_callers_who_lose_their_way_are_told_so_and_find_back(office: Office) -> None:
    call = office.dial(office.phone("2001"), "210")
    call.wait_confirmed()
    at = hears_in_turn(call, FRONT)
    at = hears_in_turn(call, NOTHING, AGAIN, STILL_NOTHING, AGAIN, since=at)
    call.press("9")
    at = hears_in_turn(call, WRONG, AGAIN, since=at)
    call.press("2")
    at = hears_in_turn(call, SUB, since=at)
    call.press("0")
    at = hears_in_turn(call, FRONT, since=at)
    call.press("*")
    hears_in_turn(call, FRONT, since=at)


def test_keys_are_pressed_ahead_or_forgotten_and_prompts_are_cut_or_not(office: Office) -> None:
    cara = office.phone("2001")
    ahead, forgotten, stubborn = (office.dial(cara, "210") for _ in range(3))
    for call, keys in ((ahead, "25"), (forgotten, "75"), (stubborn, "85")):
        call.wait_confirmed()
        call.play_tone(OWN)
        call.press(keys)
    for call in (ahead, stubborn):
        call.listen_for_tone(OWN)
        call.hang_up()
    assert ahead.heard().tone_seconds(SUB) < 0.4
    assert stubborn.heard().tone_seconds(STUBBORN) > 1.3
    hears_in_turn(forgotten, NOTICE, DEAF)
    assert forgotten.heard_so_far().tone_seconds(NOTICE) > 1.3
    forgotten.listen(0.7)
    assert forgotten.heard_so_far().tone_seconds(OWN) < 0.2
    forgotten.press("5")
    forgotten.listen_for_tone(OWN)


def test_a_caller_chooses_a_language(office: Office, speech: Speech) -> None:
    call = office.dial(office.phone("2001"), "220")
    call.wait_confirmed()
    hears_text(call, speech, "Для української натисніть два.", "uk")
    assert recognises(call.heard_so_far(), speech.text("For English press 1."))
    call.press("2")
    hears_text(call, speech, "Вітаємо у нашій фірмі.", "uk")


def test_who_chose_something_important_comes_first_with_a_label_and_says_how_it_was(
    office: Office, speech: Speech
) -> None:
    cara, dan = office.phone("2001"), office.phone("2002")
    earlier = office.dial(dan, "101")
    earlier.wait_confirmed()
    call = office.dial(cara, "230")
    call.wait_confirmed()
    call.press("1")
    call.listen_until(lambda heard: heard.length > 1 and heard.part(heard.length - 0.5).level() > -40, what="music")
    olena = office.phone("1001")
    taken = olena.wait_incoming()
    assert "VIP Рахунки: Cara Novak" in taken.remote
    taken.answer()
    taken.wait_confirmed()
    talk(call, taken)
    call.be_quiet()
    left = time.monotonic()
    earlier.hang_up()
    taken.hang_up()
    hears_text(call, speech, "How was it?", since=left)
    call.press("4")
    hears_text(call, speech, "And your friends?", since=left)
    call.press("10")
    hears_text(call, speech, "Goodbye then.", since=left)
    call.hang_up()
    office.records(2)
    survey = [line.data for line in office.journal("ivr.survey")]
    answers = {answer["question"]: (answer["scale"], answer["score"]) for answer in survey}
    assert answers == {"service": ("csat", 4), "friends": ("nps", 10)}
    assert "gold" in [line.data["values"].get("segment") for line in office.journal("ivr.variables_set")]


def test_a_slot_is_silent_until_marketing_fills_it_and_a_draft_is_heard_by_preview(
    office: Office, speech: Speech, api: httpx2.Client
) -> None:
    cara, olena = office.phone("2001"), office.phone("1001")
    offer = {"campaign": "spring", "template": "offer", "values": {"what": "insurance", "sum": "12.50 EUR"}}
    empty = office.dial(cara, "240")
    empty.wait_confirmed()
    empty.press("4")
    hears_text(empty, speech, "There is no such key.")

    assert api.put("/slots/promo/bindings", json={"bindings": [offer | {"draft": True}]}).status_code == 200
    (slot,) = api.get("/slots").json()
    preview = office.dial(olena, f"*70{slot['number']}")
    preview.wait_confirmed()
    hears_text(preview, speech, OFFER)
    preview.hang_up()

    assert api.put("/slots/promo/bindings", json={"bindings": [offer]}).status_code == 200
    call = office.dial(cara, "240")
    call.wait_confirmed()
    hears_text(call, speech, OFFER)
    call.press("4")
    call.play_tone(OWN)
    call.listen_for_tone(OWN)
    assert empty.heard().find(speech.text(OFFER)).score < 0.5, "who was in the menu before goes on without"
