from __future__ import annotations

from dataclasses import replace
from itertools import product

import aiortc.sdp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtp.negotiate import (
    AudioSettings,
    Codec,
    Direction,
    MediaAddress,
    NotAcceptable,
    accept_answer,
    answer_offer,
    make_offer,
)
from rtp.sdp import SdpError, SessionDescription, parse_sdp

LOCAL = MediaAddress("192.0.2.1", 14000)
PEER = MediaAddress("192.0.2.9", 4000)
CODECS = ("PCMA", "PCMU")


def offer(*media: str, connection: str = "c=IN IP4 192.0.2.9", session: str = "") -> bytes:
    lines = ["v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", connection, "t=0 0", session, *media]
    return "\r\n".join(line for line in lines if line).encode() + b"\r\n"


def answer(
    body: bytes,
    *,
    codecs: tuple[str, ...] = CODECS,
    direction: Direction = Direction.SENDRECV,
    prefer_ours: bool = False,
) -> tuple[SessionDescription, AudioSettings]:
    answered, settings = answer_offer(
        body, local=LOCAL, codecs=codecs, session_id=7, version=1, direction=direction, prefer_ours=prefer_ours
    )
    return parse_sdp(answered), settings


def test_an_offer_names_codecs_events_and_direction() -> None:
    description = parse_sdp(
        make_offer(local=LOCAL, codecs=("PCMU", "PCMA"), session_id=5, version=2, direction=Direction.SENDONLY)
    )
    assert description.origin == "- 5 2 IN IP4 192.0.2.1"
    assert description.connection == "192.0.2.1"
    (audio,) = description.media
    assert (audio.kind, audio.port, audio.protocol, audio.formats) == ("audio", 14000, "RTP/AVP", ("0", "8", "101"))
    assert ("rtpmap", "8 PCMA/8000") in audio.attributes
    assert ("rtpmap", "101 telephone-event/8000") in audio.attributes
    assert ("fmtp", "101 0-15") in audio.attributes
    assert audio.attribute("sendonly") == ""


def test_an_offer_needs_a_codec_we_speak() -> None:
    with pytest.raises(ValueError, match="PCMA or PCMU"):
        make_offer(local=LOCAL, codecs=("opus",), session_id=1, version=1)


def test_the_offerers_first_codec_is_taken_and_only_that() -> None:
    description, settings = answer(offer("m=audio 4000 RTP/AVP 9 0 8 101", "a=rtpmap:101 telephone-event/8000"))
    assert settings.codec == Codec("PCMU", 0)
    assert settings.receive_codecs == (Codec("PCMU", 0),)
    assert description.media[0].formats == ("0", "101")


def test_our_order_counts_when_asked_for() -> None:
    assert answer(offer("m=audio 4000 RTP/AVP 0 8"), prefer_ours=True)[1].codec.name == "PCMA"
    assert answer(offer("m=audio 4000 RTP/AVP 0 8"), prefer_ours=False)[1].codec.name == "PCMU"


def test_a_codec_not_allowed_here_is_passed_over() -> None:
    assert answer(offer("m=audio 4000 RTP/AVP 0 8"), codecs=("PCMA",))[1].codec.name == "PCMA"


def test_the_offerers_payload_numbers_are_kept_in_the_answer() -> None:
    body = offer("m=audio 4000 RTP/AVP 96 97", "a=rtpmap:97 Telephone-Event/8000", "a=rtpmap:96 pcma/8000/1")
    description, settings = answer(body)
    assert settings.codec == Codec("PCMA", 96)
    assert (settings.telephone_event, settings.telephone_event_rx) == (97, 97)
    assert description.media[0].formats == ("96", "97")
    assert description.media[0].attribute("rtpmap") == "96 PCMA/8000"


def test_a_static_number_can_be_mapped_anew() -> None:
    with pytest.raises(NotAcceptable):
        answer(offer("m=audio 4000 RTP/AVP 0", "a=rtpmap:0 speex/8000"))


def test_telephone_events_of_another_clock_are_not_ours() -> None:
    body = offer(
        "m=audio 4000 RTP/AVP 0 98 99", "a=rtpmap:98 telephone-event/48000", "a=rtpmap:99 telephone-event/8000"
    )
    assert answer(body)[1].telephone_event == 99


