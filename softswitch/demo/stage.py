"""What everybody in the demonstration shares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from softswitch.demo.timeline import quoted
from softswitch.phones.phone import SimulatedPhone, answer_at_once

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.text import Text

    from ivr.nodes import Prompt
    from sip.flow import Address
    from softswitch.demo.caller import CallerAtPhone
    from softswitch.demo.desk import Desk
    from softswitch.demo.script import Person
    from softswitch.demo.timeline import Timeline
    from softswitch.demo.voices import Voices
    from softswitch.phones.phone import AnswerPolicy
    from softswitch.phones.ticker import Ticker


@dataclass(slots=True)
class Stage:
    timeline: Timeline
    voices: Voices
    ticker: Ticker
    server: Address
    domain: str
    passwords: Mapping[str, str] = field(repr=False)
    #: What should have happened and did not, in plain words.
    failures: list[str]
    callers: dict[str, CallerAtPhone] = field(default_factory=dict)  # by number
    desks: list[Desk] = field(default_factory=list)

    def phone(
        self,
        person: Person,
        name: str,
        *,
        policy: AnswerPolicy = answer_at_once,
        codecs: Sequence[str] = ("PCMA", "PCMU"),
    ) -> SimulatedPhone:
        """The telephone of *person*; *name* is what it tells about itself."""
        return SimulatedPhone(
            person.number,
            self.passwords[person.number],
            server=self.server,
            domain=self.domain,
            ticker=self.ticker,
            name=name,
            policy=policy,
            codecs=codecs,
        )

    def spoken(self, prompt: Prompt, language: str) -> Text:
        """A prompt of the switch as it is shown: in its language, and in English."""
        return quoted(self.voices.text(prompt, language), self.voices.text(prompt, "en"))
