"""Where callers speak to a file, or with each other, or wait to be fetched: recordings, conferences, parking."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ivr.targets import HANGUP
from softswitch.config.fields import Count, Flag, NumberRangeField, Seconds, TargetField
from softswitch.config.secrets import SecretField
from softswitch.config.words.callers import Column
from softswitch.config.words.values import Name, Section, Spoken


class Record(Section):
    """Something that the caller says, kept as a WAV file below ``data_dir``."""

    say: Spoken | None = None
    """What they are asked for. None: nothing, only the tone."""
    beep: Flag = True
    """A tone tells when to speak."""
    max_seconds: Annotated[Seconds, Field(ge=1, le=7200)] = 120.0
    min_seconds: Annotated[Seconds, Field(ge=0, le=60)] = 1.0
    """What is shorter, or has less speech in it, is asked for again."""
    silence_ends: Annotated[Seconds, Field(ge=0, le=60)] = 5.0
    """So many seconds without a word end the recording; 0 = never."""
    end_key: Annotated[str, Field(pattern=r"^[0-9*#]?$")] = "#"
    """Ends the recording. Empty: no key does."""
    review: Flag = True
    """Callers are asked whether it is to be kept (1) or to be recorded again (2)."""
    variable: Column = "recording"
    """The variable of the call that holds the path of the file; its length in seconds is in ``{variable}_seconds``."""
    then: TargetField = HANGUP
    when_failed: TargetField | None = None
    """Where callers go of whom nothing could be recorded. None: as the route says."""


class Conference(Section):
    """A room in which everybody hears everybody."""

    say: Spoken | None = None
    """What callers hear before they are let in."""
    pin: SecretField | None = None
    """Who does not know it stays outside. None: the room is open."""
    music: Name = "default"
    """The channel that somebody who is alone hears."""
    chime: Flag = True
    """Two short tones when somebody comes or goes."""
    max_members: Annotated[Count, Field(ge=2, le=200)] = 20
    when_full: TargetField | None = None
    """Where callers go for whom there is no room. None: as the route says."""
    when_refused: TargetField | None = None
    """Where callers go who do not know the PIN. None: as the route says."""


class Park(Section):
    """Places where callers are left for somebody else to fetch."""

    places: NumberRangeField
    """Their numbers, "701-720": who dials one fetches the caller who is there."""
    timeout: Annotated[Seconds, Field(ge=5, le=86400)] = 120.0
    """After so many seconds whoever parked the caller is rung; if they do not answer, the caller is in the queue of
    before again, or goes where unanswered calls of that phone go."""
    music: Name = "default"
    """The channel that a caller hears there."""
