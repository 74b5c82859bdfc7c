"""examples/parcels.py is a service that the switch can ask."""

from __future__ import annotations

import importlib.util
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.softswitch.inquiries.test_edge import asking

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = Path(__file__).parents[4] / "examples" / "parcels.py"


@pytest.fixture
def url() -> Iterator[str]:
    spec = importlib.util.spec_from_file_location("parcels", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    parcels: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(parcels)
    server = parcels.serve(0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


SERVICES = """
[webservice.parcel]
url = "{url}/parcels/{{parcel}}"
allow_private = ["127.0.0.1"]

[webservice.code]
method = "POST"
url = "{url}/codes"
body = "json"
fields = {{ phone = "{{ani}}", code = "{{code}}" }}
allow_private = ["127.0.0.1"]
"""


@pytest.mark.asyncio
async def test_parcels_are_known_or_not(url: str) -> None:
    async with asking(SERVICES.format(url=url)) as asked:
        known = {"status": "on its way", "due": "2026-05-21", "to_pay": "12.50 UAH"}
        assert await asked.answer("webservice:parcel", parcel="0042") == ("ok", known)
        assert await asked.answer("webservice:parcel", parcel="9/../x") == ("status", {})


@pytest.mark.asyncio
async def test_codes_are_right_or_wrong(url: str) -> None:
    async with asking(SERVICES.format(url=url)) as asked:
        assert await asked.answer("webservice:code", ani="1001", code="4711") == (
            "ok",
            {"right": "true", "name": "Olena"},
        )
        assert await asked.answer("webservice:code", ani="1001", code="4712") == ("ok", {"right": "false", "name": ""})
        assert await asked.answer("webservice:code", ani="", code="") == ("ok", {"right": "false", "name": ""})
