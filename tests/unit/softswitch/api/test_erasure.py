"""Who may have a number erased or handed out over HTTP, and what is said when that cannot be done now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest

from softswitch.api.erasure import add_erasure
from softswitch.api.guards import Guards
from softswitch.api.refusals import empty_application
from softswitch.callers.numbers import NumberPlan
from softswitch.config import parse_config
from softswitch.erasure.desk import ErasureDesk, InUse
from softswitch.erasure.forms import forms_of
from softswitch.erasure.rewriting import NotErased
from tests.unit.softswitch.api.test_api import CONFIG, TOKENS

API = parse_config(CONFIG.encode(), file="test.toml", folder=Path(), env={}).api


class Desk(ErasureDesk):
    """Knows one customer; *trouble* is raised."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.trouble = trouble
        self.done: list[tuple[str, str, bool]] = []

    async def export(self, written: str, *, by: str) -> dict[str, Any]:
        return {"number": forms_of(written, NumberPlan("UA")).number, "by": by}

    async def erase(self, written: str, *, by: str, dry_run: bool = False) -> dict[str, Any]:
        number = forms_of(written, NumberPlan("UA")).number
        if self.trouble is not None:
            raise self.trouble
        self.done.append((number, by, dry_run))
        return {"calls": 2}


async def ask(desk: Desk, method: str, path: str, role: str = "admin") -> httpx2.Response:
    assert API is not None
    settings, app = API, empty_application()

    async def kept() -> None:
        pass

    add_erasure(app, Guards(lambda: settings, kept), desk)
    headers = {"authorization": f"Bearer {TOKENS[role]}"} if role else {}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://switch") as client:
        return await client.request(method, path, headers=headers)


@pytest.mark.asyncio
@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("crm", 403), ("marketing", 403), ("", 401)])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_administrators_only(role: str, status: int, method: str) -> None:
    desk = Desk()
    assert (await ask(desk, method, "/customers/+380441234567", role)).status_code == status
    assert desk.done == ([("+380441234567", "admin-1", False)] if status == 200 and method == "DELETE" else [])


@pytest.mark.asyncio
async def test_however_the_number_is_written_and_only_counted() -> None:
    desk = Desk()
    assert (await ask(desk, "DELETE", "/customers/%2B380441234567?dry_run=true")).json() == {"calls": 2}
    assert desk.done == [("+380441234567", "admin-1", True)]
    assert (await ask(desk, "GET", "/customers/0441234567")).json() == {"number": "+380441234567", "by": "admin-1"}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("trouble", "status", "said"),
    [
        (InUse("is in a call now"), 409, "is in a call now"),
        (NotErased("somebody reads the database"), 503, "somebody reads"),
        (OSError(28, "No space left on device"), 503, "No space left"),
    ],
)
async def test_what_cannot_be_done_now_is_said(trouble: Exception, status: int, said: str) -> None:
    answer = await ask(Desk(trouble), "DELETE", "/customers/0441234567")
    assert (answer.status_code, said in answer.json()["detail"]) == (status, True)


@pytest.mark.asyncio
async def test_what_is_no_number_of_a_customer_is_refused() -> None:
    answer = await ask(Desk(), "DELETE", "/customers/112")
    assert (answer.status_code, "emergency" in answer.json()["detail"]) == (422, True)
