"""Who wants no offers from campaigns: looked at, noted, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import HTTPException, Path, Query, Response
from fastapi.responses import JSONResponse

from softswitch.api.access import FILL, FORGET_WISH, User
from softswitch.campaigns.contacts import NotANumber

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from softswitch.api.guards import Guards
    from softswitch.campaigns.contacts import Contacts

Number = Annotated[
    str, Path(max_length=40, description='A number, "+380441234567", or the beginning of numbers, "+38044*".')
]
Campaign = Annotated[str, Query(pattern=r"^[A-Za-z0-9_-]{0,64}$", description="Empty: of any campaign.")]
#: Wishes in one answer.
MOST = 1000


def add_customers(app: FastAPI, contacts: Contacts, guards: Guards, now: Callable[[], float]) -> None:
    """``/optouts``."""
    asking = guards.asking

    def shown(number: str) -> list[dict[str, Any]]:
        try:
            return [wish.to_plain() for wish in contacts.wishes(number)]
        except NotANumber as error:
            raise HTTPException(422, str(error)) from None

    async def opted(number: str, campaign: str, who: User, *, out: bool) -> None:
        try:
            contacts.opt(number, now(), out=out, by=who.name, campaign=campaign)
        except NotANumber as error:
            raise HTTPException(422, str(error)) from None
        await guards.durable()

    @app.get("/optouts", summary="Who wants no offers, newest first")
    async def optouts(
        after: Annotated[int, Query(ge=0, description="Leave out so many.")] = 0, who: User = asking
    ) -> dict[str, Any]:
        total, found = contacts.latest(MOST, after)
        return {"total": total, "optouts": [wish.to_plain() for wish in found]}

    @app.get("/optouts/{number}", summary="What this customer does not want to hear")
    async def optouts_of(number: Number, who: User = asking) -> list[dict[str, Any]]:
        return shown(number)

    @app.put("/optouts/{number}", summary="This customer wants no offers")
    async def opt_out(number: Number, campaign: Campaign = "", who: User = asking) -> Response:
        guards.demand(who, FILL)
        await opted(number, campaign, who, out=True)
        return JSONResponse(shown(number))

    @app.delete("/optouts/{number}", summary="This customer wants offers again")
    async def opt_in(number: Number, campaign: Campaign = "", who: User = asking) -> Response:
        guards.demand(who, FORGET_WISH)
        await opted(number, campaign, who, out=False)
        return JSONResponse(shown(number))
