"""Conferences on arrays: everybody hears the others and not themselves."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtp.codecs.g711 import decode, encode
from rtp.legs import Bridge, Conference, Silence
from rtp.mixing import DELAY, LEFT, Mixer
from rtp.packet import RtpPacket, parse_rtp
from rtp.tones import sine
from tests.support.media_plane import TestPlane

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtp.legs import Address, Source

#: A-law has no zero.
QUIET = 8
TONES = {1: 500.0, 2: 800.0, 3: 1300.0, 4: 2100.0}


def address(leg: int) -> Address:
    return (f"10.0.0.{leg}", 4000)


class Room:
    """A plane with legs that each have a tone of their own, frame by frame."""

    def __init__(self, members: Iterable[int] = (1, 2, 3), **wanted: object) -> None:
        self.plane = TestPlane()
        self.sent = dict.fromkeys(TONES, 0)
        self.heard: defaultdict[int, list[np.ndarray]] = defaultdict(list)
        for leg in members:
            self.put(leg, Conference("a"), **wanted)

    def put(self, leg: int, source: Source, **wanted: object) -> None:
        self.plane.leg(leg, address(leg), source, **wanted)

    def say(self, leg: int, law: str = "PCMA", *, at: int | None = None, level: float = -12.0) -> RtpPacket:
        """The next packet of the leg's tone (or the one at a place)."""
        n = self.sent[leg] if at is None else at
        self.sent[leg] = max(self.sent[leg], n + 1)
        pcm = sine(TONES[leg], 0.02 * (n + 1), level)[160 * n :]
        kind = {"PCMA": 8, "PCMU": 0}[law]
        return RtpPacket(kind, 100 + n, 5000 * leg + 160 * n, 70 + leg, encode(law, pcm).tobytes())

    def hear(self, *said: tuple[int, RtpPacket]) -> None:
        """These packets come, and a frame passes."""
        self.plane.hear((address(leg), packet.serialize()) for leg, packet in said)
        for (host, _), data in self.plane.frame():
            packet = parse_rtp(data)
            law = "PCMA" if packet.payload_type == 8 else "PCMU"
            self.heard[int(host.rpartition(".")[2])].append(decode(law, np.frombuffer(packet.payload, np.uint8)))

    def talk(self, frames: int, *talking: int, law: str = "PCMA") -> None:
        for _ in range(frames):
            self.hear(*((leg, self.say(leg, law)) for leg in talking))

    def tones(self, leg: int, *, last: int = 20) -> set[int]:
        """Whose tones the leg has heard in its last frames."""
        audio = np.concatenate(self.heard[leg][-last:]).astype(np.float64)
        time = np.arange(len(audio)) / 8000
        return {
            other for other, hertz in TONES.items() if abs((np.exp(-2j * np.pi * hertz * time) * audio).mean()) > 700
        }


def test_everybody_hears_the_others_and_not_themselves() -> None:
    room = Room()
    room.talk(40, 1, 2, 3)
    assert [room.tones(leg) for leg in (1, 2, 3)] == [{2, 3}, {1, 3}, {1, 2}]


