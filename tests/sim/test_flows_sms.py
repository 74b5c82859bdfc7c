"""Callers who are sent a text message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rtp.legs import Echo, Music
from tests.sim.office import CENTRE, Office, said
from tests.support.sim_phone import SimPhone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.sim_phone import PhoneCall

TEXTS = (
    CENTRE
    + """
[sms.link]
webservice = "gateway"
text = { en = "Pay {sum:money}, {note}{choice}.", uk = "Сплатіть {sum:money}, {note}{choice}." }
say = { en = "Sent.", uk = "Надіслано." }
when.state = { rejected = "say:sorry" }
then = "echo"
when_failed = "say:sorry"

[webservice.gateway]
method = "POST"
url = "https://sms.example/messages"
body = "json"
fields = { to = "{sms_to}", text = "{sms_text}" }
timeout = 20

[set.bill]
then = "sms:link"
data = { sum = "2 UAH", note = "bill 0042" }

[set.odd]
then = "sms:link"
data = { sum = "{did} hugs" }

[verbs.app]
url = "https://app.example/call"

[[route]]
did = "110"
to = "set:bill"

[[route]]
did = "111"
to = "set:odd"

[[route]]
did = "112"
to = "verbs:app"
"""
)
MASKED = (
    '[{"verb": "gather", "text": "Code.", "variable": "choice", "digits": 2, "mask": true}]',
    '[{"verb": "redirect", "to": "sms:link"}]',
)


@pytest.fixture
def office() -> Iterator[Office]:
    there = Office(centre=TEXTS)
    yield there
    there.close()


def called(office: Office, number: str = "110", caller: SimPhone | None = None) -> PhoneCall:
    call = (caller or office.trunk()).dial(number)
    office.run(2)
    return call


def sent(office: Office) -> list[tuple[str, str]]:
    asked = office.switch.oracle.asked.values()
    return [(known["sms_to"], known["sms_text"]) for target, known in asked if target == "sms:link"]


def hears(call: PhoneCall) -> object:
    return call.hears


def outcomes(office: Office) -> list[object]:
    return [line.data["outcome"] for line in office.switch.journal.of("ivr.question_answered")]


def test_a_caller_hears_music_until_the_gateway_has_the_message_and_then_that_it_was_sent(office: Office) -> None:
    call = called(office)
    assert sent(office) == [("+380501234567", "Сплатіть дві гривні, bill 0042.")]
    (_, known) = office.switch.oracle.asked[1]
    assert (known["ani"], known["did"], known["withheld"]) == ("+380501234567", "110", "false")
    assert hears(call) == Music("default")
    office.switch.answered({"state": "queued"})
    office.run(0.1)
    assert said(call) == ("uk/sms.link",)
    office.run(3)
    assert hears(call) == Echo()
    assert "bill 0042." not in str([line.data for line in office.switch.journal.of("ivr.question_answered")])
    assert outcomes(office) == ["ok"]


@pytest.mark.parametrize(("values", "outcome"), [({"state": "rejected"}, "ok"), ({}, "status")])
def test_a_gateway_that_refuses_sends_the_caller_elsewhere(
    office: Office, values: dict[str, str], outcome: str
) -> None:
    call = called(office)
    office.switch.answered(values, outcome)
    office.run(0.1)
    assert said(call)[0].endswith("say.sorry")
    assert outcomes(office) == [outcome]


def test_a_gateway_that_says_nothing_has_failed(office: Office) -> None:
    call = called(office)
    office.run(20)
    assert said(call)[0].endswith("say.sorry")
    assert outcomes(office) == ["timeout"]
    assert office.switch.oracle.forgotten == [1]


def test_a_caller_without_a_number_for_it_is_sent_on_at_once_and_nobody_is_asked(office: Office) -> None:
    call = called(office, caller=office.phone("2001"))  # a phone of our own
    assert said(call) == ("en/say.sorry",)
    assert (sent(office), outcomes(office)) == ([], ["no-number"])


def test_so_is_one_who_withholds_it(office: Office) -> None:
    hidden = SimPhone(office.switch, "anonymous", ("198.51.100.9", 5060))
    office.phones["carrier"] = hidden
    call = called(office, caller=hidden)
    assert said(call)[0].endswith("say.sorry")
    assert (sent(office), outcomes(office)) == ([], ["no-number"])


def test_a_value_that_does_not_fit_stands_as_it_is_and_is_told_of(office: Office) -> None:
    called(office, "111")
    assert sent(office) == [("+380501234567", "Сплатіть 111 hugs, .")]
    assert [line.data["what"] for line in office.switch.journal.of("ivr.trouble")] == [
        "sms.link: the value of {sum:money} does not fit"
    ]


def test_what_was_entered_masked_is_in_no_text_message(office: Office) -> None:
    call = called(office, "112")
    office.switch.answered({"verbs": MASKED[0]})
    office.run(1)
    for key in "73":
        call.press(key)
        office.run(0.3)
    _, known = office.switch.oracle.asked[max(office.switch.oracle.asked)]
    assert known["choice"] == "73"
    office.switch.answered({"verbs": MASKED[1]})
    office.run(1)
    ((_, text),) = sent(office)
    assert text == "Сплатіть , ."


def test_a_caller_who_hangs_up_asks_nothing_any_more(office: Office) -> None:
    called(office).hang_up()
    office.run(1)
    assert office.switch.oracle.forgotten == [1]
