"""Real phones ask services that want to know who asks, that are down, that send texts, and that check what is keyed."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.conftest import Switches, render
from tests.e2e.hearing import hears_text, record_tones
from tests.e2e.office import TRUNK_ADDRESS, Office, phone_tables, write_music
from tests.support.http_server import HttpServer, Reply, served
from tests.support.switch import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.ports import Ports
    from tests.support.speech import Speech

SORRY, ELSEWHERE = 1500.0, 1200.0
OWN = 600.0  # what callers say
TOKEN, PASSWORD = "erp-83651947", "pass:with:colons"
MOBILE = "+380501234567"
FAILURES = 5  # in a row, then a service is left alone
WAIT = 2.0  # seconds for a service that does not answer
ORDER = "Your order is ready, on shelf seven two."
ACCOUNT = "The account of Cara holds twelve euros and fifty cents."
FLAT, NO_FLAT, SENT = "Which flat?", "There is no such flat.", "We have sent you a message."
GREETING, NEVER = "Good morning.", "This is never said."
SAID_LATER = (ORDER, ACCOUNT, FLAT, NO_FLAT, SENT, GREETING, NEVER)

CENTRE = """
[trunk.carrier]
name = "Carrier"
source = ["{trunk}"]

[music.default]
files = ["music.wav"]

[say.sorry]
say = "Sorry."
barge_in = false

[say.elsewhere]
say = "You are elsewhere."
then = "echo"

[[route]]
did = "301"
to = "webservice:order"

[webservice.order]
url = "{url}/order"
allow_private = ["127.0.0.1"]
bearer = {{ file = "erp.token" }}
result = {{ state = "order.@state", shelf = "order.items.item.1" }}
say = "Your order is {{state}}, on shelf {{shelf:digits}}."
then = "webservice:account"
when_failed = "say:sorry"

[webservice.account]
method = "POST"
url = "{url}/account"
allow_private = ["127.0.0.1"]
basic = {{ user = "ivr", password = "{password}" }}
body = "xml"
fields = {{ phone = "{{ani}}" }}
say = "The account of {{owner}} holds {{sum:money}}."
then = "echo"
when_failed = "say:sorry"

[[route]]
did = "302"
to = "webservice:down"

[webservice.down]
url = "{url}/down"
allow_private = ["127.0.0.1"]
timeout = {wait}
say = "This is never said."
when_failed = "say:sorry"

[[route]]
did = "303*"
to = "verbs:app"

[verbs.app]
url = "{url}/app"
allow_private = ["127.0.0.1"]
when_failed = "say:sorry"

[[route]]
did = "304"
to = "collect:flat"

[collect.flat]
say = "Which flat?"
digits = 2
pattern = "[1-4][0-9]"
say_invalid = "There is no such flat."
say_again = "Which flat?"
variable = "flat"
then = "sms:address"
when_failed = "say:sorry"

[sms.address]
webservice = "gateway"
text = {{ en = "Flat {{flat}}: ring {{flat:digits}}.", uk = "Квартира {{flat}}." }}
say = "We have sent you a message."
then = "echo"
when_failed = "say:sorry"

[webservice.gateway]
method = "POST"
url = "{url}/messages"
allow_private = ["127.0.0.1"]
body = "json"
fields = {{ to = "{{sms_to}}", text = "{{sms_text}}", from = "Clinic" }}
secret_headers = {{ X-Key = "{token}" }}

[[route]]
did = "305"
to = "collect:code"

[collect.code]
say = "Your code?"
digits = 4
mask = true
tries = 3
variable = "code"
then = "webservice:code"
when_failed = "say:sorry"

