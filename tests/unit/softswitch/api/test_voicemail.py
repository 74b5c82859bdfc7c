"""Messages over real HTTP: who hears which box, pages, audio in parts, heard and new, deleted."""

from __future__ import annotations

import io
import json
import wave
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from softswitch.api.application import Ports, application
from softswitch.api.guards import Guards
from softswitch.api.server import HttpServer
from softswitch.api.voicemail import add_voicemail
from softswitch.campaigns.book import Book
from softswitch.config import flows, parse_config
from softswitch.config.words.systems import HttpListen
from softswitch.messages import Message, State
from softswitch.store.journal import RecordLost
from softswitch.voicemail.boxes import Boxes
from softswitch.voicemail.desk import MessageDesk
from softswitch.voicemail.mailroom import Mailroom
from tests.support.sim_ports import MemoryJournal, SimClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from fastapi import FastAPI

pytestmark = pytest.mark.asyncio
NOW = 1_795_000_000.0
CONFIG = """
[voicemail.sales]
label = "Продажі"
pin = "4711"
[voicemail.director]
pin = "4712"
[api]
""" + "".join(
    f'[[api.token]]\nname = "{name}-1"\nrole = "{role}"\ntoken = "{name}-0123456789abcdef"\n{more}\n'
    for name, role, more in (
        ("admin", "admin", ""),
        ("crm", "crm", ""),
        ("marketing", "marketing", 'boxes = "director"'),
        ("sales", "agent", 'boxes = ["sales"]'),
    )
)


class Web:
    """A client that may be anybody, and the boxes behind the server."""

    def __init__(self, client: httpx2.AsyncClient, boxes: Boxes, mailroom: Mailroom) -> None:
        self.client, self.boxes, self.mailroom = client, boxes, mailroom
        self.notes: list[tuple[str, Mapping[str, object]]] = []
        self.lit: list[str] = []
        self.disk: Exception | None = None

    async def ask(
        self, method: str, path: str, who: str = "sales", body: object = None, **headers: str
    ) -> httpx2.Response:
        sent = {"authorization": f"Bearer {who}-0123456789abcdef", **headers} if who else headers
        content = None if body is None else json.dumps(body)
        return await self.client.request(method, path, content=content, headers=sent)

    async def got(self, path: str, who: str = "sales") -> Any:
        answer = await self.ask("GET", path, who)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def kept(self) -> None:
        if self.disk is not None:
            raise self.disk


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Web]:
    config = parse_config(CONFIG.encode(), file="c.toml", folder=folder, env={})
    config = config.model_copy(update={"server": config.server.model_copy(update={"data_dir": folder})})
    settings, boxes = config.api, Boxes()
    assert settings is not None
    web: Web

    def note(kind: str, data: Mapping[str, object]) -> None:
        web.notes.append((kind, data))

    mailroom = Mailroom(config, boxes, wall=lambda: NOW, note=note)
    await mailroom.start()
    book = Book(config, flows.flow(config), SimClock(), MemoryJournal())
    app: FastAPI = application(Ports(book, lambda: settings, lambda: 0.0, lambda: web.kept(), _nothing))
    guards = Guards(lambda: settings, lambda: web.kept())
    add_voicemail(app, guards, MessageDesk(boxes, mailroom, words=lambda: config.voicemails, note=note))
    server = HttpServer(app)
    await server.start(HttpListen("127.0.0.1", 0))
    host, port = server.address
    try:
        async with httpx2.AsyncClient(base_url=f"http://{host}:{port}", trust_env=False, timeout=20) as client:
            web = Web(client, boxes, mailroom)
            boxes.changed = web.lit.append
            yield web
    finally:
        await server.stop()
        await mailroom.stop()


async def _nothing(campaign: str) -> dict[str, Any]:
    return {}


def leave(web: Web, number: int, box: str = "sales", state: State = State.NEW, **more: Any) -> Message:
    message = web.boxes.put(
        Message(f"{box}~c{number}~1", box, NOW + number, state, f"c{number}", "+380441234567", "Олена", **more)
    )
    with wave.open(web.mailroom.path(message), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(range(200)) * 160)
    web.lit.clear()
    return message


