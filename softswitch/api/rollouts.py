"""Versions of menus: how far they are rolled out, further, and back at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import HTTPException, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from ivr.targets import Target, TargetError
from softswitch.api.access import RESTRUCTURE, User
from softswitch.api.bodies import described, read_body
from softswitch.campaigns.rollouts import NoSuchPlace, WrongShares

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from softswitch.api.guards import Guards
    from softswitch.campaigns.rollouts import Rollouts

Place = Annotated[str, Path(pattern=r"^(menu|goto):[^/]{1,100}$", description='As in "menu:main".')]
_MOST_OCTETS = 10_000


class Shares(BaseModel):
    """Version → percent of all callers; versions that are not named stay as they are."""

    model_config = ConfigDict(extra="forbid", strict=True)

    percents: Annotated[
        dict[str, Annotated[int | float, Field(ge=0, le=100)]],
        Field(min_length=1, max_length=50, examples=[{"menu:new": 10}]),
    ]


def add_rollouts(app: FastAPI, rollouts: Rollouts, guards: Guards, now: Callable[[], float]) -> None:
    """``/rollouts``."""
    asking = guards.asking

    @app.exception_handler(NoSuchPlace)
    async def no_such_place(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 404)

    @app.exception_handler(TargetError)
    async def no_place(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 422)

    @app.get("/rollouts", summary="Menus with versions, and who comes to which")
    async def shown(who: User = asking) -> list[dict[str, Any]]:
        return rollouts.shown()

    @app.put(
        "/rollouts/{place}",
        summary="Let so many callers come to a version, from the next call on",
        openapi_extra=described(Shares),
    )
    async def put(request: Request, place: Place, who: User = asking) -> Response:
        guards.demand(who, RESTRUCTURE)
        wanted = await read_body(request, _MOST_OCTETS, Shares)
        try:
            shares = {Target.parse(to): float(percent) for to, percent in wanted.percents.items()}
            state = rollouts.put(Target.parse(place), shares, now(), by=who.name)
        except WrongShares as error:
            raise HTTPException(422, str(error)) from None
        await guards.durable()
        return JSONResponse(state)

    @app.post("/rollouts/{place}/rollback", summary="No caller comes to a new version any more, at once")
    async def back(place: Place, who: User = asking) -> Response:
        guards.demand(who, RESTRUCTURE)
        state = rollouts.back(Target.parse(place), now(), by=who.name)
        await guards.durable()
        return JSONResponse(state)
