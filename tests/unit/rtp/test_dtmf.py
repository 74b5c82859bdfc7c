"""One key pressed is one digit: over a bad network, from odd senders, and by several ways at once."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtp.dtmf import KEYS, DigitMerger, EventPacket, InfoDigit, TelephoneEventReceiver, event_packets, parse_dtmf_info

SSRC = 0x1234
ANY_KEY = st.sampled_from(KEYS)


def receive_all(packets: list[EventPacket], *, ssrc: int = SSRC, receiver: TelephoneEventReceiver | None = None) -> str:
    receiver = receiver or TelephoneEventReceiver()
    heard = ""
    for packet in packets:
        key = receiver.receive(packet.payload, ssrc=ssrc, timestamp=packet.timestamp, now=packet.after)
        heard += key or ""
    return heard


def presses(keys: str, *, held: float = 0.1, pause: float = 0.1, start: int = 0) -> list[EventPacket]:
    packets = []
    for n, key in enumerate(keys):
        at = n * (held + pause)
        for p in event_packets(key, (start + round(at * 8000)) % 2**32, duration=held):
            packets.append(EventPacket(p.after + at, p.marker, p.timestamp, p.payload))
    return packets


# ---------------------------------------------------------------------------------------------------- receiving


@pytest.mark.parametrize("key", KEYS)
def test_each_key_is_told_by_its_first_packet_and_only_by_it(key: str) -> None:
    packets = event_packets(key, 4000)
    assert receive_all(packets[:1]) == key
    assert receive_all(packets) == key


def test_the_same_key_pressed_again_is_a_second_digit() -> None:
    assert receive_all(presses("5555", held=0.04, pause=0.04)) == "5555"


@pytest.mark.parametrize("kept", [slice(-1, None), slice(0, 1), slice(3, 4)], ids=["last end", "start", "update"])
def test_any_single_packet_is_enough(kept: slice) -> None:
    receiver = TelephoneEventReceiver()
    for n, key in enumerate("4422"):
        packets = [
            EventPacket(n * 0.2 + p.after, p.marker, p.timestamp, p.payload) for p in event_packets(key, n * 1600)
        ]
        assert receive_all(packets[kept], receiver=receiver) == key


@given(keys=st.text(KEYS, min_size=1, max_size=12), seed=st.integers(0, 2**32 - 1), start=st.integers(0, 2**32 - 1))
def test_loss_duplicates_and_reordering_neither_lose_nor_double_a_key(keys: str, seed: int, start: int) -> None:
    chance = random.Random(seed)
    arrivals: list[tuple[float, int, EventPacket]] = []
    told = set()
    for n, packet in enumerate(presses(keys, held=0.06, pause=0.08, start=start)):
        for _ in range(chance.choice((1, 1, 1, 2))):
            if chance.random() >= 0.2:
                arrivals.append((packet.after + chance.random() * 0.06, n, packet))
                told.add(packet.timestamp)
    arrivals.sort(key=lambda arrival: arrival[:2])
    expected = "".join(key for n, key in enumerate(keys) if (start + round(n * 0.14 * 8000)) % 2**32 in told)
    receiver = TelephoneEventReceiver()
    heard = [receiver.receive(p.payload, ssrc=SSRC, timestamp=p.timestamp, now=at) for at, _, p in arrivals]
    assert "".join(filter(None, heard)) == expected


def test_a_hundred_thousand_digits_at_five_per_cent_loss_with_reordering() -> None:
    chance = random.Random(1)
    keys = "".join(chance.choices(KEYS, k=100_000))
    receiver = TelephoneEventReceiver()
    heard = []
    for n, key in enumerate(keys):
        packets = [p for p in event_packets(key, (n * 1200) % 2**32, duration=0.08) if chance.random() >= 0.05]
        packets.sort(key=lambda p: p.after + chance.random() * 0.05)
        for p in packets:
            now = n * 0.15 + p.after
            heard.append(receiver.receive(p.payload, ssrc=SSRC, timestamp=p.timestamp, now=now))
    assert "".join(filter(None, heard)) == keys


def test_different_keys_need_no_pause_between_them() -> None:
    assert receive_all(presses("1234", pause=0.0)) == "1234"


def test_a_late_packet_of_the_key_before_is_not_a_digit() -> None:
    first, second = event_packets("1", 0), event_packets("2", 1600)
    assert receive_all([*first[:3], *second[:2], *first[3:], *second[2:]]) == "12"


def test_a_press_that_comes_only_after_the_next_one_of_its_key_is_still_a_digit() -> None:
    first, second = event_packets("5", 0), event_packets("5", 1600)
    assert receive_all([*second, *first]) == "55"


def test_a_sender_whose_timestamp_stands_still_can_press_again_later() -> None:
    packets = event_packets("5", 0)
    later = [EventPacket(p.after + 11, p.marker, p.timestamp, p.payload) for p in packets]
    assert receive_all([*packets, *later]) == "55"


def test_a_key_held_for_ever_is_one_digit() -> None:
    assert receive_all(event_packets("9", 100, duration=60.0)) == "9"
    endless = [EventPacket(n * 0.02, n == 0, 100, bytes((9, 10, 0xFF, 0xFF))) for n in range(5000)]
    assert receive_all(endless) == "9"


def test_a_long_event_goes_on_under_a_new_timestamp_even_when_packets_around_the_change_are_lost() -> None:
    packets = event_packets("9", 2**32 - 1000, duration=20.0)
    assert len({p.timestamp for p in packets}) == 3
    kept = [p for p in packets if not 7.9 < p.after < 8.4]
    assert receive_all(kept) == "9"


def test_a_new_stream_tells_of_new_keys_even_with_an_old_timestamp() -> None:
    receiver = TelephoneEventReceiver()
    packets = event_packets("5", 8000)
    assert receive_all(packets, ssrc=1, receiver=receiver) == "5"
    assert receive_all(packets, ssrc=2, receiver=receiver) == "5"
    assert receive_all(packets, ssrc=1, receiver=receiver) == ""


def test_senders_that_let_the_timestamp_run_on_press_once() -> None:
    """A common fault: every packet of the event has a timestamp of its own."""
    packets = event_packets("7", 0, duration=0.2)
    running = [EventPacket(p.after, p.marker, n * 160, p.payload) for n, p in enumerate(packets)]
    assert receive_all(running) == "7"
    assert receive_all([running[0], *running[2:]]) == "7"
    assert receive_all([*running[:4], running[5], running[4], *running[6:]]) == "7"
    again = [EventPacket(p.after + 1, p.marker, p.timestamp + 8000, p.payload) for p in running]
    assert receive_all([*running, *again]) == "77"


@pytest.mark.parametrize("payload", [b"", b"\x05", b"\x05\x0a\x00", b"\x10\x0a\x00\xa0", b"\xff" * 4])
def test_what_is_no_key_is_nothing(payload: bytes) -> None:
    receiver = TelephoneEventReceiver()
    assert receiver.receive(payload, ssrc=1, timestamp=0, now=0.0) is None


@given(st.lists(st.tuples(st.binary(max_size=8), st.integers(0, 2**32 - 1)), max_size=80))
def test_memory_stays_small_whatever_comes(packets: list[tuple[bytes, int]]) -> None:
    receiver = TelephoneEventReceiver()
    for n, (payload, timestamp) in enumerate(packets):
        receiver.receive(payload, ssrc=n % 3, timestamp=timestamp, now=n * 0.02)
    assert len(receiver._seen) <= 32


# ------------------------------------------------------------------------------------------------------ sending


def test_a_press_is_updates_then_the_end_three_times_all_with_one_timestamp() -> None:
    packets = event_packets("#", 777, duration=0.1, volume=8)
    assert [p.marker for p in packets] == [True] + [False] * 6
    assert {p.timestamp for p in packets} == {777}
    assert [int.from_bytes(p.payload[2:]) for p in packets] == [160, 320, 480, 640, 800, 800, 800]
    assert [p.payload[1] for p in packets] == [8] * 4 + [0x88] * 3
    assert {p.payload[0] for p in packets} == {11}
    assert [round(p.after, 3) for p in packets] == [0.02, 0.04, 0.06, 0.08, 0.1, 0.12, 0.14]


def test_a_press_shorter_than_an_update_still_begins_with_the_marker() -> None:
    packets = event_packets("1", 0, duration=0.01)
    assert [p.marker for p in packets] == [True, False, False]
    assert receive_all(packets) == "1"


def test_a_long_press_is_cut_into_segments_of_full_length() -> None:
    packets = event_packets("1", 0, duration=20.0)
    starts = sorted({p.timestamp for p in packets})
    assert [b - a for a, b in pairwise(starts)] == [65535, 65535]
    assert max(int.from_bytes(p.payload[2:]) for p in packets if p.timestamp == starts[0]) == 65535


@pytest.mark.parametrize("key", ["", "12", "x", "²"])
def test_what_is_no_key_cannot_be_sent(key: str) -> None:
    with pytest.raises(ValueError, match="is not a key"):
        event_packets(key, 0)


# ----------------------------------------------------------------------------------------------------- SIP INFO


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n", InfoDigit("5", 0.16)),
        ("application/dtmf-relay", b"Signal= 5\r\nDuration= 250", InfoDigit("5", 0.25)),
        ("Application/DTMF-Relay;charset=utf-8", b"signal=*\nduration=100\n", InfoDigit("*", 0.1)),
        ("application/dtmf-relay", b"Duration=160\r\nSignal=#", InfoDigit("#", 0.16)),
        ("application/dtmf-relay", b"Signal=10\r\nDuration=160", InfoDigit("*", 0.16)),
        ("application/dtmf-relay", b"Signal=11\r\n", InfoDigit("#")),
        ("application/dtmf-relay", b"Signal=d\r\n", InfoDigit("D")),
        ("application/dtmf-relay", b"5", InfoDigit("5")),
        ("application/dtmf", b"5", InfoDigit("5")),
        ("application/dtmf", b" # \r\n", InfoDigit("#")),
        ("application/dtmf", b"Signal=7\r\nDuration=40", InfoDigit("7", 0.04)),
        ("application/dtmf", b"12", InfoDigit("A")),
        ("application/dtmf", b"", None),
        ("application/dtmf", b"16", None),
        ("application/dtmf", "²".encode(), None),
        ("application/dtmf", b"hello", None),
        ("application/dtmf", b"5" * 600, None),
        ("application/dtmf-relay", b"Signal=\r\nDuration=160", None),
        ("application/dtmf-relay", b"Signal=!\r\nDuration=160", None),
        ("application/dtmf-relay", b"\xff\x00\xfe", None),
        ("application/sdp", b"5", None),
        ("", b"5", None),
    ],
)
def test_info_bodies(content_type: str, body: bytes, expected: InfoDigit | None) -> None:
    assert parse_dtmf_info(content_type, body) == expected


@given(st.sampled_from(["application/dtmf", "application/dtmf-relay"]), st.binary(max_size=600))
def test_any_info_body_is_a_key_or_nothing(content_type: str, body: bytes) -> None:
    found = parse_dtmf_info(content_type, body)
    assert found is None or found.digit in KEYS


# ------------------------------------------------------------------------------------------------------ merging

WAYS = ["rfc4733", "inband", "info"]
#: How long after the key goes down each way tells of it.
LATEST = {"rfc4733": 0.06, "inband": 0.12, "info": 0.6}


@given(
    keys=st.text(KEYS, min_size=1, max_size=10),
    ways=st.sets(st.sampled_from(WAYS), min_size=1),
    gap=st.sampled_from([0.08, 0.15, 0.5, 2.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_press_is_one_digit_whichever_ways_tell_of_it(keys: str, ways: set[str], gap: float, seed: int) -> None:
    chance = random.Random(seed)
    reports = []
    for way in sorted(ways):
        at = 0.0
        for n, key in enumerate(keys):
            at = max(at, n * gap + chance.random() * LATEST[way])  # one way never overtakes itself
            reports.append((at, way, key))
    reports.sort(key=lambda report: report[0])
    merger = DigitMerger()
    digits = [d for at, way, key in reports if (d := merger.receive(key, way, at)) is not None]
    assert sorted(digits) == sorted(keys)
    if len(ways) == 1:
        assert "".join(digits) == keys


def test_two_quick_presses_of_one_key_stay_two_by_every_way() -> None:
    merger = DigitMerger()
    reports = [("rfc4733", 0.0), ("rfc4733", 0.1), ("inband", 0.06), ("inband", 0.16), ("info", 0.3), ("info", 0.4)]
    assert [merger.receive("5", way, at) for way, at in reports] == ["5", "5", None, None, None, None]


def test_the_same_key_by_another_way_is_a_new_press_when_the_window_is_over() -> None:
    merger = DigitMerger()
    assert merger.receive("5", "rfc4733", 0.0) == "5"
    assert merger.receive("5", "info", 0.9) is None
    assert merger.receive("5", "inband", 1.2) == "5"


def test_a_press_that_one_way_missed_is_told_by_the_other() -> None:
    merger = DigitMerger()
    reports = [("rfc4733", 0.0), ("inband", 0.06), ("inband", 0.26)]
    assert [merger.receive("5", way, at) for way, at in reports] == ["5", None, "5"]


def test_different_keys_never_merge() -> None:
    merger = DigitMerger()
    assert [merger.receive(key, way, 0.0) for key, way in (("1", "rfc4733"), ("2", "inband"), ("3", "info"))] == list(
        "123"
    )
