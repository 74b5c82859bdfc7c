"""Opening hours over HTTP: what they are now and why, and setting them by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import Path, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ivr.forced import ForcedState
from softswitch.api.access import HOURS, User
from softswitch.api.bodies import described, read_body
from softswitch.call.hours.desk import NO_END, NoSuchHours
from softswitch.campaigns.documents import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI

    from softswitch.api.guards import Guards
    from softswitch.call.hours.desk import HoursDesk

HoursName = Annotated[str, Path(max_length=200, description="``[hours.NAME]``")]
_MOST_OCTETS = 2_000


class HoursChange(BaseModel):
    """Without ``until`` and ``minutes``: until the rules change by themselves."""

    model_config = ConfigDict(extra="forbid", strict=True)

    state: Literal["open", "closed", "special"]
    until: Annotated[
        str | None,
        Field(
            max_length=40,
            examples=["17:30", "2026-12-24 17:30", "2026-12-24T17:30:00+02:00", "2h", NO_END],
            description=f"By the clock of these hours; {NO_END}: no end",
        ),
    ] = None
    minutes: Annotated[int | None, Field(ge=0, le=99_999, description="0: until it is released")] = None

    @model_validator(mode="after")
    def _one_end(self) -> HoursChange:
        if self.until is not None and self.minutes is not None:
            raise ValueError("write until or minutes, not both")
        return self

    @property
    def end(self) -> str | None:
        """As `softswitch.call.hours.desk.parse_until` reads it."""
        if self.minutes is None:
            return self.until
        return f"{self.minutes}m" if self.minutes else NO_END


def add_hours(app: FastAPI, guards: Guards, desk: HoursDesk) -> None:
    """``/hours``. Whoever may look sees them; setting them is for administrators."""
    asking, demand = guards.asking, guards.demand

    @app.exception_handler(NoSuchHours)
    async def no_such_hours(_: object, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 404)

    @app.get("/hours", summary="What all opening hours are, until when and why")
    async def listed(who: User = asking) -> list[dict[str, Any]]:
        return [_told(hours) for hours in desk.listed()]

    @app.get("/hours/{name}", summary="One of them")
    async def one(name: HoursName, who: User = asking) -> dict[str, Any]:
        return _told(desk.shown(name))

    @app.put(
        "/hours/{name}",
        summary="Set them by hand: the next caller meets it",
        openapi_extra=described(HoursChange),
    )
    async def put(request: Request, name: HoursName, who: User = asking) -> JSONResponse:
        demand(who, HOURS)
        wanted = await read_body(request, _MOST_OCTETS, HoursChange)
        try:
            changed = desk.force(name, ForcedState(wanted.state), until=wanted.end, by=who.name)
        except ValueError as error:
            raise Invalid([("until", str(error))]) from None
        await guards.durable()
        return JSONResponse(_told(changed))

    @app.delete("/hours/{name}", summary="Let the rules count again")
    async def delete(name: HoursName, who: User = asking) -> dict[str, Any]:
        demand(who, HOURS)
        changed = desk.release(name, by=who.name)
        await guards.durable()
        return _told(changed)


def _told(hours: Mapping[str, Any]) -> dict[str, Any]:
    change = hours["next_change"]
    iso = None if change is None else datetime.fromtimestamp(change, UTC).isoformat(timespec="seconds")
    return {**hours, "next_change": iso}
