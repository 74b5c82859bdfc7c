"""What customers do not want to hear: they say so by a key, or an agent whom they tell notes it by a code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from softswitch.call.model import Stage

if TYPE_CHECKING:
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call, Leg
    from softswitch.ports import Campaigns

#: Seconds between two keys of the code, and what the agent hears when it was understood.
CODE_PAUSE, TONE = 3.0, "waiting"


class Wishes:
    """No offers any more, or offers again."""

    def __init__(self, control: CallControl, campaigns: Campaigns | None) -> None:
        self._control, self._campaigns = control, campaigns
        self._typed: dict[str, tuple[str, float]] = {}  # by call: the beginning of a code, and when its last key came

    def __len__(self) -> int:
        return len(self._typed)

    def opted(self, call: Call, now: float, *, out: bool, by: str = "caller") -> None:
        """*by* says so."""
        if self._campaigns is not None:
            number = call.session.progress.data.get("ani", "")
            self._campaigns.opted(number, call.call, now, out=out, by=by)

    def pressed(self, call: Call, leg: Leg, digit: str, now: float) -> None:
        """A key of whoever was called."""
        code = call.config.features.no_offers
        if not code or call.stage is not Stage.TALKING or leg.leg != call.b_leg:
            return
        typed, at = self._typed.pop(call.call, ("", now))
        typed = (typed if now - at <= CODE_PAUSE else "") + digit
        if not typed.endswith(code):
            self._typed[call.call] = typed[-len(code) :], now
            return
        self.opted(call, now, out=True, by=call.agent or leg.phone or "agent")
        self._control.verifying.confirm(call, leg, TONE, now)

    def over(self, call: Call) -> None:
        """The call is over."""
        self._typed.pop(call.call, None)
