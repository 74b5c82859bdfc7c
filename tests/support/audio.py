"""What a phone heard: tones over time, known prompts and music, silence. Independent of the product's own audio code.

Samples are float32 arrays in −1…1, mono, 8000 a second. Levels are in dBFS: a full-scale sine wave is 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from scipy.signal import correlate, resample_poly

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

RATE = 8000
FRAME = 320  # 40 ms: 25 Hz resolution, fine enough to tell the tones used in tests apart
HOP = 80
WAV_HEADER = 44
SILENCE_DBFS = -50.0

DTMF_LOW = (697, 770, 852, 941)
DTMF_HIGH = (1209, 1336, 1477, 1633)
DTMF_KEYS = ("123A", "456B", "789C", "*0#D")


def decibels(amplitude: float) -> float:
    return 20 * math.log10(max(amplitude, 1e-9))


# -- making audio -----------------------------------------------------------------------------------------------------


def sine(hz: float, seconds: float, dbfs: float = -12.0) -> NDArray[np.float32]:
    t = np.arange(round(seconds * RATE)) / RATE
    return np.asarray(10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * t), dtype=np.float32)


def silence(seconds: float) -> NDArray[np.float32]:
    return np.zeros(round(seconds * RATE), dtype=np.float32)


def dtmf(digits: str, *, tone: float = 0.12, gap: float = 0.12, dbfs: float = -10.0) -> NDArray[np.float32]:
    """Keys as tone pairs (ITU-T Q.23), each `tone` seconds at `dbfs` per frequency, with `gap` seconds around it."""
    parts = [silence(gap)]
    for digit in digits:
        row = next(i for i, keys in enumerate(DTMF_KEYS) if digit in keys)
        column = DTMF_KEYS[row].index(digit)
        parts += [sine(DTMF_LOW[row], tone, dbfs) + sine(DTMF_HIGH[column], tone, dbfs), silence(gap)]
    return np.concatenate(parts)


def write_wav(path: Path, samples: NDArray[np.float32]) -> Path:
    soundfile.write(path, samples, RATE, subtype="PCM_16", format="WAV")
    return path


def write_g711(path: Path, samples: NDArray[np.float32], codec: str) -> Path:
    """Raw G.711 bytes, the form SIPp's `rtp_stream` sends."""
    soundfile.write(path, samples, RATE, subtype={"PCMA": "ALAW", "PCMU": "ULAW"}[codec], format="RAW")
    return path


