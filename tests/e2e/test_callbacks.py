"""Callbacks as customers and agents live through them, in four languages, with either of them called first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.hearing import recognises
from tests.e2e.office import AGENTS, NAMES, Office, phone_tables, write_music
from tests.support.speech import LANGUAGES
from tests.support.switch import eventually

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from tests.e2e.conftest import Clients, Switches
    from tests.support.pjsua_agent import PjsuaCall, PjsuaPhone
    from tests.support.speech import Speech

CUSTOMERS = ("2001", "2002", "2003", "1003")  # one for each language
BEGINNING = 8000  # samples: keys need not wait for the end
CENTRE = """
[music.default]
files = ["music.wav"]

[queue.sales]
label = "Sales"
needs = "sales >= 70"
ring_timeout = 20
wrap_up = 0
announce = { position = false }
offer_callback = { after = 0.5, key = "2", company = "Acme" }

[queue.support]
label = "Support"
needs = "support >= 50"
ring_timeout = 20
wrap_up = 0
whisper = true
announce = { position = false }
offer_callback = { after = 0.5, key = "2", first = "agent", greeting = false }

[[route]]
did = "200"
to = "queue:support"
""" + "".join(
    f'\n[[route]]\ndid = "10{n}"\nto = "queue:sales"\nlanguage = "{language}"\n' for n, language in enumerate(LANGUAGES)
)


def start(switches: Switches, clients: Clients, folder: Path) -> Office:
    """Nobody is logged in."""
    music = write_music(folder)
    nobody_in = AGENTS.replace("logged_in = true", "logged_in = false")
    return Office(switches.start(phone_tables() + nobody_in + CENTRE), clients, music)


def hears(call: PjsuaCall, speech: Speech, phrase: str, language: str = "en", /, **arguments: str) -> None:
    wait_for(call, speech.phrase(phrase, language, **arguments), f'"{phrase}" in {language}')


def begins(call: PjsuaCall, speech: Speech, phrase: str, language: str = "en", /, **arguments: str) -> None:
    wait_for(call, speech.phrase(phrase, language, **arguments)[:BEGINNING], f'"{phrase}" in {language}')


def wait_for(call: PjsuaCall, audio: NDArray[np.float32], what: str) -> None:
    call.listen_until(lambda heard: recognises(heard, audio), what=what, within=15)


def log_in(office: Office, agent: str, user: str) -> PjsuaPhone:
    phone = office.phone(user)
    office.switch.tell("agent", agent, "login")
    return phone


def taken_by(phone: PjsuaPhone, *, after: PjsuaCall | None = None) -> PjsuaCall:
    call = phone.wait_incoming(within=15, after=None if after is None else after.incoming)
    call.answer()
    call.wait_confirmed()
    return call


def test_ordered_in_four_languages_kept_over_a_kill_and_made_in_order(
    switches: Switches, clients: Clients, tmp_path: Path, speech: Speech
) -> None:
    office = start(switches, clients, tmp_path)
    phones = [office.phone(user) for user in CUSTOMERS]
    orders = []
    for n, phone in enumerate(phones):
        orders.append(office.dial(phone, f"10{n}"))
        orders[-1].wait_confirmed()  # so that they stand in this order
    spoken = list(zip(orders, LANGUAGES, CUSTOMERS, strict=True))
    for order, language, _ in spoken:
        hears(order, speech, "callback-offer", language, key="2")
        order.press("2")
    for order, language, user in spoken:
        hears(order, speech, "callback-number", language, number=user)
        begins(order, speech, "number-confirm", language)
        order.press("1")
    for order, language, _ in spoken:
        hears(order, speech, "callback-confirmed", language)
        order.wait_ended(within=15)

    office.switch.kill_and_start_again()

    live = office.dial(office.phone("1002"), "100")
    live.wait_confirmed()
    olena = log_in(office, "olena", "1001")
    before: PjsuaCall | None = None
    for phone, language, user in list(zip(phones, LANGUAGES, CUSTOMERS, strict=True))[:2]:
        back = taken_by(phone)
        assert "Sales" in back.invite
        begins(back, speech, "callback-greeting", language, company="Acme")
        back.press("1")
        taken = taken_by(olena, after=before)
        assert NAMES[user] in taken.remote
        back.play_tone(440)
        taken.listen_for_tone(440)
        assert phones[-1].incoming_calls() == [], "it is not the last one's turn"
        assert not live.is_over
        taken.hang_up()
        back.wait_ended()
        before = taken


def test_the_agent_first(switches: Switches, clients: Clients, tmp_path: Path, speech: Speech) -> None:
    """The agent is told that it is a callback, and hears the customer's phone ring."""
    office = start(switches, clients, tmp_path)
    cara = office.phone("2001")
    order = office.dial(cara, "200")
    order.wait_confirmed()
    begins(order, speech, "callback-offer", key="2")
    order.press("2")
    begins(order, speech, "callback-number", number="2001")
    order.press("1")
    begins(order, speech, "callback-confirmed")
    order.hang_up()

    piotr = log_in(office, "piotr", "1002")
    offered = piotr.wait_incoming(within=15)
    assert "Cara Novak" in offered.remote
    assert cara.incoming_calls() == [], "not before the agent is there"
    offered.answer()
    offered.wait_confirmed()
    hears(offered, speech, "whisper-callback", label="Support")
    back = taken_by(cara)
    back.play_tone(440)
    offered.play_tone(1000)
    offered.listen_for_tone(440)
    back.listen_for_tone(1000)
    assert not recognises(back.heard(), speech.phrase("whisper-callback", label="Support"))
    eventually(lambda: office.switch.ask("queues")["queues"][1]["callbacks"] == 0, what="the end of the callback")
