"""Opening hours as operators and programs outside see them: what they are now and why, and set by hand."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from ivr.hours import instants

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

    from ivr.forced import ForcedState
    from softswitch.call.control import CallControl
    from softswitch.ports import Clock

#: Words for an end that does not come by itself.
NO_END = "released"
_RIGHT = f'write 17:30, "2026-12-24 17:30", 45m, 2h, or {NO_END} for no end'
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
#: So many hours are named to who asks for others.
_NAMED = 12
_LENGTH = re.compile(r"([1-9]\d{0,4})([mh])")


class NoSuchHours(Exception):
    """The message is a sentence for people."""


class HoursDesk:
    """*settle* is called after a change, for what it makes the switch send."""

    def __init__(
        self, control: CallControl, *, clock: Clock, now: Callable[[], float], settle: Callable[[], None]
    ) -> None:
        self._control = control
        self._clock = clock
        self._now = now
        self._settle = settle

    def listed(self) -> list[dict[str, Any]]:
        """All of them, as `shown`."""
        return [self.shown(name) for name in self._control.reconfiguring.settings.config.hours]

    def shown(self, name: str) -> dict[str, Any]:
        """One of them as it is now; times are seconds since the epoch. Raises NoSuchHours."""
        timezone, now = self._timezone(name), self._now()
        opening, forced = self._control.opening, self._control.forcing.at(name, now)
        verdict, rules = opening.at(name, now), opening.by_rules(name, now)
        return {
            "hours": name,
            "state": verdict.state,
            "why": verdict.why,
            "reason": "set by hand" if forced else rules.reason,
            "by_rules": rules.state,
            "forced_by": forced.by if forced else None,
            "next_change": forced.until if forced else opening.next_change(name, now),
            "timezone": str(self._clock.local(now, timezone).tzinfo),
        }

    def force(self, name: str, state: ForcedState, *, until: str | None, by: str) -> dict[str, Any]:
        """Set hours by hand; the state afterwards. *until*: see `parse_until`; None: until the rules change by
        themselves. Raises NoSuchHours, and ValueError for an end that cannot be.
        """
        timezone, now = self._timezone(name), self._now()
        if until is None:
            end = self._control.opening.next_change(name, now)
        else:
            end = parse_until(until, self._clock.local(now, timezone))
        self._audit(now, by, hours=name, to=state.value, **({} if until is None else {"until": until}))
        self._control.forcing.force(name, state, now, until=end, by=by)
        self._settle()
        return self.shown(name)

    def release(self, name: str, *, by: str) -> dict[str, Any]:
        """Let the rules count again; the state afterwards. Raises NoSuchHours."""
        self._timezone(name)
        now = self._now()
        self._audit(now, by, hours=name, to="auto")
        self._control.forcing.release(name, now, by=by)
        self._settle()
        return self.shown(name)

    def _audit(self, now: float, by: str, **what: str) -> None:
        self._control.journal_line("admin.changed", None, now, {"verb": "hours.change", **what, "by": by})

    def _timezone(self, name: str) -> str:
        hours = self._control.reconfiguring.settings.config.hours
        if name not in hours:
            raise NoSuchHours(f"there are no hours {name}; there are {', '.join(list(hours)[:_NAMED]) or 'none'}")
        return str(hours[name].timezone or "")


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
