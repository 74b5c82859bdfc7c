"""Legs: negotiating their media, telling the media engine what each should hear, bridging, hold, and letting go."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

from rtp.legs import Bridge, LegSpec, Music, Silence
from rtp.negotiate import Direction, MediaAddress, accept_answer, answer_offer, make_offer
from rtp.sdp import SdpError, parse_sdp
from softswitch.call.model import Leg, Recording, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rtp.legs import Source
    from rtp.negotiate import AudioSettings
    from sip.flow import Flow
    from sip.message import Request, Response
    from softswitch.call.settings import Settings
    from softswitch.ports import Flows, Media, SipSender

#: Seconds for which the connection of a call's signalling is kept, however silent it is.
LONGEST_CALL = 86_400.0
#: Seconds for which a party that put us on hold may send nothing before it is taken for gone.
LONGEST_SILENCE = 3600.0
HOLD_MUSIC = "default"

_address = lru_cache(maxsize=4096)(ip_address)


def _hosts(description: bytes) -> Iterator[str]:
    """Where the party says it takes audio, as far as that is an address: no names, and not 0.0.0.0 of older phones."""
    parsed = parse_sdp(description)
    for media in parsed.media:
        host = parsed.address(media) if media.kind == "audio" else None
        with suppress(ValueError):
            if host is not None and not _address(host).is_unspecified:
                yield host


class Legs:
    """All legs, by handle and by INVITE usage."""

    def __init__(
        self,
        *,
        sip: SipSender,
        media: Media,
        flows: Flows,
        codecs: Sequence[str],
        media_timeout: float,
        new_ssrc: Callable[[], int],
        on_opened: Callable[[Leg, float], None],
        on_dropped: Callable[[Leg, float], None],
    ) -> None:
        self._sip = sip
        self._media = media
        self._flows = flows
        self._codecs = tuple(codecs)
        self._media_timeout = media_timeout
        self._new_ssrc = new_ssrc
        self._on_opened = on_opened
        self._on_dropped = on_dropped
        self.on_home: Callable[[Leg, float], None] | None = None
        self._next_leg = 1
        self._legs: dict[int, Leg] = {}
        self._by_usage: dict[str, Leg] = {}

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        self._codecs, self._media_timeout = tuple(settings.config.rtp.codecs), settings.config.rtp.media_timeout

    def __len__(self) -> int:
        return len(self._legs)

    def get(self, leg: int | None) -> Leg | None:
        return None if leg is None else self._legs.get(leg)

    def of_usage(self, usage: str) -> Leg | None:
        return self._by_usage.get(usage)

    def of_call(self, call: str) -> list[Leg]:
        return [leg for leg in self._legs.values() if leg.call == call]

    # ------------------------------------------------------------------------------------------------ opening
    def open_incoming(self, usage: str, call: str, request: Request, flow: Flow, phone: str | None, now: float) -> Leg:
        """A leg for a received INVITE; `answer` sends what its offer comes to. Raises SdpError, NoPortLeft."""
        candidates = [flow.remote[0]]
        if request.body:
            candidates += [host for host in _hosts(request.body) if host not in candidates]
        leg = self._open(usage, call, Role.CALLER, flow, candidates, phone, None, now)
        if request.body:
            try:
                leg.local_sdp, leg.agreed = self._negotiate(leg, request.body)
            except SdpError:
                self.drop(leg, now)
                raise
        return leg

    def reserve_outgoing(
        self, call: str, role: Role, flow: Flow, phone: str | None, caller: int | None, now: float
    ) -> Leg:
        """A leg and its offer for an INVITE that is about to be sent; `bind` gives it its usage."""
        leg = self._open("", call, role, flow, [flow.remote[0]], phone, caller, now)
        self._offer(leg)
        return leg

    def bind(self, leg: Leg, usage: str) -> None:
        leg.usage = usage
        self._by_usage[usage] = leg

    def _open(
        self,
        usage: str,
        call: str,
        role: Role,
        flow: Flow,
        candidates: Iterable[str],
        phone: str | None,
        near: int | None,
        now: float,
    ) -> Leg:
        handle = self._next_leg
        self._next_leg += 1
        ips = tuple(candidates)
        local_ip, ssrc = self._flows.advertised_ip(flow), self._new_ssrc()
        self._flows.keep(flow, now + LONGEST_CALL)
        leg = Leg(
            leg=handle,
            usage=usage,
            call=call,
            role=role,
            port=self._media.allocate(handle, ips, signalled_ip=flow.remote[0], near=near),
            local_ip=local_ip,
            ssrc=ssrc,
            candidate_ips=ips,
            phone=phone,
        )
        self._legs[handle] = leg
        if usage:
            self._by_usage[usage] = leg
        self._on_opened(leg, now)
        return leg

    def _local(self, leg: Leg) -> MediaAddress:
        return MediaAddress(leg.local_ip, leg.port)

    # ------------------------------------------------------------------------------------------------ negotiating
    def answer(self, leg: Leg, now: float) -> None:
        """Answer the caller's INVITE (200): with an SDP answer, or with an offer when they left it to us."""
        if leg.answered or leg.ended:
            return
        leg.answered = True
        if leg.agreed is None:
            self._offer(leg)
        else:
            leg.settings = leg.agreed
        self._sip.answer(leg.usage, body=leg.local_sdp, now=now)
        self.apply(leg)

    def progress(self, leg: Leg, now: float) -> None:
        """Open the caller's media before the answer (183), so that they hear what the other side sends."""
        if leg.answered or leg.ended or leg.settings is not None or leg.agreed is None:
            return
        leg.settings = leg.agreed
        self._sip.ring(leg.usage, 183, body=leg.local_sdp, now=now)
        self.apply(leg)

    def _offer(self, leg: Leg) -> None:
        leg.local_sdp = make_offer(
            local=self._local(leg),
            codecs=self._codecs,
            session_id=leg.leg,
            version=leg.sdp_version,
            previous=leg.local_sdp or None,
        )

    def _negotiate(self, leg: Leg, offer: bytes) -> tuple[bytes, AudioSettings]:
        return answer_offer(
            offer, local=self._local(leg), codecs=self._codecs, session_id=leg.leg, version=leg.sdp_version
        )

    def early(self, leg: Leg, response: Response) -> None:
        """The far end sends media before it answers (183 with SDP). Raises SdpError."""
        leg.settings = accept_answer(leg.local_sdp, response.body)

    def accepted(self, leg: Leg, response: Response) -> None:
        """The far end answered our INVITE. Raises SdpError."""
        leg.answered = True
        if response.body or leg.settings is None:  # else the answer came with its early media
            leg.settings = accept_answer(leg.local_sdp, response.body)

    def confirmed(self, leg: Leg, request: Request) -> None:
        """ACK: it carries the answer when the offer was ours. Raises SdpError, also when there is none."""
        if leg.settings is None or leg.answer_awaited:
            leg.answer_awaited = False
            leg.settings = accept_answer(leg.local_sdp, request.body)
            self._refresh(leg)

    def reinvited(self, leg: Leg, request: Request, now: float) -> None:
        """The far end changes its session: hold, resume, another address or codec. Raises SdpError."""
        leg.sdp_version += 1
        if request.body:
            leg.local_sdp, leg.settings = self._negotiate(leg, request.body)
        else:
            self._offer(leg)
            leg.answer_awaited = True
        self._sip.accept_reinvite(leg.usage, body=leg.local_sdp, now=now)
        self._refresh(leg)

    def _refresh(self, leg: Leg) -> None:
        self.apply(leg)
        if (peer := self.get(leg.peer)) is not None:
            self.apply(peer)

    # ------------------------------------------------------------------------------------------------ media
    def hear(self, leg: Leg, source: Source, *, detect_inband: bool | None = None) -> None:
        """What the leg hears while it is not bridged."""
        leg.source = source
        if detect_inband is not None:
            leg.detect_inband = detect_inband
        self.apply(leg)

    def record(self, leg: Leg, path: str | None, *, most_seconds: float = 7200.0, quiet_after: float = 0.0) -> None:
        """Write what the party says to a WAV file; None: no longer. `rtp.legs.Recorded` tells when the file is there.

        *path*: absolute, below the data directory; a file that is there is continued. *most_seconds*: its longest
        length. *quiet_after*: seconds without speech before `rtp.legs.RecordingQuiet`, 0 never.
        """
        leg.record = None if path is None else Recording(path, most_seconds, quiet_after)
        self.apply(leg)

    def discard_recording(self, path: str) -> None:
        """Delete a recording that is complete."""
        self._media.discard_recording(path)

    def bridge(self, one: Leg, other: Leg) -> None:
        """Both hear each other, from the next packet on."""
        one.peer, other.peer = other.leg, one.leg
        one.source = other.source = Silence()
        one.detect_inband = other.detect_inband = False
        self.apply(one)
        self.apply(other)

    def part(self, leg: Leg) -> None:
        """Undo `bridge`; each hears its own source from now on, silence until there is one."""
        peer = self.get(leg.peer)
        leg.peer = None
        if peer is not None:
            peer.peer = None
            self.apply(peer)
        self.apply(leg)

    def apply(self, leg: Leg) -> None:
        """Tell the media engine the state that is wanted now; nothing happens when it has been told already."""
        settings = leg.settings
        if leg.ended or settings is None:
            return
        remote = settings.remote
        spec = LegSpec(
            leg=leg.leg,
            port=leg.port,
            remote=None if remote is None else (remote.host, remote.port),
            candidate_ips=leg.candidate_ips,
            codec=settings.codec.name,
            payload_type=settings.codec.payload_type,
            telephone_event=settings.telephone_event,
            telephone_event_rx=settings.telephone_event_rx,
            source=self._effective_source(leg),
            send=settings.direction.sends,
            receive=settings.direction.receives,
            detect_inband=leg.detect_inband,
            ssrc=leg.ssrc,
            media_timeout=self._patience(settings.direction),
            record=leg.record.path if leg.record else "",
            record_seconds=leg.record.most_seconds if leg.record else 7200.0,
            record_quiet=leg.record.quiet_after if leg.record else 0.0,
        )
        if spec != leg.spec:
            leg.spec = spec
            self._media.put_leg(spec)

    def _patience(self, direction: Direction) -> float:
        """Seconds of silence after which the leg is given up; a party on hold or listening only may be silent long."""
        if direction is Direction.SENDRECV or not self._media_timeout:
            return self._media_timeout
        return max(self._media_timeout, LONGEST_SILENCE)

    def _effective_source(self, leg: Leg) -> Source:
        peer = self.get(leg.peer)
        if peer is None:
            return leg.source
        if peer.held:
            return Music(HOLD_MUSIC)
        return Bridge(peer.leg) if peer.settings is not None else Silence()

    # ------------------------------------------------------------------------------------------------ letting go
    def hang_up(self, leg: Leg, now: float, *, reason: str = "") -> None:
        """End the leg from our side, whatever state it is in; that of an agent who stays on the line goes home."""
        if leg.home and leg.call != leg.home and not leg.ended:
            leg.call = leg.home
            if leg.peer is not None:
                self.part(leg)
            if self.on_home is not None:
                self.on_home(leg, now)
        elif not leg.ended:
            headers = (("Reason", reason),) if reason else ()
            self._sip.hang_up(leg.usage, headers=headers, now=now)
            self.drop(leg, now)

    def drop(self, leg: Leg, now: float) -> None:
        """Forget a leg whose signalling is over."""
        if leg.ended:
            return
        leg.ended = True
        self._legs.pop(leg.leg, None)
        self._by_usage.pop(leg.usage, None)
        try:
            if leg.peer is not None:
                self.part(leg)
        finally:
            self._on_dropped(leg, now)
            self._media.remove_leg(leg.leg)
