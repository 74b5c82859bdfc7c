"""Opening hours for operators: what they are now and why, and setting them by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from ivr.forced import ForcedState
from softswitch.admin.protocol import AdminError, Code
from softswitch.admin.requests import Args, Nothing, Text, read
from softswitch.call.hours.desk import NoSuchHours

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from softswitch.call.hours.desk import HoursDesk


class ChangeHours(Args):
    """``auto``: what the rules say. ``until``: see `softswitch.call.hours.desk.parse_until`; without it until the rules
    change by themselves.
    """

    hours: Text
    to: Literal["open", "closed", "special", "auto"]
    until: Annotated[str, Field(max_length=40)] | None = None
    by: Annotated[str, Field(max_length=100)] = ""


def hours_verbs(desk: HoursDesk, wall: Callable[[], float]) -> dict[str, Callable[[Mapping[str, Any]], Any]]:
    """The verbs ``hours`` and ``hours.change``. *wall*: seconds since the epoch."""

    def show(args: Mapping[str, Any]) -> dict[str, Any]:
        """All hours as they are now."""
        read(Nothing, args)
        return {"at": wall(), "hours": desk.listed()}

    def change(args: Mapping[str, Any]) -> dict[str, Any]:
        """Set hours by hand, or let their rules count again; the state afterwards."""
        wanted = read(ChangeHours, args)
        by = wanted.by or "operator"
        try:
            if wanted.to != "auto":
                return desk.force(wanted.hours, ForcedState(wanted.to), until=wanted.until, by=by)
            if wanted.until is not None:
                raise ValueError("auto has no end: leave out until")
            return desk.release(wanted.hours, by=by)
        except NoSuchHours as error:
            raise AdminError(Code.NOT_FOUND, str(error)) from None
        except ValueError as error:
            raise AdminError(Code.BAD_REQUEST, str(error)) from None

    return {"hours": show, "hours.change": change}
