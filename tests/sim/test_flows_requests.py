"""What web services and applications are told of a call: the caller's way as far as the request, over real HTTP."""

from __future__ import annotations

import asyncio
import ipaddress
import json
from typing import TYPE_CHECKING, Any

import pytest

from softswitch.inquiries.services import service_of
from softswitch.webservice.client import WebserviceClient
from softswitch.webservice.guard import Guard, guarded_client
from tests.sim.office import CENTRE, TRUNK, Office
from tests.support.http_server import HttpServer, Reply
from tests.support.sim_phone import SimPhone

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.sim_phone import PhoneCall

URL = "http://127.0.0.1:9"
TELLING = f"""
[server]
country = "UA"

[menu.front]
say = "For parcels press 2."
keys = {{ 2 = "menu:parcels" }}
labels = {{ 2 = "Parcels" }}

[menu.parcels]
say = "For a parcel that is lost press 1."
keys = {{ 1 = "collect:parcel" }}
labels = {{ 1 = "Lost" }}

[collect.parcel]
say = "Number?"
digits = 6
variable = "parcel"
then = "collect:pin"

[collect.pin]
say = "PIN?"
digits = 4
mask = true
variable = "pin"
then = "webservice:crm"

[webservice.crm]
method = "POST"
body = "json"
url = "{URL}/crm?who={{ani}}"
allow_private = ["127.0.0.1"]
then = "webservice:bank"
fields = {{ e164 = "{{ani}}", raw = "{{ani_raw}}", withheld = "{{withheld}}", dnis = "{{did}}", call = "{{call}}", \
path = "{{menu_path}}", label = "{{menu_label}}", labels = "{{menu_labels}}", \
parcel = "{{parcel}}", name = "{{name}}", language = "{{language}}", customer = "{{customer_id}}" }}

[webservice.bank]
method = "POST"
body = "form"
url = "{URL}/bank"
fields = {{ code = "{{pin}}" }}
then = "verbs:app"

[verbs.app]
url = "{URL}/app"

[[route]]
did = "150"
to = "menu:front"
"""


@pytest.fixture
def office() -> Iterator[Office]:
    there = Office(centre=TELLING + CENTRE)
    yield there
    there.close()


def outside(office: Office, number: str) -> PhoneCall:
    """Somebody whom the carrier shows as *number* calls."""
    return office.phones.setdefault(number, SimPhone(office.switch, number, TRUNK)).dial("150")


def through_the_menus(office: Office, caller: PhoneCall) -> None:
    office.run(0.5)
    for keys in ("2", "1", "004217", "4711"):
        for key in keys:
            caller.press(key)
            office.run(0.3)


def sent(office: Office) -> tuple[str, str, Any]:
    """The request that whoever was asked last gets: its line, its type and what is in it."""
    target, variables = office.switch.oracle.asked[max(office.switch.oracle.asked)]
    return asyncio.run(_sent(office, target, variables))


async def _sent(office: Office, target: str, variables: Mapping[str, str]) -> tuple[str, str, Any]:
    kind, _, name = target.partition(":")
    config = office.switch.config
    words = config.verbs[name] if kind == "verbs" else config.webservices[name]
    server = HttpServer([Reply(body=b"{}")])
    async with server as url, guarded_client(Guard([ipaddress.ip_network("127.0.0.0/8")])) as http:
        real = words.model_copy(update={"url": words.url.replace(URL, url)})
        await WebserviceClient(service_of(name, real), http, now=lambda: 0.0).ask(variables)
    ((line, headers, body),) = server.requests
    text = body.decode()
    return line, headers["content-type"], json.loads(text) if headers["content-type"].endswith("json") else text


def test_a_request_tells_who_called_which_number_and_what_they_have_chosen_and_entered(office: Office) -> None:
    call = outside(office, "0501234567")
    through_the_menus(office, call)
    (made,) = office.switch.control.calls
    line, media_type, document = sent(office)
    assert (line, media_type) == ("POST /crm?who=%2B380501234567 HTTP/1.1", "application/json")
    assert document == {
        "e164": "+380501234567",
        "raw": "0501234567",
        "withheld": "false",
        "dnis": "150",
        "call": made,
        "path": "front 2 > parcels 1",
        "label": "Lost",
        "labels": "Parcels > Lost",
        "parcel": "004217",
        "name": "Phone 0501234567",
        "language": "uk",
        "customer": "+380501234567",
    }


def test_a_masked_entry_is_told_to_who_asks_for_it_and_to_nobody_else(office: Office) -> None:
    through_the_menus(office, outside(office, "+380501234567"))
    office.switch.answered({"customer_id": "K-17"})
    office.run(0.1)
    assert sent(office) == ("POST /bank HTTP/1.1", "application/x-www-form-urlencoded", "code=4711")
    office.switch.answered({"right": "true"})
    office.run(0.1)
    line, _, document = sent(office)
    assert line == "POST /app HTTP/1.1"
    assert "pin" not in document
    assert document["customer_id"] == "K-17"
    always = {"call", "ani", "ani_raw", "withheld", "did", "name", "language", "customer_id"}
    assert always | {"menu_path", "menu_label", "menu_labels", "parcel", "right"} == document.keys()


def test_of_who_withholds_the_number_no_number_is_told(office: Office) -> None:
    through_the_menus(office, outside(office, "anonymous"))
    _, _, document = sent(office)
    told = {name: document[name] for name in ("e164", "raw", "withheld", "customer", "dnis")}
    assert told == {"e164": "", "raw": "", "withheld": "true", "customer": "", "dnis": "150"}
