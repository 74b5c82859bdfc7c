"""What was heard is put where it was heard: by timestamps among themselves, by arrival on the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from rtp.codecs.g711 import encode
from rtp.packet import RtpPacket
from rtp.tones import sine
from softswitch.phones.recording import Recording

if TYPE_CHECKING:
    from pathlib import Path

    from rtp.codecs.g711 import Pcm

FRAME = 160
TONE = sine(440, 1.0)


def packets(
    sound: Pcm, *, law: str = "PCMA", timestamp: int = 1000, first: int = 10, ssrc: int = 7
) -> list[tuple[float, RtpPacket]]:
    """Packets of *sound* with the times at which they would be sent."""
    number = {"PCMA": 8, "PCMU": 0}[law]
    return [
        (
            n * 0.02,
            RtpPacket(
                number,
                (first + n) & 0xFFFF,
                (timestamp + n * FRAME) % (1 << 32),
                ssrc,
                encode(law, sound[n * FRAME : (n + 1) * FRAME]).tobytes(),
            ),
        )
        for n in range(len(sound) // FRAME)
    ]


def onset(sound: Pcm) -> float:
    """Seconds until the sound begins."""
    return int(np.argmax(np.abs(sound.astype(np.int32)) > 500)) / 8000


def loud(sound: Pcm) -> float:
    """Seconds that are not silent, in steps of 10 ms."""
    blocks = sound[: len(sound) // 80 * 80].reshape(-1, 80).astype(np.int32)
    return int(np.count_nonzero(np.abs(blocks).max(axis=1) > 500)) / 100


@pytest.mark.parametrize("law", ["PCMA", "PCMU"])
def test_sound_stands_where_it_was_heard(law: str) -> None:
    recording = Recording(began=100.0)
    for at, packet in packets(TONE, law=law):
        recording.add(packet, 100.5 + at)
    sound = recording.samples()
    assert len(recording) == 50
    assert onset(sound) == pytest.approx(0.5, abs=0.002)
    assert len(sound) == 12_000
    error = sound[4000:].astype(np.float64) - TONE
    assert np.sqrt(np.mean(error**2)) < 0.02 * np.abs(TONE).max()


def test_lost_packets_leave_a_gap_and_move_nothing() -> None:
    recording = Recording(began=0.0)
    for n, (at, packet) in enumerate(packets(TONE)):
        if not 10 <= n < 20:
            recording.add(packet, at)
    sound = recording.samples()
    assert not sound[1600:3200].any()
    assert len(sound) == 8000
    assert loud(sound) == pytest.approx(0.8, abs=0.02)


def test_reordered_and_repeated_packets_sound_once_and_in_order() -> None:
    straight, shuffled = Recording(began=0.0), Recording(began=0.0)
    sent = packets(TONE)
    for at, packet in sent:
        straight.add(packet, at)
    for n in range(0, len(sent), 2):
        for (_, packet), late in ((sent[n + 1], 0.0), (sent[n], 0.005), (sent[n + 1], 0.02)):
            shuffled.add(packet, sent[n + 1][0] + late)
    np.testing.assert_array_equal(shuffled.samples(), straight.samples())


def test_a_machine_that_was_busy_for_a_moment_moves_nothing() -> None:
    recording = Recording(began=0.0)
    for at, packet in packets(TONE):
        recording.add(packet, max(at, 0.6) if at >= 0.3 else at)
    assert loud(recording.samples()) == pytest.approx(1.0, abs=0.02)
    assert len(recording.samples()) == 8000


def test_a_first_packet_that_came_late_does_not_delay_the_rest() -> None:
    recording = Recording(began=0.0)
    for n, (at, packet) in enumerate(packets(TONE)):
        recording.add(packet, 1.0 + at + (0.05 if n == 0 else 0.0))
    assert onset(recording.samples()) == pytest.approx(1.0, abs=0.002)


@pytest.mark.parametrize("timestamp", [1000 + 8000, 5_000_000, 12], ids=["went on", "jumped ahead", "jumped back"])
def test_a_pause_is_as_long_as_it_was_whatever_the_timestamps_say(timestamp: int) -> None:
    recording = Recording(began=0.0)
    for at, packet in packets(TONE):
        recording.add(packet, at)
    for at, packet in packets(TONE, timestamp=timestamp, first=60):
        recording.add(packet, 3.0 + at)
    sound = recording.samples()
    assert not sound[8000:24_000].any()
    assert onset(sound[8000:]) == pytest.approx(2.0, abs=0.002)
    assert loud(sound) == pytest.approx(2.0, abs=0.03)


def test_timestamps_wrap() -> None:
    recording = Recording(began=0.0)
    for at, packet in packets(TONE, timestamp=(1 << 32) - 4000, first=65_530):
        recording.add(packet, at)
    assert len(recording.samples()) == 8000
    assert loud(recording.samples()) == pytest.approx(1.0, abs=0.02)


def test_another_source_begins_on_its_own() -> None:
    recording = Recording(began=0.0)
    for at, packet in packets(TONE, ssrc=1):
        recording.add(packet, at)
    for at, packet in packets(TONE, ssrc=2, timestamp=99):
        recording.add(packet, 2.0 + at)
    assert onset(recording.samples()[8000:]) == pytest.approx(1.0, abs=0.002)


def test_only_sound_is_recorded() -> None:
    recording = Recording(began=0.0)
    recording.add(RtpPacket(101, 1, 1, 1, b"\x01\x0a\x00\xa0"), 0.0)
    recording.add(RtpPacket(13, 2, 1, 1, b"\x40"), 0.0)
    recording.add(RtpPacket(8, 3, 1, 1, b""), 0.0)
    assert len(recording) == 0
    assert len(recording.samples()) == 0


def test_a_stretch_can_be_asked_for() -> None:
    recording = Recording(began=50.0)
    for at, packet in packets(np.concatenate([TONE] * 10)):
        recording.add(packet, 50.0 + at)
    whole = recording.samples()
    np.testing.assert_array_equal(recording.samples(since=57.0, until=58.5), whole[56_000:68_000])
    assert len(recording.samples(since=59.0, until=62.0)) == 24_000


def test_the_wav_has_the_whole_timeline(tmp_path: Path) -> None:
    recording = Recording(began=0.0)
    for at, packet in packets(TONE):
        recording.add(packet, 0.25 + at)
    assert recording.write(tmp_path / "heard.wav", until=2.0) == 2.0
    sound, rate = soundfile.read(tmp_path / "heard.wav", dtype="int16")
    assert (rate, len(sound)) == (8000, 16_000)
    np.testing.assert_array_equal(sound, recording.samples(until=2.0))


def test_a_wav_that_cannot_be_written_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        Recording(began=0.0).write(tmp_path / "nowhere" / "heard.wav")
