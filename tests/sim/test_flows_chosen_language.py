"""Whoever takes a call over from the menus goes on in the language that the caller has chosen there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sim.office import CENTRE, Office, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.sim_phone import PhoneCall

CHOICE = """
[menu.languages]
say = "For Ukrainian press 1."
keys = { 1 = "set:ukrainian" }

[set.ukrainian]
language = "uk"
then = "menu:services"

[menu.services]
say = { en = "Choose.", uk = "Оберіть." }
keys = { 1 = "voicemail:sales", 2 = "callback:sales", 3 = "record:wish", 4 = "conference:daily" }

[voicemail.sales]

[callback.sales]
mail_to = "sales@example.com"

[record.wish]
say = { en = "Say it.", uk = "Скажіть." }
variable = "wish"
then = "hangup"

[conference.daily]
pin = "4711"

[[route]]
did = "130"
to = "menu:languages"
"""


@pytest.fixture
def office() -> Iterator[Office]:
    centre = Office(centre=CENTRE + CHOICE)
    yield centre
    centre.close()


def ukrainian(office: Office, key: str) -> PhoneCall:
    call = office.call("2001", "130")
    call.press("1")
    office.run(0.5)
    assert said(call) == ("uk/menu.services",)
    call.press(key)
    office.run(0.5)
    return call


@pytest.mark.parametrize(
    ("key", "first"),
    [
        ("1", "uk/voicemail-greeting"),
        ("2", "uk/callback-number/2001"),
        ("3", "uk/record.wish"),
        ("4", "uk/conference-enter-pin"),
    ],
)
def test_the_first_words_are_in_the_chosen_language(office: Office, key: str, first: str) -> None:
    assert said(ukrainian(office, key))[0] == first


def test_a_message_is_kept_as_one_in_the_chosen_language(office: Office) -> None:
    ukrainian(office, "1")
    office.run(8)
    assert [message.language for message in office.switch.boxes.all()] == ["uk"]


def test_who_asks_to_be_called_back_is_called_in_the_chosen_language(office: Office) -> None:
    call = ukrainian(office, "2")
    call.press("1")
    office.run(0.5)
    assert said(call) == ("uk/callback-request-taken",)
    assert [request.language for request in office.switch.boxes.requests()] == ["uk"]
