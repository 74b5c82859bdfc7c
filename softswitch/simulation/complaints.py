"""What the formats of arrivals files have in common: names, numbers and times, and what is said when they are wrong."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NoReturn

from softswitch.config.errors import nearest, one_of
from softswitch.simulation.demand import MIDNIGHT, Interval

if TYPE_CHECKING:
    from collections.abc import Collection

_TIME = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")


class ArrivalsError(Exception):
    """The file cannot be used; the message names file, line, what is wrong and what would be right."""


class ArrivalsFile:
    """One file, read for these configured queues and agents."""

    def __init__(self, file: str, text: str, queues: Collection[str], agents: Collection[str]) -> None:
        self.file, self.text, self.queues, self.agents = file, text, queues, agents

    def wrong(self, line: int, what: str, right: str = "") -> NoReturn:
        raise ArrivalsError(f"{self.file}:{line}: {what}" + (f"; {right}" if right else ""))

    def known(self, name: str, names: Collection[str], kind: str, line: int) -> str:
        if name not in names:
            close = nearest(name, names)
            right = f'did you mean "{close}"?' if close else one_of(sorted(names)) or f"the configuration has no {kind}"
            self.wrong(line, f'there is no {kind} "{name}" in the configuration', right)
        return name

    def number(self, value: object, what: str, line: int, *, least: float = 0.0, above: bool = False) -> float:
        good = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if not good or value < least or (above and value == least):  # type: ignore[operator]
            bound = f"more than {least:g}" if above else f"{least:g} or more"
            self.wrong(line, f"{what} is {value!r}", f"a number is needed, {bound}")
        return float(value)  # type: ignore[arg-type]

    def clock(self, value: object, what: str, line: int) -> float:
        """Seconds since midnight."""
        found = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
        seconds = 3600.0 * int(found[1]) + 60.0 * int(found[2]) if found else math.inf
        if seconds > MIDNIGHT:
            self.wrong(line, f"{what} is {value!r}", 'a time of day is needed, as "08:30"')
        return seconds

    def interval(self, begin: float, minutes: float, calls: float, line: int) -> Interval:
        end = begin + 60 * minutes
        if end > MIDNIGHT + 1e-6:
            self.wrong(line, "the calls go on past midnight", "begin earlier, or give fewer numbers")
        return Interval(begin, end, calls)
