"""Telephones without a transfer of their own send callers on by keys; what is known of the caller goes along."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import Switches
from tests.e2e.hearing import RECOGNISED, recognises
from tests.e2e.office import AGENTS, CENTRE, Office, phone_tables, write_music

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from tests.support.pjsua_agent import PjsuaCall
    from tests.support.ports import Ports
    from tests.support.speech import Speech
    from tests.support.switch import Switch

PARK = '[park]\nplaces = "701-702"\ntimeout = 8\n'
POLISH = """
[[route]]
did = "1011"
to = "queue:sales"
language = "pl"
"""


@pytest.fixture(scope="module")
def shared_switch(
    ports: Ports, tmp_path_factory: pytest.TempPathFactory, rendered: Path
) -> Iterator[tuple[Switch, NDArray[np.float32]]]:
    """The usual office, whose support has a number, and says who is next."""
    folder = tmp_path_factory.mktemp("keys")
    music = write_music(folder)
    support = 'label = "Support"\nnumber = "72"\nannounce = { position = true, first_after = 1, every = 60 }\n'
    centre = CENTRE.replace('label = "Support"\n', support) + POLISH + PARK
    with ExitStack() as stack:
        yield Switches(ports, folder, rendered, stack).start(phone_tables() + AGENTS + centre), music


def served(office: Office) -> tuple[PjsuaCall, PjsuaCall]:
    """A caller and the agent of the sales, who talk."""
    caller, olena = office.phone("2001"), office.phone("1001")
    call = office.dial(caller, "101")
    taken = olena.wait_incoming()
    taken.answer()
    call.wait_confirmed()
    taken.wait_confirmed()
    talk(call, taken)
    return call, taken


def talk(one: PjsuaCall, other: PjsuaCall) -> None:
    """From now on each hears the other's tone."""
    since = time.monotonic()
    one.play_tone(440)
    other.play_tone(1000)
    other.listen_for_tone(440, since=since)
    one.listen_for_tone(1000, since=since)


def keys(agent: PjsuaCall, speech: Speech, code: str, number: str, *, by: str = "rfc4733") -> None:
    agent.press(code, by=by)
    asked = speech.phrase("transfer-enter-number")
    agent.listen_until(lambda heard: recognises(heard, asked[:8000]), what="the question")
    agent.press(f"{number}#", by=by)


def test_blind_by_keys_to_a_phone_that_is_shown_who_calls(office: Office, speech: Speech) -> None:
    dan = office.phone("2002")
    call, taken = served(office)

    keys(taken, speech, "*2", "2002")
    rung = dan.wait_incoming()
    assert "Sales: Cara Novak" in rung.remote
    rung.answer()
    rung.wait_confirmed()

    talk(call, rung)
    taken.wait_ended()
    call.hang_up()
    (record,) = office.records(1, of="2001")
    assert [step["name"] for step in record["path"] if step["kind"] == "talk"] == ["olena", "2002"]


def test_asking_first_by_keys_and_then_putting_through_or_coming_back(office: Office, speech: Speech) -> None:
    """Star brings the caller back from the consultation; the second time hanging up puts the caller through."""
    dan = office.phone("2002")
    call, taken = served(office)

    keys(taken, speech, "*3", "2002", by="info-relay")
    asked = dan.wait_incoming()
    assert "Sales: Cara Novak" in asked.remote
    asked.answer()
    asked.wait_confirmed()
    talk(asked, taken)
    call.listen_until(lambda heard: on_music(office, call), what="music meanwhile")
    taken.press("*")
    asked.wait_ended()
    talk(call, taken)

    keys(taken, speech, "*3", "2002")
    again = dan.wait_incoming(after=asked.incoming)
    again.answer()
    again.wait_confirmed()
    talk(again, taken)
    taken.hang_up()
    talk(call, again)


def on_music(office: Office, call: PjsuaCall) -> bool:
    heard = call.heard_so_far()
    return heard.part(heard.length - 1).position_in(office.music).score > RECOGNISED


def test_sent_to_another_queue_by_keys_a_caller_keeps_language_and_name(office: Office, speech: Speech) -> None:
    cara, olena = office.phone("2001"), office.phone("1001")
    call = office.dial(cara, "1011")
    taken = olena.wait_incoming()
    taken.answer()
    call.wait_confirmed()
    taken.wait_confirmed()

    keys(taken, speech, "*2", "72")
    taken.wait_ended()
    next_one = speech.phrase("queue-next", "pl")
    call.listen_until(lambda heard: recognises(heard, next_one), what='"you are next" in Polish', within=12)
    piotr = office.phone("1002")
    rung = piotr.wait_incoming()
    assert "Support: Cara Novak" in rung.remote
    rung.answer()
    rung.wait_confirmed()
    talk(call, rung)
    call.hang_up()
    (record,) = office.records(1, of="2001")
    assert [step["name"] for step in record["path"] if step["kind"] == "talk"] == ["olena", "piotr"]


def test_parked_by_keys_fetched_by_number_and_parked_again_by_a_transfer_whom_nobody_fetches(
    office: Office, speech: Speech
) -> None:
    dan = office.phone("2002")
    call, taken = served(office)

    taken.press("*6")
    place = speech.phrase("park-place", place="701")
    taken.listen_until(lambda heard: recognises(heard, place), what="the number of the place")
    fetching = office.dial(dan, "701")
    fetching.wait_confirmed()
    talk(call, fetching)
    taken.wait_ended()

    fetching.transfer(f"sip:702@{office.switch.domain}")
    fetching.wait_ended()
    call.listen_until(lambda heard: on_music(office, call), what="music meanwhile")
    back = dan.wait_incoming(within=15)
    assert "702: Cara Novak" in back.remote
    back.answer()
    back.wait_confirmed()
    talk(call, back)
    call.hang_up()
    (record,) = office.records(1, of="2001")
    steps = [(step["kind"], step["name"]) for step in record["path"] if step["kind"] in ("talk", "park")]
    assert steps == [("talk", "olena"), ("park", "701"), ("talk", "2002"), ("park", "702"), ("talk", "2002")]