def test_a_peer_without_events_gets_none() -> None:
    description, settings = answer(offer("m=audio 4000 RTP/AVP 8"))
    assert settings.telephone_event is None
    assert settings.telephone_event_rx is None
    assert description.media[0].formats == ("8",)


@pytest.mark.parametrize(
    "media",
    [
        ["m=audio 4000 RTP/AVP 9 18 3 4 96", "a=rtpmap:96 opus/48000/2"],
        ["m=audio 4000 RTP/SAVP 0 8"],
        ["m=audio 4000 UDP/TLS/RTP/SAVPF 0"],
        ["m=audio 0 RTP/AVP 0"],
        ["m=video 4000 RTP/AVP 31"],
        ["m=audio 4000 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"],
        ["m=audio 4000 RTP/AVP 96", "a=rtpmap:96 PCMA/16000"],
        ["m=audio 4000 RTP/AVP 96", "a=rtpmap:96 PCMU/8000/2"],
        ["m=audio 4000 RTP/AVP 300 x 08"],
        [],
    ],
    ids=["codecs", "savp", "dtls", "port 0", "video", "events only", "wideband", "stereo", "numbers", "nothing"],
)
def test_nothing_to_talk_with_is_488(media: list[str]) -> None:
    with pytest.raises(NotAcceptable) as caught:
        answer(offer(*media))
    assert caught.value.status == 488


def test_encrypted_audio_is_refused_beside_plain_audio() -> None:
    description, settings = answer(offer("m=audio 4002 RTP/SAVP 0", "a=crypto:1 x inline:y", "m=audio 4000 RTP/AVP 0"))
    assert [(m.kind, m.port, m.protocol) for m in description.media] == [
        ("audio", 0, "RTP/SAVP"),
        ("audio", 14000, "RTP/AVP"),
    ]
    assert settings.remote == PEER


def test_media_lines_stay_aligned_and_others_get_port_0() -> None:
    body = offer(
        "m=video 5000 RTP/AVP 31 32", "m=audio 4000 RTP/AVP 8", "m=image 6000 udptl t38", "m=audio 4004 RTP/AVP 8"
    )
    description, _ = answer(body)
    assert [(m.kind, m.port, m.formats) for m in description.media] == [
        ("video", 0, ("31", "32")),
        ("audio", 14000, ("8",)),
        ("image", 0, ("t38",)),
        ("audio", 0, ("8",)),
    ]


def test_the_profile_of_the_offer_is_answered() -> None:
    assert answer(offer("m=audio 4000 RTP/AVPF 8"))[0].media[0].protocol == "RTP/AVPF"


@pytest.mark.parametrize(
    ("offered", "wanted", "ours"),
    [
        ("sendrecv", Direction.SENDRECV, Direction.SENDRECV),
        ("sendonly", Direction.SENDRECV, Direction.RECVONLY),
        ("recvonly", Direction.SENDRECV, Direction.SENDONLY),
        ("inactive", Direction.SENDRECV, Direction.INACTIVE),
        ("sendrecv", Direction.SENDONLY, Direction.SENDONLY),
        ("sendonly", Direction.SENDONLY, Direction.INACTIVE),
        ("recvonly", Direction.INACTIVE, Direction.INACTIVE),
    ],
)
def test_the_direction_is_mirrored(offered: str, wanted: Direction, ours: Direction) -> None:
    for body in (
        offer("m=audio 4000 RTP/AVP 8", f"a={offered}"),
        offer("m=audio 4000 RTP/AVP 8", session=f"a={offered}"),
    ):
        description, settings = answer(body, direction=wanted)
        assert settings.direction is ours
        assert description.media[0].attribute(ours.name.lower()) == ""
        assert settings.on_hold is (offered in ("sendonly", "inactive"))


def test_the_stream_overrules_the_session_in_direction_and_address() -> None:
    body = offer("m=audio 4000 RTP/AVP 8", "c=IN IP4 192.0.2.77", "a=sendrecv", session="a=inactive")
    settings = answer(body)[1]
    assert not settings.on_hold
    assert settings.remote == MediaAddress("192.0.2.77", 4000)


