"""RTCP of legs: what is reported about them, and what is learnt from the far end."""

from __future__ import annotations

from rtp.latch import pack_address, unpack_address
from rtp.legs import Address, Echo, LegStats, MediaTimeout, Silence
from rtp.reports import INTERVAL, SLICES
from rtp.rtcp import (
    ReceiverReport,
    ReportBlock,
    RtcpPacket,
    SenderReport,
    SourceDescription,
    middle,
    ntp_time,
    parse_compound,
    serialize_compound,
)
from tests.support.media_plane import TestPlane, speech

ALICE = ("10.0.0.1", 4000)
WALL = 1.8e9


def round_of(plane: TestPlane) -> list[tuple[int, Address, list[RtcpPacket]]]:
    """Five seconds of reports: (lane, to whom, packets)."""
    sent = []
    for _ in range(SLICES):
        plane.now += INTERVAL / SLICES
        for lane, word, data in plane.due_reports(plane.now, WALL + plane.now):
            sent.append((lane, unpack_address(word), parse_compound(data)))
    return sent


def talking(count: int = 10) -> TestPlane:
    plane = TestPlane()
    plane.leg(1, ALICE)
    for n in range(count):
        plane.now += 0.02
        plane.talk(ALICE, speech(n))
    return plane


def tell(plane: TestPlane, *packets: RtcpPacket, source: Address = ("10.0.0.1", 4001), later: float = 0.0) -> None:
    plane.receive_control(0, pack_address(source), serialize_compound(packets), plane.now, WALL + plane.now + later)


def stats(plane: TestPlane) -> LegStats:
    plane.told()
    plane.report(1)
    (event,) = plane.told()
    assert isinstance(event, LegStats)
    return event


def test_a_leg_that_sends_and_receives_reports_both_every_five_seconds() -> None:
    plane = talking(10)
    plane.now += 0.02
    plane.talk(ALICE, speech(12))
    ((lane, to, packets),) = round_of(plane)
    assert (lane, to) == (0, ("10.0.0.1", 4001))
    sender, description = packets
    assert isinstance(sender, SenderReport)
    assert (sender.ssrc, sender.packets, sender.octets) == (0x1001, 11, 1760)
    (block,) = sender.blocks
    assert (block.ssrc, block.cumulative_lost, block.fraction_lost) == (77, 2, 2 * 256 // 13)
    assert block.extended_highest == 112
    assert description == SourceDescription(0x1001, "softswitch")


def test_a_leg_that_is_only_listened_to_sends_receiver_reports() -> None:
    plane = TestPlane()
    plane.leg(1, ALICE, Echo(), send=False)
    for n in range(5):
        plane.talk(ALICE, speech(n))
    ((_, _, packets),) = round_of(plane)
    assert isinstance(packets[0], ReceiverReport)
    assert packets[0].blocks[0].extended_highest == 104


def test_a_leg_without_traffic_or_without_an_address_says_nothing() -> None:
    plane = TestPlane()
    plane.leg(1, ALICE, Echo())
    plane.leg(2, None, Silence())
    assert round_of(plane) == []


def test_the_rtp_timestamp_of_a_report_belongs_to_its_wall_time() -> None:
    plane = talking()
    last = plane.talk(ALICE, speech(10))[0]
    since = plane.now
    ((_, _, packets),) = round_of(plane)
    assert isinstance(packets[0], SenderReport)
    elapsed = (packets[0].ntp / 2**32) - (ntp_time(WALL + since) / 2**32)
    assert abs((packets[0].rtp_timestamp - last.timestamp - 160) - 8000 * elapsed) < 20


def test_loss_and_round_trip_are_learnt_from_the_far_end() -> None:
    plane = talking()
    ((_, _, packets),) = round_of(plane)
    assert isinstance(packets[0], SenderReport)
    sent = middle(packets[0].ntp)
    plane.now = plane.now - 5.0 + 0.2 + 1.0
    wall_at_sr = packets[0].ntp / 2**32 - 2_208_988_800
    block = ReportBlock(0x1001, 0, 3, 0, 80, sent, 65536 // 2)
    plane.receive_control(
        0,
        pack_address(("10.0.0.1", 4001)),
        serialize_compound([ReceiverReport(77, (block,))]),
        plane.now,
        wall_at_sr + 0.55,
    )
    learnt = stats(plane)
    assert learnt.round_trip is not None
    assert abs(learnt.round_trip - 0.05) < 0.001
    assert (learnt.remote_lost, learnt.remote_jitter) == (3, 0.01)


def test_nothing_is_known_of_the_far_end_before_it_reports() -> None:
    learnt = stats(talking())
    assert (learnt.round_trip, learnt.remote_lost, learnt.remote_jitter) == (None, None, None)


def test_a_report_refers_to_the_last_one_of_the_far_end() -> None:
    plane = talking()
    tell(plane, SenderReport(77, ntp_time(WALL), 0, 0, 0))
    heard_at = plane.now
    ((_, _, packets),) = round_of(plane)
    assert isinstance(packets[0], SenderReport)
    (block,) = packets[0].blocks
    assert block.last_sr == middle(ntp_time(WALL))
    assert 0 < block.delay_since_last_sr <= (plane.now - heard_at) * 65536


def test_reports_go_to_where_the_far_ends_come_from() -> None:
    plane = talking()
    tell(plane, ReceiverReport(77), source=("10.0.0.1", 61001))
    assert [to for _, to, _ in round_of(plane)] == [("10.0.0.1", 61001)]


def test_reports_of_strangers_are_dropped() -> None:
    plane = talking()
    block = ReportBlock(0x1001, 0, 3, 0, 80)
    tell(plane, ReceiverReport(77, (block,)), source=("10.6.6.6", 4001))
    tell(plane, ReceiverReport(5), source=("10.0.0.1", 4001))
    plane.receive_control(0, pack_address(ALICE), b"rubbish", plane.now, WALL)
    assert stats(plane).remote_lost is None
    assert plane.strays() == {"stray_control": 3}


def test_reports_on_the_rtp_port_count_too() -> None:
    plane = talking()
    plane.hear([(ALICE, serialize_compound([ReceiverReport(77, (ReportBlock(0x1001, 0, 3, 0, 80),))]))])
    plane.hear([(ALICE, b"\x80\xc9\x00\x09 no report")])
    plane.due_reports(plane.now, WALL)
    learnt = stats(plane)
    assert learnt.remote_lost == 3
    assert learnt.dropped == {"malformed": 1}


def test_a_leg_that_only_reports_is_not_silent() -> None:
    plane = TestPlane()
    plane.leg(1, ALICE, media_timeout=30.0)
    plane.talk(ALICE, speech(0))
    for _ in range(20):
        plane.now += 5.0
        tell(plane, ReceiverReport(77))
        plane.check_timeouts(plane.now)
    assert not [event for event in plane.told() if isinstance(event, MediaTimeout)]


def test_a_new_leg_in_the_slot_of_an_old_one_knows_nothing_of_it() -> None:
    plane = talking()
    tell(plane, ReceiverReport(77, (ReportBlock(0x1001, 0, 3, 0, 80),)), source=("10.0.0.1", 61001))
    plane.remove(1, plane.now)
    plane.leg(1, ("10.0.0.9", 4000))
    assert stats(plane).remote_lost is None
    plane.talk(("10.0.0.9", 4000), speech(0))
    assert [to for _, to, _ in round_of(plane)] == [("10.0.0.9", 4001)]
