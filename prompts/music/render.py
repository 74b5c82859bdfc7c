"""Render the hold music that comes with the switch: `python prompts/music/render.py`.

A quiet piece of 24 bars in C: broken chords, a slow melody above them, a soft bass. It is made for the telephone: every
partial lies between 250 and 3,400 Hz, the level is steady, and the end runs into the beginning without a seam.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

RATE = 8000
BEAT = 0.75  # seconds: 80 beats a minute
BAR = 4 * BEAT
LEVEL = 10 ** (-20 / 20)  # RMS of full scale

#: Chords of one bar each, as semitones above C4; sung through three times, the melody differs.
CHORDS = (
    (0, 4, 7, 11),  # Cmaj7
    (-3, 0, 4, 7),  # Am7
    (-7, 0, 5, 9),  # Fmaj7
    (-5, 2, 7, 9),  # G6
    (-8, 4, 7, 11),  # Em7
    (-3, 0, 4, 9),  # Am
    (-10, 2, 5, 9),  # Dm7
    (-5, 2, 5, 11),  # G7
)
#: The order in which the notes of a chord are plucked, eight to a bar.
PATTERN = (0, 1, 2, 3, 2, 3, 1, 2)
#: Melody notes as (bar, beat, semitones above C5, length in beats).
MELODY = (
    (0, 0, 4, 2), (0, 2, 7, 2), (1, 0, 9, 3), (1, 3, 7, 1), (2, 0, 5, 2), (2, 2, 9, 2), (3, 0, 7, 4),
    (4, 0, 7, 2), (4, 2, 4, 2), (5, 0, 0, 3), (5, 3, 2, 1), (6, 0, 5, 2), (6, 2, 4, 2), (7, 0, 2, 4),
    (8, 0, 7, 1.5), (8, 1.5, 9, 0.5), (8, 2, 11, 2), (9, 0, 12, 3), (9, 3, 9, 1), (10, 0, 9, 2), (10, 2, 5, 2),
    (11, 0, 7, 3), (11, 3, 9, 1), (12, 0, 11, 2), (12, 2, 7, 2), (13, 0, 9, 4), (14, 0, 5, 2), (14, 2, 9, 2),
    (15, 0, 7, 4),
    (17, 0, 4, 2), (17, 2, 0, 2), (18, 0, 5, 2), (18, 2, 4, 2), (19, 0, 2, 4), (20, 0, 4, 2), (20, 2, 7, 2),
    (21, 0, 9, 2), (21, 2, 7, 2), (22, 0, 5, 2), (22, 2, 2, 2), (23, 0, 2, 3),
)  # fmt: skip

PIANO = ((1, 1.0), (2, 0.35), (3, 0.18), (4, 0.08))
FLUTE = ((1, 1.0), (2, 0.22), (3, 0.06))
BASS = ((2, 0.7), (3, 0.35), (4, 0.2))  # the ear supplies the fundamental that a telephone does not carry


def hertz(semitones: float, octave_c: float = 261.63) -> float:
    return octave_c * 2 ** (semitones / 12)


def tone(frequency: float, seconds: float, partials: tuple[tuple[int, float], ...]) -> np.ndarray:
    """A sum of partials inside the telephone band."""
    time = np.arange(round(seconds * RATE)) / RATE
    inside = [(n, a) for n, a in partials if 250 <= n * frequency <= 3400]
    return sum((a * np.sin(2 * np.pi * n * frequency * time) for n, a in inside), np.zeros_like(time))


def plucked(frequency: float, seconds: float, partials: tuple[tuple[int, float], ...], decay: float) -> np.ndarray:
    """Struck and left to ring."""
    sound = tone(frequency, seconds, partials)
    time = np.arange(sound.size) / RATE
    envelope = np.exp(-time / decay) * np.minimum(time / 0.008, 1) * np.minimum((seconds - time) / 0.05, 1)
    return sound * envelope


def blown(frequency: float, seconds: float) -> np.ndarray:
    """Held, with a slow beginning and a little vibrato."""
    time = np.arange(round(seconds * RATE)) / RATE
    vibrato = 0.004 * np.sin(2 * np.pi * 4.8 * time) * np.minimum(time / 0.6, 1)
    phase = 2 * np.pi * np.cumsum(frequency * (1 + vibrato)) / RATE
    sound = sum((a * np.sin(n * phase) for n, a in FLUTE if n * frequency <= 3400), np.zeros_like(time))
    envelope = np.minimum(time / 0.12, 1) * np.minimum((seconds - time) / 0.2, 1)
    return sound * envelope


def render() -> np.ndarray:
    """The piece as float samples; what rings on beyond the last bar is heard in the first."""
    bars = 3 * len(CHORDS)
    piece = np.zeros(round(bars * BAR * RATE))

    def add(at: float, sound: np.ndarray, gain: float) -> None:
        where = (round(at * RATE) + np.arange(sound.size)) % piece.size
        piece[where] += gain * sound

    for bar in range(bars):
        chord = CHORDS[bar % len(CHORDS)]
        add(bar * BAR, plucked(hertz(chord[0]) / 2, BAR, BASS, 1.2), 0.5)
        for step, voice in enumerate(PATTERN):
            accent = 1.0 if step % 4 == 0 else 0.75
            add(bar * BAR + step * BEAT / 2, plucked(hertz(chord[voice]), 1.6, PIANO, 0.55), 0.36 * accent)
    for bar, beat, note, length in MELODY:
        add(bar * BAR + beat * BEAT, blown(hertz(note, 523.25), length * BEAT + 0.15), 0.34)
    piece *= LEVEL / np.sqrt(np.mean(piece**2))
    return np.tanh(piece * 1.2) / 1.2  # rounds the few peaks off


def main() -> None:
    target = Path(__file__).with_name("default.wav")
    soundfile.write(target, render(), RATE, subtype="PCM_16")
    print(f"{target.name}: {soundfile.info(target).duration:.1f} s")


if __name__ == "__main__":
    main()
