"""Callbacks over HTTP: web forms and programs order them for a time, look at them and take them back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import HTTPException, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from softswitch.api.access import CALL_BACK, User
from softswitch.api.bodies import described, read_body
from softswitch.call.callbacks.desk import MOST_FREE, Refused, UnknownKind, Wanted
from softswitch.config.fields import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from softswitch.api.guards import Guards
    from softswitch.call.callbacks.desk import CallbackDesk
    from softswitch.config.words.systems import Api

CallbackName = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
CallbackId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.@~-]{1,200}$")]
VariableName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class CallbackOrder(BaseModel):
    """Somebody wants to be called back."""

    model_config = ConfigDict(extra="forbid")

    callback: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="``[callback.NAME]``")]
    number: Annotated[str, Field(min_length=1, max_length=40)]
    at: Annotated[AwareDatetime | None, Field(description="With its zone; empty: as soon as it is open")] = None
    name: Annotated[str, Field(max_length=100)] = ""
    language: Annotated[str, Field(pattern=f"^({'|'.join(LANGUAGES)})?$")] = ""
    variables: Annotated[dict[VariableName, Annotated[str, Field(max_length=200)]], Field(max_length=40)] = {}


def add_callbacks(app: FastAPI, guards: Guards, settings: Callable[[], Api], desk: CallbackDesk) -> None:
    """``/callbacks``. All of it needs the right to call back: it tells numbers of customers."""
    asking, demand = guards.asking, guards.demand

    @app.exception_handler(UnknownKind)
    async def unknown(_: object, error: Exception) -> JSONResponse:
        assert isinstance(error, UnknownKind)
        return JSONResponse({"detail": f"there is no [callback.{error.args[0]}]"}, 404)

    @app.exception_handler(Refused)
    async def refused(_: object, error: Exception) -> JSONResponse:
        assert isinstance(error, Refused)
        problem = {"detail": "not possible", "problems": [{"field": error.field, "error": str(error)}]}
        status = 409 if error.field == "at" else 422
        return JSONResponse(problem | ({"free": [_iso(at) for at in error.free]} if status == 409 else {}), status)

    @app.get("/callbacks", summary="Who is to be called back: those who are due first")
    async def listed(who: User = asking) -> list[dict[str, Any]]:
        demand(who, CALL_BACK)
        return [
            {**found, "asked_at": _iso(found["asked_at"]), "due": None if found["due"] is None else _iso(found["due"])}
            for found in desk.listed()
        ]

    @app.get("/callbacks/{name}/free", summary="Quarters of an hour for which a callback can be ordered")
    async def free(
        name: CallbackName,
        after: Annotated[AwareDatetime | None, Query(description="None: from now on")] = None,
        most: Annotated[int, Query(ge=1, le=MOST_FREE)] = 40,
        who: User = asking,
    ) -> list[str]:
        demand(who, CALL_BACK)
        return [_iso(at) for at in desk.free(name, after=None if after is None else after.timestamp(), most=most)]

    @app.post(
        "/callbacks",
        status_code=201,
        summary="Order a callback, at once or for a time",
        responses={
            200: {"description": "This number had been ordered already; the time is the new one."},
            409: {"description": "It is closed then, or taken; ``free`` has other times."},
        },
        openapi_extra=described(CallbackOrder),
    )
    async def order(request: Request, who: User = asking) -> Response:
        demand(who, CALL_BACK)
        wanted = await read_body(request, settings().max_body, CallbackOrder)
        taken, new = desk.order(
            Wanted(
                wanted.callback,
                wanted.number,
                None if wanted.at is None else wanted.at.timestamp(),
                wanted.name,
                wanted.language,
                wanted.variables,
            ),
            by=who.name,
        )
        await guards.durable()
        desk.mail(taken)
        due = None if taken.vague else _iso(taken.due)
        answer = {"id": taken.id, "callback": taken.kind, "number": taken.number, "due": due}
        return JSONResponse(answer, 201 if new else 200)

    @app.delete("/callbacks/{callback}", status_code=204, summary="Nobody calls back any more")
    async def cancel(callback: CallbackId, who: User = asking) -> Response:
        demand(who, CALL_BACK)
        if callback not in {found["id"] for found in desk.listed()}:
            raise HTTPException(404, "there is no such callback")
        desk.cancel(callback, by=who.name)
        await guards.durable()
        return Response(status_code=204)


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
