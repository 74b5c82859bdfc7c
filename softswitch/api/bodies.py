"""Requests are read within bounds: so many octets, in so many seconds."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from fastapi import HTTPException
from starlette.requests import ClientDisconnect

if TYPE_CHECKING:
    from starlette.requests import Request

#: Seconds that a body may take to arrive.
PATIENCE = 10.0


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
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, f"the body is no JSON: {error}") from None
    return found


def int_or(text: str | None, otherwise: int) -> int:
    """The number in a header; *otherwise* for none and for what is none."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 16 else otherwise
