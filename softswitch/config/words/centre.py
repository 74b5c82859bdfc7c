"""Who works, and the queues they work for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from ivr.targets import HANGUP, Target
from softswitch.config.fields import (
    Count,
    Flag,
    Label,
    Language,
    Level,
    Number,
    Seconds,
    TargetField,
    Word,
)
from softswitch.config.secrets import SecretField
from softswitch.config.words.values import (
    FeatureCode,
    Name,
    QueueAgents,
    Section,
    Shorthand,
    Skill,
    User,
)
from softswitch.config.words.waiting import (
    AgentWrapUp,
    Announce,
    Exit,
    OptionalCallback,
    OptionalWhisper,
    Overflow,
    QueueNumber,
    WrapUp,
)

Strategy = Literal[
    "longest-idle", "fewest-calls", "least-talk", "least-occupied", "top-down", "round-robin", "random", "weighted",
    "most-skilled", "least-skilled", "ring-all", "ring-progressively",
]  # fmt: skip


class Agent(Section):
    """Who works; sits at a phone."""

    id: Name
    name: Label = ""
    phone: User
    pin: SecretField | None = None
    skills: Mapping[Skill, Level] = {}
    language: Language | None = None
    """Of what the switch says to the agent."""
    wrap_up: AgentWrapUp = None
    """Seconds after each call, or ``{ min, max }``, in place of what the queue says. None: the queue's."""
    auto_answer: Flag = False
    """The phone is asked to answer by itself (Call-Info and Alert-Info)."""
    logged_in: Flag = False
    """Available from the start, without dialling the login code."""

    @property
    def label(self) -> str:
        return self.name or self.id


class Relax(Section):
    """From ``after`` seconds of waiting on, agents who satisfy ``needs`` may serve as well."""

    after: Annotated[Seconds, Field(gt=0)]
    needs: str


class ServiceLevel(Section):
    """What counts as good service; see docs/reports.md for the variants."""

    answered_within: Annotated[Seconds, Field(gt=0)] = 20.0
    target: Annotated[Number, Field(gt=0, le=1)] = 0.8
    short_abandon: Seconds = 5.0
    """Who gives up sooner never really waited."""
    definition: Literal["F1", "F2", "F3", "F4", "F5", "F6"] = "F6"


class Queue(Section):
    label: Label = ""
    number: QueueNumber | None = None
    """What agents dial after the feature codes that leave and join a queue."""
    needs: str = ""
    relax: tuple[Relax, ...] = ()
    prefer: str = ""
    """Agents who satisfy this are asked before the others."""
    agents: QueueAgents | None = None
    """Only these may serve the queue, with their tiers: lower is asked first. None: everybody with the skills."""
    strategy: Strategy = "longest-idle"
    spare: Literal["skills", "nothing"] | None = None
    """"skills": agents with fewer skills that others may need come first, then the strategy decides. None: so for
    longest-idle, fewest-calls, least-talk and least-occupied."""
    weights: Mapping[Name, Annotated[Number, Field(ge=0)]] = {}
    """How often the weighted strategy chooses each agent compared with others; 1 for who is not named."""
    seed: Count = 0
    """Of the random choices: the same seed and the same events give the same choices."""
    ring_next_after: Annotated[Seconds, Field(gt=0)] = 10.0
    """Seconds after which ring-progressively rings one more agent; who rings goes on ringing."""
    band: Count = 0
    """Callers of a higher band come before all of a lower one, however long those wait."""
    priority: Number = 0.0
    ageing: Annotated[Number, Field(ge=0)] = 1.0
    """Points of priority that a caller gains in a second."""
    priority_cap: Number | None = None
    """More points than these nobody gets; among callers who have them the first to come is the first. None: no limit.
    """
    music: Name = "default"
    announce: Announce = Announce()
    ring_timeout: Annotated[Seconds, Field(gt=0)] = 20.0
    wrap_up: WrapUp = 15.0
    """Seconds after a call before the next; "until-done": the agent says when."""
    max_wrap_up: Annotated[Seconds, Field(gt=0)] | None = None
    """Longest wrap-up, however often it is extended. None: no limit."""
    auto_answer: Flag = False
    """As of an agent, for the calls of this queue."""
    whisper: OptionalWhisper = None
    """What the agent hears before the caller is put through. None: nothing."""
    verify: Name | None = None
    """``[verification.NAME]``: agents make sure who the caller is."""
    exit: Exit | None = None
    exit_menu: TargetField | None = None
    """Where every other key leads. Whoever comes back from there has the old place."""
    offer_callback: OptionalCallback = None
    resume_within: Seconds = 0.0
    """Who hangs up and calls again within so many seconds has the age of before."""
    max_hold: Annotated[Seconds, Field(gt=0)] | None = None
    """Seconds that an agent may leave a caller on hold. None: as long as they like."""
    when_held_too_long: Literal["announce", "ring-back", "queue"] = "announce"
    """The caller hears an excuse; the agent's phone rings again; or the caller waits again, in the old place."""
    max_wait: Annotated[Seconds, Field(gt=0)] | None = None
    max_waiting: Annotated[Count, Field(ge=1)] | None = None
    max_expected_wait: Annotated[Seconds, Field(gt=0)] | None = None
    """Who would have to wait longer than that is not let in, as when the queue is full."""
    overflow: tuple[Overflow, ...] = ()
    when_full: TargetField = HANGUP
    when_timed_out: TargetField = HANGUP
    survey: TargetField | None = None
    """Where the caller goes when the agent leaves the conversation first: "survey:name"."""
    service_level: ServiceLevel = ServiceLevel()
    when_empty: TargetField | None = None
    """Where to when nobody logged in could ever serve the caller. None: wait all the same."""

    @property
    def overflow_to(self) -> Target | None:
        """Where the last step of the overflow leads, when it leads out of the queue."""
        return self.overflow[-1].to if self.overflow else None

    @property
    def exits(self) -> Mapping[str, Target]:
        """Where single keys lead."""
        return {} if self.exit is None else self.exit.keys


