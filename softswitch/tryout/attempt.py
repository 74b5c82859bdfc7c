"""One call to be tried: who calls what and when, what they press, and what others say who have a part in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ivr.events import OK
from ivr.forced import ForcedHours
from ivr.nodes import DIGITS, Result
from softswitch.call.supposed import QuestionError
from softswitch.tryout.replies import parts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from softswitch.call.model import Caller
    from softswitch.tryout.book import Message

#: Seconds after the beginning of what is said before the caller presses a key, and between two keys.
THINKING, TYPING = 1.0, 0.3
SILENCE = "-"
#: What people say for a result.
_RESULTS = {"answered": Result.ENDED, "served": Result.ENDED} | {result.value: result for result in Result}


@dataclass(frozen=True, slots=True)
class Press:
    """What the caller does each time they are asked for keys: `keys` (none: nothing), `after` so many seconds."""

    keys: str
    after: float = THINKING


@dataclass(frozen=True, slots=True)
class Reply:
    """What a queue, a phone, a webservice … does with the caller: `outcome` is a Result, "ok", or a failure.

    `body`: the very text that whoever is asked sends, in place of `values`; see `softswitch.tryout.replies`.
    """

    outcome: str = OK
    values: Mapping[str, str] = field(default_factory=dict)
    after: float = 0.0
    key: str = ""
    body: str = ""

    @property
    def result(self) -> Result:
        """Raises QuestionError when this is none of a queue or phone."""
        if self.outcome not in _RESULTS:
            raise QuestionError(f'"{self.outcome}" is no result; there are {", ".join(_RESULTS)}')
        return _RESULTS[self.outcome]


@dataclass(frozen=True, slots=True)
class Attempt:
    """`answers`: by target (``queue:sales``, ``webservice:parcel``), what it does the first time, the second time, …

    `messages`: what campaigns say, in place of what the running switch has bound. `hours`: those set by hand.
    """

    did: str
    caller: Caller
    at: datetime
    presses: Sequence[Press] = ()
    answers: Mapping[str, Sequence[Reply]] = field(default_factory=dict)
    hang_up: float | None = None
    messages: Sequence[Message] | None = None
    hours: ForcedHours = field(default_factory=ForcedHours)


_PRESS = re.compile(r"(?P<keys>-|[0-9*#A-D]+)(?:@(?P<after>[0-9]+(?:\.[0-9]+)?))?")


def presses(items: Sequence[str]) -> tuple[Press, ...]:
    """``1``, ``12#``, ``1@2.5`` (2.5 s after the text began) or ``-`` (nothing), one for each time keys are wanted."""
    found = []
    for item in items:
        match = _PRESS.fullmatch(item.strip())
        if match is None:
            right = 'write "1", "12#", "1@2.5" (so many seconds after the text began), or "-" for silence'
            raise QuestionError(f'"{item}" cannot be pressed: {right}')
        keys = "" if match["keys"] == SILENCE else match["keys"]
        assert set(keys) <= DIGITS
        found.append(Press(keys, THINKING if match["after"] is None else float(match["after"])))
    return tuple(found)


def reply(text: str) -> Reply:
    """``timed-out``, or ``ok,status=sent,sum=12.50`` with values; ``key,key=1`` for a key pressed in a queue.

    JSON alone is what whoever is asked sends: an answer of a web service, a row of a lookup, a list of verbs.
    """
    if text.strip()[:1] in ("[", "{"):
        (body,) = parts(text) or [""]
        return Reply(body=body)
    outcome, *values = parts(text) or [""]
    pairs = dict(value.partition("=")[::2] for value in values)
    return Reply(outcome, pairs, key=pairs.get("key", "") if outcome == Result.KEY else "")
