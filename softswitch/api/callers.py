"""Callers who wait, over HTTP: looked at, and given other points, needs and agents, another queue, another way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import HTTPException, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from softswitch.api.access import CALLERS, User
from softswitch.api.bodies import described, read_body
from softswitch.api.tags import etag, expects, has_seen
from softswitch.call.queues.desk import CannotBe, Change, Why

if TYPE_CHECKING:
    from fastapi import FastAPI

    from softswitch.api.guards import Guards
    from softswitch.call.queues.desk import CallerDesk

CallName = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.@~-]{1,200}$")]
_MOST_OCTETS = 20_000
#: Who is changed is there: what is unknown is what they are to get.
_STATUS = {Why.WRONG: 422, Why.UNKNOWN: 422, Why.IMPOSSIBLE: 409, Why.BROKEN: 500}


class CallerChange(BaseModel):
    """What is not named stays as it is; ``to`` goes alone."""

    model_config = ConfigDict(extra="forbid", strict=True)

    queue: Annotated[str | None, Field(max_length=200, description="Moved there, with the age")] = None
    priority: Annotated[
        float | None, Field(ge=-1e6, le=1e6, allow_inf_nan=False, description="Points besides those of the queue")
    ] = None
    needs: Annotated[
        str | None, Field(max_length=1000, examples=["pl >= 50"], description="Beyond the queue's; empty: nothing")
    ] = None
    prefer: Annotated[
        str | None, Field(max_length=1000, examples=["vip"], description="Who is asked first; empty: nobody")
    ] = None
    to: Annotated[
        str | None, Field(max_length=200, examples=["agent:olena"], description="Out of all order, as by hand")
    ] = None


def add_callers(app: FastAPI, guards: Guards, callers: CallerDesk) -> None:
    """``/calls``. All of it needs the right to them: it tells numbers of customers."""
    asking, demand = guards.asking, guards.demand

    def found(call: str) -> dict[str, Any]:
        shown = callers.shown(call)
        if shown is None:
            raise HTTPException(404, "no such caller is in a queue")
        return shown

    @app.exception_handler(CannotBe)
    async def cannot_be(_: object, error: Exception) -> JSONResponse:
        assert isinstance(error, CannotBe)
        return JSONResponse({"detail": str(error)}, _STATUS[error.why])

    @app.get("/calls", summary="Who is in the queues, the next one of each first; who is to be called back, too")
    async def listed(
        queue: Annotated[str | None, Query(max_length=200, description="Only of this one")] = None, who: User = asking
    ) -> list[dict[str, Any]]:
        demand(who, CALLERS)
        return [shown for shown in callers.listed() if queue in (None, shown["queue"])]

    @app.get("/calls/{call}", summary="One of them")
    async def one(request: Request, call: CallName, who: User = asking) -> Response:
        demand(who, CALLERS)
        shown = found(call)
        if has_seen(request, shown["version"]):
            return Response(status_code=304, headers={"ETag": etag(shown["version"])})
        return JSONResponse(shown, headers={"ETag": etag(shown["version"])})

    @app.patch(
        "/calls/{call}",
        summary="Change a caller who waits: sorted anew at once, moved, or sent on",
        responses={
            409: {"description": "Not as things are: talks already, or the agent cannot be rung; nothing is changed."},
            412: {"description": "Somebody has changed this caller since the version in If-Match."},
        },
        openapi_extra=described(CallerChange),
    )
    async def change(request: Request, call: CallName, who: User = asking) -> Response:
        demand(who, CALLERS)
        wanted = await read_body(request, _MOST_OCTETS, CallerChange)
        version = found(call)["version"]  # nothing else happens between this and the change
        if expects(request, version) is False:
            return JSONResponse({"detail": "changed meanwhile"}, 412, {"ETag": etag(version)})
        words = wanted.model_dump(exclude_none=True)
        if "prefer" in words:
            words["preferred"] = words.pop("prefer")
        done = callers.change(call, Change(**words, by=who.name))
        after = callers.shown(call)
        await guards.durable()
        if after is None:
            return JSONResponse({"call": call, "queue": None, "to": done["to"]})
        return JSONResponse(after, headers={"ETag": etag(after["version"])})
