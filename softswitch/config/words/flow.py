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
    Language,
    Number,
    Seconds,
    TargetField,
)
from softswitch.config.words.calendars import CalendarField
from softswitch.config.words.values import (
    FilePath,
    Key,
    Section,
    Spoken,
    Strings,
    Zone,
)


class Menu(Section):
    say: Spoken
    say_also: tuple[Spoken, ...] = ()
    """Said after ``say``: each in the caller's language or, without that, in one of its own."""
    keys: Annotated[Mapping[Key, TargetField], Field(min_length=1)]
    timeout: Annotated[Seconds, Field(gt=0, le=120)] = 5.0
    inter_digit: Annotated[Seconds, Field(gt=0, le=30)] = 2.0
    retries: Annotated[Count, Field(le=20)] = 2
    barge_in: Flag = True
    type_ahead: Flag = True
    when_no_input: TargetField = HANGUP
    when_invalid: TargetField = Target("repeat")


class Say(Section):
    say: Spoken
    say_also: tuple[Spoken, ...] = ()
    then: TargetField = HANGUP
    barge_in: Flag = True


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


class Music(Section):
    """A channel that all its listeners hear at the same place; files play one after another."""

    files: Annotated[tuple[FilePath, ...], Field(min_length=1)]


class Route(Section):
    """Sends a dialled number somewhere. The first route that matches wins."""

    did: Annotated[Strings, Field(min_length=1)] | None = None
    """Numbers; a trailing ``*`` stands for any rest. None: every number."""
    from_: Annotated[Strings | None, Field(alias="from")] = None
    """Callers: ``trunk:name``, ``phone:user``, ``trunk:*``, ``phone:*``. None: everybody."""
    to: TargetField
    language: Language | None = None
