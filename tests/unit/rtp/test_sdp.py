from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtp.sdp import Media, SdpError, SessionDescription, parse_sdp

HEAD = b"v=0\no=- 1 1 IN IP4 h\n"
TYPICAL = b"""v=0
o=alice 2890844526 2890844527 IN IP4 192.0.2.9
s=Phone call
i=about this
c=IN IP4 192.0.2.9
b=AS:84
t=0 0
a=recvonly
m=audio 49170/2 RTP/AVP 0 8 101
i=the voice
c=IN IP4 192.0.2.10/127
a=rtpmap:101 telephone-event/8000
a=PTIME:20
a=sendrecv
m=video 0 RTP/AVP 31
"""


def test_session_and_media_parts_are_kept_apart() -> None:
    description = parse_sdp(TYPICAL)
    assert description.origin == "alice 2890844526 2890844527 IN IP4 192.0.2.9"
    assert (description.name, description.connection) == ("Phone call", "192.0.2.9")
    assert description.attributes == (("recvonly", None),)
    audio, video = description.media
    assert (audio.kind, audio.port, audio.ports, audio.protocol) == ("audio", 49170, 2, "RTP/AVP")
    assert audio.formats == ("0", "8", "101")
    assert audio.attribute("ptime") == "20"
    assert audio.attribute("sendrecv") == ""
    assert audio.attribute("inactive") is None
    assert description.address(audio) == "192.0.2.10"
    assert description.address(video) == "192.0.2.9"


def test_line_ends_of_either_kind_are_taken() -> None:
    assert parse_sdp(TYPICAL.replace(b"\n", b"\r\n")) == parse_sdp(TYPICAL)
    assert parse_sdp(TYPICAL + b"\r\n\r\n") == parse_sdp(TYPICAL)


def test_writing_and_reading_again_changes_nothing() -> None:
    description = parse_sdp(TYPICAL)
    assert parse_sdp(description.serialize()) == description


def test_an_empty_subject_and_missing_times_are_forgiven() -> None:
    assert parse_sdp(b"v=0\no=- 1 1 IN IP4 h\ns=\nm=audio 5 RTP/AVP 0\nc=IN IP6 ::1\n").media[0].connection == "::1"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\r\n", b"v=1\no=- 1 1 IN IP4 h\n", b"o=- 1 1 IN IP4 h\nv=0\n", b"v=0\n", b"v=0\no=- 1 1\n",
        b"v=0\nnoise\n", b"\xff\xfe", HEAD + b"\nm=audio 5 RTP/AVP 0\n",
        HEAD + b"o=- 1 1 IN IP4 h\n", HEAD + b"c=IN IP4\n",
        HEAD + b"c=IN IP5 h\n", HEAD + b"c=IN IP4 /5\n", HEAD + b"a=\n", HEAD + b"a=a b:c\n", HEAD + b"s=a\rb\n",
        HEAD + b"s=\x00\n", HEAD + b"=x\n", HEAD + b"M=audio 5 RTP/AVP 0\n",
    ],
)  # fmt: skip
def test_what_is_no_description_is_refused(body: bytes) -> None:
    with pytest.raises(SdpError) as caught:
        parse_sdp(body)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "line",
    [
        "audio", "audio 5 RTP/AVP", "audio x RTP/AVP 0", "audio -1 RTP/AVP 0", "audio 65536 RTP/AVP 0",
        "audio +5 RTP/AVP 0",
        "audio 5/x RTP/AVP 0", "audio ٥ RTP/AVP 0", "au/dio 5 RTP/AVP 0", "", "audio 5 RTP/AVP" + " 0" * 129,
        "audio 99999999999999999999 RTP/AVP 0",
    ],
)  # fmt: skip
def test_a_malformed_media_line_is_refused(line: str) -> None:
    with pytest.raises(SdpError):
        parse_sdp(HEAD + f"m={line}\n".encode())


def test_sizes_are_bounded() -> None:
    for body in (HEAD + b"a=x\n" * 1000, HEAD + b"m=audio 5 RTP/AVP 0\n" * 33, HEAD + b"s=" + b"x" * 66_000):
        with pytest.raises(SdpError):
            parse_sdp(body)
    assert len(parse_sdp(HEAD + b"m=audio 5 RTP/AVP 0\n" * 32).media) == 32


@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_only_sdp_errors(data: bytes) -> None:
    for candidate in (data, b"v=0\r\no=- 1 1 IN IP4 h\r\n" + data, TYPICAL[:60] + data + TYPICAL[60:]):
        try:
            description = parse_sdp(candidate)
        except SdpError:
            continue
        assert parse_sdp(description.serialize()) == description


_WORD = st.text("abcxyzABC019-.", min_size=1, max_size=8)
_VALUE = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20).map(lambda text: text.strip(" "))
_ATTRIBUTES = st.lists(st.tuples(_WORD.map(str.lower), _VALUE | st.none()), max_size=4).map(tuple)
_MEDIA = st.builds(
    Media,
    kind=st.sampled_from(["audio", "video", "image"]),
    port=st.integers(0, 65535),
    protocol=st.sampled_from(["RTP/AVP", "udptl"]),
    formats=st.lists(_WORD, min_size=1, max_size=5).map(tuple),
    connection=st.sampled_from([None, "192.0.2.1", "::1", "host.example"]),
    attributes=_ATTRIBUTES,
)


@given(st.sampled_from([None, "192.0.2.7", "2001:db8::1"]), _ATTRIBUTES, st.lists(_MEDIA, max_size=4).map(tuple))
def test_any_description_survives_the_wire(
    connection: str | None, attributes: tuple[tuple[str, str | None], ...], media: tuple[Media, ...]
) -> None:
    description = SessionDescription("- 1 2 IN IP4 192.0.2.1", "-", connection, attributes, media)
    assert parse_sdp(description.serialize()) == description
