"""Customers' rights over HTTP: all that is known of a number, handed out or erased."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import HTTPException, Path, Query
from fastapi.responses import JSONResponse

from softswitch.api.access import ERASE, User
from softswitch.erasure.desk import InUse
from softswitch.erasure.forms import NotErasable
from softswitch.erasure.rewriting import NotErased

if TYPE_CHECKING:
    from fastapi import FastAPI

    from softswitch.api.guards import Guards
    from softswitch.erasure.desk import ErasureDesk

Number = Annotated[str, Path(max_length=40, description='A number, "+380441234567".')]


def add_erasure(app: FastAPI, guards: Guards, desk: ErasureDesk) -> None:
    """``/customers``, for administrators."""
    asking, demand = guards.asking, guards.demand

    @app.exception_handler(NotErasable)
    async def not_erasable(_: object, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 422)

    @app.exception_handler(InUse)
    async def in_use(_: object, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 409)

    @app.exception_handler(NotErased)
    async def not_erased(_: object, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 503)

    @app.get("/customers/{number}", summary="All that is known of a number")
    async def export(number: Number, who: User = asking) -> dict[str, Any]:
        demand(who, ERASE)
        return await desk.export(number, by=who.name)

    @app.delete("/customers/{number}", summary="Erase all that is known of a number; figures of reports stay")
    async def erase(
        number: Number,
        dry_run: Annotated[bool, Query(description="Only count what would be erased.")] = False,
        who: User = asking,
    ) -> dict[str, Any]:
        demand(who, ERASE)
        try:
            return await desk.erase(number, by=who.name, dry_run=dry_run)
        except OSError as error:
            raise HTTPException(503, f"not erased, or not to the end: {error.strerror}") from None
