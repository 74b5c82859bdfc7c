"""A caller whom nobody may serve: a program says whom they need, and an operator picks them for an agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2

from tests.e2e.hearing import hears_music, talk
from tests.e2e.office import AGENTS, CENTRE, Office, phone_tables, write_music

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Clients, Switches
    from tests.support.ports import Ports

TOKEN = "crm-0123456789abcdef"
API = """
[api]
listen = "127.0.0.1:{port}"

[[api.token]]
name = "crm"
role = "crm"
token = "{token}"
"""


def test_a_caller_is_changed_over_http_and_picked_by_hand_and_it_is_a_call_of_the_queue(
    switches: Switches, clients: Clients, ports: Ports, tmp_path: Path
) -> None:
    port, music = ports.one(), write_music(tmp_path)
    switch = switches.start(phone_tables() + AGENTS + CENTRE + API.format(port=port, token=TOKEN))
    office = Office(switch, clients, music)
    cara, piotr = office.phone("2001"), office.phone("1002")
    call = office.dial(cara, "103")
    call.wait_confirmed()
    hears_music(call, music)
    headers = {"authorization": f"Bearer {TOKEN}"}
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=10.0) as client:
        (waits,) = client.get("/calls?queue=nobody").json()
        assert (waits["caller"], waits["name"], waits["state"]) == ("2001", "Cara Novak", "waiting")
        seen = {"if-match": f'"{waits["version"]}"'}
        changed = client.patch(f"/calls/{waits['call']}", json={"prefer": "support", "priority": 40}, headers=seen)
        assert (changed.status_code, changed.json()["prefer"]) == (200, "support >= 1")
        assert client.patch(f"/calls/{waits['call']}", json={"priority": 1}, headers=seen).status_code == 412

    office.switch.tell("call", waits["call"], "--to", "agent:piotr")
    taken = piotr.wait_incoming()
    hears_music(call, music)
    taken.answer()
    taken.wait_confirmed()
    talk(call, taken)
    assert agent(office)["state"] == "talking"
    call.hang_up()
    taken.wait_ended()

    (record,) = office.records(1)
    assert (record["queue"], record["agent"], record["disposition"]) == ("nobody", "piotr", "served")
    assert agent(office)["state"] == "wrap_up"
    rows = office.switch.ask("report", "--by", "queue")["rows"]
    (told,) = [row["figures"] for row in rows if row["queue"] == "nobody"]
    assert (told["answered"]["value"], told["left"]["value"]) == (1, 0)


def agent(office: Office) -> dict[str, Any]:
    (found,) = [one for one in office.switch.ask("agents")["agents"] if one["agent"] == "piotr"]
    return dict(found)