async def test_a_box_is_listed_with_who_called_and_what_is_said(tmp_path: Path) -> None:
    async with serving(tmp_path) as web:
        leave(web, 1, state=State.HEARD)
        leave(web, 2, path="Invoices", language="uk", seconds=2.04, mailed=True, transcript="Привіт")
        leave(web, 3, state=State.RECORDING)
        found = await web.got("/voicemail/sales")
        assert [message["id"] for message in found["messages"]] == ["sales~c2~1", "sales~c1~1"]
        assert found["messages"][0] == {
            "id": "sales~c2~1",
            "box": "sales",
            "at": "2026-11-18T11:06:42+00:00",
            "state": "new",
            "number": "+380441234567",
            "name": "Олена",
            "came_by": "Invoices",
            "language": "uk",
            "seconds": 2.0,
            "call": "c2",
            "mailed": True,
            "mail": "sent",
            "transcript": "Привіт",
        }
        assert {key: found[key] for key in ("box", "label", "new", "heard", "total")} == {
            "box": "sales",
            "label": "Продажі",
            "new": 1,
            "heard": 1,
            "total": 2,
        }
        assert await web.got("/voicemail/sales/sales~c2~1") == found["messages"][0]


async def test_pages_and_states(tmp_path: Path) -> None:
    async with serving(tmp_path) as web:
        for number in range(7):
            leave(web, number, state=State.HEARD if number < 3 else State.NEW)
        pages = [await web.got(f"/voicemail/sales?after={after}&most=3") for after in (0, 3, 6, 9)]
        assert [[message["call"] for message in page["messages"]] for page in pages] == [
            ["c6", "c5", "c4"],
            ["c3", "c2", "c1"],
            ["c0"],
            [],
        ]
        assert {page["total"] for page in pages} == {7}
        heard = await web.got("/voicemail/sales?state=heard&most=1")
        assert (heard["total"], heard["new"], heard["messages"][0]["call"]) == (3, 4, "c2")
        assert (await web.ask("GET", "/voicemail/sales?most=1001")).status_code == 422


@pytest.mark.parametrize(
    ("who", "boxes"),
    [("admin", ["sales", "director"]), ("sales", ["sales"]), ("marketing", ["director"]), ("crm", [])],
)
async def test_everybody_has_their_own_boxes_and_learns_of_no_others(
    tmp_path: Path, who: str, boxes: list[str]
) -> None:
    async with serving(tmp_path) as web:
        assert [box["box"] for box in await web.got("/voicemail", who)] == boxes
        for box in ("sales", "director"):
            message = leave(web, 1, box)
            at = f"/voicemail/{box}/{message.id}"
            asked = [("GET", f"/voicemail/{box}"), ("GET", at), ("GET", f"{at}/audio"), ("PATCH", at), ("DELETE", at)]
            answers = [await web.ask(method, path, who, {"state": "heard"}) for method, path in asked]
            statuses = [answer.status_code for answer in answers]
            assert statuses == ([200, 200, 200, 200, 204] if box in boxes else [404] * 5)
            if box not in boxes:
                (unknown,) = {answer.text for answer in answers}
                assert (await web.ask("GET", "/voicemail/nobody", who)).text == unknown
                assert web.boxes.message(message.id) == message
        assert (await web.ask("GET", "/voicemail", "")).status_code == 401


async def test_an_agent_may_do_nothing_else(tmp_path: Path) -> None:
    async with serving(tmp_path) as web:
        for path in ("/slots", "/templates", "/optouts", "/rollouts"):
            assert (await web.ask("GET", path)).status_code == 403
            assert (await web.ask("GET", path, "crm")).status_code == 200