class Features(Section):
    """What an agent dials from a phone."""

    login: FeatureCode = "*11"
    stay: FeatureCode | Literal[""] = "*10"
    """Logs in and stays on the line: callers are put through to this very call, without ringing. "": not."""
    stay_music: Name | None = None
    """A channel of music that agents hear who wait on the line. None: nothing."""
    logout: FeatureCode = "*12"
    break_: Annotated[FeatureCode, Field(alias="break")] = "*13"
    back: FeatureCode = "*14"
    leave_queue: FeatureCode = "*15"
    """Followed by the number of the queue; no more calls of it until the next login."""
    join_queue: FeatureCode = "*16"
    done: FeatureCode = "*17"
    """The work after the call is done."""
    extend: FeatureCode = "*18"
    """It takes longer: ``extend_by`` seconds more."""
    extend_by: Annotated[Seconds, Field(gt=0)] | None = None
    """None: until the agent says that it is done."""
    hours: FeatureCode | Literal[""] = "*30"
    """``*30*NUMBER*STATE``: sets hours to 1 open, 2 closed, 3 special, 0 what their rules say; ``*MINUTES`` may follow.
    "": not."""
    voicemail: FeatureCode = "*97"
    """Listens to the messages in the phone's own box."""
    voicemail_of: FeatureCode = "*98"
    """Asks for the number of a box and its PIN, and listens to the messages there."""
    preview: FeatureCode | Literal[""] = "*70"
    """Then the number of a slot: every message that is bound there is heard, drafts too. "": not."""
    dnd: FeatureCode = "*78"
    """Do not disturb: the phone is not rung by other phones and by find-me, and an agent there is on a break."""
    dnd_off: FeatureCode = "*79"
    transfer: FeatureCode | Literal[""] = "*2"
    """Pressed during a call by whoever was called, then a number and hash: the caller is sent there. "": not."""
    consult: FeatureCode | Literal[""] = "*3"
    """The same, and the number is talked with first: hanging up puts the caller through, star brings them back."""
    park: FeatureCode | Literal[""] = "*6"
    """Where there is a ``[park]``: pressed during a call, or dialled as the target of a transfer, it leaves the caller
    at the first place that is free, and says which. Dialled in a call of its own it says a place that is kept.
    "": not."""
    verified: FeatureCode | Literal[""] = "*4"
    """Pressed by the agent during a call of a queue with ``verify``: the caller has answered rightly. "": not."""
    not_verified: FeatureCode | Literal[""] = "*5"
    """The same: wrongly, or not at all."""
    no_offers: FeatureCode | Literal[""] = ""
    """Pressed during a call by whoever was called: the caller wants no offers of campaigns any more. "": not."""


class Display(Section):
    """What the telephone of somebody who is rung shows beside the caller."""

    label: Literal["prepend", "append", "replace", "nothing"] = "prepend"
    """What the caller chose, or the queue's label: before the caller, after, instead, or not at all."""
    show: Literal["last", "path"] = "last"
    """The label of the last key, or those of all keys on the way."""
    max_length: Annotated[Count, Field(ge=8, le=200)] = 80
    """Characters; what is longer is cut."""
    alert: Flag = True
    """The label is told in Alert-Info and Call-Info too: telephones can choose how to ring by it."""
    rings: Mapping[Label, Word] = {}
    """What Alert-Info says for a label, as the telephones know it: ``{ Invoices = "Bellcore-dr2" }``. The label itself
    for all others."""


class BreakReason(Section):
    """Why an agent takes a break; dialled as one digit after the code for a break."""

    reason: Word
    paid: Flag = False


def _reason(value: object) -> object:
    """A text alone is an unpaid break."""
    return {"reason": value} if isinstance(value, str) else value


BreakKey = Annotated[str, Field(pattern=r"^[0-9]$")]
BreakField = Annotated[BreakReason, BeforeValidator(_reason), Shorthand({"type": "string", "minLength": 1})]


class Offers(Section):
    """What follows a call that an agent was offered and did not take: seconds before the next one is offered."""

    after_no_answer: Seconds = 10.0
    after_reject: Seconds = 15.0
    after_busy: Seconds = 10.0
    after_unreachable: Seconds = 30.0
    after_drop: Seconds = 5.0
    no_answer_limit: Annotated[Count, Field(le=100)] = 2
    """So many unanswered calls in a row are a break "did not answer"; 0 = never."""
