"""What call control knows: calls and their legs. Plain data; the verbs are in the modules beside this one."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from rtp.legs import Silence

if TYPE_CHECKING:
    from ivr.session import Session
    from rtp.legs import LegSpec, Source
    from rtp.negotiate import AudioSettings
    from softswitch.call.queues.brought import Brought
    from softswitch.config import Config

#: Shown in place of a caller who is not known.
ANONYMOUS = "anonymous"

CallId = str
LegId = int


class Role(Enum):
    """Whose leg it is."""

    CALLER = auto()
    AGENT = auto()
    PHONE = auto()


class Stage(Enum):
    """Where a caller is. `softswitch.call.stages` has the table of how it changes."""

    IVR = auto()
    QUEUED = auto()
    ASIDE = auto()  # listens to the exit menu, or orders a callback, and keeps the place in the queue
    RINGING = auto()  # a phone rings for the caller
    TALKING = auto()
    CALLING_BACK = auto()  # we are the ones who call; nobody has answered yet
    ENDED = auto()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as far as it could be established.

    `phone` is the authenticated phone, `trunk` the trusted host; one of them is set. `number` is what agents see, in
    the form in which numbers are compared; `raw` is what the trunk told. Both are empty when it is `withheld`.
    """

    number: str
    name: str = ""
    phone: str | None = None
    trunk: str | None = None
    raw: str = ""
    withheld: bool = False

    @property
    def shown(self) -> str:
        """To people: the name, else the number."""
        return self.name or self.number or ANONYMOUS


@dataclass(frozen=True, slots=True)
class Recording:
    """A WAV file of what a party says, below the switch's data directory; seconds."""

    path: str
    most_seconds: float = 7200.0
    quiet_after: float = 0.0  # without speech, before call control is told; 0 never


@dataclass(slots=True)
class Leg:
    """One party of a call: its INVITE usage and its media."""

    leg: LegId
    usage: str
    call: CallId
    role: Role
    port: int
    local_ip: str
    ssrc: int
    candidate_ips: tuple[str, ...]
    phone: str | None = None  # the phone at the other end, when it is one of ours
    trunk: str | None = None  # the trunk that carries it
    home: str = ""  # the call to which the leg of an agent who stays on the line returns
    refused: int = 0  # the final response to our INVITE, when it was no 2xx
    local_sdp: bytes = b""  # the last description we sent
    agreed: AudioSettings | None = None  # what the caller's offer comes to; None when they left the offer to us
    settings: AudioSettings | None = None  # what is in force
    sdp_version: int = 1
    answered: bool = False
    audible: bool = False  # a packet of its media has come
    ended: bool = False
    answer_awaited: bool = False  # a re-INVITE without an offer: the answer comes with the ACK
    detect_inband: bool = False
    record: Recording | None = None  # where what the party says is written to
    source: Source = field(default_factory=Silence)  # what the party hears when it is not bridged
    peer: LegId | None = None
    spec: LegSpec | None = None  # last state asked of the media engine

    @property
    def held(self) -> bool:
        """Its own party has put the other on hold."""
        return self.settings is not None and self.settings.on_hold


@dataclass(slots=True)
class Call:
    """A caller's stay in the switch, from INVITE to call record; owns legs.

    A callback is a call too: its caller's leg is the one that we dialled, and there is none (0) until it has answered.
    """

    call: CallId
    caller: Caller
    dialled: str
    language: str  # in which the caller is spoken to from now on
    a_leg: LegId
    session: Session
    config: Config  # as it was when the call began: it is carried out to its end, whatever a reload brings
    stage: Stage = Stage.IVR
    queue: str | None = None
    b_leg: LegId | None = None  # who the caller talks with
    agent: str | None = None
    served_by: tuple[str, str] = ("", "")  # the agent whom the caller talked with last, and of which queue
    offer: int | None = None  # the distributor's, that the agent answered
    connected_at: float = 0.0
    attempt: int | None = None  # the phone that rings for the caller outside a queue
    priority: float = 0.0
    changed: tuple[Brought, Brought] | None = None  # what the caller brought, and what an operator made of it
    ended_by: str = ""
    ticket: str = ""  # the distributor's name of a callback: the call in which it was ordered
    waiting_since: float | None = None  # the age to be kept in the next queue
    came_from: tuple[str, ...] = ()  # the queues in which this wait has been
    label: str = ""  # of the queue that the caller came from, when an agent sent them on
    refusal: int = 0  # what a caller who is not taken at all is told
    adopted: str = ""  # the distributor's name of a conversation that an attended transfer brought

    @property
    def queued_as(self) -> str:
        """What the distributor knows the call as."""
        return self.adopted or self.ticket or self.call
