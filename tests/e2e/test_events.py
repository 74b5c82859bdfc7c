"""Events of real calls reach a CRM that is down at first: all of them, in order, signed, without what is secret."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

from softswitch.phones.phone import SimulatedPhone
from softswitch.phones.ticker import Ticker
from tests.support.http_server import HttpServer, Reply
from tests.support.switch import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Switches
    from tests.support.ports import Ports
    from tests.support.switch import Switch

PIN = "83651947"
CONFIG = f"""
[[phone]]
user = "2001"
password = "hunter2-Pa55"

[[phone]]
user = "1001"
contact = "sip:1001@127.0.0.1:9"

[[agent]]
id = "olena"
phone = "1001"
pin = "{PIN}"

[say.hello]
say = "Hello."

[[route]]
did = "9000"
to = "echo"

[set.known]
customer_id = "K-{{ani}}"
then = "say:hello"

[[route]]
did = "9001"
to = "set:known"

[event_log]
file = "events.jsonl"

[[webhook]]
name = "crm"
url = "http://127.0.0.1:{{port}}/events"
secret = "the CRM's own"
events = ["call.*", "ivr.*", "feature.*"]
timeout = 2
"""


async def call(switch: Switch, *numbers: str) -> None:
    async with SimulatedPhone(
        "2001", "hunter2-Pa55", server=("127.0.0.1", switch.port), domain=switch.domain, ticker=Ticker()
    ) as phone:
        await phone.register()
        for number in numbers:
            dialled = phone.dial(number)
            await dialled.answered()
            await asyncio.sleep(0.2)
            dialled.hang_up()
            await dialled.ended()


async def receive(port: int, enough: int) -> list[tuple[str, dict[str, str], bytes]]:
    """The CRM is there again; it stumbles once before it takes what it is sent."""
    crm = HttpServer([Reply(503), Reply(500)])
    server = await asyncio.start_server(crm._answer, "127.0.0.1", port)
    async with server, asyncio.timeout(30):
        while len(events_of(crm.requests)) < enough:  # noqa: ASYNC110 (nothing tells us)
            await asyncio.sleep(0.05)
    return crm.requests


def events_of(requests: list[tuple[str, dict[str, str], bytes]]) -> list[dict[str, Any]]:
    """What was received, every event once, in the order in which it came first."""
    found: dict[str, dict[str, Any]] = {}
    for _, _, body in requests:
        for event in json.loads(body)["events"]:
            found.setdefault(event["id"], event)
    return list(found.values())


def in_file(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def without_id(event: dict[str, Any]) -> dict[str, Any]:
    """What is told at once may not have it yet."""
    return {name: value for name, value in event.items() if name != "customer_id"}


def test_a_crm_that_was_down_gets_everything_in_order(switches: Switches, ports: Ports) -> None:
    port = ports.one()
    switch = switches.start(CONFIG.replace("{port}", str(port)))
    log = switch.folder / "events.jsonl"
    asyncio.run(call(switch, "9000", f"*11*olena*{PIN}", "9001"))
    switch.wait_calls(3)
    switch.forgiven = "not taken by crm"
    eventually(lambda: sum(event["type"] == "call.ended" for event in in_file(log)) == 3, what="events in the file")
    switch.kill_and_start_again()  # where it is in the journal survives, too
    expected = in_file(log)

    requests = asyncio.run(receive(port, len(expected)))

    taken = events_of(requests)
    assert list(map(without_id, taken)) == list(map(without_id, expected))
    calls = [event["call"] for event in taken if event["type"] == "call.started"]
    ids = [{event["customer_id"] for event in taken if event["call"] == call} for call in calls]
    assert ids == [{"2001"}, {"2001"}, {"K-2001"}], "also in events of before it was known: the CRM was down"
    assert expected[-1]["customer_id"] == "K-2001"
    assert {event["customer"] for event in expected} == {"2001"}
    assert [event["data"]["dialled"] for event in expected if event["type"] == "call.started"] == [
        "9000",
        "*11*olena*…",
        "9001",
    ]
    assert "ivr.prompts_started" in {event["type"] for event in expected}
    assert PIN not in log.read_text()
    for _, headers, body in requests:
        stamp, digest = (part.split("=")[1] for part in headers["softswitch-signature"].split(","))
        signed = hmac.new(b"the CRM's own", stamp.encode() + b"." + body, hashlib.sha256)
        assert hmac.compare_digest(signed.hexdigest(), digest)
        assert PIN.encode() not in body
