"""Render the hold music: `python prompts/music/render.py [default.wav]`.

Twenty-four bars in D for electric piano, bell, strings and a quiet bass, written for a telephone: everything that
matters lies between 300 and 3400 Hz, loudness is even, and nothing is sharp enough to tire the ear. Notes and their
echo wrap around the end of the piece, so it loops without a seam. The same samples come out every time.
"""

from __future__ import annotations

import sys
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 8000
BEAT = 0.75  # seconds: 80 a minute
BEATS = 24 * 4
SAMPLES = int(BEATS * BEAT * RATE)
LEVEL_DBFS = -19.0
HIGHEST = 3400.0

Audio = NDArray[np.float64]

# Chords by bar: bass note, then the voicing (MIDI numbers).
D, BM, G, A_SUS = (38, 66, 69, 73, 76), (35, 62, 66, 69, 73), (43, 66, 69, 71, 74), (45, 64, 67, 69, 74)
A7, F_SHARP_M, E_M, D6 = (45, 64, 67, 69, 73), (42, 64, 66, 69, 73), (40, 64, 67, 71, 74), (45, 66, 69, 71, 74)
CHORDS = (
    *(D, BM, G, A_SUS, D, F_SHARP_M, G, A7),
    *(D, BM, G, A_SUS, D, F_SHARP_M, G, A7),
    *(G, A7, F_SHARP_M, BM, E_M, A7, D, D6),
)

# The melody by bar: (beats, MIDI number), 0 is a rest.
MELODY = (
    ((2, 78), (1, 76), (1, 74)),
    ((3, 74), (1, 0)),
    ((1, 71), (1, 74), (2, 78)),
    ((3, 76), (1, 0)),
    ((2, 81), (1, 79), (1, 78)),
    ((1, 76), (2, 73), (1, 0)),
    ((1.5, 74), (0.5, 76), (1, 78), (1, 79)),
    ((3, 76), (1, 0)),
    ((1, 78), (2, 81), (1, 78)),
    ((2, 74), (1, 71), (1, 74)),
    ((2, 79), (1, 78), (1, 74)),
    ((4, 76),),
    ((1.5, 81), (0.5, 83), (1, 81), (1, 78)),
    ((2, 76), (1, 73), (1, 76)),
    ((1, 79), (1, 78), (1, 76), (1, 74)),
    ((1, 73), (2, 76), (1, 0)),
    ((2, 83), (1, 81), (1, 79)),
    ((3, 81), (1, 0)),
    ((1, 78), (1, 81), (2, 85)),
    ((3, 83), (1, 0)),
    ((1, 79), (1, 83), (1, 81), (1, 79)),
    ((1, 78), (1, 76), (2, 73)),
    ((3, 74), (1, 76)),
    ((2, 78), (2, 0)),
)

# Order in which the piano walks through a chord, in eighths.
WALKS = ((0, 1, 2, 3, 2, 1, 2, 1), (0, 2, 1, 3, 1, 2, 1, 2))

PIANO = (1.0, 0.50, 0.28, 0.14, 0.07)
BELL = (1.0, 0.42, 0.26, 0.12)
STRINGS = (1.0, 0.55, 0.38, 0.24, 0.14)
BASS = (0.3, 1.0, 0.7, 0.35, 0.2)  # its fundamental does not pass a telephone; the ear supplies it


def hertz(note: float) -> float:
    return float(440.0 * 2 ** ((note - 69) / 12))


def add(piece: Audio, at: float, sound: Audio) -> None:
    """Mix *sound* in from *at* seconds, around the end of the piece if need be."""
    places = (int(at * RATE) + np.arange(sound.size)) % SAMPLES
    piece[places] += sound  # no sound is longer than the piece, so no place comes twice


def timbre(note: float, partials: tuple[float, ...], time: Audio, detune: float = 0.0) -> Audio:
    sound = np.zeros(time.size)
    for n, strength in enumerate(partials, 1):
        frequency = n * hertz(note) * (1 + detune)
        if frequency < HIGHEST:
            sound += strength * np.sin(2 * np.pi * frequency * time + 1.7 * n * note)
    return sound