# -- reading audio ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a recording, in seconds from its beginning."""

    start: float
    end: float

    @property
    def length(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Match:
    """Where a clip was recognised: `offset` seconds into what was searched, `score` 0…1 (1 = sample for sample)."""

    offset: float
    score: float


@dataclass(frozen=True, slots=True)
class Recording:
    samples: NDArray[np.float32] = field(repr=False)
    started_at: float = 0.0  # monotonic time of the first sample
    source: str = ""

    @property
    def length(self) -> float:
        return len(self.samples) / RATE

    def part(self, start: float, end: float | None = None) -> Recording:
        """The stretch between two offsets in seconds."""
        first = max(round(start * RATE), 0)
        last = None if end is None else max(round(end * RATE), 0)
        return Recording(self.samples[first:last], self.started_at + first / RATE, self.source)

    def between(self, start_at: float, end_at: float | None = None) -> Recording:
        """The stretch between two monotonic times."""
        return self.part(start_at - self.started_at, None if end_at is None else end_at - self.started_at)

    def level(self) -> float:
        """Level of the whole recording in dBFS (a full-scale sine is 0)."""
        if not len(self.samples):
            return decibels(0)
        return decibels(math.sqrt(2 * float(np.mean(np.square(self.samples, dtype=np.float64)))))

    def tone_spans(self, hz: float, *, dbfs: float = -35.0, purity: float = 0.5, bridge: float = 0.06) -> list[Span]:
        """Stretches where `hz` is heard above `dbfs` and makes up at least `purity` of the energy.

        Breaks shorter than `bridge` seconds are passed over; a lost packet or two do not split a tone.
        """
        amplitude, share = tone_track(self.samples, hz)
        loud = (amplitude > 10 ** (dbfs / 20)) & (share >= purity)
        return _spans(loud, bridge)

    def tone_seconds(self, hz: float, *, dbfs: float = -35.0, purity: float = 0.5) -> float:
        return sum(span.length for span in self.tone_spans(hz, dbfs=dbfs, purity=purity))

    def tone_level(self, hz: float) -> float:
        """Median level of `hz` in dBFS, over the frames where it is heard; −180 when it never is."""
        amplitude, share = tone_track(self.samples, hz)
        heard = amplitude[share >= 0.5]
        return decibels(float(np.median(heard))) if len(heard) else -180.0

    def silences(self, *, longer_than: float = 0.06, dbfs: float = SILENCE_DBFS) -> list[Span]:
        """Stretches longer than `longer_than` seconds that stay under `dbfs`."""
        frames = len(self.samples) // HOP
        if not frames:
            return []
        blocks = self.samples[: frames * HOP].reshape(frames, HOP)
        quiet = np.sqrt(2 * np.mean(np.square(blocks, dtype=np.float64), axis=1)) < 10 ** (dbfs / 20)
        return [span for span in _spans(quiet, 0.0, HOP) if span.length > longer_than]

    def find(self, clip: NDArray[np.float32]) -> Match:
        """Where a prompt is heard in this recording; see `locate`."""
        return locate(clip, self.samples)

    def position_in(self, clip: NDArray[np.float32], *, looped: bool = True) -> Match:
        """Which part of a longer clip (music) this recording is: the position of its first sample in the clip."""
        twice = np.concatenate([clip, clip]) if looped else clip
        match = locate(self.samples, twice)
        return Match(match.offset % (len(clip) / RATE) if looped else match.offset, match.score)

    def digits(self) -> str:
        """Keys heard in the audio, each once per press."""
        return decode_dtmf(self.samples)


def read_wav(path: Path, started_at: float = 0.0) -> Recording:
    """A finished WAV file, mixed down and brought to 8000 samples a second."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    if rate != RATE:
        common = math.gcd(rate, RATE)
        mono = resample_poly(mono, RATE // common, rate // common)
    return Recording(np.asarray(mono, dtype=np.float32), started_at, str(path))


def read_growing_wav(path: Path, started_at: float = 0.0) -> Recording:
    """A 16-bit mono 8 kHz WAV file that is still being written: its header does not yet know its length."""
    data = path.read_bytes()[WAV_HEADER:] if path.exists() else b""
    pcm = np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2")
    return Recording((pcm / 32768).astype(np.float32), started_at, str(path))


# -- analysis ---------------------------------------------------------------------------------------------------------


def tone_track(samples: NDArray[np.float32], hz: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Amplitude of `hz` and its share of the energy, per 40 ms frame every 10 ms (a Goertzel filter as a product)."""
    count = (len(samples) - FRAME) // HOP + 1
    if count <= 0:
        return np.zeros(0), np.zeros(0)
    windows = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP].astype(np.float64)
    t = np.arange(FRAME) / RATE
    # The hann window keeps neighbours out; its gain is ½, hence 4/FRAME and not 2/FRAME.
    probe = np.hanning(FRAME) * np.exp(-2j * np.pi * hz * t)
    amplitude = np.abs(windows @ probe) * 4 / FRAME
    energy = np.mean(np.square(windows), axis=1)
    share = np.divide(amplitude**2 / 2, energy, out=np.zeros_like(amplitude), where=energy > 1e-9)
    return amplitude, share


