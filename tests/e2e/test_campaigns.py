"""Marketing binds a message over HTTP, a caller hears it and follows its key, and the report knows how much."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx2

from softswitch.phones.phone import SimulatedPhone
from softswitch.phones.ticker import Ticker
from tests.support.switch import eventually

if TYPE_CHECKING:
    from tests.e2e.conftest import Switches
    from tests.support.ports import Ports
    from tests.support.switch import Switch

TOKEN = "marketing-0123456789abcdef"
CONFIG = f"""
[[phone]]
user = "2001"
password = "hunter2-Pa55"

[menu.main]
say = "Hello."
keys = {{ 1 = "echo" }}

[[menu.main.slot]]
id = "promo"
key = "4"
targets = ["echo"]

[template.offer]
text = {{ en = "Today {{what:text max 30}} costs {{sum:money}}. Press four." }}

[[route]]
did = "100"
to = "menu:main"

[api]
listen = "127.0.0.1:{{port}}"

[[api.token]]
name = "ann"
role = "marketing"
token = "{TOKEN}"
"""
OFFER = {"campaign": "spring", "template": "offer", "values": {"what": "insurance", "sum": "12.50 EUR"}}


async def call(switch: Switch, *, key: str = "", seconds: float = 0.0) -> None:
    async with SimulatedPhone(
        "2001", "hunter2-Pa55", server=("127.0.0.1", switch.port), domain=switch.domain, ticker=Ticker()
    ) as phone:
        await phone.register()
        dialled = phone.dial("100")
        await dialled.answered()
        await asyncio.sleep(seconds)
        if key:
            await dialled.press(key)
            await asyncio.sleep(0.5)
        dialled.hang_up()
        await dialled.ended()


def test_a_message_that_marketing_binds_is_heard_and_counted(switches: Switches, ports: Ports) -> None:
    port = ports.one()
    switch = switches.start(CONFIG.replace("{port}", str(port)))
    with httpx2.Client(
        base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False
    ) as marketing:
        assert marketing.put("/slots/promo/bindings", json={"bindings": [OFFER]}).status_code == 200

        switch.kill_and_start_again()  # what was answered with 200 survives

        assert marketing.get("/slots/promo/bindings").json()["bindings"][0]["campaign"] == "spring"
        asyncio.run(call(switch, seconds=8.0))
        asyncio.run(call(switch, key="4", seconds=2.5))
        switch.wait_calls(2)
        found: dict[str, Any] = {}

        def counted() -> bool:
            messages = marketing.get("/campaigns/spring/listening").json()["messages"]
            found.update(messages[0] if messages else {})
            return bool(found) and found["heard"] == 2

        eventually(counted, what="the hearings of both callers")
    assert (found["meant_for"], found["heard_to_the_end"], found["ended_by"]) == (2, 1, {"4": 1, "end": 1})
    assert 0 < found["listened_percent"]["p10"] < 100
    assert found["listened_percent"]["p90"] == 100
    report = switch.tell("report", "listening", "--campaign", "spring", "--json")
    assert json.loads(report)["messages"] == [found]
    assert "echo" in str(switch.calls()[-1]["path"])
