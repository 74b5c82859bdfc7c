"""Offer and answer for one audio stream (RFC 3264): G.711 and telephone-events.

Every codec is recognised, by rtpmap or by its static payload type, but only PCMA and PCMU are taken. One audio codec is
answered, so the peer cannot change it in the middle. Payload types are per direction: each side sends with the numbers
that the other wrote.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from rtp.sdp import Attributes, Media, SdpError, SessionDescription, parse_integer, parse_sdp

if TYPE_CHECKING:
    from collections.abc import Sequence

TELEPHONE_EVENT: Final = "telephone-event"
#: The payload type we offer for telephone-events; in answers the offerer's number is kept.
TELEPHONE_EVENT_PAYLOAD: Final = 101
#: Keys 0-9 * # A-D. Flash (16) is not taken.
_EVENTS: Final = "0-15"
_PTIME: Final = 20

#: Profiles we speak. In RTP/AVPF the feedback is optional, so plain RTCP serves.
_PROTOCOLS: Final = frozenset({"RTP/AVP", "RTP/AVPF"})

#: Audio payload types with a meaning of their own (RFC 3551 §6): name, clock rate.
STATIC: Final[dict[int, tuple[str, int]]] = {
    0: ("PCMU", 8000),
    3: ("GSM", 8000),
    4: ("G723", 8000),
    5: ("DVI4", 8000),
    6: ("DVI4", 16000),
    7: ("LPC", 8000),
    8: ("PCMA", 8000),
    9: ("G722", 8000),
    10: ("L16", 44100),
    11: ("L16", 44100),
    12: ("QCELP", 8000),
    13: ("CN", 8000),
    14: ("MPA", 90000),
    15: ("G728", 8000),
    16: ("DVI4", 11025),
    17: ("DVI4", 22050),
    18: ("G729", 8000),
}
_address = lru_cache(maxsize=4096)(ip_address)
_PAYLOAD_TYPE = re.compile(r"0|[1-9][0-9]{0,2}")
_CLOCK_RATE = re.compile(r"[1-9][0-9]{0,6}")
_PAYLOAD_OF: Final = {"PCMU": 0, "PCMA": 8}
_OURS: Final = {name.lower(): name for name in (*_PAYLOAD_OF, TELEPHONE_EVENT)}


class NotAcceptable(SdpError):
    """A sound description that leaves nothing to talk with: no common codec, no plain RTP, no usable address."""

    status = 488


class Direction(Enum):
    """One side's will; the value is (sends, receives)."""

    SENDRECV = (True, True)
    SENDONLY = (True, False)
    RECVONLY = (False, True)
    INACTIVE = (False, False)

    @property
    def sends(self) -> bool:
        return self.value[0]

    @property
    def receives(self) -> bool:
        return self.value[1]

    def answered(self, wanted: Direction) -> Direction:
        """What the other side may answer when this was offered and it wants *wanted* (RFC 3264 §6.1)."""
        return Direction((self.receives and wanted.sends, self.sends and wanted.receives))


@dataclass(frozen=True, slots=True)
class Codec:
    name: str
    payload_type: int
    clock_rate: int = 8000
    fmtp: str = ""


@dataclass(frozen=True, slots=True)
class MediaAddress:
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class AudioSettings:
    """What was agreed for one leg, seen from our side.

    ``remote`` is None when the peer has no address to send to now (c=0.0.0.0, a host name). ``codec`` is what we
    send, ``receive_codecs`` what the peer may send, with our payload numbers. ``telephone_event`` is the number to send
    digits with, None when the peer does not take them; ``telephone_event_rx`` the number they arrive with. ``ptime`` is
    the packet length in ms the peer asks for.
    """

    remote: MediaAddress | None
    codec: Codec
    receive_codecs: tuple[Codec, ...]
    telephone_event: int | None
    telephone_event_rx: int | None
    direction: Direction
    ptime: int
    remote_direction: Direction
    remote_rtcp: MediaAddress | None = None

    @property
    def on_hold(self) -> bool:
        """The peer does not want to hear us: sendonly, inactive, or the address 0.0.0.0 of older phones."""
        return not self.remote_direction.receives


