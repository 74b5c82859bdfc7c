"""Audio of messages: recordings that a killed process left unfinished, and the forms in which they are mailed.

Blocking; for threads.
"""

from __future__ import annotations

import io
import os
import struct
from typing import TYPE_CHECKING

import soundfile

if TYPE_CHECKING:
    from pathlib import Path

#: How messages are attached: libsndfile's format and subtype, the media type and the suffix.
FORMS = {
    "wav": ("WAV", "PCM_16", "audio/wav", ".wav"),
    "mp3": ("MP3", "MPEG_LAYER_III", "audio/mpeg", ".mp3"),
    "opus": ("OGG", "OPUS", "audio/ogg", ".opus"),
}


def length(path: Path) -> float:
    """Seconds of audio in the file; 0 when there is none, or nothing that can be read."""
    try:
        info = soundfile.info(path)
    except (OSError, RuntimeError):
        return 0.0
    return float(info.frames / info.samplerate)


def repair(path: Path) -> float:
    """Make the header of a WAV file tell the audio that is there, and return its seconds.

    Whoever wrote it may have been killed before it told, or have told less than was written after it. 0 when there is
    no file or no audio in it; raises OSError when the disk does not let anybody know.
    """
    try:
        with path.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            head = file.read(12)
            if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"WAVE":
                return 0.0
            at, align = 12, 1
            while at + 8 <= size:
                file.seek(at)
                name, told = struct.unpack("<4sI", file.read(8))
                if name == b"fmt ":
                    align = max(1, struct.unpack("<H", file.read(14)[12:14])[0])
                if name == b"data":
                    there = (size - at - 8) // align * align
                    if told != there and (told == 0 or told > there or at + 8 + told + 8 > size):
                        file.seek(at + 4)
                        file.write(struct.pack("<I", there))
                        file.seek(4)
                        file.write(struct.pack("<I", at + 8 + there - 8))
                        file.flush()
                        os.fsync(file.fileno())
                    break
                at += 8 + told + told % 2
    except (FileNotFoundError, struct.error):
        return 0.0
    return length(path)


def encoded(path: Path, form: str) -> tuple[bytes, str, str]:
    """The file as *form* of `FORMS`, with its media type and suffix. Raises OSError or RuntimeError."""
    kind, subtype, media_type, suffix = FORMS[form]
    samples, rate = soundfile.read(path, dtype="int16")
    packed = io.BytesIO()
    soundfile.write(packed, samples, rate, format=kind, subtype=subtype)
    return packed.getvalue(), media_type, suffix
