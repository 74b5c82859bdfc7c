"""Opening hours over HTTP, in a switch that works: whoever may sets them, and the next caller hears it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from softswitch.api.guards import Guards
from softswitch.api.hours import add_hours
from softswitch.api.refusals import empty_application
from softswitch.call.hours.desk import HoursDesk
from softswitch.config import parse_config
from tests.sim.office import CENTRE, Office
from tests.sim.test_flows_hours import HOURS, hears, wait_until
from tests.support.sim_ports import SimClock
from tests.unit.softswitch.api.test_api import CONFIG, TOKENS

API = parse_config(CONFIG.encode(), file="test.toml", folder=Path(), env={}).api


class Http:
    """A client of the API over the hours of a switch on virtual time."""

    def __init__(self, office: Office) -> None:
        switch = office.switch
        desk = HoursDesk(switch.control, clock=SimClock(), now=lambda: office.world.now, settle=switch.flush)
        assert API is not None
        settings = API
        self.app = empty_application()
        self.kept = 0

        async def kept() -> None:
            self.kept += 1

        add_hours(self.app, Guards(lambda: settings, kept), desk)

    def ask(self, method: str, path: str, role: str = "admin", body: object = None) -> tuple[int, Any]:
        async def asking() -> httpx2.Response:
            transport = httpx2.ASGITransport(app=self.app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://switch") as client:
                token = {"authorization": f"Bearer {TOKENS[role]}"} if role else {}
                return await client.request(
                    method, path, content=None if body is None else json.dumps(body), headers=token
                )

        answer = asyncio.run(asking())
        return answer.status_code, answer.json()

    def put(self, body: object, *, name: str = "office", role: str = "admin") -> tuple[int, Any]:
        return self.ask("PUT", f"/hours/{name}", role, body)


@pytest.fixture
def office() -> Office:
    found = Office(centre=CENTRE + HOURS)
    wait_until(found, "10:00:00")
    return found


@pytest.fixture
def http(office: Office) -> Http:
    return Http(office)


def test_whoever_may_look_sees_what_hours_are_until_when_and_why(http: Http) -> None:
    status, (shown, always) = http.ask("GET", "/hours", "marketing")
    assert (status, always["hours"], always["next_change"]) == (200, "always", None)
    assert shown == {
        "hours": "office",
        "state": "open",
        "why": "daily 09:00-17:00",
        "reason": "open on this weekday; nothing closes it",
        "by_rules": "open",
        "forced_by": None,
        "next_change": "2026-11-17T17:00:00+00:00",
        "timezone": "UTC",
    }
    assert http.ask("GET", "/hours/office") == (200, shown)
    assert http.ask("GET", "/hours/office", "")[0] == 401


def test_hours_are_set_the_next_caller_hears_it_and_it_ends(office: Office, http: Http) -> None:
    status, changed = http.put({"state": "special", "minutes": 45})
    assert (status, changed["state"], changed["forced_by"]) == (200, "special", "admin-1")
    assert changed["next_change"] == "2026-11-17T10:45:00+00:00"
    assert http.kept == 1
    assert hears(office) == "say.fire-drill"
    wait_until(office, "10:45:01")
    assert hears(office) == "say.welcome"
    journal = office.switch.journal
    (forced,), (released,) = journal.of("hours.forced"), journal.of("hours.released")
    assert {key: forced.data[key] for key in ("hours", "state", "by")} == {
        "hours": "office",
        "state": "special",
        "by": "admin-1",
    }
    assert released.data == {"hours": "office", "by": "expiry"}
    (audited,) = journal.of("admin.changed")
    assert audited.data == {
        "verb": "hours.change",
        "hours": "office",
        "to": "special",
        "until": "45m",
        "by": "admin-1",
    }


@pytest.mark.parametrize(
    ("end", "change"),
    [
        ({}, "2026-11-17T17:00:00+00:00"),  # when they would close by themselves
        ({"until": "12:30"}, "2026-11-17T12:30:00+00:00"),
        ({"until": "2026-11-18T12:30:00+02:00"}, "2026-11-18T10:30:00+00:00"),
        ({"until": "2h"}, "2026-11-17T12:00:00+00:00"),
        ({"until": "released"}, None),
        ({"minutes": 0}, None),
    ],
)
def test_ends_are_those_of_the_terminal_and_of_the_telephone(
    http: Http, end: dict[str, object], change: str | None
) -> None:
    status, changed = http.put({"state": "closed", **end})
    assert (status, changed["state"], changed["next_change"]) == (200, "closed", change)


def test_what_was_set_is_released_and_releasing_it_again_is_no_mistake(office: Office, http: Http) -> None:
    http.put({"state": "closed", "until": "released"})
    assert hears(office) == "say.come-back"
    for _ in range(2):
        status, changed = http.ask("DELETE", "/hours/office")
        assert (status, changed["state"], changed["forced_by"]) == (200, "open", None)
    assert hears(office) == "say.welcome"
    assert [line.data["by"] for line in office.switch.journal.of("hours.released")] == ["admin-1"]


@pytest.mark.parametrize(
    ("name", "role", "body", "status", "complaint"),
    [
        ("office", "", {"state": "closed"}, 401, "a token is needed"),
        ("office", "marketing", {"state": "closed"}, 403, "not allowed"),
        ("office", "crm", {"state": "closed"}, 403, "not allowed"),
        ("shop", "admin", {"state": "closed"}, 404, "there are no hours shop; there are office, always"),
        ("office", "admin", {"state": "shut"}, 422, "'open', 'closed' or 'special'"),
        ("office", "admin", {}, 422, "is missing"),
        ("office", "admin", [], 422, "body"),
        ("office", "admin", {"state": "open", "until": "noon"}, 422, "is not a time; write 17:30"),
        ("office", "admin", {"state": "open", "until": "2026-11-16 10:00"}, 422, "is past"),
        ("office", "admin", {"state": "open", "until": "12:30", "minutes": 5}, 422, "write until or minutes, not both"),
        ("office", "admin", {"state": "open", "minutes": -1}, 422, "should be at least 0"),
        ("office", "admin", {"state": "open", "for": 5}, 422, "there is no such field; there are state"),
    ],
)
def test_mistakes_are_told_and_change_nothing(
    office: Office, http: Http, name: str, role: str, body: object, status: int, complaint: str
) -> None:
    answered, told = http.put(body, name=name, role=role)
    assert answered == status
    assert complaint in json.dumps(told)
    assert office.switch.journal.of("admin.changed") == []
    assert office.switch.journal.of("hours.forced") == []


def test_only_administrators_release_and_only_what_there_is(http: Http) -> None:
    assert http.ask("DELETE", "/hours/office", "crm")[0] == 403
    assert http.ask("DELETE", "/hours/shop")[0] == 404
    assert http.ask("GET", "/hours/shop")[0] == 404


def test_hours_are_described_for_programs(http: Http) -> None:
    put = http.app.openapi()["paths"]["/hours/{name}"]["put"]
    schema = put["requestBody"]["content"]["application/json"]["schema"]
    assert set(schema["properties"]) == {"state", "until", "minutes"}
    assert schema["properties"]["state"]["enum"] == ["open", "closed", "special"]
