"""What reads bytes from the network, one function each: a parser may refuse with its own error and nothing else.

What a parser takes must come out the same after serialising and parsing again.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.fuzz_cases import Broken, Target
from rtp.dtmf import TelephoneEventReceiver, parse_dtmf_info
from rtp.negotiate import MediaAddress, accept_answer, answer_offer, make_offer
from rtp.packet import ROW, RtpError, RtpPacket, make_plain, parse_rtp
from rtp.rtcp import (
    Goodbye,
    ReceiverReport,
    ReportBlock,
    RtcpError,
    SenderReport,
    SourceDescription,
    parse_compound,
    serialize_compound,
)
from rtp.sdp import SdpError, parse_sdp
from sip.errors import FramingError, ParseError
from sip.framing import StreamFramer
from sip.parser import parse_message
from sip.serializer import serialize

if TYPE_CHECKING:
    import random

TORTURE = Path(__file__).resolve().parent.parent / "tests" / "golden" / "torture"

SIP = [
    b"INVITE sip:100@192.0.2.1;transport=udp SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKa1;rport\r\n"
    b'Max-Forwards: 70\r\nFrom: "Alice \\"A\\" Example" <sip:alice@192.0.2.1>;tag=f1\r\nTo: <sip:100@192.0.2.1>\r\n'
    b"Call-ID: c1@192.0.2.9\r\nCSeq: 1 INVITE\r\n"
    b'Contact: <sip:alice@192.0.2.9:5060;ob>;+sip.instance="<urn:uuid:1>"\r\n'
    b"Allow: INVITE, ACK, CANCEL, BYE\r\nRecord-Route: <sip:p1.example.com;lr>, <sip:p2.example.com;lr>\r\n"
    b"Content-Type: application/sdp\r\nContent-Length: 4\r\n\r\nv=0\n",
    b"REGISTER sip:192.0.2.1 SIP/2.0\r\nv: SIP/2.0/TCP [2001:db8::9]:5060;branch=z9hG4bKa2\r\n"
    b"f: sip:bob@192.0.2.1;tag=2\r\nt: sip:bob@192.0.2.1\r\ni: c2\r\nCSeq: 2 REGISTER\r\nm: *\r\nExpires: 0\r\n"
    b'Authorization: Digest username="bob", realm="r", nonce="n", uri="sip:192.0.2.1", response="00"\r\nl: 0\r\n\r\n',
    b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKb;received=192.0.2.2;rport=5062\r\n"
    b"From: <sip:a@b>;tag=x\r\nTo: <sip:c@d>;tag=y\r\nCall-ID: z\r\nCSeq: 7 BYE\r\nContent-Length: 0\r\n\r\n",
]
SDP = [
    b"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 0 96 101\r\n"
    b"a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n"
    b"a=fmtp:101 0-16\r\na=ptime:20\r\na=rtcp:4007 IN IP4 192.0.2.9\r\na=sendrecv\r\n",
    b"v=0\no=u 1 2 IN IP6 2001:db8::1\ns=\nt=0 0\na=sendonly\nm=audio 4000/2 RTP/SAVP 0\nc=IN IP6 2001:db8::1\n"
    b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\nm=audio 4002 RTP/AVP 0 97\nc=IN IP4 0.0.0.0\n"
    b"a=rtpmap:97 TELEPHONE-EVENT/8000\na=inactive\nm=video 0 RTP/AVP 34\nm=image 5000 udptl t38\n",
]
RTP = [
    RtpPacket(0, 1, 160, 7, bytes(160)).serialize(),
    RtpPacket(8, 65535, 4294967295, 7, bytes(range(160)), True, (1, 2, 3), (0xBEDE, bytes(8)), 4).serialize(),
    RtpPacket(101, 9, 1600, 7, b"\x05\x8a\x03\x20").serialize(),
]
DIGITS = [
    b"Signal=5\r\nDuration=160\r\n",
    b"Signal: *\nDuration: 100",
    b"#",
    b"12",
    b"\x05\x0a\x00\xa0\x05\x0a\x01\x40\x05\x8a\x03\x20\x0b\x8a\xff\xff",
]
_BLOCK = ReportBlock(7, 12, -3, 70_000, 160, 0x12345678, 65_536)
RTCP = [
    serialize_compound([SenderReport(7, 1 << 40, 1600, 10, 1600, (_BLOCK,)), SourceDescription(7, "alice@192.0.2.9")]),
    serialize_compound([ReceiverReport(7, (_BLOCK,) * 3), Goodbye((7, 8))]),
    serialize_compound([ReceiverReport(7), SourceDescription(7, "")]),
    bytes.fromhex("80c90001000000078fcb00080000000f") + bytes(28),
    bytes.fromhex("a0c9000200000007 00000004"),
]
REFUSALS = (ParseError, SdpError, RtpError, RtcpError)
LOCAL = MediaAddress("192.0.2.1", 4000)
CODECS = ("PCMA", "PCMU")


def sip_datagram(data: bytes, rng: random.Random) -> None:
    message = parse_message(data)
    again = parse_message(serialize(message))
    if _without_length(again) != _without_length(message) or again.body != message.body:
        raise Broken("serialising changed the message")
    for name in _PROPERTIES:
        with suppress(ParseError):
            getattr(message, name)
    for via in message.vias:
        str(via)
        via.rport  # noqa: B018


_PROPERTIES = ("vias", "contacts", "contact_star", "expires", "content_type", "routes", "record_routes", "max_forwards")


def _without_length(message: object) -> list[tuple[str, str]]:
    return [item for item in message.headers if item[0] != "Content-Length"]  # type: ignore[attr-defined]


def sip_stream(data: bytes, rng: random.Random) -> None:
    whole = _frames(data, [len(data)])
    cuts = sorted(rng.randrange(len(data) + 1) for _ in range(rng.randrange(6)))
    if _frames(data, [*cuts, len(data)]) != whole:
        raise Broken("chunking changed the messages")
    for frame in whole[0]:
        with suppress(ParseError):
            parse_message(frame)


def _frames(data: bytes, cuts: list[int]) -> tuple[list[bytes], int, bool]:
    framer = StreamFramer()
    frames: list[bytes] = []
    start = 0
    for cut in cuts:
        try:
            frames += framer.feed(data[start:cut])
        except FramingError as error:
            return [*frames, *error.messages], framer.pings, True
        start = cut
    return frames, framer.pings, False


def sdp(data: bytes, rng: random.Random) -> None:
    with suppress(SdpError):
        description = parse_sdp(data)
        if parse_sdp(description.serialize()) != description:
            raise Broken("serialising changed the description")
    with suppress(SdpError):
        answer, settings = answer_offer(data, local=LOCAL, codecs=CODECS, session_id=1, version=1)
        offered, answered = parse_sdp(data).media, parse_sdp(answer).media
        if [m.kind for m in offered] != [m.kind for m in answered] or settings.codec.name not in CODECS:
            raise Broken("the answer does not fit the offer")
        make_offer(local=LOCAL, codecs=CODECS, session_id=1, version=2, previous=answer)
    accept_answer(_OFFER, data)


_OFFER = make_offer(local=LOCAL, codecs=CODECS, session_id=1, version=1)


def rtp(data: bytes, rng: random.Random) -> None:
    packet = parse_rtp(data)
    if parse_rtp(packet.serialize()) != packet:
        raise Broken("serialising changed the packet")
    if len(data) <= ROW:
        row = np.zeros(ROW, np.uint8)
        row[: len(data)] = np.frombuffer(data, np.uint8)
        if parse_rtp(row[: make_plain(row, len(data))].tobytes()).payload != packet.payload:
            raise Broken("making the packet plain changed its payload")


def rtcp(data: bytes, rng: random.Random) -> None:
    reports = [packet for packet in parse_compound(data) if not isinstance(packet, SourceDescription)]
    again = parse_compound(serialize_compound(reports))
    if again != reports:
        raise Broken("serialising changed the reports")


def digits(data: bytes, rng: random.Random) -> None:
    receiver = TelephoneEventReceiver()
    for start in range(0, min(len(data), 400), 4):
        receiver.receive(data[start : start + 4], ssrc=1, timestamp=data[start] << 24 | start, now=start / 100)
    for kind in ("application/dtmf-relay", "application/dtmf"):
        found = parse_dtmf_info(kind, data)
        if found is not None and (len(found.digit) != 1 or found.digit not in "0123456789*#ABCD"):
            raise Broken("a key that is no key")


def targets() -> list[Target]:
    messages = SIP + [path.read_bytes() for path in sorted(TORTURE.glob("*.dat"))]
    return [
        Target("sip-datagram", sip_datagram, messages, 65_535, REFUSALS),
        Target("sip-stream", sip_stream, messages, 70_000, REFUSALS),
        Target("sdp", sdp, SDP, 66_000, REFUSALS),
        Target("rtp", rtp, RTP, 1_500, REFUSALS),
        Target("rtcp", rtcp, RTCP, 1_500, REFUSALS),
        Target("digits", digits, DIGITS, 1_500, REFUSALS),
    ]