[webservice.code]
method = "POST"
url = "{url}/codes"
allow_private = ["127.0.0.1"]
body = "json"
fields = {{ code = "{{code}}" }}
when.right = {{ true = "say:elsewhere", false = "collect:code" }}
when_failed = "say:elsewhere"
"""


def xml(text: str) -> Reply:
    return Reply(body=text.encode(), media_type="application/xml; charset=utf-8")


def said(answer: object) -> Reply:
    return Reply(body=json.dumps(answer).encode())


def answer(path: str, body: bytes) -> Reply:
    match path:
        case "/order":
            items = "<items><item>13</item><item>72</item></items>"
            return xml(f'<?xml version="1.0"?><answer xmlns="urn:erp"><order state="ready">{items}</order></answer>')
        case "/account":
            return xml("<account><owner>Cara</owner><sum>12.50 EUR</sum></account>")
        case "/down":
            return Reply(hang=True)
        case "/app":
            to = {"3031": "say:elsewhere", "3032": "say:nowhere"}[json.loads(body)["did"]]
            text = GREETING if to == "say:elsewhere" else NEVER
            return said([{"verb": "say", "text": text}, {"verb": "redirect", "to": to}])
        case "/messages":
            return said({"id": "m-1"})
        case "/codes":
            return said({"right": json.loads(body)["code"] == "4711"})
    return Reply(404)


class Web(HttpServer):
    """All the services, on one server."""

    def asked(self, path: str) -> list[tuple[str, dict[str, str], bytes]]:
        """The requests for a path so far."""
        return [request for request in self.requests if request[0].split()[1] == path]


@pytest.fixture(scope="module")
def web() -> Web:
    return Web(answer=answer)


@pytest.fixture(scope="module")
def shared_switch(
    ports: Ports, tmp_path_factory: pytest.TempPathFactory, rendered: Path, web: Web
) -> Iterator[tuple[Any, Any]]:
    """One switch for the tests of this module."""
    folder = tmp_path_factory.mktemp("inquiries-more")
    record_tones(folder, say__sorry=SORRY, say__elsewhere=ELSEWHERE)
    (folder / "erp.token").write_text(TOKEN + "\n", encoding="utf-8")
    music = write_music(folder)
    asyncio.run(render(rendered, [(text, "en") for text in SAID_LATER]))
    with ExitStack() as stack:
        url = stack.enter_context(served(web))
        centre = CENTRE.format(url=url, trunk=TRUNK_ADDRESS, token=TOKEN, password=PASSWORD, wait=WAIT)
        yield Switches(ports, folder, rendered, stack).start(phone_tables() + centre), music


def test_services_are_told_who_asks_and_values_of_their_xml_are_spoken(
    office: Office, speech: Speech, web: Web
) -> None:
    call = office.dial(office.phone("2001"), "301")
    call.wait_confirmed()
    hears_text(call, speech, ORDER)
    hears_text(call, speech, ACCOUNT)
    ((_, order, _),) = web.asked("/order")
    assert order["authorization"] == f"Bearer {TOKEN}"
    ((line, account, body),) = web.asked("/account")
    assert line.startswith("POST ")
    assert account["authorization"] == "Basic " + b64encode(f"ivr:{PASSWORD}".encode()).decode()
    assert body == b"<request><phone>2001</phone></request>"
    call.play_tone(OWN)
    call.listen_for_tone(OWN)
    written = office.switch.output() + str([line.data for line in office.journal("ivr.question_answered")])
    assert TOKEN not in written
    assert PASSWORD not in written


def test_a_service_that_keeps_failing_is_left_alone_and_callers_do_not_wait_for_it(office: Office, web: Web) -> None:
    def answered() -> list[tuple[str, float]]:
        records = [record.data for record in office.journal("ivr.question_answered")]
        return [(data["outcome"], data["seconds"]) for data in records if data["node"] == "webservice:down"]

    cara, dan = office.phone("2001"), office.phone("2002")
    waiting = [office.dial(cara if number < 3 else dan, "302") for number in range(FAILURES)]
    for call in waiting:
        call.listen_for_tone(SORRY)
        call.wait_ended()
    eventually(lambda: len(answered()) == FAILURES, what="the end of the questions")
    assert {outcome for outcome, _ in answered()} == {"timeout"}
    asked = len(web.asked("/down"))
    assert asked == FAILURES

    call = office.dial(cara, "302")
    call.listen_for_tone(SORRY)
    call.wait_ended()
    eventually(lambda: len(answered()) == FAILURES + 1, what="the last caller's question")
    outcome, seconds = answered()[-1]
    assert outcome == "circuit-open"
    assert seconds < WAIT / 2
    assert len(web.asked("/down")) == asked


def test_an_application_sends_callers_to_places_of_the_configuration_and_to_no_others(
    office: Office, speech: Speech
) -> None:
    cara = office.phone("2001")
    sent, lost = office.dial(cara, "3031"), office.dial(cara, "3032")
    lost.listen_for_tone(SORRY)
    lost.wait_ended()
    assert lost.heard().find(speech.text(NEVER)).score < 0.5  # all is checked before anything is done
    sent.listen_for_tone(ELSEWHERE)
    hears_text(sent, speech, GREETING)  # was heard before
    sent.play_tone(OWN)
    sent.listen_for_tone(OWN)


def test_a_caller_whose_entry_fits_the_pattern_is_sent_a_text_message(office: Office, speech: Speech, web: Web) -> None:
    call = office.dial(office.outside_caller(MOBILE), "304")
    call.wait_confirmed()
    hears_text(call, speech, FLAT)
    call.press("95")
    hears_text(call, speech, NO_FLAT)
    assert web.asked("/messages") == []
    call.press("42")
    hears_text(call, speech, SENT)
    ((line, headers, body),) = web.asked("/messages")
    assert line.startswith("POST ")
    assert headers["x-key"] == TOKEN
    assert json.loads(body) == {"to": MOBILE, "text": "Flat 42: ring four two.", "from": "Clinic"}
    call.play_tone(OWN)
    call.listen_for_tone(OWN)


def test_the_third_wrong_code_was_the_last(office: Office, web: Web) -> None:
    def codes() -> list[str]:
        return [json.loads(body)["code"] for *_, body in web.asked("/codes")]

    call = office.dial(office.phone("2001"), "305")
    call.wait_confirmed()
    wrong = ["1111", "2222", "3333"]
    for code in wrong:
        call.press(code)
        eventually(lambda code=code: code in codes(), what=f"the question about {code}")  # type: ignore[misc]
    call.press("4711")  # the right one, too late
    call.listen_for_tone(SORRY)
    call.wait_ended()
    assert codes() == wrong
    assert call.heard().tone_seconds(ELSEWHERE) < 0.2
