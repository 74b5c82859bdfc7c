"""The pass over all legs: who hears what, under which header; nothing is lost uncounted; nothing makes it fail."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtp.codecs.g711 import ALAW_TO_ULAW, ULAW_TO_ALAW, encode
from rtp.keys import Keys
from rtp.legs import Bridge, Carriage, Digit, Echo, LegStats, MediaTimeout, Music, Play, Silence, Tone
from rtp.packet import ROW, RtpPacket, parse_rtp
from rtp.plane import LegLimitError
from rtp.streams import FRAME_TIME
from rtp.tones import dtmf
from tests.support.media_plane import PORTS, TestPlane, speech

ALICE = ("10.0.0.1", 4000)
BOB = ("10.0.0.2", 5000)
CAROL = ("10.0.0.3", 6000)


def echoing() -> TestPlane:
    plane = TestPlane()
    plane.leg(1, ALICE)
    return plane


def bridged(**bob: object) -> TestPlane:
    plane = TestPlane()
    plane.leg(1, ALICE, Bridge(2))
    plane.leg(2, BOB, Bridge(1), **bob)
    return plane


def say(plane: TestPlane, address: tuple[str, int], numbers: range, **how: int) -> list[RtpPacket]:
    """Packets of a phone, 20 ms apart; all that goes out meanwhile."""
    sent = []
    for n in numbers:
        plane.now += 0.02
        sent += plane.talk(address, speech(n, **how))
    return sent


def continuous(packets: list[RtpPacket]) -> bool:
    """Whether they are one stream without a gap."""
    return all(
        (b.sequence_number - a.sequence_number) & 0xFFFF == 1
        and (b.timestamp - a.timestamp) & 0xFFFFFFFF == 160
        and b.ssrc == a.ssrc
        for a, b in pairwise(packets)
    )


# --------------------------------------------------------------------------------------------------------------- pace
def test_however_a_frame_is_divided_every_leg_is_sent_one_packet_in_it() -> None:
    plane = TestPlane(slots=512)
    divided = []
    for legs in (1, 10, 149, 200, 249, 250, 260, 200, 150, 149, 20):
        for leg in range(1, 300):
            if leg <= legs:
                plane.leg(leg, ("10.0.1.1", 2 * leg), Tone("ringback"))
            else:
                plane.remove(leg, plane.now)
        divided.append(plane.pace())
        for _ in range(3):
            assert sorted(port for (_, port), _ in plane.frame()) == [2 * leg for leg in range(1, legs + 1)]
    assert divided == [2, 2, 2, 2, 2, 3, 3, 3, 3, 2, 2]


# ------------------------------------------------------------------------------------------------------------ hearing
def test_an_echo_returns_every_payload_in_one_continuous_stream_of_our_own() -> None:
    plane = echoing()
    sent = [packet for n in range(50) for packet in say(plane, ALICE, range(n, n + 1), fill=n)]
    assert [packet.payload[0] for packet in sent] == list(range(50))
    assert continuous(sent)
    assert {packet.ssrc for packet in sent} == {0x1001}
    assert [packet.marker for packet in sent] == [True] + [False] * 49


def test_sequence_and_timestamp_wrap_without_a_stumble() -> None:
    plane = echoing()
    sent = []
    for n in range(200):
        packet = RtpPacket(8, (65500 + n) & 0xFFFF, (2**32 - 1600 + 160 * n) & 0xFFFFFFFF, 7, bytes([n]) * 160)
        sent += plane.talk(ALICE, packet)
    assert [packet.payload[0] for packet in sent] == list(range(200))
    assert continuous(sent)


def test_our_own_numbers_wrap_too() -> None:
    plane = echoing()
    plane.tables.streams.next[plane.slot_of(1)] = (65530 << 32) | (2**32 - 800)
    sent = say(plane, ALICE, range(30))
    assert continuous([replace(packet, marker=False) for packet in sent])
    assert sent[10].payload_type == 8
    plane.leg(1, ALICE, Silence())
    plane.tables.streams.next[plane.slot_of(1)] = (65530 << 32) | 5
    silence = [parse_rtp(data) for _, data in plane.beat(60)]
    assert len(silence) == 20
    assert continuous(silence)


def test_bridged_legs_hear_each_other_and_only_each_other() -> None:
    plane = bridged()
    plane.leg(3, CAROL)
    plane.hear([(ALICE, speech(0).serialize()), (BOB, speech(0, fill=2).serialize())])
    for n in range(1, 5):
        sent = plane.hear(
            [
                (ALICE, speech(n, fill=1).serialize()),
                (BOB, speech(n, fill=2, ssrc=9).serialize() if n > 2 else speech(n, fill=2).serialize()),
                (CAROL, speech(n, fill=3).serialize()),
            ]
        )
        heard = {address: parse_rtp(data).payload[0] for address, data in sent}
        assert heard[BOB] == 1
        assert heard[CAROL] == 3
        if n != 3:  # a new SSRC is confirmed by its second packet
            assert heard[ALICE] == 2


def test_one_leg_may_hear_another_that_does_not_hear_it() -> None:
    plane = TestPlane()
    plane.leg(1, ALICE, Silence())
    plane.leg(2, BOB, Bridge(1))
    assert [address for address, _ in plane.hear([(ALICE, speech(0).serialize()), (BOB, speech(0).serialize())])] == [
        BOB
    ]


def test_who_stops_to_listen_does_not_silence_the_echo() -> None:
    plane = bridged()
    plane.leg(1, ALICE, Echo())
    plane.leg(2, BOB, Silence())
    assert len(say(plane, ALICE, range(5))) == 5
    plane.leg(2, BOB, Bridge(1))
    plane.remove(2, plane.now)
    assert len(say(plane, ALICE, range(5, 10))) == 5


def test_of_two_listeners_the_last_one_hears_and_then_the_first_again() -> None:
    plane = bridged()
    plane.leg(3, CAROL, Bridge(1))
    (address, _), *_ = plane.hear([(ALICE, speech(0).serialize())])
    assert address == CAROL
    plane.remove(3, plane.now)
    (address, _), *_ = plane.hear([(ALICE, speech(1).serialize())])
    assert address == BOB


def test_the_order_in_which_legs_are_put_does_not_matter() -> None:
    plane = TestPlane()
    plane.leg(2, BOB, Bridge(1))
    assert plane.talk(BOB, speech(0)) == []
    plane.leg(1, ALICE, Bridge(2))
    assert len(plane.talk(BOB, speech(1))) == len(plane.talk(ALICE, speech(0))) == 1


def test_a_removed_leg_is_heard_no_more_and_its_partner_is_not_disturbed() -> None:
    plane = bridged()
    say(plane, ALICE, range(5))
    plane.remove(2, plane.now)
    assert say(plane, ALICE, range(5, 10)) == []
    plane.leg(1, ALICE, Echo())
    assert len(say(plane, ALICE, range(10, 15))) == 5


def test_a_transfer_connects_the_new_party_in_one_continuous_stream() -> None:
    plane = bridged()
    plane.leg(3, CAROL, Silence())
    before = say(plane, BOB, range(10))
    plane.leg(3, CAROL, Bridge(1))
    plane.leg(1, ALICE, Bridge(3))
    assert say(plane, BOB, range(10, 12)) == []
    after = say(plane, CAROL, range(500, 510), ssrc=31)
    assert [packet.marker for packet in after] == [True] + [False] * 9
    assert continuous(after)
    assert after[0].sequence_number == (before[-1].sequence_number + 1) & 0xFFFF
    assert (after[0].timestamp - before[-1].timestamp) & 0xFFFFFFFF == 160 * 3
    assert {packet.ssrc for packet in before + after} == {0x1001}


def test_music_announcement_and_conversation_are_one_stream() -> None:
    plane = bridged()
    plane.player.supply(("m", "PCMA"), np.ones((50, 160), np.uint8))
    sent = say(plane, BOB, range(5))
    for source in (Music("m"), Play(("m",), 1), Silence(), Music("m")):
        plane.leg(1, ALICE, source)
        first, *rest = [parse_rtp(data) for _, data in plane.beat(9)]
        assert first.marker
        sent += [first, *rest]
    plane.leg(1, ALICE, Bridge(2))
    sent += say(plane, BOB, range(90, 95))
    numbers = [packet.sequence_number for packet in sent]
    assert [(b - a) & 0xFFFF for a, b in pairwise(numbers)] == [1] * (len(sent) - 1)
    stamps = [packet.timestamp for packet in sent]
    assert all(0 < (b - a) & 0xFFFFFFFF <= 480 for a, b in pairwise(stamps))


def test_lost_and_reordered_packets_stay_so_for_the_listener() -> None:
    plane = bridged()
    first = say(plane, ALICE, range(5))[-1].sequence_number
    sent = [packet for n in (5, 8, 6, 9) for packet in say(plane, ALICE, range(n, n + 1))]
    assert [(packet.sequence_number - first) & 0xFFFF for packet in sent] == [1, 4, 2, 5]


def test_a_duplicate_is_passed_on_once() -> None:
    plane = bridged()
    for n in range(10):
        twice = speech(n).serialize()
        assert len(plane.hear([(ALICE, twice), (ALICE, twice)])) == 1
        assert plane.hear([(ALICE, twice)]) == []
    plane.report(1)
    assert [event.duplicates for event in plane.told() if isinstance(event, LegStats)] == [20]


def test_a_duplicate_right_behind_an_expected_packet_is_passed_on_once() -> None:
    plane = bridged()
    say(plane, ALICE, range(5))
    twice = speech(5).serialize()
    assert len(plane.hear([(ALICE, twice), (ALICE, twice)])) == 1
    assert len(say(plane, ALICE, range(6, 9))) == 3


def test_a_shorter_packet_under_an_expected_header_keeps_its_length() -> None:
    plane = bridged()
    say(plane, ALICE, range(5))
    (sent,) = plane.talk(ALICE, replace(speech(5), payload=b"short"))
    assert sent.payload == b"short"


def test_after_packets_that_overtook_each_other_no_number_is_used_twice() -> None:
    plane = bridged()
    say(plane, BOB, range(5))
    sent = [parse_rtp(data) for _, data in plane.hear([(BOB, speech(n).serialize()) for n in (5, 8, 6, 7)])]
    plane.leg(1, ALICE, Silence())
    sent += [parse_rtp(data) for _, data in plane.beat(9)]
    assert len({packet.sequence_number for packet in sent}) == 4 + 3


@pytest.mark.parametrize(("theirs", "table"), [("PCMU", ALAW_TO_ULAW), ("PCMA", None)])
def test_laws_are_translated_between_legs_that_differ(theirs: str, table: np.ndarray | None) -> None:
    plane = bridged(codec=theirs, payload_type=0 if theirs == "PCMU" else 8)
    sent = [packet for n in range(250) for packet in say(plane, ALICE, range(n, n + 1), fill=n)]
    assert {packet.payload_type for packet in sent} == {0 if theirs == "PCMU" else 8}
    assert [packet.payload[0] for packet in sent] == [n if table is None else int(table[n]) for n in range(250)]
    back = [packet for n in range(250) for packet in say(plane, BOB, range(n, n + 1), fill=n, kind=0)]
    assert [packet.payload[159] for packet in back] == [int(ULAW_TO_ALAW[n]) for n in range(250)]


def test_frames_of_other_lengths_are_relayed_as_they_are() -> None:
    plane = bridged()
    for size in (80, 160, 240, 320, 480, ROW - 13):
        sent = plane.talk(ALICE, RtpPacket(8, size, 160 * size, 7, bytes(size)))
        sent += plane.talk(ALICE, RtpPacket(8, size + 1, 160 * size, 7, bytes(size)))
        assert {len(packet.payload) for packet in sent} == {size}


def test_extensions_sources_and_padding_are_taken_off() -> None:
    plane = bridged()
    for n in range(20):
        packet = replace(speech(n, fill=n), csrc=(1, 2), extension=(0xBEDE, bytes(8)), padding=4)
        (sent,) = plane.talk(ALICE, packet)
        assert (sent.payload, sent.csrc, sent.extension, sent.padding) == (packet.payload, (), None, 0)


# ------------------------------------------------------------------------------------------------- hold and direction
def test_a_leg_on_hold_is_sent_nothing_and_comes_back() -> None:
    plane = bridged()
    say(plane, ALICE, range(5))
    plane.leg(2, BOB, Bridge(1), send=False)
    assert say(plane, ALICE, range(5, 10)) == []
    plane.leg(2, BOB, Bridge(1))
    assert len(say(plane, ALICE, range(10, 15))) == 5


def test_a_leg_that_should_not_talk_is_not_heard() -> None:
    plane = bridged()
    say(plane, ALICE, range(5))
    plane.leg(1, ALICE, Bridge(2), receive=False)
    assert say(plane, ALICE, range(5, 10)) == []
    plane.leg(1, ALICE, Bridge(2))
    assert len(say(plane, ALICE, range(10, 15))) == 5


def test_a_leg_without_an_address_is_sent_nothing_until_it_is_heard() -> None:
    plane = TestPlane()
    plane.leg(1, None, candidate_ips=(ALICE[0],))
    assert len(plane.talk(ALICE, speech(0))) == 1


# ------------------------------------------------------------------------------------------------------------- digits
def event(n: int, *, begin: int, code: int = 5, end: bool = False, marker: bool = False, kind: int = 101) -> RtpPacket:
    payload = bytes((code, 0x8A if end else 0x0A)) + (160 * (n - begin + 1)).to_bytes(2, "big")
    return RtpPacket(kind, 100 + n, 160 * (100 + begin), 77, payload, marker=marker)


def press(plane: TestPlane, first: int) -> list[RtpPacket]:
    sent = []
    for n in range(first, first + 5):
        plane.now += 0.02
        sent += plane.talk(ALICE, event(n, begin=first, marker=n == first, end=n >= first + 2))
    return sent


def test_a_key_is_told_once_with_all_its_packets() -> None:
    plane = echoing()
    say(plane, ALICE, range(10))
    press(plane, 10)
    say(plane, ALICE, range(15, 30))
    press(plane, 30)
    digits = [event for event in plane.told() if isinstance(event, Digit)]
    assert [(digit.leg, digit.digit, digit.carriage) for digit in digits] == [(1, "5", Carriage.RFC4733)] * 2


def test_keys_are_passed_on_with_the_other_legs_payload_type_and_not_to_a_leg_without_one() -> None:
    plane = bridged(telephone_event=96)
    say(plane, ALICE, range(10))
    sent = press(plane, 10)
    assert {packet.payload_type for packet in sent} == {96}
    assert len({packet.timestamp for packet in sent}) == 1
    assert [packet.marker for packet in sent] == [True, False, False, False, False]
    plane.leg(2, BOB, Bridge(1), telephone_event=None)
    assert press(plane, 15) == []
    assert len(say(plane, ALICE, range(20, 25))) == 5


def test_keys_do_not_count_as_jitter() -> None:
    plane = echoing()
    say(plane, ALICE, range(10))
    press(plane, 10)
    say(plane, ALICE, range(15, 20))
    plane.report(1)
    (stats,) = [event for event in plane.told() if isinstance(event, LegStats)]
    assert stats.jitter < 0.001


@pytest.mark.parametrize("size", [80, 160, 240])
def test_keys_are_heard_in_the_audio_when_asked_for(size: int) -> None:
    plane = TestPlane()
    plane.leg(1, ALICE, Silence(), detect_inband=True)
    quiet = np.zeros(1600, np.int16)
    audio = encode("PCMA", np.concatenate([quiet, dtmf("7"), quiet, dtmf("#"), quiet])).tobytes()
    for n, at in enumerate(range(0, len(audio), size)):
        plane.now += size / 8000
        plane.talk(ALICE, RtpPacket(8, n, at, 77, audio[at : at + size]))
    digits = [event for event in plane.told() if isinstance(event, Digit)]
    assert [(digit.digit, digit.carriage) for digit in digits] == [("7", Carriage.INBAND), ("#", Carriage.INBAND)]


def test_keys_are_heard_in_the_audio_from_the_moment_they_are_asked_for() -> None:
    plane = TestPlane()
    plane.leg(1, ALICE, Silence())
    say(plane, ALICE, range(10))
    plane.leg(1, ALICE, Silence(), detect_inband=True)
    audio = encode("PCMA", np.concatenate([dtmf("7"), np.zeros(1600, np.int16)])).tobytes()
    for n, at in enumerate(range(0, len(audio), 160), 10):
        plane.now += 0.02
        plane.talk(ALICE, replace(speech(n), payload=audio[at : at + 160]))
    assert [event.digit for event in plane.told() if isinstance(event, Digit)] == ["7"]


def test_frames_that_are_missing_are_told_to_the_detector() -> None:
    keys = Keys(4, [])
    keys.open(1, 1, inband=True)
    for sequence in (7, 8, 11, 10, 12, 99):
        keys.audio(1, "PCMA", bytes([sequence]) * 160, sequence)
    frames = keys._listening[1].frames
    assert [frame and frame[0] for frame in frames] == [7, 8, None, None, 11, 12, 99]


def test_a_key_that_comes_both_ways_is_told_once() -> None:
    plane = TestPlane()
    plane.leg(1, ALICE, Silence(), detect_inband=True)
    audio = encode("PCMA", np.concatenate([dtmf("5", 0.2), np.zeros(3200, np.int16)])).tobytes()
    plane.talk(ALICE, event(0, begin=0, marker=True))
    for n, at in enumerate(range(0, len(audio), 160)):
        plane.now += 0.02
        plane.talk(ALICE, RtpPacket(8, 101 + n, 16000 + at, 77, audio[at : at + 160]))
    assert [event.digit for event in plane.told() if isinstance(event, Digit)] == ["5"]


# ----------------------------------------------------------------------------------------------------------- watching
def test_silence_is_told_once_and_again_after_media_came_back() -> None:
    plane = TestPlane()
    plane.leg(1, ALICE, Silence(), media_timeout=30.0)
    for seconds, told in ((29.9, 0), (0.2, 1), (60.0, 0)):
        plane.now += seconds
        plane.check_timeouts(plane.now)
        assert len([event for event in plane.told() if isinstance(event, MediaTimeout)]) == told
    plane.talk(ALICE, speech(0))
    plane.check_timeouts(plane.now)
    plane.now += 30.1
    plane.check_timeouts(plane.now)
    assert [type(event) for event in plane.told()][-1] is MediaTimeout


@pytest.mark.parametrize("wanted", [{"media_timeout": 0.0}, {"media_timeout": 30.0, "receive": False}])
def test_silence_that_is_wanted_is_not_told(wanted: dict[str, object]) -> None:
    plane = TestPlane()
    plane.leg(1, ALICE, Silence(), **wanted)
    plane.now += 100.0
    plane.check_timeouts(plane.now)
    assert plane.told() == []


def test_the_clock_of_silence_starts_with_the_end_of_hold() -> None:
    plane = TestPlane()
    plane.leg(1, ALICE, Silence(), media_timeout=30.0, receive=False)
    plane.now += 100.0
    plane.leg(1, ALICE, Silence(), media_timeout=30.0)
    plane.check_timeouts(plane.now + 29.0)
    assert plane.told() == []


def test_the_final_statistics_are_the_last_event_of_a_leg() -> None:
    plane = echoing()
    say(plane, ALICE, range(10))
    say(plane, ALICE, range(12, 20))
    plane.talk(ALICE, speech(20, kind=96))
    plane.remove(1, plane.now)
    stats = plane.told()[-1]
    assert isinstance(stats, LegStats)
    assert (stats.packets_received, stats.packets_lost, stats.packets_sent, stats.final) == (18, 2, 18, True)
    assert (stats.octets_received, stats.octets_sent) == (18 * 160, 18 * 160)
    assert stats.dropped == {"unknown_type": 1}


# ---------------------------------------------------------------------------------------------------------- refusing
def test_what_cannot_be_is_refused_and_costs_nothing() -> None:
    plane = TestPlane(slots=4)
    for wanted in ({"port": 1}, {"codec": "G729"}, {"latched": ("nowhere", 1)}, {"candidate_ips": ("x",)}):
        with pytest.raises(ValueError, match=r"."):
            plane.leg(1, ALICE, **wanted)
    for leg in (1, 2, 3):
        plane.leg(leg, (f"10.0.0.{leg}", 4000))
    with pytest.raises(LegLimitError):
        plane.leg(4, BOB)
    plane.remove(2, plane.now)
    plane.leg(4, BOB)
    assert sorted(plane.specs) == [1, 3, 4]


def test_a_bad_change_of_a_leg_leaves_it_as_it_was() -> None:
    plane = echoing()
    with pytest.raises(ValueError, match=r"."):
        plane.leg(1, ("nowhere", 1))
    assert len(plane.talk(ALICE, speech(0))) == 1


def test_a_leg_may_move_to_another_lane() -> None:
    plane = echoing()
    say(plane, ALICE, range(3))
    plane.leg(1, ALICE, port=PORTS[1])
    assert plane.talk(ALICE, speech(3)) == []
    assert len(plane.talk(ALICE, speech(4), lane=1)) == 1


def test_more_packets_than_a_phone_sends_are_cut_short() -> None:
    plane = bridged()
    plane.talk(ALICE, speech(0))
    flood = [(ALICE, speech(n).serialize()) for n in range(1, 201)]
    assert len(plane.hear(flood)) == 1 + 32
    plane.report(1)
    (stats,) = [event for event in plane.told() if isinstance(event, LegStats)]
    assert stats.dropped == {"excess": 200 - 33}


@pytest.mark.parametrize(("legs", "beats"), [(2, 2), (250, 3)])
def test_a_pass_that_is_late_takes_a_packet_more_for_each_beat_that_was_left_out(legs: int, beats: int) -> None:
    plane = TestPlane(slots=512)
    plane.leg(1, ALICE, Bridge(2))
    plane.leg(2, BOB, Bridge(1))
    for leg in range(3, legs + 1):
        plane.leg(leg, ("10.0.1.1", 2 * leg))
    assert plane.pace() == beats
    plane.talk(ALICE, speech(0))
    plane.now += 5.5 * FRAME_TIME
    flood = [(ALICE, speech(n).serialize()) for n in range(1, 201)]
    assert len(plane.hear(flood)) == 1 + 32 + int(5.5 * beats)


# --------------------------------------------------------------------------------------------------------- properties
PHONES = (ALICE, BOB, CAROL, ("10.9.9.9", 9))
MISHAPS = st.sampled_from(
    ["next"] * 12 + ["short", "lost", "again", "late", "jump", "ssrc", "event", "extension", "mark", "junk"]
)
SCRIPTS = st.lists(st.lists(st.tuples(st.integers(0, 3), MISHAPS), max_size=8), max_size=30)


def three_legs() -> TestPlane:
    plane = TestPlane()
    plane.leg(1, ALICE, Bridge(2))
    plane.leg(2, BOB, Bridge(1), codec="PCMU", payload_type=0, telephone_event=96)
    plane.leg(3, CAROL)
    return plane


class Phones:
    """Four phones (one unknown to the switch) whose streams suffer mishaps."""

    def __init__(self) -> None:
        self.at = [10, 65_530, 500, 0]
        self.ssrc = [1, 2, 3, 4]
        self.last = [b""] * 4

    def packet(self, who: int, mishap: str) -> bytes:
        if mishap == "again" and self.last[who]:
            return self.last[who]
        self.at[who] += {"lost": 3, "jump": 7000}.get(mishap, 1)
        self.ssrc[who] += 10 if mishap == "ssrc" else 0
        n = self.at[who] - (2 if mishap == "late" else 0)
        packet = RtpPacket(8, n & 0xFFFF, 160 * n & 0xFFFFFFFF, self.ssrc[who], bytes([n & 0xFF]) * 160)
        if mishap == "event":
            packet = replace(packet, payload_type=101, payload=bytes((n % 16, 0x8A, 0, 160)))
        if mishap == "extension":
            packet = replace(packet, extension=(1, b"abcd"))
        if mishap == "mark":
            packet = replace(packet, marker=True)
        if mishap == "short":
            packet = replace(packet, payload=bytes(80))
        self.last[who] = packet.serialize() if mishap != "junk" else b"\x80\x08" + bytes(n % 30)
        return self.last[who]


@given(SCRIPTS)
def test_every_packet_is_relayed_unheard_or_dropped_for_a_reason(script: list[list[tuple[int, str]]]) -> None:
    plane, phones = three_legs(), Phones()
    came = went = 0
    for batch in script:
        plane.now += 0.0067
        went += len(plane.hear([(PHONES[who], phones.packet(who, mishap)) for who, mishap in batch]))
        came += len(batch)
    tables = plane.tables
    assert tables.received == came
    assert tables.relayed == went
    assert came == went + tables.unheard + int(tables.drops.sum())
    tables.express.settle()
    assert int(tables.streams.packets.sum()) == went


@given(SCRIPTS)
def test_the_express_way_is_only_faster(script: list[list[tuple[int, str]]]) -> None:
    quick, slow = three_legs(), three_legs()
    slow.tables.slow[:] = False
    one, other = Phones(), Phones()
    for batch in script:
        for plane in (quick, slow):
            plane.now += 0.0067
        slow.tables.express.dismiss(np.arange(1, 4))
        fast = quick.hear([(PHONES[who], one.packet(who, mishap)) for who, mishap in batch])
        long = slow.hear([(PHONES[who], other.packet(who, mishap)) for who, mishap in batch])
        assert sorted(fast) == sorted(long)
    for plane in (quick, slow):
        plane.report(0)
    assert quick.told() == slow.told()


@given(st.lists(st.tuples(st.integers(0, 3), st.binary(max_size=800)), max_size=40))
def test_no_bytes_make_it_fail_or_stop_the_others(junk: list[tuple[int, bytes]]) -> None:
    plane = three_legs()
    say(plane, ALICE, range(3))
    plane.hear([(PHONES[who], data) for who, data in junk if who != 2])
    plane.due_reports(plane.now, 1e9)
    assert len(say(plane, CAROL, range(5))) == 5