def struck(note: float, partials: tuple[float, ...], seconds: float, decay: float) -> Audio:
    """A note that is struck and dies away; higher notes sooner."""
    time = np.arange(int(seconds * RATE)) / RATE
    shape = np.minimum(time / 0.012, 1.0) * np.exp(-time / (decay * 2 ** ((69 - note) / 24)))
    release = np.clip((seconds - time) / 0.25, 0, 1)
    sound: Audio = timbre(note, partials, time) * shape * release
    return sound


def bowed(note: float, partials: tuple[float, ...], seconds: float) -> Audio:
    """A note that swells and fades, two players a little apart."""
    time = np.arange(int((seconds + 1.0) * RATE)) / RATE
    shape = np.sin(np.clip(time / 1.0, 0, 1) * np.pi / 2) ** 2
    shape *= np.sin(np.clip((seconds + 1.0 - time) / 1.0, 0, 1) * np.pi / 2) ** 2
    sound: Audio = (timbre(note, partials, time, 0.0009) + timbre(note, partials, time, -0.0009)) * shape / 2
    return sound


def compose() -> Audio:
    piece = np.zeros(SAMPLES)
    for bar, (bass, *voicing) in enumerate(CHORDS):
        start = bar * 4 * BEAT
        for note in voicing:
            add(piece, start, 0.085 * bowed(note, STRINGS, 4 * BEAT))
        for beat in (0, 2.5):
            add(piece, start + beat * BEAT, 0.20 * struck(bass, BASS, 2.0, 0.9))
        for n, step in enumerate(WALKS[bar % 2]):
            accent = (1.0, 0.7, 0.8, 0.7)[n % 4]
            add(piece, start + n * BEAT / 2, 0.30 * accent * struck(voicing[step], PIANO, 1.6, 0.55))
        at = start
        for beats, note in MELODY[bar]:
            if note:
                add(piece, at, 0.62 * struck(note, BELL, beats * BEAT + 0.6, 1.1))
            at += beats * BEAT
    return piece


def room(piece: Audio) -> Audio:
    """A little echo, and the telephone's band; both wrap around the end."""
    noise = np.random.Generator(np.random.PCG64(7)).normal(0, 1, int(1.4 * RATE))
    time = np.arange(noise.size) / RATE
    echo = np.zeros(SAMPLES)
    echo[: noise.size] = noise * np.exp(-time / 0.28) * np.clip(time / 0.02, 0, 1)
    echo /= np.sqrt((echo**2).sum())
    frequency = np.fft.rfftfreq(SAMPLES, 1 / RATE)
    warm = 1 / (1 + (frequency / 1800) ** 2)
    band = 1 / (1 + (230 / np.maximum(frequency, 1)) ** 6) * np.clip((3600 - frequency) / 200, 0, 1)
    spectrum = np.fft.rfft(piece) * (1 + 0.35 * np.fft.rfft(echo) * warm) * band
    heard: Audio = np.fft.irfft(spectrum, SAMPLES)
    return heard


def level(piece: Audio) -> NDArray[np.int16]:
    """Even out the loudness of half seconds a little, then set the level of the whole."""
    window = np.hanning(RATE)
    power = np.fft.irfft(np.fft.rfft(piece**2) * np.fft.rfft(np.roll(np.pad(window, (0, SAMPLES - RATE)), -RATE // 2)))
    loudness = np.sqrt(np.maximum(power / window.sum(), 1e-9))
    piece = piece * (loudness / np.median(loudness)) ** -0.4
    piece *= 10 ** (LEVEL_DBFS / 20) / np.sqrt((piece**2).mean())
    piece = np.tanh(piece / 0.6) * 0.6  # rounds off the few loudest peaks
    samples: NDArray[np.int16] = np.rint(piece * 32767).astype(np.int16)
    return samples


def main() -> None:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("default.wav")
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(level(room(compose())).astype("<i2").tobytes())


if __name__ == "__main__":
    main()
