"""Callers who wait, over HTTP, in a switch that works: whoever may gives them other points, needs, agents and ways."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from acd.agent import State
from softswitch.api.callers import add_callers
from softswitch.api.guards import Guards
from softswitch.api.refusals import empty_application
from softswitch.call.queues.desk import CallerDesk
from softswitch.config import parse_config
from tests.sim.office import Office, bridged, state_of
from tests.support.sim_phone import answers
from tests.unit.softswitch.api.test_api import CONFIG, TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterator

API = parse_config(CONFIG.encode(), file="test.toml", folder=Path(), env={}).api


class Http:
    """A client of the API over the callers of a switch on virtual time."""

    def __init__(self, office: Office) -> None:
        switch = office.switch
        callers = CallerDesk(switch.control, switch.dispatcher, now=lambda: office.world.now, settle=switch.flush)
        assert API is not None
        settings = API
        self.app = empty_application()
        self.kept = 0

        async def kept() -> None:
            self.kept += 1

        add_callers(self.app, Guards(lambda: settings, kept), callers)

    def send(self, method: str, path: str, body: object, role: str, headers: dict[str, str]) -> httpx2.Response:
        async def asking() -> httpx2.Response:
            transport = httpx2.ASGITransport(app=self.app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://switch") as client:
                token = {"authorization": f"Bearer {TOKENS[role]}"} if role else {}
                content = None if body is None else json.dumps(body)
                return await client.request(method, path, content=content, headers=token | headers)

        return asyncio.run(asking())

    def get(self, path: str, role: str = "crm", **headers: str) -> httpx2.Response:
        return self.send("GET", path, None, role, headers)

    def patch(self, call: str, *, role: str = "crm", seen: str = "", **body: Any) -> tuple[int, Any]:
        answer = self.send("PATCH", f"/calls/{call}", body, role, {"if-match": seen} if seen else {})
        return answer.status_code, answer.json()


@pytest.fixture
def office() -> Iterator[Office]:
    centre = Office()
    yield centre
    centre.close()


@pytest.fixture
def http(office: Office) -> Http:
    return Http(office)


def waits(office: Office, user: str = "2001", number: str = "101") -> str:
    office.call(user, number)
    office.run(2)
    return max(office.switch.dispatcher.tickets)


def test_who_waits_is_listed_in_the_order_of_each_queue(office: Office, http: Http) -> None:
    first, second, other = waits(office), waits(office, "2002"), waits(office, "2003", "102")
    listed = http.get("/calls").json()
    assert [(one["call"], one["queue"], one["ahead"]) for one in listed] == [
        (first, "sales", 0),
        (second, "sales", 1),
        (other, "support", 0),
    ]
    assert [one["call"] for one in http.get("/calls?queue=support").json()] == [other]
    one = http.get(f"/calls/{second}")
    assert one.json() == listed[1]
    assert (one.json()["caller"], one.json()["state"], one.json()["needs"], one.json()["prefer"]) == (
        "2002",
        "waiting",
        "",
        "",
    )
    assert http.send("GET", f"/calls/{second}", None, "crm", {"if-none-match": one.headers["etag"]}).status_code == 304


def test_a_caller_gets_needs_and_who_is_asked_first_and_is_served_by_those(office: Office, http: Http) -> None:
    call = waits(office)
    status, after = http.patch(call, needs="everything >= 50", prefer="sales <= 60")
    assert (status, after["needs"], after["prefer"]) == (200, "everything >= 50", "sales <= 60")
    assert http.kept == 1
    office.agent("1001")
    assert state_of(office, "olena") is State.IDLE, "has not what the caller needs"
    office.agent("1003")
    assert state_of(office, "iryna") is not State.IDLE
    (audited,) = [line.data for line in office.switch.journal.of("admin.changed")]
    assert (audited["call"], audited["needs"], audited["by"]) == (call, "everything >= 50", "crm-1")


def test_needs_are_taken_back_by_an_empty_text(office: Office, http: Http) -> None:
    call = waits(office)
    http.patch(call, needs="de", prefer="de")
    status, after = http.patch(call, needs="", prefer="")
    assert (status, after["needs"], after["prefer"]) == (200, "", "")


def test_points_and_queues_are_changed(office: Office, http: Http) -> None:
    waits(office)
    call = waits(office, "2002")
    assert http.patch(call, priority=100)[1]["ahead"] == 0
    assert http.patch(call, queue="everybody")[1]["queue"] == "everybody"


def test_a_caller_is_picked_for_an_agent(office: Office, http: Http) -> None:
    call = waits(office)
    piotr = office.agent("1002", answers(after=1.0))
    status, after = http.patch(call, role="admin", to="agent:piotr")
    assert (status, after["state"], after["offered_to"]) == (200, "offered", ["piotr"])
    office.run(2)
    assert bridged(office.phones["2001"].call, piotr.call)
    assert http.patch(call, to="say:sorry")[0] == 409, "talks already"


def test_who_is_sent_on_is_in_no_queue_any_more(office: Office, http: Http) -> None:
    call = waits(office)
    assert http.patch(call, to="say:sorry") == (200, {"call": call, "queue": None, "to": "say:sorry"})
    assert http.get(f"/calls/{call}").status_code == 404


def test_a_change_of_what_was_changed_meanwhile_is_refused(office: Office, http: Http) -> None:
    call = waits(office)
    seen = http.get(f"/calls/{call}").headers["etag"]
    assert http.patch(call, seen=seen, priority=5)[0] == 200
    status, answer = http.patch(call, seen=seen, priority=7)
    assert (status, answer) == (412, {"detail": "changed meanwhile"})
    assert office.switch.dispatcher.tickets[call].priority == 5
    assert http.patch(call, seen="*", priority=7)[0] == 200


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({}, 422, "say what is to change"),
        ({"queue": "nowhere"}, 422, "there is no queue nowhere"),
        ({"needs": "pl >="}, 422, "pl >="),
        ({"priority": "high"}, 422, "priority"),
        ({"to": "agent:nobody"}, 422, "there is no agent nobody"),
        ({"to": "agent:piotr"}, 409, "piotr cannot be rung: logged out"),
        ({"to": "say:sorry", "priority": 1}, 422, "nothing else can be changed"),
        ({"more": 1}, 422, "more"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_changed(
    office: Office, http: Http, body: dict[str, Any], status: int, told: str
) -> None:
    call = waits(office)
    before = http.get(f"/calls/{call}").json()["version"]
    answer = http.patch(call, **body)
    assert answer[0] == status
    assert told in json.dumps(answer[1], ensure_ascii=False)
    assert http.get(f"/calls/{call}").json()["version"] == before
    assert office.switch.journal.of("admin.changed") == [] or status == 409


@pytest.mark.parametrize(("role", "status"), [("", 401), ("marketing", 403), ("crm", 200), ("admin", 200)])
def test_who_may(office: Office, http: Http, role: str, status: int) -> None:
    call = waits(office)
    assert http.get("/calls", role).status_code == status
    assert http.get(f"/calls/{call}", role).status_code == status
    assert http.patch(call, role=role, needs="pl")[0] == status
    assert http.patch("nobody", role=role, needs="pl")[0] == (404 if status == 200 else status)


def test_it_is_described_for_programs(http: Http) -> None:
    described = http.app.openapi()["paths"]["/calls/{call}"]["patch"]
    schema = described["requestBody"]["content"]["application/json"]["schema"]
    assert set(schema["properties"]) == {"queue", "priority", "needs", "prefer", "to"}
    assert {"409", "412"} <= described["responses"].keys()