def _spans(flags: NDArray[np.bool_], bridge: float, length: int = FRAME) -> list[Span]:
    spans: list[Span] = []
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        start, end = first * HOP / RATE, ((last - 1) * HOP + length) / RATE
        if spans and start - spans[-1].end <= bridge:
            spans[-1] = Span(spans[-1].start, end)
        else:
            spans.append(Span(start, end))
    return spans


def _similarity(needle: NDArray[np.float32], haystack: NDArray[np.float32]) -> NDArray[np.float64]:
    """Normalised cross-correlation of the needle at every offset of the haystack: gain does not matter."""
    raw = correlate(haystack.astype(np.float64), needle.astype(np.float64), mode="valid", method="fft")
    sums = np.concatenate([[0.0], np.cumsum(np.square(haystack, dtype=np.float64))])
    energy = sums[len(needle) :] - sums[: -len(needle)]
    # A floor under the energy of the haystack (−60 dBFS) keeps rounding noise in silence from looking like a match.
    floor = np.maximum(energy, len(needle) * 0.5e-6)
    own = float(np.sum(np.square(needle, dtype=np.float64)))
    return np.asarray(np.abs(raw) / np.sqrt(floor * max(own, 1e-12)))


def locate(
    needle: NDArray[np.float32], haystack: NDArray[np.float32], *, segment: float = 0.4, slack: float = 0.15
) -> Match:
    """Where `needle` begins in `haystack`, and how sure that is.

    The needle is compared in pieces of `segment` seconds, each allowed to sit up to `slack` seconds off the common
    offset: jitter buffers drop and insert frames, which ruins one long correlation but not many short ones. The score
    is the mean similarity of the pieces that carry sound. The same clip through G.711 scores above 0.85, another
    sentence in the same voice below 0.5.
    """
    size = min(round(segment * RATE), len(needle))
    if size == 0 or len(haystack) < size:
        return Match(0.0, 0.0)
    pieces = [(i, needle[i : i + size]) for i in range(0, len(needle) - size + 1, size)]
    loudness = [float(np.mean(np.square(piece, dtype=np.float64))) for _, piece in pieces]
    audible = [piece for piece, power in zip(pieces, loudness, strict=True) if power > max(1e-6, 0.02 * max(loudness))]
    if not audible:
        return Match(0.0, 0.0)
    curves = [(start, _similarity(piece, haystack)) for start, piece in audible]
    reach = round(slack * RATE)
    best = Match(0.0, 0.0)
    # Any piece may be the one that was damaged, so the best-matching ones each propose an offset for all.
    proposals = sorted(curves, key=lambda curve: -float(curve[1].max()))[:5]
    for start, curve in proposals:
        offset = int(curve.argmax()) - start
        scores = []
        for other, similarity in curves:
            low, high = offset + other - reach, offset + other + reach + 1
            near = similarity[max(low, 0) : max(high, 0)]
            scores.append(float(near.max()) if len(near) else 0.0)
        score = float(np.mean(scores))
        if score > best.score:
            best = Match(offset / RATE, score)
    return best


def decode_dtmf(samples: NDArray[np.float32]) -> str:
    frequencies = DTMF_LOW + DTMF_HIGH
    tracks = np.array([tone_track(samples, hz)[0] for hz in frequencies])
    if tracks.shape[1] == 0:
        return ""
    low, high = tracks[:4].argmax(axis=0), tracks[4:].argmax(axis=0)
    low_level, high_level = tracks[:4].max(axis=0), tracks[4:].max(axis=0)
    windows = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP].astype(np.float64)
    energy = np.mean(np.square(windows), axis=1)
    share = (low_level**2 + high_level**2) / 2 / np.maximum(energy, 1e-9)
    pressed = (share > 0.8) & (low_level > 0.01) & (high_level > 0.01)
    keys, run, last = "", 0, ""
    for frame in range(tracks.shape[1]):
        key = DTMF_KEYS[low[frame]][high[frame]] if pressed[frame] else ""
        run = run + 1 if key == last else 1
        if key and run == 3:
            keys += key
        last = key
    return keys
