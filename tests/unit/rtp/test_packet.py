"""RTP packets: our parser against aiortc's, golden packets, and packets whose lengths lie."""

from __future__ import annotations

import aiortc.rtp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtp.packet import HEADER, ROW, RtpError, RtpPacket, is_rtcp, make_plain, parse_rtp

packets = st.builds(
    RtpPacket,
    payload_type=st.integers(0, 127),
    sequence_number=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 0xFFFFFFFF),
    ssrc=st.integers(0, 0xFFFFFFFF),
    payload=st.binary(min_size=1, max_size=200),
    marker=st.booleans(),
    csrc=st.lists(st.integers(0, 0xFFFFFFFF), max_size=15).map(tuple),
    extension=st.none()
    | st.tuples(st.integers(0, 0xFFFF), st.integers(0, 10).map(lambda words: bytes(range(4 * words)))),
    padding=st.integers(0, 20),
)


def test_a_plain_packet_is_laid_out_as_in_the_rfc() -> None:
    packet = RtpPacket(8, 0x1234, 0x56789ABC, 0xDEF01234, b"\xd5\xd5", marker=True)
    assert packet.serialize() == bytes.fromhex("80 88 1234 56789abc def01234 d5d5")


def test_sources_extension_and_padding_stand_in_their_order() -> None:
    packet = RtpPacket(0, 1, 2, 3, b"\x01", csrc=(7, 8), extension=(0xBEDE, b"\x10\x20\x30\x40"), padding=3)
    assert packet.serialize() == bytes.fromhex(
        "b2 00 0001 00000002 00000003 00000007 00000008 bede0001 10203040 01 000003"
    )


@given(packets)
def test_parsing_what_was_serialised_gives_the_same_packet(packet: RtpPacket) -> None:
    assert parse_rtp(packet.serialize()) == packet


@given(packets)
def test_aiortc_reads_the_same_out_of_our_packets(packet: RtpPacket) -> None:
    theirs = aiortc.rtp.RtpPacket.parse(packet.serialize())
    assert (theirs.payload_type, theirs.sequence_number, theirs.timestamp, theirs.ssrc, theirs.payload) == (
        packet.payload_type,
        packet.sequence_number,
        packet.timestamp,
        packet.ssrc,
        packet.payload,
    )
    assert (bool(theirs.marker), tuple(theirs.csrc)) == (packet.marker, packet.csrc)


@given(st.binary(max_size=120))
def test_bytes_are_a_packet_or_an_rtp_error_and_aiortc_agrees(data: bytes) -> None:
    try:
        ours = parse_rtp(data)
    except RtpError:
        return
    theirs = aiortc.rtp.RtpPacket.parse(data)
    assert theirs.payload == ours.payload


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ("", "shorter than its header: 0 bytes"),
        ("80 00 0001 00000002 000000", "shorter than its header: 11 bytes"),
        ("40 00 0001 00000002 00000003", "version 1"),
        ("82 00 0001 00000002 00000003 00000007", "header is cut off"),
        ("90 00 0001 00000002 00000003 bede", "header extension is cut off"),
        ("90 00 0001 00000002 00000003 bede0002 00000000", "header is cut off"),
        ("a0 00 0001 00000002 00000003 01 00", "padding of 0 bytes"),
        ("a0 00 0001 00000002 00000003 01 09", "padding of 9 bytes"),
    ],
)
def test_a_packet_whose_lengths_lie_is_refused_with_the_reason(data: str, complaint: str) -> None:
    with pytest.raises(RtpError, match=complaint):
        parse_rtp(bytes.fromhex(data))


@given(packets)
def test_making_a_packet_plain_keeps_everything_but_the_extras(packet: RtpPacket) -> None:
    data = packet.serialize()
    row = np.zeros(ROW, np.uint8)
    row[: len(data)] = np.frombuffer(data, np.uint8)
    length = make_plain(row, len(data))
    plain = parse_rtp(row[:length].tobytes())
    assert plain == RtpPacket(
        packet.payload_type, packet.sequence_number, packet.timestamp, packet.ssrc, packet.payload, packet.marker
    )
    assert length == HEADER + len(packet.payload)


def test_a_packet_that_cannot_be_made_plain_is_left_as_it_is() -> None:
    row = np.full(ROW, 0xFF, np.uint8)
    row[:4] = (0xA0, 0, 0, 1)
    before = row.copy()
    with pytest.raises(RtpError):
        make_plain(row, 20)
    assert (row == before).all()


@pytest.mark.parametrize(("second", "control"), [(191, False), (192, True), (200, True), (223, True), (224, False)])
def test_rtcp_is_told_from_rtp_by_the_second_byte(second: int, control: bool) -> None:
    assert is_rtcp(second) is control
