"""In-band DTMF battery: percent of keys heard, false keys, and speed, for the limits of ITU-T Q.24 and beyond.

    python -m bench.dtmf [--speech-hours 0.5] [--audio FOLDER …] [--repeat 6] [--seed 1]

Every key of the keypad, random phase and frame offset, µ-law and back. `+n` counts keys heard that nobody pressed.
`--audio` adds recordings (WAV) to the talk-off test.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in a media worker; read when numpy is imported

import numpy as np
from numpy.typing import NDArray

from bench.talk_off import recordings, speech, stretches
from rtp.codecs.g711 import decode, encode
from rtp.dtmf import KEYS
from rtp.goertzel import InbandDetector
from rtp.tones import PEAK_0DBM0, key_tones

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

RATE: Final = 8000
Signal = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Press:
    """How a key is pressed in a test; levels in dBm0, times in seconds, frequencies off by a share of themselves."""

    on: float = 0.05
    off: float = 0.05
    row: float = -10.0
    column: float = -10.0
    row_off: float = 0.0
    column_off: float = 0.0
    gap_at: float = 0.0
    gap: float = 0.0


class Battery:
    """Makes trials, runs all trials of a row at once through one detector, and counts."""

    def __init__(self, seed: int, law: str = "PCMU") -> None:
        self.chance = np.random.default_rng(seed)
        self.law = law

    def tone(self, key: str, press: Press) -> Signal:
        row, column = key_tones(key)
        n = np.arange(round(press.on * RATE))
        sound = np.zeros(n.size)
        for hertz, level in ((row * (1 + press.row_off), press.row), (column * (1 + press.column_off), press.column)):
            phase = self.chance.uniform(0, 2 * np.pi)
            sound += PEAK_0DBM0 * 10 ** (level / 20) * np.sin(2 * np.pi * hertz / RATE * n + phase)
        if press.gap:
            sound[round(press.gap_at * RATE) : round((press.gap_at + press.gap) * RATE)] = 0
        return sound

    def dial(self, keys: str, press: Press) -> Signal:
        """Keys one after the other, after a random offset, with silence around."""
        pause = np.zeros(round(press.off * RATE))
        parts = [np.zeros(400 + int(self.chance.integers(160)))]
        for key in keys:
            parts += [self.tone(key, press), pause]
        return np.concatenate([*parts, np.zeros(800)])

    def hear(self, signals: list[Signal], lost: float = 0.0) -> list[str]:
        """What the detector makes of each signal; *lost* is the share of frames that do not arrive."""
        count = max(-(-signal.size // 160) for signal in signals)
        pcm = np.zeros((len(signals), count * 160))
        for n, signal in enumerate(signals):
            pcm[n, : signal.size] = signal
        samples = np.clip(np.rint(pcm), -32768, 32767).astype(np.int16)
        frames = decode(self.law, encode(self.law, samples)).reshape(len(signals), count, 160)
        detector, slots = InbandDetector(len(signals)), np.arange(len(signals))
        heard = [""] * len(signals)
        for n in range(count):
            missing = self.chance.random(len(signals)) < lost
            for detection in detector.process(slots, frames[:, n], missing):
                if detection.on:
                    heard[detection.slot] += detection.digit
        return heard

    def score(
        self,
        press: Press | Iterable[Press],
        repeat: int,
        *,
        dialled: Callable[[str], str] = str,
        disturb: Callable[[Signal], Signal] | None = None,
        lost: float = 0.0,
    ) -> tuple[float, int, int]:
        """(percent of keys heard, keys heard beyond those pressed, keys pressed)."""
        presses = [press] if isinstance(press, Press) else list(press)
        wanted: list[str] = []
        signals: list[Signal] = []
        for how in presses:
            for key in KEYS:
                for _ in range(repeat):
                    wanted.append(dialled(key))
                    signal = self.dial(wanted[-1], how)
                    signals.append(disturb(signal) if disturb else signal)
        right = extra = 0
        for expected, heard in zip(wanted, self.hear(signals, lost), strict=True):
            common = _common(expected, heard)
            right += common
            extra += len(heard) - common
        total = sum(map(len, wanted))
        return 100 * right / total, extra, total

    def noise(self, signal: Signal, level: float) -> Signal:
        """White noise of *level* dBm0 over the signal."""
        power = PEAK_0DBM0**2 / 2 * 10 ** (level / 10)
        return signal + self.chance.normal(0, np.sqrt(power), signal.size)


def _common(a: str, b: str) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(b) + 1)
    for x in a:
        before = row[:]
        for n, y in enumerate(b):
            row[n + 1] = before[n] + 1 if x == y else max(before[n + 1], row[n])
    return row[-1]


def sine(hertz: Iterable[float], seconds: float, level: float = -10.0) -> Signal:
    n = np.arange(round(seconds * RATE))
    waves = np.array([np.sin(2 * np.pi * f / RATE * n) for f in hertz])
    summed: Signal = PEAK_0DBM0 * 10 ** (level / 20) * waves.sum(axis=0)
    return summed


def rows(battery: Battery, repeat: int) -> Iterator[tuple[str, str, list[tuple[str, tuple[float, int, int]]]]]:
    """(test, what is wanted, [(case, score)])."""
    score, random = battery.score, battery.chance
    P = Press

    def cases(*named: tuple[str, Press | list[Press]]) -> list[tuple[str, tuple[float, int, int]]]:
        return [(name, score(press, repeat)) for name, press in named]

    def mixed(disturb: Callable[[Signal], Signal], press: Press = P(0.06, 0.06)) -> tuple[float, int, int]:  # noqa: B008
        return score(press, repeat, disturb=disturb)

    yield "decode", "all", cases(("50/50", P()), ("40/40", P(0.04, 0.04)), ("40/30", P(0.04, 0.03)))
    yield (
        "level/tone",
        "0…−25 all; −55 none",
        cases(
            *((f"{level}", P(row=level, column=level)) for level in (0, -10, -25, -27, -35, -40, -42, -44, -50, -55))
        ),
    )
    yield (
        "forward twist dB",
        "≤ 8 all",
        cases(*((f"{t}", P(row=-8 + t / 2 - 4, column=-8 - t / 2 - 4)) for t in (4, 6, 7, 8, 9, 10, 12))),
    )
    yield (
        "reverse twist dB",
        "≤ 4 (NTT 5) all",
        cases(*((f"{t}", P(row=-8 - t / 2, column=-8 + t / 2)) for t in (3, 4, 5, 6, 7, 8, 10))),
    )
    for name, which in (("row off", (1, 0)), ("column off", (0, 1)), ("both off", (1, 1))):
        yield (
            f"{name} %",
            "≤ 1.8 all, ≥ 3.5 none",
            cases(
                *(
                    (
                        f"{off}",
                        [P(row_off=s * off / 100 * which[0], column_off=s * off / 100 * which[1]) for s in (1, -1)],
                    )
                    for off in (1.5, 1.8, 2.2, 2.6, 3.0, 3.5, 4.0, 5.0, 7.0)
                )
            ),
        )
    corners = [
        P(on, off, -25 + max(twist, 0), -25 + max(-twist, 0), r / 100, c / 100)
        for on, off in ((0.04, 0.04), (0.04, 0.03))
        for twist in (8, -4, -5)
        for r in (1.8, -1.8)
        for c in (1.8, -1.8)
    ]
    yield (
        "all limits at once",
        "all",
        [
            ("weaker −25", score(corners, max(1, repeat // 3))),
            ("twice", score(corners, 1, dialled=lambda key: key * 2)),
        ],
    )
    yield (
        "tone ms",
        "≥ 40 all, ≤ 23 none",
        cases(*((f"{ms}", P(on=ms / 1000)) for ms in (15, 20, 22, 23, 24, 28, 32, 35, 38, 40, 50))),
    )
    yield (
        "same key twice, pause ms",
        "≥ 30 all",
        [(f"{ms}", score(P(off=ms / 1000), repeat, dialled=lambda key: key * 2)) for ms in (15, 20, 25, 30, 40)],
    )
    yield (
        "break ms in 100",
        "one key",
        [
            (f"{ms}", score([P(on=0.1, gap_at=at, gap=ms / 1000) for at in (0.02, 0.05, 0.07)], repeat))
            for ms in (5, 8, 10, 12, 15)
        ],
    )
    yield (
        "break ms in 50",
        "one key",
        [
            (f"{ms}", score([P(on=0.05, gap_at=at, gap=ms / 1000) for at in (0.01, 0.02, 0.03)], repeat))
            for ms in (5, 8, 10)
        ],
    )

    def noisy(snr: float) -> Callable[[Signal], Signal]:
        return lambda x: battery.noise(x, -7 - snr)

    def under(hertz: tuple[int, ...], level: float) -> Callable[[Signal], Signal]:
        return lambda x: x + sine(hertz, x.size / RATE, level)

    snrs = (20, 15, 10, 8, 7, 6)
    yield "SNR dB", "8: ≥ 99", [(f"{snr}", score(P(), repeat * 3, disturb=noisy(snr))) for snr in snrs]
    for dial in ((350, 440), (425,)):
        name = f"dial tone {'+'.join(map(str, dial))}, dB over"
        yield name, "", [(f"{d}", mixed(under(dial, -10 + d))) for d in (-10, -6, -3, 0)]

    def echo(x: Signal) -> Signal:
        delay = int(random.integers(40, 320))
        return x + 10 ** (-10 / 20) * np.concatenate([np.zeros(delay), x[:-delay]])

    yield "echo −10 dB, 5–40 ms", "all", [("", mixed(echo))]
    hum = "hum −5 dB"
    yield (
        "hum and offset",
        "all",
        [
            (hum, mixed(under((50,), -7 - 5))),
            ("offset −30", mixed(lambda x: x + PEAK_0DBM0 / np.sqrt(2) * 10 ** (-30 / 20), P(row=-25, column=-25))),
        ],
    )

    def ten(_key: str) -> str:
        return "".join(random.choice(list(KEYS), 10))

    for share in (0.05, 0.10):
        yield (
            f"{share:.0%} of frames lost, ms on/off",
            "few lost, no doubles",
            [
                (f"{on}/{off}", score(P(on / 1000, off / 1000), repeat * 10, dialled=ten, lost=share))
                for on, off in ((50, 50), (80, 80), (100, 100), (160, 100))
            ],
        )


def not_keys(battery: Battery) -> Iterator[tuple[str, list[Signal]]]:
    """Sounds in which there is no key."""
    from rtp.tones import COLUMNS, PROGRESS_TONES, ROWS, progress_tone

    levels = (0.0, -10.0, -20.0)
    yield "progress tones", [np.tile(progress_tone(name), 4).astype(np.float64) for name in PROGRESS_TONES]
    yield (
        "fax, SIT",
        [
            np.concatenate([sine((f,), t, lv) for f, t in spells])
            for lv in levels
            for spells in (((1100, 0.5),), ((2100, 3.0),), ((985.2, 0.38), (1428.5, 0.274), (1776.7, 0.38)))
        ],
    )
    yield "single tones", [sine((f,), 0.5, lv) for f in (*ROWS, *COLUMNS) for lv in levels]
    yield (
        "pairs in one group",
        [sine((a, b), 0.5, lv) for group in (ROWS, COLUMNS) for a in group for b in group if a < b for lv in levels],
    )
    mf = (700, 900, 1100, 1300, 1500, 1700)
    yield "MF but 700+1500", [sine((a, b), 0.1) for a in mf for b in mf if a < b and (a, b) != (700, 1500)]
    n = np.arange(10 * RATE) / RATE
    yield "sweep", [PEAK_0DBM0 * 0.3 * np.sin(2 * np.pi * (200 * n + 160 * n * n))]
    yield "10 min noise", [battery.noise(np.zeros(60 * RATE), -20.0) for _ in range(10)]
    yield "10 min chords", [_chords(battery.chance, 60.0) for _ in range(10)]


def _chords(chance: np.random.Generator, seconds: float) -> Signal:
    parts: list[Signal] = []
    while sum(part.size for part in parts) < seconds * RATE:
        length = float(chance.uniform(0.1, 0.8))
        n = np.arange(int(length * RATE)) / RATE
        chord = np.zeros(n.size)
        for note in chance.integers(40, 88, chance.integers(2, 5)):
            hertz = 440 * 2 ** ((note - 69) / 12)
            for harmonic in range(1, 5):
                if hertz * harmonic < 3600:
                    chord += 0.5**harmonic * np.sin(2 * np.pi * hertz * harmonic * n + chance.uniform(0, 6.28))
        parts.append(2500 * chord * np.exp(-n * chance.uniform(0, 4)))
    return np.concatenate(parts)


def talk_off(battery: Battery, sources: Iterator[Signal]) -> tuple[float, dict[float, list[str]]]:
    """(hours heard at each level, keys heard by level in dBm0 of the speech)."""
    seconds = 0.0
    keys: dict[float, list[str]] = {-10.0: [], -16.0: [], -24.0: []}
    for stretch in stretches(sources, 32 * 30 * RATE):
        seconds += stretch.size / RATE
        for level, found in keys.items():
            loud = stretch * PEAK_0DBM0 / np.sqrt(2) * 10 ** (level / 20)
            found += [heard for heard in battery.hear(np.array_split(loud, 32)) if heard]
    return seconds / 3600, keys


def speed(battery: Battery, signals: list[Signal], legs: int = 400) -> float:
    """Seconds of audio judged in a second of one core."""
    whole = np.concatenate(signals)
    starts = battery.chance.integers(0, max(1, whole.size - 5 * RATE), legs)
    pcm = np.stack([whole[start : start + 5 * RATE] for start in starts])
    frames = np.clip(pcm * 32767, -32768, 32767).astype(np.int16).reshape(legs, -1, 160)
    detector, slots, none = InbandDetector(legs), np.arange(legs), np.zeros(legs, dtype=bool)
    began = time.process_time()
    for n in range(frames.shape[1]):
        detector.process(slots, frames[:, n], none)
    return legs * frames.shape[1] * 0.02 / (time.process_time() - began)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speech-hours", type=float, default=0.5)
    parser.add_argument("--audio", type=Path, nargs="*", default=[])
    parser.add_argument("--repeat", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--law", choices=("PCMU", "PCMA"), default="PCMU")
    arguments = parser.parse_args(argv)
    battery = Battery(arguments.seed, arguments.law)
    for test, wanted, results in rows(battery, arguments.repeat):
        cells = [f"{name}: {score:.4g}{f' +{extra}' if extra else ''}" for name, (score, extra, _) in results]
        print(f"{test:30} [{wanted}]  " + "  ".join(cells), flush=True)
    for name, signals in not_keys(battery):
        print(f"{name:30} [none]  {sum(map(len, battery.hear(signals)))}", flush=True)
    spoken = list(speech(battery.chance, min(arguments.speech_hours, 0.2)))
    print(f"{'speed on speech, 400 legs':30} [≥ 300]  {speed(battery, spoken):.0f} × real time on one core", flush=True)
    for name, sources in (
        ("talk-off, synthetic speech", speech(battery.chance, arguments.speech_hours)),
        ("talk-off, recordings", recordings(arguments.audio)),
    ):
        hours, keys = talk_off(battery, sources)
        counts = "  ".join(f"{level:g} dBm0: {sum(map(len, found))}" for level, found in keys.items())
        print(f"{name:30} [none]  {hours:.2f} h × 3 levels  {counts}  {keys if any(keys.values()) else ''}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
