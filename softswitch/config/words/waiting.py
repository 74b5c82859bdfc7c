"""What a caller goes through in a queue, and what an agent hears of it: words of ``[queue.NAME]``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from softswitch.config.fields import Count, Flag, HoursRuleField, Label, Seconds, TargetField, Word, Wrong
from softswitch.config.words.values import Name, Section, Shorthand, Spoken

UNTIL_DONE = "until-done"
LONGEST_WRAP_UP = 1e7


def _table_or_flag(value: object) -> object:
    """``true`` is the table with its defaults, ``false`` is none."""
    return {True: {}, False: None}[value] if isinstance(value, bool) else value


def _wrap_up(value: object) -> float | Literal["until-done"]:
    if value == UNTIL_DONE:
        return "until-done"
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LONGEST_WRAP_UP:
        return float(value)
    raise Wrong("is not a time after a call", f'write seconds, or "{UNTIL_DONE}" when the agent ends it')


#: Seconds of wrap-up, or "until-done": the agent ends it by feature code.
WrapUp = Annotated[
    float | Literal["until-done"],
    PlainValidator(_wrap_up),
    WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0}, {"const": UNTIL_DONE}]}),
]
QueueNumber = Annotated[str, Field(pattern=r"^[0-9]{1,6}$")]
ExitKey = Annotated[str, Field(pattern=r"^[0-9*#A-D]$")]
#: A number that may be called back, with ``*`` at the end for any rest.
NumberPattern = Annotated[str, Field(pattern=r"^\+?[0-9]*\*?$", min_length=1)]


class Announce(Section):
    """What a waiting caller is told. The key of another word never waits for the end of it."""

    position: Flag = True
    wait: Flag = False
    """The expected wait, as "three to five minutes"; only while it can be foretold."""
    every: Annotated[Seconds, Field(ge=5)] = 30.0
    first_after: Seconds = 5.0
    comfort: Flag = False
    """Something kind between the announcements."""
    comfort_say: tuple[Spoken, ...] = ()
    """Texts of one's own instead of those that come with the switch; said in turn."""
    comfort_every: Annotated[Seconds, Field(ge=10)] = 60.0


class Exit(Section):
    """Keys that lead out of the queue; whoever comes back has the old place."""

    keys: Annotated[Mapping[ExitKey, TargetField], Field(min_length=1)]


class Overflow(Section):
    """From ``after`` seconds of waiting on: ``to`` goes on elsewhere, with the age kept in another queue; ``also``
    stays, and the agents of that queue may serve as well."""

    after: Annotated[Seconds, Field(gt=0)]
    to: TargetField | None = None
    also: TargetField | None = None


class OfferCallback(Section):
    """Callers may hang up and be called back when it is their turn."""

    after: Seconds = 60.0
    """Seconds of waiting after which it is offered."""
    expected: Annotated[Seconds, Field(gt=0)] | None = None
    """Offered at once to whoever is expected to wait longer than that."""
    position: Annotated[Count, Field(ge=1)] | None = None
    """Offered at once to whoever comes with so many ahead."""
    closing: Word | None = None
    """``hours:name``: offered to everybody when these hours are about to end."""
    closing_within: Annotated[Seconds, Field(gt=0, le=86_400)] = 900.0
    """So many seconds before."""
    key: ExitKey = "1"
    at_once: Flag = False
    """The key works before it has been offered."""
    priority: Annotated[float, Field(ge=-1e6, le=1e6)] = 0.0
    """Points that those who have hung up have more than those on the line, or, below 0, less: so many seconds of
    waiting, with an ageing of 1. 0: one order for all."""
    first: Literal["customer", "agent"] = "customer"
    """Who is rung first: the customer, when an agent is due to be free, or an agent."""
    greeting: Flag = True
    """The customer presses 1 to talk, so that no agent is put through to a mailbox."""
    company: Label = ""
    """Who says that it is calling back."""
    another_number: Flag = True
    """The caller may enter another number than the one they call from."""
    numbers: tuple[NumberPattern, ...] = ()
    """Which numbers may be called back, besides our own phones. Empty: those of 5 to 15 digits, if there is a trunk."""
    never: tuple[NumberPattern, ...] = ()
    """Numbers that are not called back, whoever asks; ``*`` at the end stands for any rest."""
    windows: tuple[HoursRuleField, ...] = ()
    """Hours in which customers may be called, in the switch's time zone; `expires_after` stands still outside. Empty:
    at any time."""
    trunk: Name | None = None
    """Through which to call. None: the one by which the caller came, else any that can call out."""
    ring_timeout: Annotated[Seconds, Field(gt=0)] = 30.0
    setup: Annotated[Seconds, Field(gt=0)] = 12.0
    """Seconds that a customer usually takes to answer: who is called that much before an agent is expected."""
    tries: Annotated[Count, Field(ge=1, le=20)] = 3
    retry_after: Annotated[tuple[Annotated[Seconds, Field(ge=5)], ...], Field(min_length=1)] = (60.0, 300.0, 900.0)
    """Seconds before the second try, the third…; the last one again and again."""
    expires_after: Annotated[Seconds, Field(gt=0)] = 8 * 3600.0
    """Seconds after which a request that could not be served is given up."""
    abandoned_after: Annotated[Seconds, Field(gt=0)] | None = None
    """Callers who hung up after waiting so long are called back without having asked. None: they are not."""


class Whisper(Section):
    """What the agent hears after answering; the caller goes on hearing music meanwhile."""

    wait: Flag = True
    """How long the caller waited, after the name of the queue."""
    say: Spoken | None = None
    """Words of one's own instead."""
    tone: Flag = False
    """A short tone instead of words."""


class WrapUpRange(Section):
    """Limits of an agent's wrap-up, whatever queue the call came from."""

    min: Seconds = 0.0
    max: Seconds | None = None


def _range(value: object) -> object:
    """A number is exactly that."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"min": value, "max": value}
    return value


AgentWrapUp = Annotated[WrapUpRange | None, BeforeValidator(_range), Shorthand({"type": "number", "minimum": 0})]
OptionalWhisper = Annotated[Whisper | None, BeforeValidator(_table_or_flag), Shorthand({"type": "boolean"})]
OptionalCallback = Annotated[OfferCallback | None, BeforeValidator(_table_or_flag), Shorthand({"type": "boolean"})]
