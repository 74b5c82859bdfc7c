"""Speech for detectors to be wrong about: synthesised in many voices, or recorded."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import soundfile
import soxr  # type: ignore[import-untyped, unused-ignore]
from numpy.typing import NDArray

from softswitch.media.assets import AssetError, load_pcm
from softswitch.tts.engines import EspeakEngine

if TYPE_CHECKING:
    from collections.abc import Iterator

RATE: Final = 8000
Signal = NDArray[np.float64]

LANGUAGES: Final = ("en", "en-us", "uk", "ru", "pl", "de", "fr", "es", "it", "pt", "cs", "tr")
VARIANTS: Final = ("", "+f2", "+m3", "+f4", "+m7", "+croak")
TEXTS: Final = {
    "en": "Please stay on the line, all our operators are busy, you are number {} in the queue, about {} minutes.",
    "uk": "Будь ласка, залишайтеся на лінії, усі оператори зайняті, перед вами {} абонентів, приблизно {} хвилин.",
    "ru": "Пожалуйста, оставайтесь на линии, все операторы заняты, перед вами {} абонентов, примерно {} минут.",
    "pl": "Proszę pozostać na linii, wszyscy konsultanci są zajęci, przed państwem {} osób, około {} minut.",
}
CONSONANTS: Final = ("", "b", "d", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z", "ch", "sh", "gr", "pl", "st")


def speech(chance: np.random.Generator, hours: float) -> Iterator[Signal]:
    """Synthetic speech, about a minute at a time, full-scale ±1."""
    engine, made = EspeakEngine(), 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        while made < hours * 3600:
            voice = str(chance.choice(LANGUAGES))
            words = " ".join(_word(chance) for _ in range(80))
            text = TEXTS.get(voice[:2], "{} {}.").format(*chance.integers(0, 100_000, 2)) + " " + words
            engine.render(text, voice + str(chance.choice(VARIANTS)), int(chance.integers(110, 220)), path)
            audio, rate = soundfile.read(path)
            signal = soxr.resample(audio, rate, RATE)
            made += signal.size / RATE
            yield signal


def _word(chance: np.random.Generator) -> str:
    return "".join(
        str(chance.choice(CONSONANTS)) + str(chance.choice(list("aeiou"))) for _ in range(chance.integers(1, 5))
    )


def recordings(folders: list[Path]) -> Iterator[Signal]:
    for folder in folders:
        for path in sorted(folder.rglob("*.wav")):
            try:
                yield load_pcm(path) / 32768
            except AssetError as error:
                print(error, file=sys.stderr)


def stretches(sources: Iterator[Signal], length: int) -> Iterator[Signal]:
    """All sources one after the other at equal loudness, in long stretches."""
    gathered: list[Signal] = []
    for signal in sources:
        gathered.append(signal / _active(signal))
        if sum(part.size for part in gathered) >= length:
            yield np.concatenate(gathered)
            gathered = []
    if gathered:
        yield np.concatenate(gathered)


def _active(signal: Signal) -> float:
    """Root mean square of the parts in which somebody speaks."""
    blocks = signal[: signal.size // 160 * 160].reshape(-1, 160)
    power = (blocks**2).mean(axis=1)
    return float(np.sqrt(power[power > power.max() / 1000].mean())) + 1e-9
