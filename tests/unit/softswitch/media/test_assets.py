"""Audio files of every kind become frames, and bad ones are refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from rtp.codecs.g711 import SILENCE, decode
from softswitch.media import assets
from softswitch.media.assets import AssetError, load_pcm, look_into, to_frames

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def sine(seconds: float, rate: int, level: float = 0.5, hertz: float = 1000.0) -> NDArray[np.float64]:
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def loudest_hertz(pcm: NDArray[np.int16]) -> float:
    spectrum = np.abs(np.fft.rfft(pcm * np.hanning(pcm.size)))
    return float(np.argmax(spectrum) * 8000 / pcm.size)


@pytest.mark.parametrize(
    ("suffix", "rate", "channels"),
    [
        ("wav", 8000, 1),
        ("wav", 44_100, 2),
        ("wav", 11_025, 1),
        ("flac", 48_000, 2),
        ("ogg", 16_000, 1),
        ("mp3", 44_100, 1),
    ],
)
def test_a_tone_in_any_container_is_that_tone_at_its_level(
    tmp_path: Path, suffix: str, rate: int, channels: int
) -> None:
    path = tmp_path / f"tone.{suffix}"
    soundfile.write(path, np.repeat(sine(1.0, rate)[:, None], channels, axis=1), rate)
    pcm = load_pcm(path)
    assert pcm.size / 8000 == pytest.approx(1.0, abs=0.15)  # MP3 pads
    assert loudest_hertz(pcm) == pytest.approx(1000, abs=3)
    assert np.abs(pcm[2000:6000]).max() / 32768 == pytest.approx(0.5, rel=0.05)


@pytest.mark.parametrize("law", ["PCMA", "PCMU"])
def test_frames_are_rows_of_160_octets_and_the_last_is_filled_with_silence(tmp_path: Path, law: str) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, sine(0.05, 8000), 8000)
    frames = to_frames(load_pcm(path), law)
    assert frames.shape == (3, 160)
    assert frames.dtype == np.uint8
    assert set(frames[2, 80:].tolist()) == {SILENCE[law]}
    assert loudest_hertz(decode(law, frames[:2]).reshape(-1)) == pytest.approx(1000, abs=26)


def test_channels_are_averaged(tmp_path: Path) -> None:
    path = tmp_path / "opposed.wav"
    tone = sine(0.5, 8000)
    soundfile.write(path, np.stack([tone, -tone], axis=1), 8000)
    assert np.abs(load_pcm(path)).max() <= 1


def test_audio_beyond_full_scale_is_turned_down_not_clipped(tmp_path: Path) -> None:
    path = tmp_path / "hot.wav"
    soundfile.write(path, sine(0.5, 8000, level=4.0), 8000, subtype="FLOAT")
    pcm = load_pcm(path).astype(float)
    reference = sine(0.5, 8000)
    fit = float(pcm @ reference / (reference @ reference))
    assert np.abs(pcm - fit * reference).max() < 2  # still a pure sine
    assert 31_000 < np.abs(pcm).max() <= 32_000


def test_content_above_the_telephone_band_does_not_fold_into_it(tmp_path: Path) -> None:
    path = tmp_path / "high.wav"
    soundfile.write(path, sine(0.5, 48_000, hertz=7000.0), 48_000)
    assert np.abs(load_pcm(path)[400:-400]).max() < 40


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"", "is empty"), (b"not audio at all" * 20, "is not audio"), (b"RIFF\xff\xff\xff\xffWAVEfmt ", "is not audio")],
)
def test_a_bad_file_is_refused_by_name(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    with pytest.raises(AssetError, match=problem) as refused:
        load_pcm(path)
    assert str(path) in str(refused.value)


def test_a_missing_file_a_folder_and_a_file_without_samples_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AssetError, match=r"nowhere\.wav: does not exist"):
        load_pcm(tmp_path / "nowhere.wav")
    with pytest.raises(AssetError, match="cannot be read: Is a directory"):
        load_pcm(tmp_path)
    soundfile.write(tmp_path / "none.wav", np.zeros(0), 8000)
    with pytest.raises(AssetError, match="holds no audio"):
        load_pcm(tmp_path / "none.wav")


def test_limits_of_length_rate_and_sanity(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "long.wav", np.zeros(8000 * 3), 8000)
    with pytest.raises(AssetError, match="is longer than 2 s"):
        load_pcm(tmp_path / "long.wav", max_seconds=2)
    soundfile.write(tmp_path / "slow.wav", np.zeros(100), 1000)
    with pytest.raises(AssetError, match="sample rate of 1000 Hz"):
        load_pcm(tmp_path / "slow.wav")
    soundfile.write(tmp_path / "nan.wav", np.full(100, np.nan), 8000, subtype="FLOAT")
    with pytest.raises(AssetError, match="not numbers"):
        load_pcm(tmp_path / "nan.wav")


def test_a_header_that_promises_more_than_the_file_holds_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "cut.wav"
    soundfile.write(path, sine(1.0, 8000), 8000)
    path.write_bytes(path.read_bytes()[:8044])
    assert load_pcm(path).size <= 4000


def test_a_look_into_a_file_finds_what_playing_it_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, sine(1.0, 44_100), 44_100)
    look_into(path)
    monkeypatch.setattr(assets, "MAX_SECONDS", 0.9)
    with pytest.raises(AssetError, match=r"is longer than 0\.9 s"):
        look_into(path)
    soundfile.write(tmp_path / "none.wav", np.zeros(0), 8000)
    for name, problem in (("none.wav", "holds no audio"), ("gone.wav", "does not exist"), (".", "cannot be read")):
        with pytest.raises(AssetError, match=problem):
            look_into(tmp_path / name)