@pytest.mark.parametrize("place", ["session", "media"])
def test_the_address_0_0_0_0_is_hold(place: str) -> None:
    zero = "c=IN IP4 0.0.0.0"
    body = (
        offer("m=audio 4000 RTP/AVP 8", connection=zero)
        if place == "session"
        else offer("m=audio 4000 RTP/AVP 8", zero)
    )
    settings = answer(body)[1]
    assert settings.on_hold
    assert settings.remote is None
    assert settings.direction is Direction.RECVONLY


def test_a_host_name_is_never_looked_up() -> None:
    settings = answer(offer("m=audio 4000 RTP/AVP 8", connection="c=IN IP4 phone.invalid"))[1]
    assert settings.remote is None
    assert not settings.on_hold


@pytest.mark.parametrize("line", ["c=IN IP4 224.2.1.1/127", "c=IN IP4 255.255.255.255", "c=IN IP6 2001:db8::1"])
def test_addresses_we_must_not_or_cannot_send_to_are_488(line: str) -> None:
    with pytest.raises(NotAcceptable):
        answer(offer("m=audio 4000 RTP/AVP 8", connection=line))


def test_audio_without_any_address_is_malformed() -> None:
    with pytest.raises(SdpError) as caught:
        answer(offer("m=audio 4000 RTP/AVP 8", connection=""))
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("line", "ptime"),
    [("", 20), ("a=ptime:30", 30), ("a=ptime:0", 20), ("a=ptime:x", 20), ("a=ptime:9999", 20), ("a=ptime:20.0", 20)],
)
def test_packet_length(line: str, ptime: int) -> None:
    assert answer(offer("m=audio 4000 RTP/AVP 8", line))[1].ptime == ptime
    assert answer(offer("m=audio 4000 RTP/AVP 8", session=line))[1].ptime == ptime


@pytest.mark.parametrize(
    ("line", "port"),
    [("", 4001), ("a=rtcp:5000", 5000), ("a=rtcp:5001 IN IP4 198.51.100.1", 5001), ("a=rtcp:x", 4001)],
)
def test_rtcp_goes_to_the_named_port_of_the_same_host(line: str, port: int) -> None:
    assert answer(offer("m=audio 4000 RTP/AVP 8", line))[1].remote_rtcp == MediaAddress("192.0.2.9", port)


def test_an_answer_settles_numbers_per_direction() -> None:
    ours = make_offer(local=LOCAL, codecs=CODECS, session_id=1, version=1)
    theirs = offer("m=audio 4000 RTP/AVP 0 8 97", "a=rtpmap:97 telephone-event/8000")
    settings = accept_answer(ours, theirs)
    assert settings.remote == PEER
    assert settings.codec == Codec("PCMU", 0)
    assert [codec.name for codec in settings.receive_codecs] == ["PCMU", "PCMA"]
    assert (settings.telephone_event, settings.telephone_event_rx) == (97, 101)
    assert settings.direction is Direction.SENDRECV


def test_numbers_of_the_answer_are_sent_and_those_of_the_offer_received() -> None:
    ours = make_offer(local=LOCAL, codecs=CODECS, session_id=1, version=1)
    settings = accept_answer(ours, offer("m=audio 4000 RTP/AVP 120", "a=rtpmap:120 PCMA/8000"))
    assert settings.codec.payload_type == 120
    assert settings.receive_codecs[0].payload_type == 8
    assert settings.telephone_event is None
    assert settings.telephone_event_rx == 101