async def test_a_message_of_another_box_is_not_in_this_one(tmp_path: Path) -> None:
    async with serving(tmp_path) as web:
        message = leave(web, 1, "director")
        for path in (message.id, f"{message.id}/audio", "no~such~1", "..%2F..%2Fsoftswitch.db"):
            assert (await web.ask("GET", f"/voicemail/sales/{path}")).status_code in (404, 422)


async def test_audio_is_fetched_as_a_whole_or_in_parts_and_that_is_written_down(tmp_path: Path) -> None:
    async with serving(tmp_path) as web:
        message = leave(web, 1)
        at = f"/voicemail/sales/{message.id}/audio"
        whole = await web.ask("GET", at)
        assert whole.headers["content-type"] == "audio/wav"
        assert whole.headers["accept-ranges"] == "bytes"
        assert whole.headers["cache-control"] == "private, no-store"
        with wave.open(io.BytesIO(whole.content)) as file:
            assert file.getnframes() == 16_000
        part = await web.ask("GET", at, range="bytes=1000-1099")
        assert (part.status_code, part.content) == (206, whole.content[1000:1100])
        assert part.headers["content-range"] == f"bytes 1000-1099/{len(whole.content)}"
        assert (await web.ask("GET", at, range=f"bytes={len(whole.content)}-")).status_code == 416
        assert web.notes == [("voicemail.downloaded", {"box": "sales", "message": message.id, "by": "sales-1"})]
        assert web.boxes.message(message.id) == message, "fetched is not heard"
        web.mailroom.file(message).unlink()
        assert (await web.ask("GET", at)).status_code == 404


async def test_heard_and_new_again_with_the_lamps_and_the_journal(tmp_path: Path) -> None:
    async with serving(tmp_path) as web:
        message = leave(web, 1)
        at, said = f"/voicemail/sales/{message.id}", {"box": "sales", "message": message.id, "by": "sales-1"}
        for state, kind in (("heard", "voicemail.heard"), ("new", "voicemail.unheard")):
            answer = await web.ask("PATCH", at, body={"state": state})
            assert answer.json()["state"] == state
            again = await web.ask("PATCH", at, body={"state": state})
            assert again.json() == answer.json()
            assert (web.notes, web.lit) == ([(kind, said)], ["sales"])
            web.notes.clear()
            web.lit.clear()
        bodies: list[object] = [{"state": "recording"}, {}, [], {"state": "heard", "box": "director"}]
        for body in bodies:
            assert (await web.ask("PATCH", at, body=body)).status_code == 422
        web.disk = RecordLost("x")
        assert (await web.ask("PATCH", at, body={"state": "heard"})).status_code == 503


async def test_a_deleted_message_is_gone_with_its_audio_and_it_is_known_who_did_it(tmp_path: Path) -> None:
    async with serving(tmp_path) as web:
        message = leave(web, 1)
        at = f"/voicemail/sales/{message.id}"
        assert (await web.ask("DELETE", at)).status_code == 204
        assert (await web.ask("DELETE", at)).status_code == 404
        assert web.lit == ["sales"]
        said = {"message": message.id, "box": "sales", "why": "over HTTP", "by": "sales-1"}
        assert web.notes == [("voicemail.deleted", said)]
    assert not web.mailroom.file(message).exists()


async def test_all_of_it_is_described(tmp_path: Path) -> None:
    async with serving(tmp_path) as web:
        described = (await web.client.get("/openapi.json")).json()
        paths = {path: set(methods) for path, methods in described["paths"].items() if "voicemail" in path}
        assert paths == {
            "/voicemail": {"get"},
            "/voicemail/{box}": {"get"},
            "/voicemail/{box}/{message}": {"get", "patch", "delete"},
            "/voicemail/{box}/{message}/audio": {"get"},
        }
        schema = described["components"]["schemas"]["ShownMessage"]["properties"]
        assert set(schema) >= {"number", "at", "seconds", "state", "came_by", "transcript"}
        audio = described["paths"]["/voicemail/{box}/{message}/audio"]["get"]["responses"]
        assert audio["200"]["content"] == {"audio/wav": {}}
