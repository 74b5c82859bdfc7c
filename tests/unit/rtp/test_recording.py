"""What is kept of a recorded leg, from its packets to samples on a timeline."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtp.codecs.g711 import decode, encode
from rtp.legs import Bridge, Silence
from rtp.loudness import Loudness
from rtp.packet import RtpPacket
from rtp.tape import Begin, End, Heard, Hush
from rtp.timeline import HELD_BACK, PATIENCE, Timeline, passages
from rtp.tones import dtmf, silence, sine
from tests.support.media_plane import TestPlane

ALICE, BOB = ("10.0.0.1", 4000), ("10.0.0.2", 4002)
FRAME = 160


class Studio:
    """A plane with a recorded leg, and the timeline that its tape ends up on."""

    def __init__(self, *, most_seconds: float = 60.0, **wanted: object) -> None:
        self.plane = TestPlane()
        self.wanted = {"record": "/a.wav", "record_seconds": most_seconds} | wanted
        self.plane.leg(1, ALICE, Bridge(2), **self.wanted)
        self.plane.leg(2, BOB, Bridge(1))
        self.timeline: Timeline | None = None
        self.audio: list[np.ndarray] = []
        self.over = False

    def say(self, n: int, pcm: np.ndarray, *, law: str = "PCMA", first: int = 100, ssrc: int = 77) -> None:
        """The n-th frame, sent at its time; the clock of the test goes with it."""
        kind = {"PCMA": 8, "PCMU": 0}[law]
        stamp = (160 * (first + n)) & 0xFFFFFFFF
        self.plane.talk(ALICE, RtpPacket(kind, (first + n) & 0xFFFF, stamp, ssrc, encode(law, pcm).tobytes()))

    def pass_frame(self, count: int = 1) -> None:
        self.plane.now += 0.02 * count

    def hand_over(self) -> None:
        heard: list[Heard] = []
        for order in self.plane.tape.take(self.plane.now):
            match order:
                case Begin():
                    self.timeline = Timeline(order.at, order.most_seconds)
                case Heard():
                    heard.append(order)
                case Hush(_, since, until):
                    assert self.timeline is not None
                    self.timeline.hush(since, until)
                case End():
                    self.over = True
        assert self.timeline is not None
        for passage in passages(heard).values():
            self.timeline.place(passage)
        self.audio.append(self.timeline.settle(self.plane.now, final=self.over))

    def stop(self) -> np.ndarray:
        self.plane.leg(1, ALICE, Bridge(2))
        self.hand_over()
        assert self.over
        return np.concatenate(self.audio)


def words(count: int) -> list[np.ndarray]:
    """Frames that can be told from each other, as they sound after either law."""
    return [sine(300 + 37 * n, 0.02) for n in range(count)]


def frames(audio: np.ndarray) -> np.ndarray:
    return audio[: len(audio) // FRAME * FRAME].reshape(-1, FRAME)


@pytest.mark.parametrize("law", ["PCMA", "PCMU"])
def test_what_the_party_says_is_on_the_timeline_sample_by_sample(law: str) -> None:
    studio, said = Studio(), words(50)
    for n, pcm in enumerate(said):
        studio.pass_frame()
        studio.say(n, pcm, law=law)
        if n % 25 == 24:
            studio.hand_over()
    audio = studio.stop()
    assert len(audio) == 50 * FRAME
    assert (frames(audio) == [decode(law, encode(law, pcm)) for pcm in said]).all()


def test_what_the_other_party_says_is_not_recorded() -> None:
    studio = Studio()
    for n in range(20):
        studio.pass_frame()
        studio.plane.talk(BOB, RtpPacket(8, 100 + n, 160 * n, 5, bytes([0x12]) * 160))
    assert not studio.stop().any()


def test_a_leg_that_is_not_recorded_leaves_nothing_on_the_tape() -> None:
    studio = Studio(record="")
    for n, pcm in enumerate(words(10)):
        studio.say(n, pcm)
    assert not studio.plane.tape.active
    assert studio.plane.tape.take(studio.plane.now) == []


def test_a_recorded_leg_is_relayed_as_ever() -> None:
    studio = Studio()
    relayed = studio.plane.talk(ALICE, RtpPacket(8, 1, 160, 77, bytes([0x12]) * 160))
    assert [packet.payload for packet in relayed] == [bytes([0x12]) * 160]


def test_silence_before_between_and_after_has_its_length() -> None:
    studio, (first, second) = Studio(), words(2)
    studio.pass_frame(50)  # a second before anything is said
    studio.say(0, first)
    studio.pass_frame(150)  # silence suppression for three
    studio.say(150, second)
    studio.pass_frame(50)
    audio = frames(studio.stop())
    assert len(audio) == 250
    assert np.flatnonzero(np.abs(audio).max(axis=1) > 500).tolist() == [49, 199]


@given(
    st.lists(st.integers(0, 2), min_size=10, max_size=60),
    st.integers(0, 1 << 32),
    st.integers(1, 20),
)
def test_lost_doubled_and_overtaken_packets_do_not_move_the_others(fates: list[int], first: int, period: int) -> None:
    """0: lost, 1: once, 2: twice; every third pair is swapped."""
    studio, said = Studio(), words(len(fates))
    order = list(range(len(fates)))
    for n in range(3, len(order) - 1, 3):
        order[n], order[n + 1] = order[n + 1], order[n]
    studio.pass_frame()
    studio.say(0, said[0], first=first)  # the first sets the clock
    for n, at in enumerate(order[1:], 1):
        studio.pass_frame()
        for _ in range(fates[at]):
            studio.say(at, said[at], first=first)
        if n % period == 0:
            studio.hand_over()
    audio = frames(studio.stop())
    assert len(audio) == len(fates)
    for n in range(1, len(fates)):
        expected = decode("PCMA", encode("PCMA", said[n])) if fates[n] else np.zeros(FRAME)
        assert (audio[n] == expected).all(), n


def test_frames_of_other_lengths_are_put_side_by_side() -> None:
    studio, whole = Studio(), sine(500, 0.6)
    octets = encode("PCMA", whole).tobytes()
    at = 0
    for n, size in enumerate([80, 240, 480, 160, 640]):
        piece = octets[at : at + size]
        studio.plane.now += len(piece) / 8000
        studio.plane.talk(ALICE, RtpPacket(8, 10 + n, 1000 + at, 77, piece))
        at += len(piece)
    audio = studio.stop()
    assert (audio[:at] == decode("PCMA", np.frombuffer(octets[:at], np.uint8))).all()


def test_a_new_source_goes_on_where_it_is_heard() -> None:
    studio, said = Studio(), words(20)
    for n, pcm in enumerate(said):
        studio.pass_frame()
        studio.say(n, pcm, first=100 if n < 10 else 40_000, ssrc=77 if n < 10 else 78)
    audio = frames(studio.stop())
    assert len(audio) == 20
    assert (audio[15] == decode("PCMA", encode("PCMA", said[15]))).all()


def test_a_new_source_whose_clock_is_nearly_the_old_one_is_still_where_it_is_heard() -> None:
    studio, said = Studio(), words(40)
    for n, pcm in enumerate(said):
        studio.pass_frame()
        studio.say(n, pcm, first=100 if n < 20 else 200, ssrc=77 if n < 20 else 78)
    audio = frames(studio.stop())
    assert len(audio) == 40
    assert (audio[30] == decode("PCMA", encode("PCMA", said[30]))).all()


def test_a_clock_that_jumps_leaves_no_hours_of_silence() -> None:
    studio, said = Studio(), words(20)
    for n, pcm in enumerate(said):
        studio.pass_frame()
        stamp = 160 * n + (0 if n < 10 else 0x7654_3210)
        studio.plane.talk(ALICE, RtpPacket(8, 100 + n, stamp, 77, encode("PCMA", pcm).tobytes()))
    audio = frames(studio.stop())
    assert len(audio) == 20
    assert (audio[19] == decode("PCMA", encode("PCMA", said[19]))).all()


def test_a_network_that_stood_still_loses_nothing() -> None:
    studio, said = Studio(), words(60)
    for n, pcm in enumerate(said[:10]):
        studio.pass_frame()
        studio.say(n, pcm)
    studio.hand_over()
    studio.pass_frame(50)
    studio.hand_over()
    for n, pcm in enumerate(said[10:], 10):
        studio.say(n, pcm)
    audio = frames(studio.stop())
    assert (audio == [decode("PCMA", encode("PCMA", pcm)) for pcm in said]).all()


def test_what_is_settled_lags_behind_by_less_than_a_second_beside_the_hand_over() -> None:
    studio = Studio()
    for n, pcm in enumerate(words(100)):
        studio.pass_frame()
        studio.say(n, pcm)
    studio.hand_over()
    assert studio.timeline is not None
    assert 100 * FRAME - studio.timeline.settled == HELD_BACK < 0.5 * 8000
    assert PATIENCE > HELD_BACK


def test_of_a_telephone_event_and_what_sounds_around_it_nothing_is_kept() -> None:
    studio, key = Studio(), dtmf("5", 0.02)
    for n in range(100):
        studio.pass_frame()
        if 50 <= n < 60:
            lasting = 160 * (n - 49)
            payload = bytes((5, 0x8A if n == 59 else 0x0A)) + lasting.to_bytes(2, "big")
            studio.plane.talk(ALICE, RtpPacket(101, 100 + n, 160 * 150, 77, payload))
        else:  # the phone lets some of the tone through before it stops it
            studio.say(n, key if 47 <= n < 62 else sine(700, 0.02))
        if n % 25 == 24:
            studio.hand_over()
    audio = frames(studio.stop())
    assert not audio[47:62].any()
    loud = np.abs(audio).max(axis=1) > 500
    assert loud[:44].all()
    assert loud[66:].all()


def test_of_a_key_in_the_audio_nothing_is_kept() -> None:
    studio = Studio(detect_inband=True)
    said = np.concatenate([sine(700, 1.0), dtmf("7", 0.2), sine(700, 1.0), silence(0.1)])
    for n, pcm in enumerate(frames(said)):
        studio.pass_frame()
        studio.say(n, pcm)
        if n % 25 == 24:
            studio.hand_over()
    audio = frames(studio.stop())
    assert not audio[50:60].any()
    assert (np.abs(audio[:44]).max(axis=1) > 500).all()
    assert (np.abs(audio[68:110]).max(axis=1) > 500).all()


def test_a_key_held_over_several_hand_overs_is_never_heard() -> None:
    studio = Studio(detect_inband=True)
    for n, pcm in enumerate(frames(np.concatenate([sine(700, 0.5), dtmf("7", 2.0), sine(700, 0.5)]))):
        studio.pass_frame()
        studio.say(n, pcm)
        if n % 10 == 9:
            studio.hand_over()
    assert not frames(studio.stop())[25:125].any()


def test_the_recording_ends_at_its_longest() -> None:
    studio = Studio(most_seconds=0.5)
    for n, pcm in enumerate(words(50)):
        studio.pass_frame()
        studio.say(n, pcm)
    studio.hand_over()
    assert studio.timeline is not None
    assert studio.timeline.full
    assert len(studio.stop()) == 4000


def test_a_leg_that_goes_away_ends_its_recording() -> None:
    studio = Studio()
    studio.say(0, words(1)[0])
    studio.plane.remove(1, studio.plane.now)
    assert not studio.plane.tape.active
    assert isinstance(studio.plane.tape.take(studio.plane.now)[-1], End)


def test_another_path_is_another_recording_and_the_same_is_not() -> None:
    studio = Studio()
    for path in ("/a.wav", "/b.wav"):
        studio.plane.leg(1, ALICE, Silence(), record=path, record_seconds=60.0)
    orders = studio.plane.tape.take(studio.plane.now)
    assert [type(order) for order in orders] == [Begin, End, Begin]
    assert [order.path for order in orders if isinstance(order, Begin)] == ["/a.wav", "/b.wav"]


def test_speech_is_told_from_noise_and_silence() -> None:
    noise = np.random.default_rng(1).normal(0, 200, 8000 * 8).astype(np.int16)
    loudness = Loudness()
    loudness.hear(noise)  # it takes some seconds to learn how noisy it is
    before = loudness.last_voice
    assert before < 8
    loudness.hear(noise)
    assert loudness.last_voice == before
    voiced = loudness.voiced
    loudness.hear(sine(400, 1.0, -15.0))
    assert loudness.voiced - voiced == pytest.approx(1.0, abs=0.05)
    assert loudness.last_voice == pytest.approx(17.0, abs=0.05)
