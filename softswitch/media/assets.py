"""Audio files → frames ready for the wire.

Any file libsndfile reads (WAV, FLAC, OGG, MP3; any rate, any channels) becomes 8 kHz mono and is coded once per law
into rows of 160 octets, so that sending is copying a row. Blocking: runs in the media worker, never in control.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import soundfile
import soxr  # type: ignore[import-untyped, unused-ignore]

from rtp.codecs.g711 import FRAME_SAMPLES, SAMPLE_RATE, SILENCE, encode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from rtp.codecs.g711 import Octets, Pcm

MAX_SECONDS: Final = 3600.0
MAX_FILE_BYTES: Final = 1 << 30
MIN_RATE: Final = 4000
MAX_RATE: Final = 192_000
MAX_CHANNELS: Final = 16

_BLOCK: Final = 1 << 16
_CEILING: Final = 32_000 / 32_768  # just under full scale of both laws


class AssetError(ValueError):
    """An audio file that cannot be played; the message names the file and says what is wrong with it."""

    def __init__(self, path: Path | str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = str(path)
        self.problem = problem


def duration(path: Path | str) -> float:
    """Seconds of the file, by its header alone; raises AssetError."""
    try:
        return float(soundfile.info(str(path)).duration)
    except (soundfile.SoundFileError, OSError) as error:
        raise AssetError(path, str(error)) from error


def load_pcm(path: Path | str, *, max_seconds: float = MAX_SECONDS) -> Pcm:
    """The file as 8 kHz mono `int16[samples]`, never empty; raises AssetError.

    Channels are averaged. Levels are kept, except that audio whose peaks would clip is turned down as a whole.
    """
    audio, rate = _read(path, max_seconds)
    if not np.isfinite(audio).all():
        raise AssetError(path, "holds samples that are not numbers")
    if rate != SAMPLE_RATE:
        audio = soxr.resample(audio, rate, SAMPLE_RATE, quality="HQ")
    if audio.size == 0:
        raise AssetError(path, "holds no audio")
    peak = float(np.abs(audio).max())
    if peak > _CEILING:
        audio = audio * np.float32(_CEILING / peak)
    return np.rint(audio * 32_768).astype(np.int16)


def to_frames(pcm: Pcm, law: str) -> Octets:
    """Samples → rows of one frame each; the last row is filled up with silence."""
    octets = encode(law, pcm)
    frames = np.full((max(1, -(-octets.size // FRAME_SAMPLES)), FRAME_SAMPLES), SILENCE[law], dtype=np.uint8)
    frames.reshape(-1)[: octets.size] = octets
    return frames


def look_into(path: Path | str) -> None:
    """Whether the file can be played, by its header and its beginning; raises AssetError."""
    with _opened(path) as file:
        if file.frames > MAX_SECONDS * file.samplerate:
            raise AssetError(path, f"is longer than {MAX_SECONDS:g} s")
        if not file.read(_BLOCK, dtype="float32", always_2d=True).size:
            raise AssetError(path, "holds no audio")


def _read(path: Path | str, max_seconds: float) -> tuple[NDArray[np.float32], int]:
    """Mono float samples and their rate, read in blocks: what a header says about length is not believed."""
    with _opened(path) as file:
        rate = int(file.samplerate)
        limit, taken, blocks = int(max_seconds * rate), 0, []
        while (block := file.read(_BLOCK, dtype="float32", always_2d=True)).size:
            taken += len(block)
            if taken > limit:
                raise AssetError(path, f"is longer than {max_seconds:g} s")
            blocks.append(block.mean(axis=1, dtype=np.float32))
    if not blocks:
        raise AssetError(path, "holds no audio")
    return np.concatenate(blocks), rate


@contextmanager
def _opened(path: Path | str) -> Iterator[Any]:
    """The file as libsndfile has it; raises AssetError, for what goes wrong while it is read, too."""
    try:
        with open(path, "rb") as raw:
            size = raw.seek(0, 2)
            if size == 0:
                raise AssetError(path, "is empty")
            if size > MAX_FILE_BYTES:
                raise AssetError(path, f"is larger than {MAX_FILE_BYTES >> 20} MiB")
            raw.seek(0)
            with soundfile.SoundFile(raw) as file:
                rate, channels = int(file.samplerate), int(file.channels)
                if not MIN_RATE <= rate <= MAX_RATE:
                    raise AssetError(path, f"has a sample rate of {rate} Hz; {MIN_RATE} to {MAX_RATE} can be played")
                if not 1 <= channels <= MAX_CHANNELS:
                    raise AssetError(path, f"has {channels} channels; 1 to {MAX_CHANNELS} can be played")
                yield file
    except FileNotFoundError:
        raise AssetError(path, "does not exist") from None
    except OSError as error:
        raise AssetError(path, f"cannot be read: {error.strerror or error}") from error
    except soundfile.LibsndfileError as error:
        raise AssetError(path, f"is not audio this switch can play ({error.error_string.rstrip('.')})") from error
