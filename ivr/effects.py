"""What a session asks for, in order, drained through `Session.next_effect`.

A barge-in always yields StopPrompts before anything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ivr.nodes import Prompt, Result, Service
    from ivr.targets import Target


#: Stands for each secret digit, and for the whole of a secret value.
SECRET = "•"


class EndReason(StrEnum):
    """Why a session is over."""

    CALLER_HUNG_UP = "caller-hung-up"
    FLOW_ENDED = "flow-ended"  # a hangup node
    TALK_ENDED = "talk-ended"  # the agent or phone left the conversation
    NOT_CONNECTED = "not-connected"  # a queue or phone gave the caller back and no outcome was defined for it
    STEP_LIMIT = "step-limit"  # too many nodes in which no time passed, without a digit from the caller
    UNKNOWN_TARGET = "unknown-target"  # the flow has no such node, and none for callers to whom that happens


@dataclass(frozen=True, slots=True)
class PlayPrompts:
    """Say these, in this order, without gaps; answer with PromptsFinished(play)."""

    play: int
    prompts: tuple[Prompt, ...]
    language: str


@dataclass(frozen=True, slots=True)
class StopPrompts:
    """Fall silent at once; no PromptsFinished is expected (one that crosses is ignored)."""

    play: int


@dataclass(frozen=True, slots=True)
class EnterQueue:
    """Queue the caller; answer with Returned unless the caller hangs up."""

    name: str


@dataclass(frozen=True, slots=True)
class CallPhone:
    """Ring a phone for at most `ring_timeout` seconds and bridge it; answer with Returned."""

    name: str
    ring_timeout: float


@dataclass(frozen=True, slots=True)
class CallNumber:
    """As CallPhone, for a number outside; `trunk` is empty when any may carry it."""

    number: str
    trunk: str
    ring_timeout: float


@dataclass(frozen=True, slots=True)
class Connect:
    """Give the caller echo, music or silence until they hang up."""

    service: Service


@dataclass(frozen=True, slots=True)
class Ask:
    """Find something out for the caller, who hears something meanwhile; answer with Answered(request).

    `kind` says who is asked ("webservice", "lookup", …) and `name` which of them. `variables` are those of the call,
    with the secret ones: they are for the question alone, and never for a log.
    """

    request: int
    kind: str
    name: str
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StopAsking:
    """Nobody waits for the answer any more."""

    request: int


@dataclass(frozen=True, slots=True)
class Pull:
    """Ask `name` what this caller is to hear at a slot, while the menu goes on; answer with Pulled(request).

    `variables` as of an Ask. Nothing happens when the answer comes late, or never.
    """

    request: int
    slot: str
    name: str
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OptOut:
    """Remember that this caller wants no offers from campaigns (`out`), or wants them again."""

    out: bool


@dataclass(frozen=True, slots=True)
class PlayMusic:
    """Let the caller hear a music channel until StopPrompts or whatever comes next."""

    channel: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """Somebody else has the caller now, who hears no more of the flow; answer with Returned unless they hang up."""

    kind: str
    name: str
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call. `result` is what the last queue or phone reported, when that is why (a busy phone: 486)."""

    reason: EndReason
    result: Result | None = None


@dataclass(frozen=True, slots=True)
class NodeEntered:
    node: Target


@dataclass(frozen=True, slots=True)
class NodeLeft:
    """`via` says what led out: "key 1", "no-input", "invalid", "then", "open", a Result, an outcome, "hung-up", …"""

    node: Target
    dwell: float  # seconds
    via: str
    detail: str = ""  # hours: the rule that decided


@dataclass(frozen=True, slots=True)
class DigitPressed:
    """`digit` is SECRET while a secret is collected, as in all records with digits."""

    node: Target
    digit: str


@dataclass(frozen=True, slots=True)
class KeyChosen:
    """A key of a menu was pressed; `digits` is `key`, perhaps with the "#" that ended it."""

    node: Target
    key: str
    digits: str


@dataclass(frozen=True, slots=True)
class DigitsEntered:
    """Digits of an entry, with the key that ended it."""

    node: Target
    digits: str


@dataclass(frozen=True, slots=True)
class DigitsDropped:
    """Digits that no menu acted on. `why`: "invalid", "no-type-ahead", "overflow", "end-of-entry" (the # that
    ends nothing any more), or "left" (for a queue, …).
    """

    node: Target
    digits: str
    why: str


@dataclass(frozen=True, slots=True)
class LanguageChosen:
    """The language of everything said to the caller from now on, announcements of queues included."""

    node: Target
    language: str


@dataclass(frozen=True, slots=True)
class VariablesSet:
    """What became known of the caller; the values of secret variables are SECRET."""

    node: Target
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Identified:
    """It is known which customer calls: from now on, and of what the call has been through so far."""

    node: Target
    customer_id: str


@dataclass(frozen=True, slots=True)
class MessageVoiced:
    """A campaign has a message for this caller in the menu just entered; it may be said once or more, or not at all."""

    node: Target
    slot: str
    campaign: str
    version: int
    segment: str


@dataclass(frozen=True, slots=True)
class VersionChosen:
    """Of the versions of `node` this caller has `to` (which may be `node` itself), as `percent` of all callers do."""

    node: Target
    to: Target
    percent: float


@dataclass(frozen=True, slots=True)
class QuestionAnswered:
    """An Ask is over; `outcome` is "ok", or why there is no answer."""

    node: Target
    request: int
    outcome: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that came from outside cannot be used; `what` says what, and the call goes on without it."""

    node: Target
    what: str


@dataclass(frozen=True, slots=True)
class NotThere:
    """The caller was led to `node`, which there is not (a number that is nobody's), and goes to `to` instead."""

    node: Target
    to: Target


@dataclass(frozen=True, slots=True)
class Survey:
    """The answer to one question."""

    node: Target
    survey: str
    question: str
    scale: str
    score: int


@dataclass(frozen=True, slots=True)
class PromptsStarted:
    node: Target
    play: int
    keys: tuple[str, ...]  # Prompt.key of each
    language: str


@dataclass(frozen=True, slots=True)
class PromptsEnded:
    """`played`: seconds since the request to play; `interrupted_by`: a digit, "hung-up", "limit", or "" (complete)."""

    node: Target
    play: int
    played: float
    interrupted_by: str = ""


@dataclass(frozen=True, slots=True)
class FlowEnded:
    reason: EndReason


Record = (
    NodeEntered
    | NodeLeft
    | DigitPressed
    | KeyChosen
    | DigitsEntered
    | DigitsDropped
    | LanguageChosen
    | VariablesSet
    | Identified
    | MessageVoiced
    | VersionChosen
    | QuestionAnswered
    | Trouble
    | NotThere
    | Survey
    | PromptsStarted
    | PromptsEnded
    | FlowEnded
)


@dataclass(frozen=True, slots=True)
class Journal:
    """Write this down; `at` is the `now` at which it happened."""

    at: float
    record: Record


Effect = (
    PlayPrompts
    | StopPrompts
    | PlayMusic
    | EnterQueue
    | CallPhone
    | CallNumber
    | Connect
    | Ask
    | StopAsking
    | Pull
    | OptOut
    | HandOver
    | HangUp
    | Journal
)