@pytest.mark.parametrize(
    ("media", "status"),
    [
        (["m=audio 0 RTP/AVP 8"], 488),
        (["m=audio 4000 RTP/SAVP 8"], 488),
        (["m=audio 4000 RTP/AVP 9"], 488),
        (["m=audio 4000 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"], 488),
        (["m=video 4000 RTP/AVP 8"], 400),
        (["m=audio 4000 RTP/AVP 8", "m=audio 4000 RTP/AVP 8"], 400),
        ([], 400),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(media: list[str], status: int) -> None:
    with pytest.raises(SdpError) as caught:
        accept_answer(make_offer(local=LOCAL, codecs=CODECS, session_id=1, version=1), offer(*media))
    assert caught.value.status == status


def test_an_offer_within_a_session_keeps_lines_and_numbers() -> None:
    maps = ("a=rtpmap:96 PCMA/8000", "a=rtpmap:98 telephone-event/8000")
    body = offer("m=video 5000 RTP/AVP 31", "m=audio 4000 RTP/AVP 96 98", *maps)
    first, _ = answer_offer(body, local=LOCAL, codecs=CODECS, session_id=7, version=1)
    again = parse_sdp(
        make_offer(local=LOCAL, codecs=CODECS, session_id=7, version=2, direction=Direction.SENDONLY, previous=first)
    )
    assert again.origin == "- 7 2 IN IP4 192.0.2.1"
    assert [(m.kind, m.port, m.formats) for m in again.media] == [
        ("video", 0, ("31",)),
        ("audio", 14000, ("96", "0", "98")),
    ]


def test_events_never_take_a_number_that_means_something_else() -> None:
    first, _ = answer_offer(
        offer("m=audio 4000 RTP/AVP 101", "a=rtpmap:101 PCMA/8000"), local=LOCAL, codecs=CODECS, session_id=7, version=1
    )
    again = parse_sdp(make_offer(local=LOCAL, codecs=("PCMA",), session_id=7, version=2, previous=first))
    assert again.media[0].formats == ("101", "96")


def test_another_implementation_reads_what_we_write() -> None:
    body = make_offer(local=LOCAL, codecs=CODECS, session_id=1, version=1, direction=Direction.RECVONLY)
    for text in (body, answer_offer(body, local=LOCAL, codecs=CODECS, session_id=2, version=1)[0]):
        (media,) = aiortc.sdp.SessionDescription.parse(text.decode()).media
        assert (media.kind, media.port, media.profile) == ("audio", 14000, "RTP/AVP")
        ours = {(codec.mimeType, codec.payloadType, codec.clockRate) for codec in media.rtp.codecs}
        assert {("audio/PCMA", 8, 8000), ("audio/telephone-event", 101, 8000)} <= ours
        assert media.direction == ("recvonly" if text is body else "sendonly")


def test_both_sides_of_our_own_agree() -> None:
    for offered, wanted in product(Direction, Direction):
        body = make_offer(local=PEER, codecs=CODECS, session_id=1, version=1, direction=offered)
        answered, callee = answer_offer(body, local=LOCAL, codecs=("PCMU",), session_id=2, version=1, direction=wanted)
        caller = accept_answer(body, answered)
        assert caller.codec == callee.codec == Codec("PCMU", 0)
        assert (caller.remote, callee.remote) == (LOCAL, PEER)
        assert caller.direction.sends == callee.direction.receives
        assert caller.direction.receives == callee.direction.sends
        assert caller.telephone_event == callee.telephone_event == 101


_FORMATS = st.lists(st.sampled_from(["0", "3", "8", "9", "13", "18", "96", "101", "127", "x"]), min_size=1, max_size=6)
_PORTS = st.sampled_from([0, 4000])
_PROFILES = st.sampled_from(["RTP/AVP", "RTP/SAVP"])
_LINES = st.lists(st.tuples(st.sampled_from(["audio", "video"]), _PORTS, _PROFILES, _FORMATS), max_size=4)


@given(_LINES, st.permutations(CODECS), st.booleans(), st.sampled_from(list(Direction)))
def test_an_answer_is_part_of_the_offer(
    lines: list[tuple[str, int, str, list[str]]], codecs: list[str], prefer_ours: bool, wanted: Direction
) -> None:
    media = [
        f"m={kind} {port} {protocol} {' '.join(formats)}\r\na=rtpmap:96 PCMA/8000\r\na=rtpmap:101 telephone-event/8000"
        for kind, port, protocol, formats in lines
    ]
    body = offer(*media)
    takeable = [
        kind == "audio" and port and protocol == "RTP/AVP" and {"0", "8", "96"} & set(formats)
        for kind, port, protocol, formats in lines
    ]
    try:
        description, settings = answer(body, codecs=tuple(codecs), direction=wanted, prefer_ours=prefer_ours)
    except NotAcceptable:
        assert not any(takeable)
        return
    assert len(description.media) == len(lines)
    for index, (media_line, (kind, _, protocol, formats)) in enumerate(zip(description.media, lines, strict=True)):
        assert (media_line.kind, media_line.protocol) == (kind, protocol)
        assert set(media_line.formats) <= set(formats)
        assert bool(media_line.port) == (index == [bool(t) for t in takeable].index(True))
    assert settings == replace(settings, remote=PEER)
