"""Callbacks ordered over HTTP are made by a switch that was killed meanwhile, and taken back by an operator."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx2

from tests.e2e.office import AGENTS, Office, phone_tables, write_music
from tests.support.switch import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Clients, Switches
    from tests.support.ports import Ports

TOKEN = "crm-0123456789abcdef"
CENTRE = """
[music.default]
files = ["music.wav"]

[queue.sales]
label = "Sales"
needs = "{{level}} >= 70"
when_empty = "hangup"
offer_callback = {{ greeting = false }}

[set.level]
data = {{ level = "support" }}
then = "queue:sales"

[[route]]
did = "140"
to = "set:level"

[callback.sales]
queue = "sales"
most_per_quarter = 1

[api]
listen = "127.0.0.1:{port}"

[[api.token]]
name = "crm"
role = "crm"
token = "{token}"
"""


def test_an_order_outlasts_a_kill_and_finds_its_agent_and_another_is_taken_back(
    switches: Switches, clients: Clients, ports: Ports, tmp_path: Path
) -> None:
    port, music = ports.one(), write_music(tmp_path)
    nobody_in = AGENTS.replace("logged_in = true", "logged_in = false")
    centre = CENTRE.format(port=port, token=TOKEN)
    office = Office(switches.start(phone_tables() + nobody_in + centre), clients, music)
    customer, olena = office.phone("2001"), office.phone("1001")
    client = httpx2.Client(
        base_url=f"http://127.0.0.1:{port}", headers={"authorization": f"Bearer {TOKEN}"}, timeout=10.0
    )

    def listed() -> list[dict[str, Any]]:
        answer = client.get("/callbacks")
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()
        return found

    order = {"callback": "sales", "number": "2001", "name": "Anna Bond", "variables": {"level": "sales"}}
    tomorrow = datetime.fromtimestamp(time.time() + 86_400, UTC).isoformat()
    with client:
        assert client.post("/callbacks", json=order).status_code == 201
        later = client.post("/callbacks", json={"callback": "sales", "number": "2002", "at": tomorrow})
        assert later.status_code == 201
        taken = client.post("/callbacks", json={"callback": "sales", "number": "2003", "at": tomorrow})
        assert taken.status_code == 409, "one in a quarter of an hour"
        assert taken.json()["free"]
        eventually(lambda: [one["state"] for one in listed()] == ["callback", "asked"], what="place in the queue")
        office.switch.kill_and_start_again()
        eventually(lambda: [one["state"] for one in listed()] == ["callback", "asked"], what="order from before")
        assert listed()[0]["name"] == "Anna Bond"

        office.switch.tell("agent", "olena", "login", "--phone", "1001")
        back = customer.wait_incoming()
        back.answer()
        talk = olena.wait_incoming()
        talk.answer()
        back.wait_confirmed()
        talk.wait_confirmed()
        eventually(lambda: [one["state"] for one in listed()] == ["asked"], what="end of the order")
        back.hang_up()
        talk.wait_ended()
        record = office.switch.wait_calls(1)[0]
        assert (record["name"], record["dialled"], record["agent"]) == ("Anna Bond", "callback:sales", "olena")

        later_id = later.json()["id"]
        shown = office.switch.ask("callbacks")
        assert [one["number"] for one in shown] == ["2002"]
        assert later_id in office.switch.tell("callbacks", "--cancel", shown[0]["call"])
        assert listed() == []
