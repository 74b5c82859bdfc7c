"""Marking over HTTP whether a caller is who they say: for the programs that agents work with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import FastAPI, HTTPException, Path, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from softswitch.api.access import user_of
from softswitch.api.bodies import described, read_body

if TYPE_CHECKING:
    from collections.abc import Callable

    from softswitch.config.words.systems import Api

CallName = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.@~-]{1,100}$")]
#: Who may say who somebody is: not those who write messages.
_ROLES = ("admin", "crm")


class Verification(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    result: Literal["passed", "failed"]


def add_verification(app: FastAPI, settings: Callable[[], Api], mark: Callable[[str, bool, str], bool]) -> None:
    """*mark* takes call, whether the caller has passed, and who says so; False: no such call goes on."""

    @app.put(
        "/calls/{call}/verification",
        summary="The caller is, or is not, who they say",
        openapi_extra=described(Verification),
    )
    async def verify(request: Request, call: CallName) -> JSONResponse:
        who = user_of(request.headers.get("authorization", ""), settings().tokens)
        if who is None:
            raise HTTPException(401, "a token is needed", {"WWW-Authenticate": "Bearer"})
        if who.role not in _ROLES:
            raise HTTPException(403, "not allowed")
        wanted = await read_body(request, settings().max_body, Verification)
        if not mark(call, wanted.result == "passed", who.name):
            raise HTTPException(404, "no such call goes on")
        return JSONResponse({"call": call, "verified": wanted.result})
