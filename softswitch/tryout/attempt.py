"""One call to be tried: who calls what and when, what they press, and what others say who have a part in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from ivr.nodes import DIGITS, Result
from softswitch.call.model import Caller
from softswitch.config.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from softswitch.config import Config

#: Seconds after the beginning of what is said before the caller presses a key, and between two keys.
THINKING, TYPING = 1.0, 0.3
SILENCE = "-"
_TIMES = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d")
_WITHHELD = ("", "withheld", "anonymous")
#: What people say for a result.
_RESULTS = {"answered": Result.ENDED, "served": Result.ENDED} | {result.value: result for result in Result}


class AttemptError(ValueError):
    """The question makes no sense; the message says what would."""


@dataclass(frozen=True, slots=True)
class Press:
    """What the caller does each time they are asked for keys: `keys` (none: nothing), `after` so many seconds."""

    keys: str
    after: float = THINKING


@dataclass(frozen=True, slots=True)
class Reply:
    """What a queue, a phone, a webservice … does with the caller: `outcome` is a Result, "ok", or a failure."""

    outcome: str
    values: Mapping[str, str] = field(default_factory=dict)
    after: float = 0.0
    key: str = ""

    @property
    def result(self) -> Result:
        """Raises AttemptError when this is none of a queue or phone."""
        if self.outcome not in _RESULTS:
            raise AttemptError(f'"{self.outcome}" is no result; there are {", ".join(_RESULTS)}')
        return _RESULTS[self.outcome]


@dataclass(frozen=True, slots=True)
class Attempt:
    """`answers`: by target (``queue:sales``, ``webservice:parcel``), what it does the first time, the second time, …"""

    did: str
    caller: Caller
    at: datetime
    presses: Sequence[Press] = ()
    answers: Mapping[str, Sequence[Reply]] = field(default_factory=dict)
    hang_up: float | None = None


def caller_of(config: Config, ani: str, trunk: str, phone: str) -> Caller:
    """Who calls: one of our phones, or somebody with that number over a trunk, by default the first."""
    if phone:
        if phone not in config.phones:
            raise AttemptError(f'there is no phone "{phone}"{_likely(phone, config.phones)}')
        return Caller(phone, config.phones[phone].name, phone=phone)
    trunk = trunk or next(iter(config.trunks), "")
    if not trunk:
        raise AttemptError("the configuration has no trunk: say which phone calls (--phone 1001)")
    if trunk not in config.trunks:
        raise AttemptError(f'there is no trunk "{trunk}"{_likely(trunk, config.trunks)}')
    raw = "" if ani in _WITHHELD else ani
    number = config.plan.read(raw)
    return Caller(number.dialable, trunk=trunk, raw=raw, withheld=number.withheld)


def moment(text: str, now: datetime) -> datetime:
    """*text* as a time of the zone of *now*; empty: *now*."""
    if not text:
        return now
    for form in _TIMES:
        try:
            return datetime.strptime(text, form).replace(tzinfo=now.tzinfo)
        except ValueError:
            continue
    try:
        clock = datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 (the zone is that of `now`)
    except ValueError:
        raise AttemptError(f'"{text}" is no time: write "2026-12-25 10:00" or "10:00"') from None
    return now.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)


_PRESS = re.compile(r"(?P<keys>-|[0-9*#A-D]+)(?:@(?P<after>[0-9]+(?:\.[0-9]+)?))?")


def presses(items: Sequence[str]) -> tuple[Press, ...]:
    """``1``, ``12#``, ``1@2.5`` (2.5 s after the text began) or ``-`` (nothing), one for each time keys are wanted."""
    found = []
    for item in items:
        match = _PRESS.fullmatch(item.strip())
        if match is None:
            right = 'write "1", "12#", "1@2.5" (so many seconds after the text began), or "-" for silence'
            raise AttemptError(f'"{item}" cannot be pressed: {right}')
        keys = "" if match["keys"] == SILENCE else match["keys"]
        assert set(keys) <= DIGITS
        found.append(Press(keys, THINKING if match["after"] is None else float(match["after"])))
    return tuple(found)


def reply(text: str) -> Reply:
    """``timed-out``, or ``ok,status=sent,sum=12.50`` with values; ``key=1`` with the outcome ``key``."""
    outcome, *values = (part.strip() for part in text.split(","))
    pairs = dict(value.partition("=")[::2] for value in values)
    return Reply(outcome, pairs, key=pairs.get("key", "") if outcome == Result.KEY else "")


def _likely(word: str, known: Mapping[str, object]) -> str:
    likely = nearest(word, known)
    return f'; did you mean "{likely}"?' if likely else ""
