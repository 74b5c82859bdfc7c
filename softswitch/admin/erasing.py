"""Erasing a number from the command line, in the running switch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from softswitch.admin.protocol import AdminError, Code
from softswitch.admin.requests import Args, Text, read
from softswitch.erasure.desk import InUse
from softswitch.erasure.forms import NotErasable
from softswitch.erasure.rewriting import NotErased

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from softswitch.erasure.desk import ErasureDesk

ERASE = "customer.erase"


class Erase(Args):
    """``dry_run``: only count."""

    number: Text
    dry_run: bool = False
    by: Annotated[str, Field(max_length=100)] = ""


def erasure_verbs(desk: ErasureDesk) -> dict[str, Callable[[Mapping[str, Any]], Awaitable[Any]]]:
    async def erase(args: Mapping[str, Any]) -> dict[str, Any]:
        wanted = read(Erase, args)
        try:
            return await desk.erase(wanted.number, by=wanted.by or "operator", dry_run=wanted.dry_run)
        except NotErasable as error:
            raise AdminError(Code.BAD_REQUEST, str(error)) from None
        except (InUse, NotErased, OSError) as error:
            raise AdminError(Code.REFUSED, str(error)) from None

    return {ERASE: erase}
