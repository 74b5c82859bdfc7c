"""Requests are read within bounds: so many octets, in so many seconds."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, TypeVar

from fastapi import HTTPException
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

from softswitch.campaigns import mistakes
from softswitch.campaigns.documents import Invalid

if TYPE_CHECKING:
    from starlette.requests import Request

#: Seconds that a body may take to arrive.
PATIENCE = 10.0

Model = TypeVar("Model", bound=BaseModel)


async def json_body(request: Request, limit: int) -> object:
    """The JSON document that was sent. Raises HTTPException: 400, 408, 413."""
    if int_or(request.headers.get("content-length"), 0) > limit:
        raise HTTPException(413, f"at most {limit} octets")
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise HTTPException(413, f"at most {limit} octets")
    except ClientDisconnect:
        raise HTTPException(400, "the request was not sent to its end") from None
    except TimeoutError:
        raise HTTPException(408, f"the request did not arrive within {PATIENCE:g} s") from None
    try:
        found: object = json.loads(body)
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # JSON allows it, and no answer, log or journal could have it
        raise HTTPException(400, r"the body has half a character: one of \ud800 to \udfff alone") from None
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, f"the body is no JSON: {error}") from None
    return found


async def read_body(request: Request, limit: int, model: type[Model]) -> Model:
    """What was sent, as *model* describes it. Raises HTTPException as `json_body`, and Invalid."""
    document = await json_body(request, limit)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise Invalid(mistakes.problems(error.errors(), document, model)) from None


def described(model: type[BaseModel]) -> dict[str, Any]:
    """`openapi_extra` of a route whose body `read_body` reads."""
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": model.model_json_schema()}}},
    }


def int_or(text: str | None, otherwise: int) -> int:
    """The number in a header; *otherwise* for none and for what is none."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 16 else otherwise
