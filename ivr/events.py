"""What a session is told. Times are arguments of `Session.receive`, never part of an event."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ivr.nodes import Result
    from ivr.slots import Voiced
    from ivr.targets import Target


#: The outcome of a question that was answered.
OK: Final = "ok"


@dataclass(frozen=True, slots=True)
class Started:
    """The call is there. `language` is empty for the flow's default.

    `variables`: what is known of the caller (ani, did, name, columns of lists …). `fallbacks`: where to, one after
    another, when somebody to whom the caller is handed over does not take them and the node does not say what follows.
    """

    entry: Target
    language: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    fallbacks: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True)
class Digit:
    """The caller pressed a key (0-9 * # A-D), reported once however it was carried. Anything else is ignored."""

    digit: str


@dataclass(frozen=True, slots=True)
class PromptsFinished:
    """All prompts of PlayPrompts number `play` have been played, or could not be. A number of the past is ignored."""

    play: int


@dataclass(frozen=True, slots=True)
class PromptsTimed:
    """PlayPrompts number `play` has begun to sound, and takes `seconds`. A number of the past is ignored."""

    play: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Returned:
    """Whoever had the caller gives them back; `key` is the one pressed when the result is `Result.KEY`.

    `values` become variables of the call.
    """

    result: Result
    key: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to Ask number `request`: `outcome` is "ok" or why there is none; `values` become variables.

    A number of the past is ignored.
    """

    request: int
    outcome: str = OK
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pulled:
    """The answer to Pull number `request`; None: there is none, and what is bound to the slot is heard."""

    request: int
    messages: tuple[Voiced, ...] | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """Whom the caller talked with has sent them on; what they chose and which language they speak stays known."""

    target: Target


@dataclass(frozen=True, slots=True)
class Requeued:
    """Somebody has put the caller, who waits in the queue `left` or has a place there, into `queue`."""

    left: Target
    queue: Target


@dataclass(frozen=True, slots=True)
class HungUp:
    """The caller is gone, or call control ended the call."""


Event = Started | Digit | PromptsTimed | PromptsFinished | Returned | Answered | Pulled | Moved | Requeued | HungUp
