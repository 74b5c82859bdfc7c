"""RTCP compound packets: golden bytes, round trips, aiortc as a second reader, and rubbish."""

from __future__ import annotations

import aiortc.rtp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtp.rtcp import (
    Goodbye,
    ReceiverReport,
    ReportBlock,
    RtcpError,
    RtcpPacket,
    SenderReport,
    SourceDescription,
    middle,
    ntp_time,
    parse_compound,
    serialize_compound,
)

u32 = st.integers(0, 0xFFFFFFFF)
blocks = st.lists(
    st.builds(ReportBlock, u32, st.integers(0, 255), st.integers(-0x800000, 0x7FFFFF), u32, u32, u32, u32), max_size=3
).map(tuple)
reports = st.builds(SenderReport, u32, st.integers(0, 2**64 - 1), u32, u32, u32, blocks) | st.builds(
    ReceiverReport, u32, blocks
)
others = st.builds(
    SourceDescription, u32, st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=40)
) | st.builds(Goodbye, st.lists(u32, max_size=4).map(tuple))
compounds: st.SearchStrategy[list[RtcpPacket]] = st.tuples(reports, st.lists(others, max_size=3)).map(
    lambda parts: [parts[0], *parts[1]]
)

BLOCK = ReportBlock(0x11223344, 0x40, -2, 0x00010005, 7, 0xAABBCCDD, 0x00010000)


def test_a_sender_report_is_laid_out_as_in_the_rfc() -> None:
    report = SenderReport(1, 0x0102030405060708, 9, 10, 1600, (BLOCK,))
    assert serialize_compound([report]) == bytes.fromhex(
        "81c8000c 00000001 0102030405060708 00000009 0000000a 00000640"
        "11223344 40fffffe 00010005 00000007 aabbccdd 00010000"
    )


def test_a_description_ends_on_a_word_with_at_least_one_null() -> None:
    assert serialize_compound([SourceDescription(1, "ab")])[4:].hex() == "00000001" + "0102" + "6162" + "00000000"
    assert serialize_compound([SourceDescription(1, "abc")])[4:].hex() == "00000001" + "0103" + "616263" + "000000"


@given(compounds)
def test_parsing_what_was_serialised_gives_the_same_packets(packets: list[RtcpPacket]) -> None:
    assert parse_compound(serialize_compound(packets)) == packets


@given(compounds)
def test_aiortc_reads_the_same_out_of_ours(packets: list[RtcpPacket]) -> None:
    theirs = aiortc.rtp.RtcpPacket.parse(serialize_compound(packets))
    first, report = theirs[0], packets[0]
    assert isinstance(first, aiortc.rtp.RtcpSrPacket | aiortc.rtp.RtcpRrPacket)
    assert isinstance(report, SenderReport | ReceiverReport)
    assert first.ssrc == report.ssrc
    assert [(block.ssrc, block.packets_lost, block.jitter, block.dlsr) for block in first.reports] == [
        (block.ssrc, block.cumulative_lost, block.jitter, block.delay_since_last_sr) for block in report.blocks
    ]


@given(st.binary(max_size=200) | st.binary(max_size=100).map(lambda data: b"\x81\xc8\x00\x0c" + data))
def test_bytes_are_a_compound_or_an_rtcp_error(data: bytes) -> None:
    try:
        parse_compound(data)
    except RtcpError:
        return


@given(compounds, st.data())
def test_a_damaged_compound_is_a_compound_or_an_rtcp_error(packets: list[RtcpPacket], data: st.DataObject) -> None:
    damaged = bytearray(serialize_compound(packets))
    for _ in range(3):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        parse_compound(bytes(damaged))
    except RtcpError:
        return


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ("", "empty"),
        ("80c9", "cut off"),
        ("40c90001 00000001", "version 1"),
        ("81ca0001 00000001", "begins with type 202"),
        ("80c90002 00000001", "length goes beyond"),
        ("81c90001 00000001", "type 201 is cut off"),
        ("a0c90002 00000001 00000009", "padding"),
        ("80c90001 00000001 81ca0002 00000001 01ff6162", "description item"),
    ],
)
def test_a_compound_whose_lengths_lie_is_refused_with_the_reason(data: str, complaint: str) -> None:
    with pytest.raises(RtcpError, match=complaint):
        parse_compound(bytes.fromhex(data))


def test_unknown_types_are_passed_over() -> None:
    assert parse_compound(bytes.fromhex("80c90001 00000001 80cd0001 00000002")) == [ReceiverReport(1)]


def test_ntp_time_counts_from_1900() -> None:
    assert ntp_time(0.0) >> 32 == 2_208_988_800
    assert ntp_time(0.5) & 0xFFFFFFFF == 0x80000000
    assert middle(0x1111_2222_3333_4444) == 0x2222_3333