def make_offer(
    *,
    local: MediaAddress,
    codecs: Sequence[str],
    session_id: int,
    version: int,
    direction: Direction = Direction.SENDRECV,
    previous: bytes | None = None,
) -> bytes:
    """An offer of *codecs* (names, the preferred one first) and telephone-events.

    For an offer within a session pass the description we sent last as *previous*, the same session_id and a higher
    version: the m-lines stay where they are, refused ones stay refused, payload numbers keep their meaning (§8).
    """
    numbers = {**_PAYLOAD_OF, TELEPHONE_EVENT: TELEPHONE_EVENT_PAYLOAD}
    before = parse_sdp(previous).media if previous is not None else ()
    place = next((i for i, m in enumerate(before) if m.kind == "audio" and m.port), None)
    protocol = "RTP/AVP"
    if place is not None:
        protocol = before[place].protocol
        kept = {codec.name: codec.payload_type for codec in _codecs(before[place]) if codec.name in numbers}
        if TELEPHONE_EVENT not in kept:
            taken = {**_PAYLOAD_OF, **kept}.values()
            kept[TELEPHONE_EVENT] = next(n for n in (TELEPHONE_EVENT_PAYLOAD, *range(96, 128)) if n not in taken)
        numbers.update(kept)
    offered = [Codec(name, numbers[name]) for name in codecs if name in _PAYLOAD_OF]
    if not offered:
        raise ValueError("an offer needs PCMA or PCMU")
    offered.append(Codec(TELEPHONE_EVENT, numbers[TELEPHONE_EVENT], fmtp=_EVENTS))
    audio = _audio(local, protocol, offered, direction)
    media = [_refused(m) for m in before]
    if place is None:
        media.append(audio)
    else:
        media[place] = audio
    return _describe(local, session_id, version, media)


def answer_offer(
    offer: bytes,
    *,
    local: MediaAddress,
    codecs: Sequence[str],
    session_id: int,
    version: int,
    direction: Direction = Direction.SENDRECV,
    prefer_ours: bool = False,
) -> tuple[bytes, AudioSettings]:
    """Our answer to *offer* and what it settles.

    The first audio stream over plain RTP with a common codec is taken, every other m-line refused with port 0. The
    codec is the offerer's first that is in *codecs*; with *prefer_ours* our first that was offered. Raises SdpError,
    of which NotAcceptable (488) when nothing fits.
    """
    theirs = parse_sdp(offer)
    place, offered, common = _choose(theirs, codecs)
    media = theirs.media[place]
    if prefer_ours:
        common.sort(key=lambda codec: codecs.index(codec.name))
    codec = common[0]
    event = next((c.payload_type for c in offered if c.name == TELEPHONE_EVENT), None)
    remote, rtcp, will = _peer(theirs, media, local)
    ours = will.answered(direction)
    agreed = [codec] if event is None else [codec, Codec(TELEPHONE_EVENT, event, fmtp=_EVENTS)]
    answered = [_refused(m) for m in theirs.media]
    answered[place] = _audio(local, media.protocol, agreed, ours)
    settings = AudioSettings(
        remote=remote,
        codec=codec,
        receive_codecs=(codec,),
        telephone_event=event,
        telephone_event_rx=event,
        direction=ours,
        ptime=_ptime(theirs, media),
        remote_direction=will,
        remote_rtcp=rtcp,
    )
    return _describe(local, session_id, version, answered), settings


def _choose(theirs: SessionDescription, codecs: Sequence[str]) -> tuple[int, list[Codec], list[Codec]]:
    """The place of the stream to take, its codecs, and those of them that we speak."""
    for place, media in enumerate(theirs.media):
        if media.kind == "audio" and media.port and media.protocol.upper() in _PROTOCOLS:
            offered = _codecs(media)
            common = [c for c in offered if c.name in codecs and c.name in _PAYLOAD_OF]
            if common:
                return place, offered, common
    raise NotAcceptable("no plain RTP audio with a common codec")


def accept_answer(offer: bytes, answer: bytes) -> AudioSettings:
    """What the peer's *answer* to our *offer* settles.

    The peer's payload numbers are what we send with, ours what we receive. It may answer several codecs: its first is
    what we send, and it may send any of them. Raises SdpError, of which NotAcceptable when it refused the audio.
    """
    ours, theirs = parse_sdp(offer), parse_sdp(answer)
    place = next((i for i, m in enumerate(ours.media) if m.kind == "audio" and m.port), None)
    if place is None:
        raise SdpError("our description offers no audio")
    if len(ours.media) != len(theirs.media) or any(
        a.kind != b.kind for a, b in zip(ours.media, theirs.media, strict=True)
    ):
        raise SdpError("the media lines of the answer are not those of the offer")
    mine, media = ours.media[place], theirs.media[place]
    if not media.port:
        raise NotAcceptable("the audio was refused")
    if media.protocol.upper() not in _PROTOCOLS:
        raise NotAcceptable("the answer is not plain RTP")
    offered = {codec.name: codec for codec in reversed(_codecs(mine))}
    answered = [codec for codec in _codecs(media) if codec.name in offered]
    common = [codec for codec in answered if codec.name in _PAYLOAD_OF]
    if not common:
        raise NotAcceptable("no codec of the offer in the answer")
    event = offered.get(TELEPHONE_EVENT)
    local = MediaAddress(ours.address(mine) or "", mine.port)
    remote, rtcp, will = _peer(theirs, media, local)
    return AudioSettings(
        remote=remote,
        codec=common[0],
        receive_codecs=tuple(dict.fromkeys(offered[codec.name] for codec in common)),
        telephone_event=next((c.payload_type for c in answered if c.name == TELEPHONE_EVENT), None),
        telephone_event_rx=event.payload_type if event else None,
        direction=will.answered(_direction(ours, mine)),
        ptime=_ptime(theirs, media),
        remote_direction=will,
        remote_rtcp=rtcp,
    )