def test_a_member_is_sent_one_continuous_stream() -> None:
    room = Room()
    packets = []
    for _ in range(20):
        room.plane.hear((address(leg), room.say(leg).serialize()) for leg in (1, 2, 3))
        packets += [parse_rtp(data) for to, data in room.plane.frame() if to == address(1)]
    assert len(packets) == 20
    assert {(b.sequence_number - a.sequence_number) & 0xFFFF for a, b in pairwise(packets)} == {1}
    assert {(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in pairwise(packets)} == {160}


def test_rooms_do_not_hear_each_other() -> None:
    room = Room((1, 2))
    for leg in (3, 4):
        room.put(leg, Conference("b"))
    room.talk(40, 1, 2, 3, 4)
    assert [room.tones(leg) for leg in (1, 2, 3, 4)] == [{2}, {1}, {4}, {3}]


def test_laws_may_differ() -> None:
    room = Room((1, 2))
    room.put(3, Conference("a"), codec="PCMU", payload_type=0)
    for _ in range(40):
        room.hear((1, room.say(1)), (2, room.say(2)), (3, room.say(3, "PCMU")))
    assert [room.tones(leg) for leg in (1, 2, 3)] == [{2, 3}, {1, 3}, {1, 2}]


def test_what_is_heard_is_what_was_said_sample_by_sample_a_moment_later() -> None:
    room = Room((1, 2))
    room.talk(50, 1)
    heard = np.concatenate(room.heard[2])
    said = np.concatenate([decode("PCMA", encode("PCMA", sine(TONES[1], 1.0, -12.0)))])
    assert (heard[DELAY : DELAY + 45 * 160] == said[: 45 * 160]).all()


def test_who_leaves_is_heard_no_more_and_hears_no_more() -> None:
    room = Room()
    room.talk(30, 1, 2, 3)
    room.put(3, Silence())
    room.talk(30, 1, 2, 3)
    assert [room.tones(leg) for leg in (1, 2, 3)] == [{2}, {1}, set()]
    room.put(3, Conference("a"))
    room.talk(40, 1, 2, 3)
    assert [room.tones(leg) for leg in (1, 2, 3)] == [{2, 3}, {1, 3}, {1, 2}]


def test_a_leg_that_is_removed_leaves_its_room() -> None:
    room = Room()
    for leg in (1, 2, 3):
        room.plane.remove(leg, room.plane.now)
    assert room.plane.mixer.active == 0
    assert not room.plane.mixer._rooms


def test_who_holds_is_not_heard() -> None:
    room = Room((1, 2))
    room.put(3, Conference("a"), receive=False)
    room.talk(40, 1, 2, 3)
    assert room.tones(1) == {2}
    room.put(3, Conference("a"))
    room.talk(40, 1, 2, 3)
    assert room.tones(1) == {2, 3}


def test_hold_music_of_a_phone_does_not_come_into_the_room() -> None:
    room = Room((1, 2))
    room.put(3, Conference("a"), send=False)  # holds, and sends music of its own
    room.talk(40, 1, 2, 3)
    assert room.tones(1) == {2}


def test_a_monitor_hears_both_and_is_heard_by_nobody() -> None:
    room = Room((1, 2))
    room.put(3, Conference("a", heard_by=()))
    room.talk(40, 1, 2, 3)
    assert [room.tones(leg) for leg in (1, 2, 3)] == [{2}, {1}, {1, 2}]


def test_a_whisper_is_heard_by_the_agent_alone() -> None:
    room = Room((1, 2))
    room.put(3, Conference("a", heard_by=(2,)))
    room.talk(40, 1, 2, 3)
    assert [room.tones(leg) for leg in (1, 2, 3)] == [{2}, {1, 3}, {1, 2}]


def test_a_monitor_who_barges_in_is_heard_by_all() -> None:
    room = Room((1, 2))
    room.put(3, Conference("a", heard_by=()))
    room.talk(20, 1, 2, 3)
    room.put(3, Conference("a"))
    room.talk(40, 1, 2, 3)
    assert [room.tones(leg) for leg in (1, 2, 3)] == [{2, 3}, {1, 3}, {1, 2}]


def test_who_whispers_to_somebody_in_another_room_is_not_heard() -> None:
    room = Room((1,))
    room.put(2, Conference("b"))
    room.put(3, Conference("a", heard_by=(2,)))
    room.talk(40, 3)
    assert room.tones(2) == set()
    assert room.tones(1) == set()


def test_from_a_bridge_into_a_conference_and_back() -> None:
    room = Room(())
    room.put(1, Bridge(2))
    room.put(2, Bridge(1))
    room.talk(5, 1, 2)
    for leg in (1, 2, 3):
        room.put(leg, Conference("a"))
    room.talk(40, 1, 2, 3)
    assert room.tones(1) == {2, 3}
    room.put(1, Bridge(2))
    room.put(2, Bridge(1))
    sent = room.plane.hear([(address(1), room.say(1).serialize())])
    assert [to for to, _ in sent] == [address(2)]


def test_loud_members_are_cut_off_and_do_not_wrap() -> None:
    room = Room()
    for _ in range(30):
        room.hear(*((leg, room.say(leg, level=2.0)) for leg in (2, 3)))
    heard = np.concatenate(room.heard[1][10:]).astype(np.int64)
    assert np.abs(heard).max() > 32_000
    assert np.abs(np.diff(heard)).max() < 60_000 * 0.75  # a wrap would jump over the whole range


def test_packets_that_come_unevenly_and_out_of_order_are_heard_evenly() -> None:
    room = Room((1, 2))
    room.talk(10, 1)
    for _ in range(5):  # two at a time, the later one first, every other frame
        first, second = room.say(1), room.say(1)
        room.hear((1, second), (1, first))
        room.hear()
    said = decode("PCMA", encode("PCMA", sine(TONES[1], 0.4, -12.0)))
    heard = np.concatenate(room.heard[2])
    assert (heard[DELAY : 18 * 160] == said[: 18 * 160 - DELAY]).all()


def test_what_is_lost_is_silence_and_does_not_move_the_rest() -> None:
    room = Room((1, 2))
    for n in range(20):
        room.hear(*([] if n == 10 else [(1, room.say(1, at=n))]))
    heard = np.concatenate(room.heard[2])
    said = decode("PCMA", encode("PCMA", sine(TONES[1], 0.4, -12.0)))
    assert np.abs(heard[DELAY + 1600 : DELAY + 1760]).max() <= QUIET
    assert (heard[DELAY + 1760 : 20 * 160] == said[1760 : 20 * 160 - DELAY]).all()


def test_a_member_whose_packets_are_always_late_gets_a_longer_delay() -> None:
    room = Room((1, 2))
    room.talk(10, 1)
    for _ in range(5):
        room.hear()  # the network has become slower by 100 ms, for good
    room.talk(60, 1)
    assert room.plane.mixer._delay[room.plane.slot_of(1)] > DELAY
    assert room.tones(2, last=40) == {1}
    assert min(np.abs(frame).max() for frame in room.heard[2][-40:]) > 500


def test_a_member_whose_clock_is_too_fast_is_not_heard_later_and_later() -> None:
    room = Room((1, 2))
    for _ in range(100):  # a tenth too fast
        room.talk(9, 1)
        room.hear((1, room.say(1)), (1, room.say(1)))
        mixer, slot = room.plane.mixer, room.plane.slot_of(1)
        assert mixer._position[slot] - mixer._read[slot] < 8 * 160
    assert room.tones(2) == {1}


def test_a_new_source_and_a_clock_that_jumps_are_heard_at_once() -> None:
    room = Room((1, 2))
    room.talk(10, 1)
    for n in range(10):
        pcm = sine(TONES[1], 0.02 * (n + 1))[160 * n :]
        packet = RtpPacket(8, 110 + n, 0x9000_0000 + 160 * n, 71, encode("PCMA", pcm).tobytes())
        room.hear((1, packet))
    assert room.tones(2, last=6) == {1}


def test_keys_are_told_and_not_heard_by_the_others() -> None:
    room = Room((1, 2))
    room.talk(10, 1)
    for n in range(3):
        room.hear((1, RtpPacket(101, 110 + n, 5000, 71, bytes((5, 0x8A, 0, 160)))))
    assert [event.digit for event in room.plane.told() if hasattr(event, "digit")] == ["5"]
    room.talk(5)
    assert np.abs(np.concatenate(room.heard[2][-3:])).max() <= QUIET


def test_a_chime_is_heard_by_everybody_when_somebody_comes_and_goes() -> None:
    room = Room((1, 2))
    room.talk(3)
    room.put(3, Conference("a", chime=True))
    room.talk(len(LEFT) // 160 + 2)
    for leg in (1, 2, 3):
        assert np.abs(np.concatenate(room.heard[leg][3:])).max() > 500
    room.heard.clear()
    room.talk(3)
    assert np.abs(np.concatenate(room.heard[1])).max() <= QUIET
    room.put(3, Silence())
    room.talk(5)
    assert np.abs(np.concatenate(room.heard[1])).max() > 500


@pytest.mark.parametrize("missed", [0, 4])
def test_what_was_said_is_heard_once(missed: int) -> None:
    room = Room((1, 2))
    room.talk(10, 1)
    room.plane.skip_time(missed)
    room.talk(5)
    room.heard.clear()
    room.talk(60)  # the ring comes round twice
    assert np.abs(np.concatenate(room.heard[2])).max() <= QUIET


def test_time_that_was_missed_is_left_out() -> None:
    room = Room((1, 2))
    room.talk(20, 1)
    room.plane.skip_time(4)
    for _ in range(4):  # they were sent meanwhile
        room.plane.hear([(address(1), room.say(1).serialize())])
    room.talk(20, 1)
    assert room.tones(2, last=15) == {1}


@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["all", "nobody", "next"])), min_size=1, max_size=12),
    st.integers(0, 1 << 30),
)
def test_it_is_the_product_of_matrix_and_audio(members: list[tuple[int, str]], seed: int) -> None:
    count = len(members)
    audio = np.random.default_rng(seed).integers(-20_000, 20_000, (count, 160)).astype(np.int16)
    octets = encode("PCMA", audio)
    mixer = Mixer(32)
    matrix = np.zeros((count, count), np.int64)
    for n, (name, heard_by) in enumerate(members):
        legs = {"all": None, "nobody": (), "next": (100 + (n + 1) % count,)}[heard_by]
        mixer.join(n + 1, 100 + n, Conference(str(name), legs), "PCMA")
        for other, (where, _) in enumerate(members):
            if where == name and other != n and (legs is None or 100 + other in legs):
                matrix[other, n] = 1
    buffer = np.zeros((count, 172), np.uint8)
    buffer[:, 12:] = octets
    slots = np.arange(1, count + 1)
    for _ in range(DELAY // 160 + 1):
        mixer.hear(slots, slots - 1, slots * 0 + 1, slots * 0, np.full(count, 2, np.uint8), slots * 0 + 172, buffer)
        mixer.mix()
    expected = np.clip(matrix @ decode("PCMA", octets).astype(np.int64), -32768, 32767).astype(np.int16)
    assert (mixer.frames[slots] == encode("PCMA", expected)).all()


@pytest.mark.parametrize("size", [80, 240, 480])
def test_packets_of_other_lengths_are_mixed(size: int) -> None:
    room = Room((1, 2))
    said = encode("PCMA", sine(TONES[1], 1.2, -12.0)).tobytes()
    at = n = 0
    for frame in range(50):
        batch = []
        while at < 160 * frame:
            batch.append((1, RtpPacket(8, 100 + n, at, 71, said[at : at + size])))
            at, n = at + size, n + 1
        room.hear(*batch)
    assert room.tones(2, last=30) == {1}
    assert min(np.abs(heard).max() for heard in room.heard[2][-30:]) > 500
