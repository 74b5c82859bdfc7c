"""The resources: slots with their bindings, templates, and how campaigns are listened to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import HTTPException, Path, Request, Response
from fastapi.responses import JSONResponse

from softswitch.api.access import FILL, RESTRUCTURE, ROLLBACK, User
from softswitch.api.bodies import json_body
from softswitch.api.customers import add_customers
from softswitch.api.guards import Guards
from softswitch.api.refusals import empty_application
from softswitch.api.rollouts import add_rollouts
from softswitch.api.tags import etag, expects, has_seen
from softswitch.campaigns.apart import ReportFailed
from softswitch.campaigns.book import Book, Outdated
from softswitch.campaigns.documents import BindingsDocument, read
from softswitch.campaigns.listening import nobody_heard

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastapi import FastAPI

    from softswitch.config.words.systems import Api

_STRUCTURE = "slots and templates are in the configuration file"
SlotName = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
CampaignName = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


@dataclass(frozen=True, slots=True)
class Ports:
    """What the API needs from the switch.

    `kept` returns when all changes so far are durable; `listening` is the report of a campaign, made elsewhere.
    """

    book: Book
    settings: Callable[[], Api]
    now: Callable[[], float]
    kept: Callable[[], Awaitable[None]]
    listening: Callable[[str], Awaitable[dict[str, Any]]]


def application(ports: Ports) -> FastAPI:
    """All resources, described at ``/openapi.json``."""
    app = empty_application()
    book = ports.book

    guards = Guards(ports.settings, ports.kept)
    asking, demand = guards.asking, guards.demand

    def shown(slot: str) -> dict[str, Any]:
        unfit = book.unfit(slot)
        bindings = [
            document | ({"problem": unfit[number]} if number in unfit else {})
            for number, document in enumerate(book.documents(slot))
        ]
        return {"slot": slot, "version": book.version(slot), "bindings": bindings}

    async def changed(slot: str) -> JSONResponse:
        """The answer to a change, when it can be relied on."""
        await guards.durable()
        warnings = [{"field": field, "warning": what} for field, what in book.unknown(slot)]
        return JSONResponse(shown(slot) | {"warnings": warnings}, headers={"ETag": etag(book.version(slot))})

    @app.get("/slots", summary="All slots, with what they allow")
    async def slots(who: User = asking) -> list[dict[str, Any]]:
        return [
            {
                "number": number,
                "menu": book.menus[name],
                **{key: value for key, value in asdict(slot).items() if key != "targets"},
                "targets": [str(target) for target in slot.targets],
                "version": book.version(name),
            }
            for number, (name, slot) in enumerate(book.slots.items(), 1)
        ]

    @app.get("/templates", summary="Texts to fill, and their fields")
    async def templates(who: User = asking) -> list[dict[str, Any]]:
        return [
            {
                "name": template.name,
                "text": dict(template.text),
                "fields": [asdict(field) for field in template.fields.values()],
            }
            for template in book.templates.values()
        ]

    @app.get("/slots/{slot}/bindings", summary="What is bound here")
    async def get_bindings(request: Request, slot: SlotName, who: User = asking) -> Response:
        tag = etag(book.version(slot))
        if book.unfit(slot):  # a reload may end the problem, and the version stays: nobody may keep this answer
            return JSONResponse(shown(slot), headers={"ETag": tag, "Cache-Control": "no-store"})
        if has_seen(request, book.version(slot)):
            return Response(status_code=304, headers={"ETag": tag})
        return JSONResponse(shown(slot), headers={"ETag": tag})

    @app.put(
        "/slots/{slot}/bindings",
        summary="Bind these messages and no others",
        openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": _schema()}}}},
    )
    async def put_bindings(request: Request, slot: SlotName, who: User = asking) -> Response:
        demand(who, FILL)
        book.version(slot)
        documents = read(await json_body(request, ports.settings().max_body))
        expected = _expected(request, book.version(slot))
        book.put(
            slot, documents, ports.now(), by=who.name, restructure=who.may(RESTRUCTURE), expected=expected, what="put"
        )
        return await changed(slot)

    @app.delete("/slots/{slot}/bindings", summary="Take everything back: the slot is silent")
    async def delete_bindings(request: Request, slot: SlotName, who: User = asking) -> Response:
        demand(who, FILL)
        expected = _expected(request, book.version(slot))
        book.put(slot, [], ports.now(), by=who.name, restructure=False, expected=expected, what="delete")
        return await changed(slot)

    @app.post("/slots/{slot}/rollback", summary="Say what was said before")
    async def rollback(request: Request, slot: SlotName, to: int | None = None, who: User = asking) -> Response:
        demand(who, ROLLBACK)
        expected = _expected(request, book.version(slot))
        book.rollback(slot, ports.now(), by=who.name, to=to, expected=expected)
        return await changed(slot)

    @app.get("/slots/{slot}/history", summary="Who bound what and when, newest first")
    async def history(slot: SlotName, who: User = asking) -> list[dict[str, Any]]:
        return [
            {"version": c.version, "at": c.at, "by": c.by, "what": c.what, "bindings": c.documents}
            for c in book.history(slot)
        ]

    @app.get("/campaigns/{campaign}/listening", summary="How much of its messages is heard")
    async def listening(campaign: CampaignName, who: User = asking) -> dict[str, Any]:
        try:
            found = await ports.listening(campaign)
        except ReportFailed as error:
            raise HTTPException(503, str(error)) from None
        if not found["messages"] and campaign not in (known := book.campaigns()):
            raise HTTPException(404, nobody_heard(campaign, known))
        return found

    @app.api_route("/slots/{slot}", methods=["PUT", "DELETE", "PATCH"], include_in_schema=False)
    @app.api_route("/templates/{template}", methods=["PUT", "DELETE", "PATCH"], include_in_schema=False)
    async def restructure(who: User = asking) -> None:
        demand(who, RESTRUCTURE)
        raise HTTPException(405, _STRUCTURE)

    add_customers(app, book.contacts, guards, ports.now)
    add_rollouts(app, book.rollouts, guards, ports.now)
    return app


def _expected(request: Request, version: int) -> int | None:
    """The version that the client has seen, by If-Match; None: it does not say. Raises Outdated."""
    expected = expects(request, version)
    if expected is False:
        raise Outdated(version)
    return version if expected else None


def _schema() -> dict[str, Any]:
    """Of the body of a change, in one piece."""
    schema = BindingsDocument.model_json_schema()
    schema["properties"]["bindings"]["items"] = schema.pop("$defs")["BindingDocument"]
    return schema
