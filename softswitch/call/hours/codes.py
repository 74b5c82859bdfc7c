"""Hours set by telephone: ``CODE*NUMBER*STATE``, perhaps with ``*MINUTES``, dialled by who may.

States are 1 open, 2 closed, 3 special, and 0 for the calendar again. Without minutes a state lasts until the rules
would change by themselves; with 0 minutes until somebody sets another one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ivr.forced import ForcedState
from ivr.nodes import Prompt
from softswitch.call.hours.opening import OPEN
from softswitch.speech import phrases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from softswitch.call.hours.forcing import Forcing
    from softswitch.call.hours.opening import Opening
    from softswitch.call.settings import Settings
    from softswitch.config import Config
    from softswitch.ports import Clock

UNKNOWN, WRONG, NOT_ALLOWED = Prompt("hours-unknown"), Prompt("hours-code-wrong"), Prompt("hours-not-allowed")
_STATES = {"1": ForcedState.OPEN, "2": ForcedState.CLOSED, "3": ForcedState.SPECIAL}
_REST = re.compile(r"\*([0-9]{1,6})\*([0-3])(?:\*([0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to say; `done`: something was set or released."""

    say: Prompt
    done: bool = False
    hours: str | None = None


def sets_hours(config: Config, dialled: str) -> bool:
    """Whether *dialled* is the code with what may follow it."""
    code = config.features.hours
    rest = dialled.removeprefix(code)
    numbered = any(hours.number for hours in config.hours.values())
    return bool(code) and numbered and dialled.startswith(code) and (not rest or rest.startswith("*"))


class HoursCodes:
    """Recognises the code, decides who may use it, and sets the hours."""

    def __init__(
        self,
        config: Config,
        forcing: Forcing,
        opening: Opening,
        *,
        agent_at: Callable[[str], str | None],
        clock: Clock,
    ) -> None:
        self._forcing = forcing
        self._opening = opening
        self._agent_at = agent_at
        self._clock = clock
        self._read(config)

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        self._read(settings.config)

    def _read(self, config: Config) -> None:
        self._code = config.features.hours
        self._hours = {hours.number: (name, hours) for name, hours in config.hours.items() if hours.number}

    def recognise(self, dialled: str) -> str | None:
        """What follows the code in *dialled*; None when it is something else."""
        rest = dialled.removeprefix(self._code)
        ours = self._code and self._hours and dialled.startswith(self._code)
        return rest if ours and (not rest or rest.startswith("*")) else None

    def use(self, rest: str, phone: str, now: float) -> Outcome:
        """Somebody dials this at *phone*."""
        wanted = _REST.fullmatch(rest)
        if wanted is None:
            return Outcome(WRONG)
        number, state, minutes = wanted.groups()
        name, hours = self._hours.get(number, ("", None))
        if hours is None:
            return Outcome(UNKNOWN)
        agent = self._agent_at(phone)
        if phone not in hours.forced_by and agent not in hours.forced_by:
            return Outcome(NOT_ALLOWED, hours=name)
        by = agent if agent in hours.forced_by and agent is not None else phone
        if state not in _STATES:
            self._forcing.release(name, now, by=by)
            return Outcome(phrases.hours_released(open=self._opening.at(name, now).is_(OPEN)), done=True, hours=name)
        if minutes is None:
            until = self._opening.next_change(name, now)
        else:
            until = self._clock.wall(now) + int(minutes) * 60 if int(minutes) else None
        self._forcing.force(name, _STATES[state], now, until=until, by=by)
        local = self._clock.local(now, str(hours.timezone or ""))
        end = None if until is None else datetime.fromtimestamp(until, local.tzinfo)
        return Outcome(phrases.hours_forced(_STATES[state].value, end, local), done=True, hours=name)


def hours_prompts(config: Config) -> Iterator[Prompt]:
    """What may be heard after the code, without the ends, which nobody knows before."""
    if config.features.hours and any(hours.number for hours in config.hours.values()):
        yield from (UNKNOWN, WRONG, NOT_ALLOWED, phrases.hours_released(open=True), phrases.hours_released(open=False))
        for state in ForcedState:
            yield phrases.hours_forced(state.value, None, None)
