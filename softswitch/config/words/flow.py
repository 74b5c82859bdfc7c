"""What callers go through: numbers, menus, texts, hours, music."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from ivr.targets import HANGUP, Target
from softswitch.config.fields import (
    Count,
    Flag,
    HoursRuleField,
    Label,
    Language,
    Number,
    Seconds,
    TargetField,
    Word,
)
from softswitch.config.words.calendars import CalendarField
from softswitch.config.words.callers import Column
from softswitch.config.words.campaigns import Slot, Versions
from softswitch.config.words.dialogue import Targets, Texts
from softswitch.config.words.lint import FindingCode
from softswitch.config.words.values import (
    FilePath,
    Key,
    Section,
    Spoken,
    Strings,
    Zone,
)

HoursNumber = Annotated[str, Field(pattern=r"^[0-9]{1,6}$")]


#: False: a text is said to its end. A list has a word for each text, and the last of it is for all that follow.
BargeIn = Flag | Annotated[tuple[Flag, ...], Field(min_length=1)]


class Menu(Section):
    say: Spoken
    say_also: tuple[Spoken, ...] = ()
    """Said after ``say``: each in the caller's language or, without that, in one of its own."""
    slots: Annotated[tuple[Slot, ...], Field(alias="slot")] = ()
    """Control points: what campaigns say here."""
    keys: Annotated[Mapping[Key, TargetField], Field(min_length=1)]
    labels: Mapping[Key, Label] = {}
    """What the agent's phone shows of a caller who came by that key: ``{ 1 = "Invoices" }``."""
    timeout: Annotated[Seconds, Field(gt=0, le=120)] = 5.0
    inter_digit: Annotated[Seconds, Field(gt=0, le=30)] = 2.0
    retries: Annotated[Count, Field(le=20)] = 2
    say_again: Texts = ()
    """In place of ``say`` when it has to be said again: the first time, the second time, …"""
    say_invalid: Texts = ()
    """Said before that, after a wrong key."""
    say_no_input: Texts = ()
    """The same, after silence."""
    barge_in: BargeIn = True
    type_ahead: Flag = True
    when_no_input: TargetField = HANGUP
    when_invalid: TargetField = Target("repeat")
    versions: Versions = ()
    """Rolled out to some of the callers in place of this menu; see docs/control-points.md."""
    lint_ignore: tuple[FindingCode, ...] = ()
    """Findings of `check` that do not matter for this menu; see ``[lint]``."""


class Say(Section):
    say: Spoken
    say_also: tuple[Spoken, ...] = ()
    then: TargetField = HANGUP
    barge_in: BargeIn = True


class Goto(Section):
    """Another name for a place, and what is known of callers who come by here."""

    then: TargetField
    language: Language | None = None
    """The caller's choice of a language."""
    priority: Number | None = None
    """Points in every queue, on top of the queue's own. None: as before."""
    needs: str = ""
    """Skills that the agent must have besides those that the queue needs."""
    prefer: str = ""
    """Agents who satisfy this are asked before the others."""
    versions: Versions = ()
    """Rolled out to some of the callers in place of ``then``."""
    when_unavailable: Targets = ()
    """Where to, one after another, when ``then`` is nobody or does not take the caller. Empty: as the route says."""


HolidaySet = Literal["ua", "pl", "gb"]


class Hours(Section):
    open: tuple[HoursRuleField, ...]
    closed: tuple[HoursRuleField, ...] = ()
    holidays: tuple[HolidaySet, ...] = ()
    """Public holidays, computed: closed, but for dates that `open` names."""
    open_calendar: CalendarField | None = None
    """An iCalendar file (.ics): open while an event of it goes on."""
    closed_calendar: CalendarField | None = None
    """An iCalendar file (.ics): closed while an event of it goes on."""
    timezone: Zone | None = None
    when_open: TargetField
    when_closed: TargetField
    when_special: TargetField | None = None
    """While somebody has set these hours to "special" by hand; otherwise `when_closed` stands for it."""
    number: HoursNumber | None = None
    """What is dialled after the feature code for hours."""
    forced_by: Strings = ()
    """Phones and agents who may set these hours by telephone."""


class Music(Section):
    """A channel that all its listeners hear at the same place; files play one after another."""

    files: Annotated[tuple[FilePath, ...], Field(min_length=1)]


#: What a caller who is refused is told (RFC 3261 §21, RFC 8197, RFC 8688).
REFUSALS = {"busy": 486, "unavailable": 480, "not-found": 404, "declined": 603, "unwanted": 607, "rejected": 608}
Refusal = Literal["busy", "unavailable", "not-found", "declined", "unwanted", "rejected"]


class Route(Section):
    """Sends a dialled number somewhere. The first route that matches wins."""

    did: Annotated[Strings, Field(min_length=1)] | None = None
    """Numbers; a trailing ``*`` stands for any rest. None: every number."""
    from_: Annotated[Strings | None, Field(alias="from")] = None
    """Callers: ``trunk:name``, ``phone:user``, ``trunk:*``, ``phone:*``, ``list:name``, a number or the beginning of
    numbers ("+4822*"), ``withheld``. None: everybody."""
    when: Annotated[Strings, Field(min_length=1)] | None = None
    """``open:name``, ``closed:name`` or ``special:name`` of hours; all of them must be so. None: at any time."""
    to: TargetField
    """``{column}`` stands for what the caller's list says, ``{did}`` for the number that was dialled."""
    when_unavailable: Targets = ()
    """Where to, in this order, when the one before does not take the caller."""
    reject: Refusal | None = None
    """With ``to = "hangup"``: the call is not answered, and this is what the caller's network is told."""
    language: Language | None = None
    priority: Number | None = None
    """Points in every queue, on top of the queue's own. None: what the caller's list says."""
    needs: str = ""
    """Skills that the agent must have besides those that the queue needs. Empty: what the caller's list says."""
    prefer: str = ""
    """Agents who satisfy this are asked before the others. Empty: what the caller's list says."""
    label: Label = ""
    """Shown on the agent's phone before the caller. Empty: what the caller's list says."""
    data: Mapping[Column, Word] = {}
    """Variables of the call."""
