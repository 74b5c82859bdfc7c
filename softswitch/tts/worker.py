"""The synthesis process: `python -m softswitch.tts.worker <engine> <timeout> [command words…]`.

Two kinds of jobs: a text to speak, and recordings to join into one file. Jobs come as JSON lines on standard input, one
answer line each goes to standard output; end of input ends it. Engines are native code that can hang or take the
process down: `synthesizer` watches it from outside and starts another.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import soundfile

from softswitch.tts.engines import Engine, EngineError, make_engine
from softswitch.tts.levelling import SAMPLE_RATE, prepare_prompt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from numpy.typing import NDArray

MAX_FILE_BYTES: Final = 64 << 20
_NICENESS: Final = 5  # audio in progress goes before audio to come


def render(engine: Engine, text: str, voice: str, rate: int, target: Path) -> float:
    """Speak into *target*, which appears whole or not at all; returns its seconds. Raises EngineError."""
    raw = target.with_name(f".{target.stem}.{os.getpid()}.raw.tmp")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        engine.render(text, voice, rate, raw)
        try:
            samples = _prompt(raw)
        except (OSError, soundfile.LibsndfileError):
            raise EngineError("the engine left no readable audio") from None
        if samples.size == 0:
            raise EngineError("the engine spoke only silence")
        return _write(samples, target)
    finally:
        raw.unlink(missing_ok=True)


def join(parts: Sequence[str | float], target: Path) -> float:
    """Recordings (paths) and silence (seconds) as one file at *target*; returns its seconds. Raises EngineError."""
    pieces: list[NDArray[np.int16]] = []
    for part in parts:
        if isinstance(part, str):
            try:
                pieces.append(_prompt(Path(part)))
            except (OSError, soundfile.LibsndfileError):
                raise EngineError(f"{part}: is no audio file that can be read") from None
        else:
            pieces.append(np.zeros(round(part * SAMPLE_RATE), dtype=np.int16))
    samples = np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.int16)
    if not samples.any():
        raise EngineError("the recordings hold only silence")
    target.parent.mkdir(parents=True, exist_ok=True)
    return _write(samples, target)


def _prompt(path: Path) -> NDArray[np.int16]:
    audio, sample_rate = soundfile.read(path, dtype="float32", always_2d=True)
    return prepare_prompt(audio.mean(axis=1), sample_rate)


def _write(samples: NDArray[np.int16], target: Path) -> float:
    """A WAV file that appears whole or not at all; returns its seconds."""
    ready = target.with_name(f".{target.stem}.{os.getpid()}.tmp")
    try:
        with open(ready, "wb") as file:
            with wave.open(file, "wb") as out:
                out.setnchannels(1)
                out.setsampwidth(2)
                out.setframerate(SAMPLE_RATE)
                out.writeframes(samples.tobytes())
            file.flush()
            os.fsync(file.fileno())
        ready.replace(target)
    except OSError as error:
        raise EngineError(f"{target}: {error.strerror or error}") from None
    finally:
        ready.unlink(missing_ok=True)
    return samples.size / SAMPLE_RATE


def serve(engine: Engine, jobs: BinaryIO, answers: BinaryIO) -> None:
    """Answer jobs until their stream ends."""

    def answer(**fields: object) -> None:
        answers.write(json.dumps(fields).encode() + b"\n")
        answers.flush()

    answer(ready=True)
    for line in jobs:
        job = json.loads(line)
        try:
            target = Path(job["target"])
            if "parts" in job:
                seconds = join(job["parts"], target)
            else:
                seconds = render(engine, job["text"], job["voice"], job["rate"], target)
        except EngineError as error:
            answer(id=job["id"], error=str(error))
        else:
            answer(id=job["id"], seconds=seconds)


def main(argv: Sequence[str]) -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for control, which then ends our input
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_FILE_BYTES, MAX_FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(_NICENESS)
    answers = os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)  # engines print
    try:
        engine = make_engine(argv[0], argv[2:], timeout=float(argv[1]))
    except (EngineError, ValueError, OSError) as error:
        answers.write(json.dumps({"ready": False, "error": str(error)}).encode() + b"\n")
        answers.flush()
        return 1
    serve(engine, sys.stdin.buffer, answers)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
