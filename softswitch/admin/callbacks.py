"""Callbacks for operators: who is to be called back, and taking one back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from softswitch.admin.protocol import AdminError, Code
from softswitch.admin.requests import Args, Nothing, Text, read

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from softswitch.call.callbacks.desk import CallbackDesk


class Cancel(Args):
    """``callback``: the id, or its beginning."""

    callback: Text
    by: Annotated[str, Field(max_length=100)] = ""


def callback_verbs(desk: CallbackDesk) -> dict[str, Callable[[Mapping[str, Any]], Any]]:
    """``callbacks`` and ``callback.cancel``."""

    def listed(args: Mapping[str, Any]) -> dict[str, Any]:
        read(Nothing, args)
        return {"callbacks": desk.listed()}

    def cancel(args: Mapping[str, Any]) -> dict[str, Any]:
        wanted = read(Cancel, args)
        try:
            return {"cancelled": desk.cancel(wanted.callback, by=wanted.by or "operator")}
        except KeyError as error:
            raise AdminError(Code.NOT_FOUND, str(error.args[0])) from None

    return {"callbacks": listed, "callback.cancel": cancel}
