"""The API over real HTTP: who may what, what is said about mistakes, and clients that are slow or rude."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from fastapi import FastAPI

from softswitch.api.application import Ports, application
from softswitch.api.server import HttpServer
from softswitch.campaigns.book import CHANGED, Book
from softswitch.config import flows, parse_config
from softswitch.config.words.systems import HttpListen
from softswitch.store.journal import RecordLost
from tests.support.sim_ports import MemoryJournal, SimClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TOKENS = {role: f"{role}-0123456789abcdef" for role in ("admin", "marketing", "crm")}
CONFIG = """
[menu.main]
say = "Welcome."
keys = { 1 = "echo" }
versions = [{ to = "menu:new", percent = 10 }]

[menu.new]
say = "New."
keys = { 1 = "echo" }

[[menu.main.slot]]
id = "promo"
key = "4"
targets = ["say:offer"]

[say.offer]
say = "The offer."

[template.offer]
text = { en = "{what:text max 20} for {sum:money}." }

[[route]]
did = "100"
to = "menu:main"

[api]
max_body = 2048
""" + "".join(
    f'[[api.token]]\nname = "{role}-1"\nrole = "{role}"\ntoken = "{token}"\n' for role, token in TOKENS.items()
)
OFFER = {"campaign": "spring", "template": "offer", "values": {"what": "Insurance", "sum": "12.50 UAH"}}
BINDINGS = "/slots/promo/bindings"


class Api:
    """A server and a client that may be anybody."""

    def __init__(
        self, client: httpx2.AsyncClient, journal: MemoryJournal, address: tuple[str, int], book: Book
    ) -> None:
        self.client, self.journal, self.address, self.book = client, journal, address, book
        self.disk: Exception | None = None

    async def ask(
        self, method: str, path: str, role: str = "marketing", *, body: object = None, **headers: str
    ) -> httpx2.Response:
        content = None if body is None else json.dumps(body)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if role:
            sent.setdefault("authorization", f"Bearer {TOKENS[role]}")
        return await self.client.request(method, path, content=content, headers=sent)

    async def put(self, *bindings: dict[str, Any], role: str = "marketing", **headers: str) -> httpx2.Response:
        return await self.ask("PUT", BINDINGS, role, body={"bindings": list(bindings)}, **headers)

    async def kept(self) -> None:
        if self.disk is not None:
            raise self.disk


@asynccontextmanager
async def serving() -> AsyncIterator[Api]:
    config = parse_config(CONFIG.encode(), file="c.toml", folder=Path(), env={})
    settings, journal = config.api, MemoryJournal()
    assert settings is not None
    book = Book(config, flows.flow(config), SimClock(), journal)
    api: Api

    async def listening(campaign: str) -> dict[str, Any]:
        return {"messages": [{"campaign": campaign}] if campaign == "heard" else []}

    ports = Ports(book, lambda: settings, lambda: 0.0, lambda: api.kept(), listening)
    server = HttpServer(application(ports))
    await server.start(HttpListen("127.0.0.1", 0))
    host, port = server.address
    try:
        async with httpx2.AsyncClient(base_url=f"http://{host}:{port}", trust_env=False, timeout=20) as client:
            api = Api(client, journal, server.address, book)
            yield api
    finally:
        await server.stop()


@pytest.mark.asyncio
async def test_marketing_binds_a_message_and_everybody_sees_it() -> None:
    async with serving() as api:
        assert (await api.ask("GET", BINDINGS)).json() == {"slot": "promo", "version": 0, "bindings": []}
        answer = await api.put(OFFER)
        assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')
        (bound,) = (await api.ask("GET", BINDINGS, "crm")).json()["bindings"]
        assert (bound["campaign"], bound["version"], bound["values"]) == ("spring", 1, OFFER["values"])
        (change,) = api.journal.of(CHANGED)
        assert change.data["by"] == "marketing-1"


@pytest.mark.asyncio
async def test_variables_that_nobody_knows_are_told_with_the_answer_to_a_change() -> None:
    async with serving() as api:
        assert (await api.put(OFFER)).json()["warnings"] == []
        answer = await api.put(OFFER | {"condition": "segmnt == gold"})
        warning = 'nothing in the configuration gives calls a variable "segmnt"'
        assert (answer.status_code, answer.json()["warnings"]) == (
            200,
            [{"field": "bindings[0].condition", "warning": warning}],
        )


@pytest.mark.asyncio
async def test_a_message_that_does_not_fit_the_file_any_more_says_so() -> None:
    async with serving() as api:
        await api.put(OFFER)
        assert "problem" not in (await api.ask("GET", BINDINGS)).json()["bindings"][0]
        changed = parse_config(CONFIG.replace("{sum:", "{price:").encode(), file="c.toml", folder=Path(), env={})
        api.book.reconfigure(changed, flows.flow(changed))
        answer = await api.ask("GET", BINDINGS, if_none_match='"1"')
        (shown,) = answer.json()["bindings"]
        assert answer.headers["cache-control"] == "no-store", "the version is the same when it fits again"
        assert shown["problem"] == 'values.sum: the template "offer" has no such field; its fields: price, what'
        assert "problem" not in str((await api.ask("GET", "/slots/promo/history")).json())


@pytest.mark.asyncio
async def test_slots_and_templates_are_shown_with_what_they_allow() -> None:
    async with serving() as api:
        (slot,) = (await api.ask("GET", "/slots")).json()
        assert (slot["id"], slot["menu"], slot["number"], slot["targets"]) == ("promo", "main", 1, ["say:offer"])
        (template,) = (await api.ask("GET", "/templates")).json()
        assert {"name": "what", "kind": "text", "max": 20} in template["fields"]


@pytest.mark.asyncio
async def test_without_a_token_of_this_switch_everything_is_refused_alike() -> None:
    async with serving() as api:
        answers = [
            await api.ask("GET", path, "", **headers)
            for path in (BINDINGS, "/slots/nothing/bindings", "/templates", "/campaigns/x/listening")
            for headers in (
                {},
                {"authorization": "Bearer wrong"},
                {"authorization": f"Basic {TOKENS['admin']}"},
                {"authorization": TOKENS["admin"]},
            )
        ]
        assert {(answer.status_code, answer.text) for answer in answers} == {(401, '{"detail":"a token is needed"}')}


@pytest.mark.asyncio
async def test_marketing_fills_and_does_not_restructure() -> None:
    async with serving() as api:
        for path in ("/slots/promo", "/slots/new", "/templates/offer"):
            assert (await api.ask("PUT", path, body={})).status_code == 403
            assert (await api.ask("PUT", path, "admin", body={})).status_code == 405
        elsewhere = OFFER | {"target": "echo"}
        assert (await api.put(elsewhere)).status_code == 403
        assert (await api.put(elsewhere, role="admin")).status_code == 200
        assert (await api.ask("POST", "/slots/promo/rollback", "crm")).status_code == 403


@pytest.mark.asyncio
async def test_two_who_change_the_same_slot_do_not_overwrite_each_other() -> None:
    async with serving() as api:
        assert (await api.put(OFFER, if_match='"0"')).status_code == 200
        late = await api.put(OFFER | {"percent": 5}, if_match='"0"')
        assert (late.status_code, late.headers["etag"]) == (412, '"1"')
        assert (await api.ask("DELETE", BINDINGS, if_match='"0"')).status_code == 412
        assert (await api.put(OFFER | {"percent": 5}, if_match='"1"')).status_code == 200
        assert (await api.ask("GET", BINDINGS, if_none_match='"2"')).status_code == 304
        assert (await api.ask("GET", BINDINGS, if_none_match='"1"')).status_code == 200


@pytest.mark.asyncio
@pytest.mark.parametrize("seen", ['"1"', "1", 'W/"1"', '"7", 1', "*"])
async def test_the_version_that_is_meant_is_known_with_and_without_quotes(seen: str) -> None:
    async with serving() as api:
        await api.put(OFFER)
        assert (await api.put(OFFER | {"percent": 5}, if_match=seen)).status_code == 200


@pytest.mark.asyncio
@pytest.mark.parametrize("seen", ["0", "11", '"*"', "", '""', "one"])
async def test_another_version_is_another_one_however_it_is_written(seen: str) -> None:
    async with serving() as api:
        await api.put(OFFER)
        assert (await api.put(OFFER | {"percent": 5}, if_match=seen)).status_code == 412


@pytest.mark.asyncio
async def test_what_was_said_before_is_said_again() -> None:
    async with serving() as api:
        await api.put(OFFER)
        await api.ask("DELETE", BINDINGS)
        assert (await api.ask("GET", BINDINGS)).json()["bindings"] == []
        back = await api.ask("POST", "/slots/promo/rollback")
        assert [bound["campaign"] for bound in back.json()["bindings"]] == ["spring"]
        assert (await api.ask("POST", "/slots/promo/rollback?to=99")).status_code == 409
        assert (await api.ask("POST", "/slots/promo/rollback?to=x")).status_code == 422
        history = (await api.ask("GET", "/slots/promo/history")).json()
        assert [(change["version"], change["what"]) for change in history] == [
            (3, "rollback to 1"),
            (2, "delete"),
            (1, "put"),
        ]


@pytest.mark.asyncio
async def test_a_mistake_is_told_by_the_name_of_its_field() -> None:
    async with serving() as api:
        answer = await api.put(OFFER | {"values": {"what": "x" * 21, "sum": "1 UAH"}}, OFFER | {"campaign": "b c"})
        assert answer.status_code == 422
        assert answer.json()["problems"][0]["field"] == "bindings[1].campaign"
        answer = await api.put(OFFER | {"values": {"what": "x" * 21, "sum": "1 UAH"}})
        assert answer.json()["problems"] == [
            {"field": "bindings[0].values.what", "error": "has 21 characters, and there is room for 20"}
        ]
        assert (await api.ask("GET", "/slots/nothing/bindings")).status_code == 404


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("method", "path", "field", "told"),
    [
        ("POST", "/slots/promo/rollback?to=abc", "to", "should be a whole number"),
        ("GET", "/optouts?after=-1", "after", "should be at least 0"),
        ("PUT", "/optouts/5?campaign=b%20c", "campaign", 'should be letters, digits, "-" and "_", 0 to 64 characters'),
        ("GET", "/slots/a%20b/bindings", "slot", 'should be letters, digits, "-" and "_", 1 to 40 characters'),
        ("PUT", "/rollouts/queue:abc", "place", 'should be a menu or a goto, as in "menu:main"'),
    ],
)
async def test_mistakes_in_an_address_are_told_as_those_in_a_body(
    method: str, path: str, field: str, told: str
) -> None:
    async with serving() as api:
        answer = await api.ask(method, path, "admin", body={})
        assert (answer.status_code, answer.json()) == (
            422,
            {"detail": "not valid", "problems": [{"field": field, "error": told}]},
        )
        assert (await api.ask(method, path, "", body={})).status_code == 401


@pytest.mark.asyncio
async def test_a_body_that_is_a_list_is_told_what_it_should_be() -> None:
    async with serving() as api:
        answer = await api.ask("PUT", BINDINGS, body=[])
        problem = {"field": "body", "error": "should be an object { … } with bindings"}
        assert answer.json() == {"detail": "not valid", "problems": [problem]}
        for broken in ({"bindings": [{"\ud800": 1}]}, {"bindings": [OFFER | {"values": {"\ud800": "x"}}]}):
            answer = await api.ask("PUT", BINDINGS, body=broken)
            assert (answer.status_code, "half a character" in answer.json()["detail"]) == (400, True)


@pytest.mark.asyncio
async def test_a_change_that_is_not_on_disk_is_not_reported_as_done(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as api:
        api.disk = RecordLost("full")
        assert (await api.put(OFFER)).status_code == 503


@pytest.mark.asyncio
async def test_a_body_that_is_too_large_or_no_json_is_refused() -> None:
    async with serving() as api:
        assert (await api.put(OFFER | {"condition": "a" * 3000})).status_code == 413
        headers = {"authorization": f"Bearer {TOKENS['crm']}"}

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(100):
                yield b"x" * 100

        assert (await api.client.put(BINDINGS, content=endless(), headers=headers)).status_code == 413
        for broken in (b"{", b"\xff", b"[" * 2000):
            assert (await api.client.put(BINDINGS, content=broken, headers=headers)).status_code == 400


@pytest.mark.asyncio
async def test_a_body_that_never_comes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("softswitch.api.bodies.PATIENCE", 0.05)
    async with serving() as api:
        reader, writer = await asyncio.open_connection(*api.address)
        writer.write(
            f"PUT {BINDINGS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKENS['crm']}\r\n"
            "Content-Length: 100\r\n\r\n{".encode()
        )
        assert (await reader.readline()).startswith(b"HTTP/1.1 408")
        writer.close()
        await writer.wait_closed()


@pytest.mark.asyncio
async def test_the_api_describes_itself() -> None:
    async with serving() as api:
        document = (await api.ask("GET", "/openapi.json", "")).json()
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == {
        "/slots",
        "/templates",
        "/slots/{slot}/bindings",
        "/slots/{slot}/rollback",
        "/slots/{slot}/history",
        "/campaigns/{campaign}/listening",
        "/optouts",
        "/optouts/{number}",
        "/rollouts",
        "/rollouts/{place}",
        "/rollouts/{place}/rollback",
    }
    body = document["paths"][BINDINGS.replace("promo", "{slot}")]["put"]["requestBody"]
    item = body["content"]["application/json"]["schema"]["properties"]["bindings"]["items"]
    refusals = [route["responses"]["422"] for path in document["paths"].values() for route in path.values()]
    forms = {refusal["content"]["application/json"]["schema"]["$ref"] for refusal in refusals}
    assert forms == {"#/components/schemas/NotValid"}
    assert {"campaign", "template", "values", "active_from", "percent"} <= set(item["properties"])


@pytest.mark.asyncio
async def test_an_address_that_is_taken_is_named() -> None:
    async with serving() as api:
        host, port = api.address
        with pytest.raises(OSError, match=f"listen = {host}:{port}"):
            await HttpServer(FastAPI()).start(HttpListen(host, port))


@pytest.mark.asyncio
async def test_listening_is_asked_for_by_campaign() -> None:
    async with serving() as api:
        await api.put(OFFER)
        await api.ask("DELETE", BINDINGS)
        answer = await api.ask("GET", "/campaigns/spring/listening", "crm")
        assert (answer.status_code, answer.json()) == (200, {"messages": []})
        assert (await api.ask("GET", "/campaigns/heard/listening")).json() == {"messages": [{"campaign": "heard"}]}


@pytest.mark.asyncio
async def test_a_campaign_that_nobody_bound_or_heard_is_not_there() -> None:
    async with serving() as api:
        await api.put(OFFER)
        for name, meant in (("sprng", '; did you mean "spring"?'), ("x", "")):
            answer = await api.ask("GET", f"/campaigns/{name}/listening")
            told = f'no campaign "{name}" was ever bound or heard{meant}'
            assert (answer.status_code, answer.json()) == (404, {"detail": told})
