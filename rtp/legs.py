"""Media legs as data: what call control asks of the media plane, and what it hears back.

A :class:`LegSpec` is *desired state*: putting the same spec twice changes nothing, putting a different one changes only
what differs. Times are seconds, addresses are IPv4 ``(host, port)`` pairs, codecs are SDP encoding names.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LegId = int
Address = tuple[str, int]


# --------------------------------------------------------------------------------------------------- what a leg hears
@dataclass(frozen=True, slots=True)
class Silence:
    """Encoded silence, 50 packets a second: keeps NAT bindings and the far end's RTP timer alive."""


@dataclass(frozen=True, slots=True)
class Play:
    """Prompts, one after the other. A new *play_id* starts afresh; the same one goes on where it is.

    *offset* is where to start, in seconds from the beginning of the whole list.
    """

    items: tuple[str, ...]
    play_id: int
    loop: bool = False
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Music:
    """Hold music of a channel. ``offset=None``: where this leg last left that channel, else its beginning."""

    channel: str
    offset: float | None = None


@dataclass(frozen=True, slots=True)
class Echo:
    """The leg hears itself."""


@dataclass(frozen=True, slots=True)
class Bridge:
    """The leg hears *peer*. For a conversation each of the two legs names the other."""

    peer: LegId


@dataclass(frozen=True, slots=True)
class Tone:
    """A call progress tone by name: ringback, busy, congestion… (`rtp.tones`)."""

    name: str


@dataclass(frozen=True, slots=True)
class Conference:
    """The leg is in *room*: it hears what all others there say, and they hear it.

    heard_by: None: everybody hears the leg; legs: only those do (whisper); empty: nobody does (monitor).
    chime: everybody hears two short tones when the leg joins, and when it leaves.
    """

    room: str
    heard_by: tuple[LegId, ...] | None = None
    chime: bool = False


Source = Silence | Play | Music | Echo | Bridge | Tone | Conference


@dataclass(frozen=True, slots=True)
class LegSpec:
    """Desired state of one media leg.

    leg: handle, unique over all workers and never reused within a run.
    port: the lane's RTP port, as given by the allocator and written into our SDP.
    remote: where the far end's SDP says it receives; None while it has not said so.
    candidate_ips: source addresses from which a first packet may latch the leg when it does not come from *remote*
        (usually the SDP's and the signalling's). Empty: packets from exactly *remote* only.
    codec, payload_type: what we send. Both G.711 laws are always understood with their static payload types.
    telephone_event: payload type of RFC 4733 events we send (None: never); telephone_event_rx: those we receive.
    send, receive: our direction; False on hold.
    media_timeout: seconds without RTP and RTCP before `MediaTimeout`; 0 never.
    latched: a source address already proven in an earlier life of the leg (restored after a restart).
    record: path of a WAV file to which what the party says is written; "" is none. A file that is there is continued.
    record_seconds: the longest that the file may become. record_quiet: seconds without speech before `RecordingQuiet`;
        0 never.
    """

    leg: LegId
    port: int
    remote: Address | None
    candidate_ips: tuple[str, ...] = ()
    codec: str = "PCMA"
    payload_type: int = 8
    telephone_event: int | None = None
    telephone_event_rx: int | None = None
    source: Source = Silence()
    send: bool = True
    receive: bool = True
    detect_inband: bool = False
    ssrc: int = 0
    media_timeout: float = 0.0
    latched: Address | None = None
    record: str = ""
    record_seconds: float = 7200.0
    record_quiet: float = 0.0


# --------------------------------------------------------------------------------------------------- what control hears
class Carriage(StrEnum):
    """How a digit came."""

    RFC4733 = "rfc4733"
    INBAND = "inband"


@dataclass(frozen=True, slots=True)
class Latched:
    """The leg's packets come from *address*; from now on packets are sent there."""

    leg: LegId
    address: Address


@dataclass(frozen=True, slots=True)
class Digit:
    """One key, pressed once, however it came. *at* is the worker's monotonic clock."""

    leg: LegId
    digit: str
    carriage: Carriage
    at: float


@dataclass(frozen=True, slots=True)
class PlayFinished:
    """The last frame of the list has been sent (never for a looped one, nor for one that was replaced)."""

    leg: LegId
    play_id: int


@dataclass(frozen=True, slots=True)
class AssetUnavailable:
    """*path* could not be loaded; the play list goes on with its next item."""

    leg: LegId
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class MusicPosition:
    """The leg stopped hearing *channel* at *offset* seconds."""

    leg: LegId
    channel: str
    offset: float


@dataclass(frozen=True, slots=True)
class MediaTimeout:
    """Neither RTP nor RTCP for the spec's `media_timeout`. Once, until media comes again."""

    leg: LegId
    silent: float


@dataclass(frozen=True, slots=True)
class Recorded:
    """The file is complete: the recording was stopped, its longest time is reached, or it failed (*problem*).

    seconds: length of the whole file; voiced: how much of this recording is speech.
    """

    leg: LegId
    path: str
    seconds: float
    problem: str = ""
    voiced: float = 0.0


@dataclass(frozen=True, slots=True)
class RecordingQuiet:
    """The recorded party has not spoken for the spec's `record_quiet`. Once, until they speak again."""

    leg: LegId
    path: str
    quiet: float


@dataclass(frozen=True, slots=True)
class LegStats:
    """Counters of one leg since it was put (RFC 3550 §6.4 meanings); sent when it is removed, and when asked for.

    jitter is ours, in seconds; round_trip and the remote_ figures come from the far end's RTCP and are None without.
    dropped counts packets not passed on, by reason.
    """

    leg: LegId
    packets_received: int
    octets_received: int
    packets_lost: int
    duplicates: int
    jitter: float
    packets_sent: int
    octets_sent: int
    round_trip: float | None
    remote_lost: int | None
    remote_jitter: float | None
    dropped: dict[str, int]
    final: bool


@dataclass(frozen=True, slots=True)
class LegRefused:
    """The worker cannot carry out the spec; the leg has no media."""

    leg: LegId
    reason: str


@dataclass(frozen=True, slots=True)
class WorkerHealth:
    """Once a second per worker. lateness: worst seconds behind its beat in that second; cpu: seconds used so far.

    dropped counts packets that belong to no leg, by reason, since the worker started.
    """

    worker: int
    pid: int
    legs: int
    lateness: float
    cpu: float
    packets_received: int
    packets_sent: int
    dropped: dict[str, int]


@dataclass(frozen=True, slots=True)
class WorkerRestarted:
    """A worker died and a new one has been given these legs again, on the same ports."""

    worker: int
    legs: tuple[LegId, ...]


MediaEvent = (
    Latched
    | Digit
    | PlayFinished
    | AssetUnavailable
    | MusicPosition
    | MediaTimeout
    | Recorded
    | RecordingQuiet
    | LegStats
    | LegRefused
    | WorkerHealth
    | WorkerRestarted
)
