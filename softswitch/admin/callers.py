"""What operators may do to those who wait: change, move and send on one of them, several, or a whole queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from softswitch.admin.protocol import AdminError, Code
from softswitch.admin.requests import Args, Many, Text, read
from softswitch.call.queues.desk import CannotBe, Change, Why

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from acd.dispatcher import Dispatcher
    from softswitch.call.queues.desk import CallerDesk

_CODES = {
    Why.WRONG: Code.BAD_REQUEST,
    Why.UNKNOWN: Code.NOT_FOUND,
    Why.IMPOSSIBLE: Code.REFUSED,
    Why.BROKEN: Code.INTERNAL,
}


class ChangeCall(Args):
    """A waiting caller; ``call`` may be the beginning of the id. At least one of the others but ``only_in``, which
    names the queue where the caller has to be still."""

    call: Many
    queue: Text | None = None
    priority: Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)] | None = None
    needs: Annotated[str, Field(max_length=1000)] | None = None
    preferred: Annotated[str, Field(max_length=1000)] | None = None
    to: Text | None = None
    only_in: Text | None = None
    by: Annotated[str, Field(max_length=100)] = ""

    @property
    def wanted(self) -> Change:
        return Change(**self.model_dump(exclude={"call"}))


class Callers:
    """The verbs about callers."""

    def __init__(self, desk: CallerDesk, dispatcher: Dispatcher) -> None:
        self._desk = desk
        self._dispatcher = dispatcher

    def verbs(self) -> dict[str, Callable[[Mapping[str, Any]], Any]]:
        return {"call.change": self.change, "calls.change": self.change_several}

    def change(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """A waiting caller gets another priority, queue or needs, and is sorted anew at once; or is sent on."""
        asked = read(ChangeCall, args)
        try:
            return self._desk.change(asked.call, asked.wanted)
        except CannotBe as error:
            raise AdminError(_CODES[error.why], str(error)) from None

    def change_several(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """The same for several: ``call`` is "queue:NAME" (all who wait there, in their order) or ids with commas.

        What is not possible for one of them is told, and done for the others.
        """
        asked = read(ChangeCall, args)
        done: dict[str, Any] = {"changed": [], "refused": []}
        try:
            self._desk.check(asked.wanted)
            several = list(self._several(asked))
        except CannotBe as error:
            raise AdminError(_CODES[error.why], str(error)) from None
        for call in several:
            try:
                done["changed"].append(self._desk.change(call, asked.wanted))
            except CannotBe as error:
                done["refused"].append({"call": call, "why": str(error)})
        return done

    def _several(self, asked: ChangeCall) -> Iterable[str]:
        kind, _, name = asked.call.partition(":")
        if kind != "queue":
            return [each.strip() for each in asked.call.split(",") if each.strip()]
        self._desk.check_queue(name)
        return [ticket.call for ticket in self._dispatcher.waiting(name)]