def _codecs(media: Media) -> list[Codec]:
    """The formats of an audio line in its order; what is neither mapped nor static is left out.

    Only codecs with an 8 kHz clock keep the names PCMA, PCMU and telephone-event: ours run at no other.
    """
    maps: dict[str, str] = {}
    parameters: dict[str, str] = {}
    for name, value in media.attributes:
        if value and name in ("rtpmap", "fmtp"):
            number, _, rest = value.partition(" ")
            (maps if name == "rtpmap" else parameters).setdefault(number, rest.strip(" "))
    codecs: list[Codec] = []
    for text in dict.fromkeys(media.formats):
        if not _PAYLOAD_TYPE.fullmatch(text) or (payload_type := int(text)) > 127:
            continue
        if text in maps:
            name, _, rate = maps[text].partition("/")
            rate, _, channels = rate.partition("/")
            if not _CLOCK_RATE.fullmatch(rate):
                continue
            clock_rate = int(rate)
            name = _OURS.get(name.lower(), name)
            if channels not in ("", "1") or (clock_rate != 8000 and name in (*_PAYLOAD_OF, TELEPHONE_EVENT)):
                name += f"/{rate}/{channels or 1}"
        elif payload_type in STATIC:
            name, clock_rate = STATIC[payload_type]
        else:
            continue
        codecs.append(Codec(name, payload_type, clock_rate, parameters.get(text, "")))
    return codecs


def _peer(
    description: SessionDescription, media: Media, local: MediaAddress
) -> tuple[MediaAddress | None, MediaAddress | None, Direction]:
    """Where the peer wants RTP and RTCP, and its will. Raises NotAcceptable for addresses that are no person's."""
    host = description.address(media)
    if host is None:
        raise SdpError("audio without an address")
    will = _direction(description, media)
    try:
        address = _address(host)
    except ValueError:
        # A host name. Nothing here may wait for a name server; media is latched to where the peer sends from.
        return None, None, will
    if address.is_unspecified:
        # Hold as RFC 2543 had it (RFC 3264 §8.4): nothing may be sent.
        return None, None, Direction((will.sends, False))
    if address.is_multicast or host == "255.255.255.255":
        raise NotAcceptable("not a unicast address")
    if (":" in local.host) != (address.version == 6):
        raise NotAcceptable("an address of the other IP version")
    return MediaAddress(host, media.port), _rtcp(media, host), will


def _rtcp(media: Media, host: str) -> MediaAddress | None:
    """``a=rtcp`` (RFC 3605), by default the next port; an address in it other than the RTP one is not followed."""
    port = media.port + 1
    value = media.attribute("rtcp")
    if value:
        with suppress(SdpError):
            port = parse_integer(value.partition(" ")[0], 65535, "RTCP port")
    return MediaAddress(host, port) if 0 < port <= 65535 else None


def _direction(description: SessionDescription, media: Media) -> Direction:
    """The last direction attribute of the stream, else of the session, else sendrecv."""
    for attributes in (media.attributes, description.attributes):
        for name, value in reversed(attributes):
            if value is None and name in _DIRECTIONS:
                return _DIRECTIONS[name]
    return Direction.SENDRECV


_DIRECTIONS: Final = {direction.name.lower(): direction for direction in Direction}


def _ptime(description: SessionDescription, media: Media) -> int:
    for value in (media.attribute("ptime"), description.attribute("ptime")):
        if value:
            try:
                return parse_integer(value.partition(".")[0], 200, "ptime") or _PTIME
            except SdpError:
                pass
    return _PTIME


def _audio(local: MediaAddress, protocol: str, codecs: Sequence[Codec], direction: Direction) -> Media:
    attributes: list[tuple[str, str | None]] = []
    for codec in codecs:
        attributes.append(("rtpmap", f"{codec.payload_type} {codec.name}/{codec.clock_rate}"))
        if codec.name == TELEPHONE_EVENT:
            attributes.append(("fmtp", f"{codec.payload_type} {_EVENTS}"))
    attributes += [("ptime", str(_PTIME)), (direction.name.lower(), None)]
    return Media(
        "audio", local.port, protocol, tuple(str(c.payload_type) for c in codecs), attributes=tuple(attributes)
    )


def _refused(media: Media) -> Media:
    return Media(media.kind, 0, media.protocol, media.formats)


def _describe(local: MediaAddress, session_id: int, version: int, media: Sequence[Media]) -> bytes:
    family = "IP6" if ":" in local.host else "IP4"
    origin = f"- {session_id} {version} IN {family} {local.host}"
    attributes: Attributes = ()
    return SessionDescription(origin, "-", local.host, attributes, tuple(media)).serialize()
