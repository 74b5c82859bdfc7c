"""How a request is answered that cannot be done: what is wrong, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.responses import JSONResponse

from softswitch.api.tags import etag
from softswitch.campaigns.book import NoSuchSlot, NoSuchVersion, Outdated
from softswitch.campaigns.documents import Invalid, NotAllowed

if TYPE_CHECKING:
    from starlette.requests import Request


def empty_application() -> FastAPI:
    """One without resources, that tells refusals in the form that all resources share."""
    app = FastAPI(title="softswitch", version="1", docs_url=None, redoc_url=None)

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
        problems = [{"field": field, "error": message} for field, message in error.problems]
        return JSONResponse({"detail": "not valid", "problems": problems}, 422)

    return app
