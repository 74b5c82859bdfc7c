"""Callbacks ordered over HTTP in a switch that works: for a time, with room in it, by whoever may."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from acd.ticket import Place
from softswitch.admin.callbacks import callback_verbs
from softswitch.admin.protocol import AdminError
from softswitch.api.callbacks import add_callbacks
from softswitch.api.guards import Guards
from softswitch.api.refusals import empty_application
from softswitch.call.callbacks.desk import CallbackDesk
from softswitch.config import parse_config
from tests.sim.office import CENTRE, Office
from tests.sim.test_flows_callback_promises import SKILLED
from tests.sim.test_flows_callback_requests import OPENING, REQUESTS, asked, until_opening
from tests.support.sim_phone import answers
from tests.support.sim_ports import EPOCH, SimClock
from tests.unit.softswitch.api.test_api import CONFIG, TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterator

API = parse_config(CONFIG.encode(), file="test.toml", folder=Path(), env={}).api
ORDER = {"callback": "sales", "number": "2001"}


def at(seconds: float) -> str:
    """An instant of the simulation as programs write it."""
    return (datetime.fromtimestamp(EPOCH, UTC) + timedelta(seconds=seconds)).isoformat(timespec="seconds")


class Http:
    """A client of the API over the desk of a switch on virtual time."""

    def __init__(self, office: Office) -> None:
        numbers = count(1)
        switch = office.switch
        self.desk = CallbackDesk(
            switch.control,
            switch.dispatcher,
            clock=SimClock(),
            now=lambda: office.world.now,
            new_id=lambda: f"web-{next(numbers)}",
            settle=switch.flush,
        )
        assert API is not None
        settings = API
        self._app = empty_application()

        async def kept() -> None:
            pass

        add_callbacks(self._app, Guards(lambda: settings, kept), lambda: settings, self.desk)

    def ask(self, method: str, path: str, body: object = None, role: str = "crm") -> tuple[int, Any]:
        async def asking() -> httpx2.Response:
            transport = httpx2.ASGITransport(app=self._app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://switch") as client:
                headers = {"authorization": f"Bearer {TOKENS[role]}"} if role else {}
                content = None if body is None else json.dumps(body)
                return await client.request(method, path, content=content, headers=headers)

        answer = asyncio.run(asking())
        return answer.status_code, answer.json() if answer.content else None


@pytest.fixture
def office() -> Iterator[Office]:
    centre = Office(centre=(CENTRE + REQUESTS).replace("spread = 60\n", "most_per_quarter = 2\n"))
    for user in ("2001", "2002", "2003"):
        centre.phone(user)
    yield centre
    centre.close()


def test_a_callback_for_a_time_is_made_at_that_time(office: Office) -> None:
    http = Http(office)
    status, taken = http.ask("POST", "/callbacks", ORDER | {"at": at(OPENING + 1800), "name": "Anna", "language": "uk"})
    assert status == 201
    assert taken == {"id": "sales~web-1", "callback": "sales", "number": "2001", "due": at(OPENING + 1800)}
    assert [item.id for item in office.switch.mailroom.posted] == ["sales~web-1"]
    office.restart()
    until_opening(office, 1790)
    assert not office.switch.dispatcher.tickets
    customer = office.phone("2001")
    customer.on_call = answers(after=1.0)
    office.agent("1001", answers(after=1.0))
    until_opening(office, 1810)
    assert customer.call.invite is not None
    started = office.switch.journal.of("call.started")[-1].data
    assert (started["name"], started["language"], started["callback_of"]) == ("Anna", "uk", "sales~web-1")


def test_another_time_and_taking_it_back_are_mailed_the_same_time_is_not(office: Office) -> None:
    http, boxes, mailroom = Http(office), office.switch.boxes, office.switch.mailroom
    for seconds, mails in ((1800, 1), (1800, 1), (3600, 2)):
        assert http.ask("POST", "/callbacks", ORDER | {"at": at(OPENING + seconds)})[0] in (200, 201)
        assert len(mailroom.posted) == mails
        boxes.mailed(mailroom.posted[-1])
    (request,) = boxes.requests()
    assert http.ask("DELETE", f"/callbacks/{request.id}")[0] == 204
    assert mailroom.withdrawn == [request]


def test_what_only_the_mail_tells_of_is_ordered_anew_after_its_time() -> None:
    mail_only = REQUESTS.replace("mon 13:00", "mon-fri 13:00").replace('queue = "sales"\n', "")
    office = Office(centre=CENTRE + mail_only)
    office.phone("2001")
    http, boxes = Http(office), office.switch.boxes
    assert http.ask("POST", "/callbacks", ORDER)[0] == 201
    boxes.mailed(boxes.requests()[0])
    assert http.ask("POST", "/callbacks", ORDER)[0] == 200
    until_opening(office, 60)
    status, taken = http.ask("POST", "/callbacks", ORDER)
    assert (status, [request.id for request in boxes.requests()]) == (201, [taken["id"]])
    assert len(office.switch.mailroom.posted) == 2
    office.close()


def test_without_a_time_it_is_the_next_opening_as_for_callers(office: Office) -> None:
    status, taken = Http(office).ask("POST", "/callbacks", ORDER)
    assert (status, taken["due"]) == (201, at(OPENING))


def test_so_many_in_a_quarter_of_an_hour_whoever_asks_and_how(office: Office) -> None:
    http = Http(office)
    asked(office, "2001").hang_up()
    assert http.ask("POST", "/callbacks", ORDER | {"number": "2002", "at": at(OPENING + 60)})[0] == 201
    status, problem = http.ask("POST", "/callbacks", ORDER | {"number": "2003", "at": at(OPENING + 300)})
    assert (status, problem["problems"][0]["field"]) == (409, "at")
    assert problem["free"][0] == at(OPENING + 900)
    status, free = http.ask("GET", "/callbacks/sales/free?most=3")
    assert (status, free) == (200, [at(OPENING + 900), at(OPENING + 1800), at(OPENING + 2700)])
    assert http.ask("POST", "/callbacks", ORDER | {"number": "2003"})[1]["due"] == at(OPENING + 900)


def test_a_time_at_which_it_is_closed_is_refused_with_others(office: Office) -> None:
    http = Http(office)
    for when in (at(1200), at(OPENING + 6 * 3600)):
        status, problem = http.ask("POST", "/callbacks", ORDER | {"at": when})
        assert (status, problem["problems"][0]["error"]) == (409, "is a time at which it is closed")
        assert problem["free"]
    status, problem = http.ask("POST", "/callbacks", ORDER | {"at": at(-600)})
    assert (status, problem["free"]) == (409, [])
    assert office.switch.boxes.requests() == []


def test_who_orders_again_has_the_new_time(office: Office) -> None:
    http = Http(office)
    http.ask("POST", "/callbacks", ORDER | {"at": at(OPENING)})
    status, taken = http.ask("POST", "/callbacks", ORDER | {"at": at(OPENING + 3600)})
    assert (status, taken["id"], taken["due"]) == (200, "sales~web-1", at(OPENING + 3600))
    assert len(office.switch.boxes.requests()) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"number": "not a number"}, "number"),
        ({"number": "112"}, "number"),
        ({"at": "2026-11-16T13:00:00"}, "at"),
        ({"variables": {"Bad Name": "x"}}, "variables.Bad Name"),
        ({"more": 1}, "more"),
    ],
)
def test_what_is_wrong_is_named(office: Office, body: dict[str, object], field: str) -> None:
    status, problem = Http(office).ask("POST", "/callbacks", ORDER | body)
    assert (status, problem["problems"][0]["field"]) == (422, field)


def test_a_number_outside_is_refused_with_the_reason_where_no_trunk_leads_out() -> None:
    """The first request of somebody who has no trunk to send calls to yet."""
    centre = CENTRE.replace('host = "198.51.100.9"', 'source = ["198.51.100.9"]')
    office = Office(centre=centre + REQUESTS)
    status, problem = Http(office).ask("POST", "/callbacks", ORDER | {"number": "+380441234567"})
    why = "cannot be called back: there is no trunk with a host, so that only our own phones can"
    assert (status, problem["problems"]) == (422, [{"field": "number", "error": why}])
    assert office.switch.boxes.requests() == []
    office.close()


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ("tomorrow", ""),
        ("2026-11-16T13:00:00", ""),
        ("2026-11-16T13:00:00+02:00", '; in an address "+" is written "%2B"'),
    ],
)
def test_a_time_in_an_address_that_cannot_be_read_is_named(office: Office, after: str, told: str) -> None:
    status, problem = Http(office).ask("GET", f"/callbacks/sales/free?after={after}")
    right = f'should be a time with its offset, such as "2026-05-21T09:00:00+03:00"{told}'
    assert (status, problem["problems"]) == (422, [{"field": "after", "error": right}])


def test_there_is_no_time_beyond_those_that_can_be_ordered(office: Office) -> None:
    http = Http(office)
    for after in ("9999-12-31T23:59:59Z", "2500-01-01T00:00:00Z", at(61 * 86_400).replace("+", "%2B")):
        assert http.ask("GET", f"/callbacks/sales/free?after={after}") == (200, [])
    assert http.ask("GET", "/callbacks/sales/free?after=0001-01-01T00:00:00Z&most=1")[1]


def test_there_is_no_such_kind(office: Office) -> None:
    assert Http(office).ask("POST", "/callbacks", ORDER | {"callback": "nobody"})[0] == 404
    assert Http(office).ask("GET", "/callbacks/nobody/free")[0] == 404


@pytest.mark.parametrize(("role", "status"), [("", 401), ("marketing", 403), ("admin", 200), ("crm", 200)])
def test_numbers_of_customers_are_for_those_who_may_call_back(office: Office, role: str, status: int) -> None:
    assert Http(office).ask("GET", "/callbacks", role=role)[0] == status
    if status != 200:
        assert Http(office).ask("POST", "/callbacks", ORDER, role=role)[0] == status
        assert Http(office).ask("DELETE", "/callbacks/x", role=role)[0] == status


def test_what_is_asked_and_what_is_due_can_be_seen_and_taken_back(office: Office) -> None:
    http = Http(office)
    http.ask("POST", "/callbacks", ORDER)
    http.ask("POST", "/callbacks", ORDER | {"number": "2002", "at": at(OPENING + 3600)})
    until_opening(office, 5)
    assert [(one["id"], one["state"], one["number"]) for one in http.ask("GET", "/callbacks")[1]] == [
        ("sales~web-1", Place.CALLBACK.value, "2001"),
        ("sales~web-2", "asked", "2002"),
    ]
    assert http.ask("DELETE", "/callbacks/sales~web-1")[0] == 204
    assert http.ask("DELETE", "/callbacks/sales~web-1")[0] == 404
    assert not office.switch.dispatcher.tickets
    verbs = callback_verbs(http.desk)
    assert verbs["callback.cancel"]({"callback": "web-2", "by": "olga"}) == {"cancelled": "sales~web-2"}
    assert verbs["callbacks"]({}) == {"callbacks": []}
    assert office.switch.journal.of("callback_request.withdrawn")[-1].data["by"] == "olga"
    with pytest.raises(AdminError, match="no callback has an id"):
        verbs["callback.cancel"]({"callback": "web-2"})


def test_variables_of_the_order_count_for_who_serves(office: Office) -> None:
    centre = (CENTRE + REQUESTS + SKILLED).replace(
        '[queue.sales]\nlabel = "Sales"\nneeds = "sales >= 50"', '[queue.sales]\nneeds = "{level} >= 50"'
    )
    other = Office(centre=centre)
    other.phone("2001")
    Http(other).ask("POST", "/callbacks", ORDER | {"variables": {"level": "support"}})
    until_opening(other, 5)
    other.agent("1001")
    (ticket,) = other.switch.dispatcher.tickets.values()
    assert [ticket.place for ticket in other.switch.dispatcher.tickets.values()] == [Place.CALLBACK]
    other.agent("1002")
    assert [ticket.place for ticket in other.switch.dispatcher.tickets.values()] == [Place.DIALLING]
    assert dict(ticket.variables) == {"level": "support", "language": "en"}


def test_it_is_described(office: Office) -> None:
    status, told = Http(office).ask("GET", "/openapi.json")
    assert status == 200
    assert set(told["paths"]["/callbacks"]) == {"get", "post"}
    assert "most_per_quarter" not in json.dumps(told)
    body = told["paths"]["/callbacks"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(body["required"]) == {"callback", "number"}


def test_without_hours_every_quarter_of_an_hour_is_free(office: Office) -> None:
    centre = (CENTRE + REQUESTS).replace('due = "hours:office"\n', "")
    other = Office(centre=centre)
    other.phone("2001")
    other.run(123.456)
    http = Http(other)
    status, free = http.ask("GET", "/callbacks/sales/free?most=3")
    assert (status, free[1:]) == (200, [at(900), at(1800)])
    odd = at(1e5 + 0.123456)
    assert http.ask("POST", "/callbacks", ORDER | {"at": odd})[0] == 201
