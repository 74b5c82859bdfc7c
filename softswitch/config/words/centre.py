"""Who works, and the queues they work for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from ivr.targets import HANGUP
from softswitch.config.fields import (
    Count,
    Flag,
    Label,
    Language,
    Level,
    Number,
    Seconds,
    TargetField,
)
from softswitch.config.secrets import SecretField
from softswitch.config.words.values import (
    FeatureCode,
    Name,
    QueueAgents,
    Section,
    Skill,
    User,
)

Strategy = Literal["longest-idle", "fewest-calls", "top-down", "round-robin", "ring-all"]


class Agent(Section):
    """Who works; sits at a phone."""

    id: Name
    name: Label = ""
    phone: User
    pin: SecretField | None = None
    skills: Mapping[Skill, Level] = {}
    language: Language | None = None
    """Of what the switch says to the agent."""
    logged_in: Flag = False
    """Available from the start, without dialling the login code."""

    @property
    def label(self) -> str:
        return self.name or self.id


class Relax(Section):
    """From ``after`` seconds of waiting on, agents who satisfy ``needs`` may serve as well."""

    after: Annotated[Seconds, Field(gt=0)]
    needs: str


class Announce(Section):
    position: Flag = True
    every: Annotated[Seconds, Field(ge=5)] = 30.0
    first_after: Seconds = 5.0


class ServiceLevel(Section):
    """What counts as good service; see docs/reports.md for the variants."""

    answered_within: Annotated[Seconds, Field(gt=0)] = 20.0
    target: Annotated[Number, Field(gt=0, le=1)] = 0.8
    short_abandon: Seconds = 5.0
    """Who gives up sooner never really waited."""
    definition: Literal["F1", "F2", "F3", "F4", "F5", "F6"] = "F6"


class Queue(Section):
    label: Label = ""
    needs: str = ""
    relax: tuple[Relax, ...] = ()
    agents: QueueAgents | None = None
    """Only these may serve the queue, with their tiers: lower is asked first. None: everybody with the skills."""
    strategy: Strategy = "longest-idle"
    priority: Number = 0.0
    ageing: Annotated[Number, Field(ge=0)] = 1.0
    """Points of priority that a caller gains in a second."""
    music: Name = "default"
    announce: Announce = Announce()
    ring_timeout: Annotated[Seconds, Field(gt=0)] = 20.0
    wrap_up: Seconds = 15.0
    max_wait: Annotated[Seconds, Field(gt=0)] | None = None
    max_waiting: Annotated[Count, Field(ge=1)] | None = None
    when_full: TargetField = HANGUP
    when_timed_out: TargetField = HANGUP
    service_level: ServiceLevel = ServiceLevel()
    when_empty: TargetField | None = None
    """Where to when nobody logged in could ever serve the caller. None: wait all the same."""


class Features(Section):
    """What an agent dials from a phone."""

    login: FeatureCode = "*11"
    logout: FeatureCode = "*12"
    break_: Annotated[FeatureCode, Field(alias="break")] = "*13"
    back: FeatureCode = "*14"
