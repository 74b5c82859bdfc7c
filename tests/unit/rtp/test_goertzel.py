"""In-band keys against the limits of Q.24; `bench/dtmf.py` is the long form of this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rtp.codecs.g711 import decode, encode
from rtp.dtmf import KEYS
from rtp.goertzel import Detection, InbandDetector
from rtp.tones import PEAK_0DBM0, PROGRESS_TONES, dtmf, key_tones, progress_tone, silence, sine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rtp.codecs.g711 import Pcm


def listen(signals: Sequence[NDArray[np.float64]], lost: NDArray[np.bool_] | None = None) -> list[list[Detection]]:
    """Everything detected in each signal after µ-law and back; *lost* is bool[signals, frames]."""
    count = max(-(-signal.size // 160) for signal in signals)
    pcm = np.zeros((len(signals), count * 160), dtype=np.int16)
    for row, signal in zip(pcm, signals, strict=True):
        row[: signal.size] = np.clip(np.rint(signal), -32768, 32767)
    frames = decode("PCMU", encode("PCMU", pcm)).reshape(len(signals), count, 160)
    missing = np.zeros((len(signals), count), dtype=bool) if lost is None else lost
    detector = InbandDetector(len(signals))
    found: list[list[Detection]] = [[] for _ in signals]
    for n in range(count):
        for detection in detector.process(np.arange(len(signals)), frames[:, n], missing[:, n]):
            found[detection.slot].append(detection)
    return found


def hear(signals: Sequence[NDArray[np.float64]], lost: NDArray[np.bool_] | None = None) -> list[str]:
    return ["".join(d.digit for d in found if d.on) for found in listen(signals, lost)]


@dataclass(frozen=True)
class Press:
    """Milliseconds, dBm0 and percent off."""

    on: float = 50
    off: float = 50
    row: float = -10
    column: float = -10
    row_off: float = 0
    column_off: float = 0
    break_ms: float = 0


def dial(keys: str, press: Press, chance: np.random.Generator) -> NDArray[np.float64]:
    parts = [np.zeros(400 + int(chance.integers(160)))]
    for key in keys:
        n = np.arange(round(press.on * 8))
        sound = np.zeros(n.size)
        levels, detuned = (press.row, press.column), (press.row_off, press.column_off)
        for hertz, level, off in zip(key_tones(key), levels, detuned, strict=True):
            angle = 2 * np.pi * hertz * (1 + off / 100) / 8000 * n + chance.uniform(0, 2 * np.pi)
            sound += PEAK_0DBM0 * 10 ** (level / 20) * np.sin(angle)
        sound[n.size // 3 : n.size // 3 + round(press.break_ms * 8)] = 0
        parts += [sound, np.zeros(round(press.off * 8))]
    return np.concatenate([*parts, np.zeros(800)])


def trials(
    press: Press, *, twice: bool = False, disturb: Callable[[NDArray[np.float64]], NDArray[np.float64]] | None = None
) -> tuple[list[str], list[str]]:
    """(pressed, heard): every key four times at random phases and offsets."""
    chance = np.random.default_rng(7)
    pressed = [key * (2 if twice else 1) for key in KEYS for _ in range(4)]
    signals = [dial(keys, press, chance) for keys in pressed]
    return pressed, hear([disturb(s) for s in signals] if disturb else signals)


ACCEPTED = {
    "40 ms with pauses of 40": Press(40, 40),
    "40 ms with pauses of 30": Press(40, 30),
    "level 0": Press(row=0, column=0),
    "level −25": Press(row=-25, column=-25),
    "level −40": Press(row=-40, column=-40),
    "normal twist 8": Press(row=-10, column=-18),
    "reverse twist 4": Press(row=-14, column=-10),
    "reverse twist 5": Press(row=-15, column=-10),
    "both 1.8 % high": Press(row_off=1.8, column_off=1.8),
    "both 1.8 % low": Press(row_off=-1.8, column_off=-1.8),
    "a corner": Press(40, 30, -17, -25, 1.8, -1.8),
    "the opposite corner": Press(40, 30, -25, -20, -1.8, 1.8),
}
REJECTED = {
    "20 ms": Press(20),
    "23 ms": Press(23),
    "level −55": Press(row=-55, column=-55),
    "row 3.5 % high": Press(100, row_off=3.5),
    "row 3.5 % low": Press(100, row_off=-3.5),
    "column 3.5 % high": Press(100, column_off=3.5),
    "column 3.5 % low": Press(100, column_off=-3.5),
    "column 3 % high (NTT)": Press(100, column_off=3.0),
    "column 4.6 % high": Press(100, column_off=4.6),
    "column 4.6 % low": Press(100, column_off=-4.6),
    "both 7 % high": Press(100, row_off=7, column_off=7),
    "normal twist 12": Press(100, row=-8, column=-20),
    "reverse twist 8": Press(100, row=-16, column=-8),
}


@pytest.mark.parametrize("press", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_every_key_within_the_limits_is_heard_once(press: Press) -> None:
    pressed, heard = trials(press)
    assert heard == pressed


@pytest.mark.parametrize("press", REJECTED.values(), ids=REJECTED.keys())
def test_no_key_beyond_the_limits_is_heard(press: Press) -> None:
    assert set(trials(press)[1]) == {""}


@pytest.mark.parametrize("pause", [30, 40, 100])
def test_a_pause_makes_two_of_one_key(pause: float) -> None:
    pressed, heard = trials(Press(40, pause), twice=True)
    assert heard == pressed


@pytest.mark.parametrize(("on", "gap"), [(50, 5), (50, 10), (100, 5), (100, 10)])
def test_a_short_break_does_not(on: float, gap: float) -> None:
    pressed, heard = trials(Press(on, break_ms=gap))
    assert heard == pressed


def test_white_noise_eight_decibels_below_hides_no_key() -> None:
    chance = np.random.default_rng(3)
    noise = PEAK_0DBM0 / np.sqrt(2) * 10 ** ((-7 - 8) / 20)
    pressed, heard = trials(Press(), disturb=lambda x: x + chance.normal(0, noise, x.size))
    assert heard == pressed


def test_hum_offset_and_echo_hide_no_key() -> None:
    def spoil(x: NDArray[np.float64]) -> NDArray[np.float64]:
        hum = PEAK_0DBM0 * 10 ** (-10 / 20) * np.sin(2 * np.pi * 50 / 8000 * np.arange(x.size))
        echo = np.concatenate([np.zeros(160), x[:-160]]) * 10 ** (-10 / 20)
        spoiled: NDArray[np.float64] = x + hum + 400 + echo
        return spoiled

    pressed, heard = trials(Press(60, 60), disturb=spoil)
    assert heard == pressed


def test_a_lost_frame_within_a_key_neither_ends_nor_doubles_it() -> None:
    chance = np.random.default_rng(5)
    signals = [dial(key, Press(100, 60), chance) for key in KEYS for _ in range(8)]
    lost = np.zeros((len(signals), 30), dtype=bool)
    lost[np.arange(len(signals)), np.tile(np.arange(2, 10), 16)] = True
    assert hear(signals, lost) == [key for key in KEYS for _ in range(8)]


@pytest.mark.parametrize("before_ms", range(8, 15))
def test_a_key_torn_in_two_by_a_lost_frame_is_put_together(before_ms: int) -> None:
    whole = np.zeros(160 * 12)
    tone = dtmf("5", 0.045)
    start = 160 * 4 - before_ms * 8
    whole[start : start + tone.size] = tone
    lost = np.zeros((1, 12), dtype=bool)
    lost[0, 4] = True
    assert hear([whole], lost) == ["5"]


def test_a_lost_frame_as_silence_would_double_it() -> None:
    """The same without the knowledge of loss: what the flag is for."""
    chance = np.random.default_rng(5)
    signals = [dial(key, Press(160, 60), chance) for key in KEYS]
    for signal in signals:
        signal[960:1120] = 0
    assert [len(heard) for heard in hear(signals)] == [2] * 16


def test_two_thousand_keys_at_five_per_cent_loss_are_never_doubled() -> None:
    chance = np.random.default_rng(11)
    pressed = ["".join(chance.choice(list(KEYS), 20)) for _ in range(100)]
    signals = [dial(keys, Press(100, 80), chance) for keys in pressed]
    heard = hear(signals, chance.random((len(signals), 250)) < 0.05)
    missed = 0
    for keys, got in zip(pressed, heard, strict=True):
        rest = iter(keys)
        assert all(key in rest for key in got), (keys, got)  # a subsequence: nothing doubled, nothing invented
        missed += len(keys) - len(got)
    assert missed <= 4


def test_when_a_key_went_down_and_up_is_told_to_a_few_milliseconds() -> None:
    signal = np.concatenate([silence(0.2), dtmf("7", 0.12), silence(0.2)]).astype(np.float64)
    detector = InbandDetector(3)
    told: list[tuple[bool, float, float]] = []
    for n in range(26):
        frame = signal[None, n * 160 : n * 160 + 160].astype(np.int16)
        for d in detector.process(np.array([2]), frame, np.array([False])):
            now = (n + 1) * 0.02
            told.append((d.on, now - d.age, now))
    (down, down_at, told_at), (up, up_at, _) = told
    assert (down, up) == (True, False)
    assert down_at == pytest.approx(0.2, abs=0.003)
    assert up_at == pytest.approx(0.32, abs=0.003)
    assert told_at - 0.2 <= 0.065


def test_legs_come_in_any_order_and_do_not_disturb_each_other() -> None:
    chance = np.random.default_rng(2)
    signals = np.stack([dial(key, Press(), chance)[:1600].astype(np.int16) for key in "123456"])
    detector, heard = InbandDetector(100), {slot: "" for slot in range(6)}
    for n in range(10):
        order = chance.permutation(6)
        for part in (order[:2], order[2:2], order[2:]):
            frames = signals[part, n * 160 : n * 160 + 160]
            for d in detector.process(part * 7 + 1, frames, np.zeros(len(part), dtype=bool)):
                heard[(d.slot - 1) // 7] += d.digit if d.on else ""
    assert list(heard.values()) == list("123456")


def test_a_slot_given_to_another_leg_starts_anew() -> None:
    tone = dtmf("5", 0.2).reshape(-1, 1, 160)
    detector, slot, here = InbandDetector(1), np.array([0]), np.array([False])
    assert [d.digit for frame in tone[:4] for d in detector.process(slot, frame, here)] == ["5"]
    detector.reset(0)
    assert [d.digit for frame in tone[4:8] for d in detector.process(slot, frame, here)] == ["5"]
    detector.reset(0)
    silent = np.zeros((1, 160), dtype=np.int16)
    assert [d for _ in range(4) for d in detector.process(slot, silent, here)] == []


def test_a_pair_that_wavers_as_a_voice_does_is_no_key() -> None:
    n = np.arange(4000) / 8000
    signals = []
    for key in KEYS:
        row, column = (
            np.sin(2 * np.pi * hertz * n + 0.9 * np.sin(2 * np.pi * rate * n))
            for hertz, rate in zip(key_tones(key), (35, 45), strict=True)
        )
        signals.append(5000 * (row + column))
    assert hear(signals) == [""] * 16


def chirp() -> Pcm:
    n = np.arange(80_000) / 8000
    sweep: Pcm = np.rint(9000 * np.sin(2 * np.pi * (200 * n + 160 * n * n))).astype(np.int16)
    return sweep


def test_nothing_but_keys_is_a_key() -> None:
    sounds = [np.tile(progress_tone(name), 2) for name in PROGRESS_TONES]
    sounds += [sine(hertz, 0.3, level) for hertz in (697, 941, 1209, 1633, 1100, 2100) for level in (0, -20)]
    sounds += [
        sine(pair, 0.3) for pair in ((697, 770), (852, 941), (1209, 1336), (700, 900), (900, 1500), (1100, 1700))
    ]
    sounds += [chirp(), np.random.default_rng(1).normal(0, 3000, 80_000).astype(np.int16)]
    assert hear([s.astype(np.float64) for s in sounds]) == [""] * len(sounds)
