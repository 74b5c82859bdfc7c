"""Programs that agents work with say over HTTP whether a caller is who they say."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2
import pytest

from softswitch.api.refusals import empty_application
from softswitch.api.verification import add_verification
from softswitch.config import parse_config
from tests.unit.softswitch.api.test_api import CONFIG, TOKENS

API = parse_config(CONFIG.encode(), file="test.toml", folder=Path(), env={}).api


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("role", "call", "body", "status"),
    [
        ("admin", "c1", {"result": "passed"}, 200),
        ("crm", "c1", {"result": "failed"}, 200),
        ("marketing", "c1", {"result": "passed"}, 403),
        ("", "c1", {"result": "passed"}, 401),
        ("crm", "c2", {"result": "passed"}, 404),
        ("crm", "c1", {"result": "perhaps"}, 422),
        ("crm", "c1", {"result": "passed", "more": 1}, 422),
        ("crm", "c1", [], 422),
    ],
)
async def test_who_may_mark_what(role: str, call: str, body: object, status: int) -> None:
    assert API is not None
    settings, marked, app = API, list[tuple[str, bool, str]](), empty_application()

    def mark(name: str, passed: bool, by: str) -> bool:
        if name == "c1":
            marked.append((name, passed, by))
        return name == "c1"

    add_verification(app, lambda: settings, mark)
    headers = {"authorization": f"Bearer {TOKENS[role]}"} if role else {}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://switch") as client:
        answer = await client.put(f"/calls/{call}/verification", content=json.dumps(body), headers=headers)
    assert answer.status_code == status
    if status == 200:
        assert isinstance(body, dict)
        assert answer.json() == {"call": "c1", "verified": body["result"]}
        assert marked == [("c1", body["result"] == "passed", f"{role}-1")]
    else:
        assert marked == []
