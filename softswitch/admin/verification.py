"""Marking whether a caller is who they say: for operators, and for programs that agents work with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from softswitch.admin.protocol import AdminError, Code
from softswitch.admin.requests import Args, Text, read

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from softswitch.call.control import CallControl
    from softswitch.call.model import Call


class Mark(Args):
    call: Text
    result: Literal["passed", "failed"]
    by: Annotated[str, Field(max_length=100)] = ""


class VerificationDesk:
    """The verb ``call.verify``. *settle* is called after it."""

    def __init__(self, control: CallControl, *, now: Callable[[], float], settle: Callable[[], None]) -> None:
        self._control = control
        self._now = now
        self._settle = settle

    def verbs(self) -> dict[str, Callable[[Mapping[str, Any]], Any]]:
        return {"call.verify": self.mark}

    def mark(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """A caller who is in the switch, whoever they talk with, has answered rightly or not."""
        wanted = read(Mark, args)
        call, now = self._call(wanted.call), self._now()
        passed = wanted.result == "passed"
        self._control.verifying.mark(call, now, passed=passed, by=wanted.by or "operator", how="admin")
        self._settle()
        return {"call": call.call, "verified": wanted.result}

    def _call(self, beginning: str) -> Call:
        """By the beginning of its id, as people copy what fits on their screen."""
        found = [call for name, call in sorted(self._control.calls.items()) if name.startswith(beginning)]
        found = [call for call in found if call.call == beginning] or found
        if not found:
            raise AdminError(Code.NOT_FOUND, f"no call whose id begins with {beginning} goes on")
        if len(found) > 1:
            raise AdminError(Code.BAD_REQUEST, f"{len(found)} calls have ids that begin with {beginning}: write more")
        return found[0]
