from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from rtp.legs import Music
from rtp.negotiate import NotAcceptable
from rtp.sdp import parse_sdp
from sip.flow import Flow, Transport
from sip.headers import Headers
from sip.message import Request
from sip.uri import Uri
from softswitch.call.legs import Legs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtp.legs import LegSpec
    from softswitch.call.model import Leg

OFFER = """v=0
o=- 1 1 IN IP4 {host}
s=-
c=IN IP4 {host}
t=0 0
m=audio 4000 RTP/AVP 0 8 101
a=rtpmap:101 telephone-event/8000
a={direction}
m=video 4002 RTP/AVP 96
a=rtpmap:96 H264/90000
"""


def offer(host: str = "203.0.113.7", direction: str = "sendrecv") -> bytes:
    return OFFER.format(host=host, direction=direction).replace("\n", "\r\n").encode()


@dataclass
class World:
    """Ports that write down what is asked of them."""

    candidates: Sequence[str] = ()
    specs: list[LegSpec] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def allocate(
        self, leg: int, candidate_ips: Sequence[str], *, signalled_ip: str | None = None, near: int | None = None
    ) -> int:
        self.candidates = candidate_ips
        return 20_000 + 2 * leg

    def put_leg(self, spec: LegSpec) -> None:
        self.specs.append(spec)

    def remove_leg(self, leg: int) -> None:
        self.removed.append(leg)

    def discard_recording(self, path: str) -> None:
        raise NotImplementedError

    def answer(self, usage: str, *, body: bytes, now: float) -> None:
        self.bodies.append(body)

    accept_reinvite = answer

    def keep(self, flow: Flow, until: float) -> None:
        pass

    def advertised_ip(self, flow: Flow) -> str:
        return "192.0.2.1"


@dataclass
class Bench:
    world: World = field(default_factory=World)
    legs: Legs = field(init=False)

    def __post_init__(self) -> None:
        self.legs = Legs(
            sip=self.world,  # type: ignore[arg-type]
            media=self.world,
            flows=self.world,  # type: ignore[arg-type]
            codecs=("PCMA", "PCMU"),
            media_timeout=60.0,
            new_ssrc=lambda: 1,
            on_opened=lambda leg, now: None,
            on_dropped=lambda leg, now: None,
        )

    def open(self, body: bytes) -> Leg:
        flow = Flow(Transport.UDP, ("192.0.2.1", 5060), ("198.51.100.2", 5060))
        return self.legs.open_incoming("usage-1", "call-1", request(body), flow, None, 0.0)


def request(body: bytes) -> Request:
    return Request("INVITE", Uri("sip", "100", "pbx.test"), Headers([]), body)


@pytest.mark.parametrize(
    ("host", "candidates"),
    [
        ("203.0.113.7", ("198.51.100.2", "203.0.113.7")),
        ("198.51.100.2", ("198.51.100.2",)),
        ("0.0.0.0", ("198.51.100.2",)),
        ("phone.example.com", ("198.51.100.2",)),
    ],
)
def test_media_may_come_from_where_the_call_comes_from_and_from_the_address_in_its_offer(
    host: str, candidates: tuple[str, ...]
) -> None:
    bench = Bench()
    leg = bench.open(offer(host))
    assert leg.candidate_ips == bench.world.candidates == candidates


def test_an_offer_without_a_common_codec_leaves_no_leg_behind() -> None:
    bench = Bench()
    with pytest.raises(NotAcceptable):
        bench.open(offer().replace(b"RTP/AVP 0 8 101", b"RTP/AVP 18"))
    assert len(bench.legs) == 0
    assert bench.world.removed == [1]


def test_media_begins_with_the_answer_and_not_before() -> None:
    bench = Bench()
    leg = bench.open(offer())
    bench.legs.hear(leg, Music("default"))
    assert not bench.world.specs
    bench.legs.answer(leg, 1.0)
    assert [spec.source for spec in bench.world.specs] == [Music("default")]
    assert bench.world.bodies == [leg.local_sdp]


def test_an_offer_of_ours_within_a_call_keeps_the_media_lines_it_began_with() -> None:
    bench = Bench()
    leg = bench.open(offer())
    bench.legs.answer(leg, 1.0)
    bench.legs.reinvited(leg, request(b""), 2.0)
    first, second = map(parse_sdp, bench.world.bodies)
    assert [(media.kind, bool(media.port)) for media in second.media] == [("audio", True), ("video", False)]
    assert [media.kind for media in first.media] == ["audio", "video"]
    assert second.media[0].port == first.media[0].port
    assert leg.answer_awaited


@pytest.mark.parametrize(
    ("direction", "timeout", "held"),
    [("sendrecv", 60.0, False), ("sendonly", 3600.0, True), ("recvonly", 3600.0, False), ("inactive", 3600.0, True)],
)
def test_a_party_on_hold_may_be_silent_long_but_not_for_ever(direction: str, timeout: float, held: bool) -> None:
    bench = Bench()
    leg = bench.open(offer(direction=direction))
    bench.legs.answer(leg, 1.0)
    assert bench.world.specs[-1].media_timeout == timeout
    assert leg.held is held
