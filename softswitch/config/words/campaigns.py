"""Control points of menus, and the templates that campaigns fill."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, Strict, model_validator

from ivr.campaigns import Template as FilledTemplate
from ivr.campaigns import TemplateError
from softswitch.config.fields import Count, Flag, NetworkField, Number, Seconds, TargetField, Wrong
from softswitch.config.words.values import Key, Name, Section, Spoken

#: No dots: they divide the parts of a message's name.
SlotId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]


class SlotOptOut(Section):
    """Who presses this key while a message is there hears no offers any more, here or elsewhere."""

    key: Key
    say: Spoken | None = None
    """What they are told. None: the words of the switch."""
    then: TargetField | None = None
    """None: the menu once more."""


class Slot(Section):
    """A place in a menu that is silent until a campaign binds a message to it; see docs/control-points.md."""

    id: SlotId
    key: Key | None = None
    """Pressed to follow the message; while there is none it is a wrong key."""
    after: Count | None = None
    """Said after so many texts of the menu (0: before all of them). None: after all."""
    templates: tuple[Name, ...] = ()
    """Those that may be filled here. Empty: every one."""
    targets: tuple[TargetField, ...] = ()
    """Where campaigns may let the key lead; the first is taken where a message does not say."""
    max_items: Annotated[Count, Field(ge=1, le=10)] = 1
    """Messages that one caller may hear here, one after another."""
    max_seconds: Annotated[Seconds, Field(gt=0, le=300)] = 30.0
    """How long one message may be."""
    barge_in: Flag = True
    webservice: Name | None = None
    """Asked for each call what this caller is to hear; see docs/control-points.md."""
    wait: Annotated[Seconds, Field(le=2)] = 0.3
    """Seconds that the menu waits at this place for an answer that is not there yet; then it goes on without."""
    optout: SlotOptOut | None = None
    advertising: Flag = True
    """False: news that everybody has to hear, whether they want offers or not; it is not counted."""
    fallback: Spoken | None = None
    """Said in place of a message whose audio is missing and whose text cannot be spoken. None: nothing is."""


class RemoteAudio(Section):
    """Recordings that messages refer to by their address; see docs/control-points.md."""

    max_bytes: Annotated[int, Strict(), Field(ge=1, le=100_000_000)] = 5_000_000
    """A larger file is not taken."""
    timeout: Annotated[Seconds, Field(gt=0, le=300)] = 20.0
    """Within which a file has to arrive; no caller waits for it."""
    refresh: Annotated[Seconds, Field(ge=1)] = 600.0
    """After which it is asked whether a file has changed."""
    allow_private: tuple[NetworkField, ...] = ()
    """Networks that are not in the internet and where files may be all the same."""


class Cap(Section):
    """How many messages one customer hears at most, of all campaigns together."""

    messages: Annotated[Count, Field(ge=1, le=1000)]
    days: Annotated[Number, Field(gt=0, le=366)]
    """In the last so many days."""


class Campaigns(Section):
    """What holds for the messages of all campaigns."""

    audio: RemoteAudio = RemoteAudio()
    cap: Cap | None = None
    """None: there is no limit."""


class Version(Section):
    """Another version of a menu, for some of the callers: always the same ones, by their number."""

    to: TargetField
    percent: Annotated[Number, Field(ge=0, le=100)]


def _versions(found: tuple[Version, ...]) -> tuple[Version, ...]:
    if (total := sum(version.percent for version in found)) > ALL:
        raise Wrong(f"are {total:g} percent of the callers together", "at most 100")
    targets = [version.to for version in found]
    for number, to in enumerate(targets):
        if to in targets[:number]:
            raise Wrong(f'"{to}" is there twice', "give it one percentage")
    return found


ALL = 100.0
Versions = Annotated[tuple[Version, ...], AfterValidator(_versions)]


class Template(Section):
    """A text with fields in braces that campaigns fill: ``{name:text max 40}``, ``{sum:money}``, ``{until:date}``."""

    text: Spoken

    @model_validator(mode="after")
    def _readable(self) -> Template:
        try:
            FilledTemplate.read("template", self.text)
        except TemplateError as error:
            raise Wrong(str(error), 'write for example "{name:text max 40}", "{sum:money}" or "{until:date}"') from None
        return self
