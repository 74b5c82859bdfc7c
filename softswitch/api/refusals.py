"""How a request is answered that cannot be done: what is wrong, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from softswitch.api.tags import etag
from softswitch.campaigns import mistakes
from softswitch.campaigns.book import NoSuchSlot, NoSuchVersion, Outdated
from softswitch.campaigns.documents import Invalid, NotAllowed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from starlette.requests import Request


class NotValidField(BaseModel):
    """``bindings[0].values.what.uk``, a parameter of the address, or ``body``; what is wrong with it."""

    field: str
    error: str


class NotValid(BaseModel):
    detail: str
    problems: list[NotValidField] = []


def empty_application() -> FastAPI:
    """One without resources, that tells refusals in the form that all resources share."""
    refusal: dict[int | str, dict[str, Any]] = {422: {"model": NotValid, "description": "Something does not fit."}}
    app = FastAPI(title="softswitch", version="1", docs_url=None, redoc_url=None, responses=refusal)

    @app.exception_handler(NoSuchSlot)
    async def no_such_slot(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": f'there is no slot "{error}"'}, 404)

    @app.exception_handler(NoSuchVersion)
    async def no_such_version(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 409)

    @app.exception_handler(NotAllowed)
    async def not_allowed(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": "not allowed", "why": str(error)}, 403)

    @app.exception_handler(Outdated)
    async def outdated(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Outdated)
        return JSONResponse({"detail": "changed meanwhile"}, 412, {"ETag": etag(error.version)})

    @app.exception_handler(Invalid)
    async def invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Invalid)
        return _not_valid(error.problems)

    @app.exception_handler(RequestValidationError)
    async def address(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return _not_valid(_in_address(error.errors()))

    return app


def _not_valid(problems: Iterable[tuple[str, str]]) -> JSONResponse:
    told = [{"field": field, "error": message} for field, message in problems]
    return JSONResponse({"detail": "not valid", "problems": told}, 422)


def _in_address(errors: Sequence[Any]) -> Iterable[tuple[str, str]]:
    """What is wrong with parameters, by their names; what was sent is not repeated."""
    for error in errors:
        message = mistakes.said(error)
        if " " in str(error.get("input")) and "+" in message:
            message += '; in an address "+" is written "%2B"'
        yield mistakes.written(tuple(error["loc"][1:])), message
