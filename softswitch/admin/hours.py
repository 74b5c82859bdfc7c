"""Opening hours for operators: what they are now and why, and setting them by hand."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from ivr.forced import ForcedState
from ivr.hours import instants
from softswitch.admin.protocol import AdminError, Code
from softswitch.admin.requests import Args, Nothing, Text, listed, read

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import tzinfo

    from softswitch.call.control import CallControl
    from softswitch.ports import Clock

#: Words for an end that does not come by itself.
NO_END = "released"
_RIGHT = f'write 17:30, "2026-12-24 17:30", 45m, 2h, or {NO_END} for no end'
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_LENGTH = re.compile(r"([1-9]\d{0,4})([mh])")


class ChangeHours(Args):
    """``auto``: what the rules say. ``until``: see `parse_until`; without it until the rules change by themselves."""

    hours: Text
    to: Literal["open", "closed", "special", "auto"]
    until: Annotated[str, Field(max_length=40)] | None = None
    by: Annotated[str, Field(max_length=100)] = ""


class HoursDesk:
    """The verbs ``hours`` and ``hours.change``. *settle* is called after a change."""

    def __init__(
        self, control: CallControl, *, clock: Clock, now: Callable[[], float], settle: Callable[[], None]
    ) -> None:
        self._control = control
        self._clock = clock
        self._now = now
        self._settle = settle

    def verbs(self) -> dict[str, Callable[[Mapping[str, Any]], Any]]:
        return {"hours": self.show, "hours.change": self.change}

    def show(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """All hours as they are now; times are seconds since the epoch."""
        read(Nothing, args)
        now = self._now()
        names = self._control.reconfiguring.settings.config.hours
        return {"at": self._clock.wall(now), "hours": [self._state(name, now) for name in names]}

    def change(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Set hours by hand, or let their rules count again; the state afterwards."""
        wanted = read(ChangeHours, args)
        control, now = self._control, self._now()
        hours = control.reconfiguring.settings.config.hours
        if wanted.hours not in hours:
            raise AdminError(Code.NOT_FOUND, f"there are no hours {wanted.hours}; {listed(hours)}")
        if wanted.to == "auto" and wanted.until is not None:
            raise AdminError(Code.BAD_REQUEST, "auto has no end: leave out until")
        until = None
        if wanted.to != "auto":
            until = self._until(wanted, str(hours[wanted.hours].timezone or ""), now)
        control.journal_line(
            "admin.changed", None, now, {"verb": "hours.change", **wanted.model_dump(exclude_none=True)}
        )
        by = wanted.by or "operator"
        if wanted.to == "auto":
            control.forcing.release(wanted.hours, now, by=by)
        else:
            control.forcing.force(wanted.hours, ForcedState(wanted.to), now, until=until, by=by)
        self._settle()
        return self._state(wanted.hours, now)

    def _until(self, wanted: ChangeHours, timezone: str, now: float) -> float | None:
        if wanted.until is None:
            return self._control.opening.next_change(wanted.hours, now)
        try:
            return parse_until(wanted.until, self._clock.local(now, timezone))
        except ValueError as error:
            raise AdminError(Code.BAD_REQUEST, str(error)) from None

    def _state(self, name: str, now: float) -> dict[str, Any]:
        opening, forced = self._control.opening, self._control.forcing.at(name, now)
        verdict, rules = opening.at(name, now), opening.by_rules(name, now)
        zone = self._clock.local(
            now, str(self._control.reconfiguring.settings.config.hours[name].timezone or "")
        ).tzinfo
        return {
            "hours": name,
            "state": verdict.state,
            "why": verdict.why,
            "reason": "set by hand" if forced else rules.reason,
            "by_rules": rules.state,
            "forced_by": forced.by if forced else None,
            "next_change": forced.until if forced else opening.next_change(name, now),
            "timezone": str(zone),
        }


def parse_until(text: str, now: datetime) -> float | None:
    """An end as people write it, in seconds since the epoch; None for `NO_END`. *now*: aware, where the hours are.

    ``17:30`` is the next time that the clock shows it. Raises ValueError.
    """
    text = text.strip().lower()
    if text == NO_END:
        return None
    if length := _LENGTH.fullmatch(text):
        return now.timestamp() + int(length[1]) * (3600 if length[2] == "h" else 60)
    if clock := _CLOCK.fullmatch(text):
        days = (now.date() + timedelta(days=ahead) for ahead in range(3))
        walls = [datetime.combine(day, time(int(clock[1]), int(clock[2]))) for day in days]
    else:
        try:
            wall = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f'"{text}" is not a time; {_RIGHT}') from None
        if "t" not in text and " " not in text:
            raise ValueError(f'"{text}" has no hour; {_RIGHT}')
        walls = [wall]
    try:
        ends = [end for wall in walls for end in _instants(wall, now.tzinfo or UTC)]
    except OverflowError:
        raise ValueError(f'"{text}" is too far away; {_RIGHT}') from None
    if not ends:
        raise ValueError(f'the clocks skip "{text}"; {_RIGHT}')
    end = next((end for end in ends if end > now.timestamp()), None)
    if end is None:
        raise ValueError(f'"{text}" is past; {_RIGHT}')
    return end


def _instants(wall: datetime, zone: tzinfo) -> list[float]:
    if wall.tzinfo is not None:
        return [wall.timestamp()]
    return [moment.timestamp() for moment in instants(wall, zone)]
