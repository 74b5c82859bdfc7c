"""A caller on virtual time: drives an IVR session, plays its prompts and keeps what it asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ivr.effects import Effect, Journal, NodeEntered, PlayPrompts, Record, StopPrompts
from ivr.events import Digit, Event, PromptsFinished, PromptsTimed, Started
from ivr.session import Session
from ivr.targets import Target

if TYPE_CHECKING:
    from ivr.nodes import Flow
    from ivr.steps import ForcedLookup, MessageLookup

MONDAY_NOON = datetime(2026, 11, 23, 12, 0)  # noqa: DTZ001 - wall time
#: Seconds from which on nothing is heard of prompts any more, not even how long they are.
LOST = 1e6


@dataclass
class Caller:
    """`prompt_seconds`: how long every PlayPrompts takes."""

    flow: Flow
    prompt_seconds: float = 3.0
    now: float = 0.0
    wall_at_zero: datetime = MONDAY_NOON
    effects: list[Effect] = field(default_factory=list)  # without the journal
    records: list[Record] = field(default_factory=list)
    playing: tuple[int, float] | None = None  # play, when it finishes
    forced_hours: ForcedLookup | None = None
    messages: MessageLookup | None = None

    def __post_init__(self) -> None:
        self.session = Session(self.flow, self.local_time, forced_hours=self.forced_hours, messages=self.messages)

    def local_time(self, now: float, timezone: str) -> datetime:
        return self.wall_at_zero + timedelta(seconds=now)

    def call(self, target: str, language: str = "") -> Caller:
        return self.tell(Started(Target.parse(target), language))

    def press(self, digits: str, every: float = 0.1) -> Caller:
        for digit in digits:
            self.tell(Digit(digit))
            self.wait(every)
        return self

    def tell(self, event: Event) -> Caller:
        self.session.receive(event, self.now)
        return self.drain()

    def drain(self) -> Caller:
        while (effect := self.session.next_effect()) is not None:
            if isinstance(effect, Journal):
                assert effect.at <= self.now
                self.records.append(effect.record)
                continue
            self.effects.append(effect)
            if isinstance(effect, PlayPrompts):
                self.playing = (effect.play, self.now + self.prompt_seconds)
                if self.prompt_seconds < LOST:
                    self.session.receive(PromptsTimed(effect.play, self.prompt_seconds), self.now)
            elif isinstance(effect, StopPrompts):
                assert self.playing is not None
                assert self.playing[0] == effect.play
                self.playing = None
        return self

    def wait(self, seconds: float) -> Caller:
        """Let time pass: prompts end and timers fire, each at its own instant."""
        until = self.now + seconds
        while (at := self.next_moment()) is not None and at <= until:
            self.now = max(self.now, at)
            if self.playing is not None and self.playing[1] <= at:
                play, self.playing = self.playing[0], None
                self.tell(PromptsFinished(play))
            else:
                self.session.handle_timeout(self.now)
                self.drain()
        self.now = until
        return self

    def next_moment(self) -> float | None:
        moments = [self.session.next_deadline(), self.playing[1] if self.playing else None]
        return min((at for at in moments if at is not None), default=None)

    def take(self) -> list[Effect]:
        """The effects since the last `take`."""
        taken, self.effects = self.effects, []
        return taken

    def said(self) -> list[str]:
        """Keys of all prompts that were begun, in order."""
        return [prompt.key for effect in self.effects if isinstance(effect, PlayPrompts) for prompt in effect.prompts]

    def path(self) -> list[str]:
        return [str(record.node) for record in self.records if isinstance(record, NodeEntered)]
