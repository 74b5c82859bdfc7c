"""What callers hear in the dialogue tests: recorded prompts are tones, everything else is recognised as speech."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from tests.support.audio import Recording, silence, sine, write_wav

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.support.pjsua_agent import PjsuaCall
    from tests.support.speech import Speech

RECOGNISED = 0.6  # another sentence of the same voice stays below 0.5; a phone's buffer that slips costs up to 0.3
PATIENCE = 15.0
SHORTEST = 0.5  # seconds of a sentence; less is a disturbance
SHORTEST_SPLIT = 1.0  # seconds of a clip whose halves are still words
PAUSE = 0.35  # seconds of silence that end a sentence


def record_tones(folder: Path, seconds: float = 1.0, **prompts: float) -> None:
    """Recordings in place of prompts below the data of a switch; "__" in a name stands for a dot."""
    recordings = folder / "data" / "prompts" / "en"
    recordings.mkdir(parents=True, exist_ok=True)
    for key, hz in prompts.items():
        write_wav(recordings / f"{key.replace('__', '.')}.wav", sine(hz, seconds))


def recognises(heard: Recording, clip: NDArray[np.float32]) -> bool:
    """Whether the clip is in what was heard, be it with a slip of the phone's buffer in its middle."""
    if heard.find(clip).score > RECOGNISED:
        return True
    if len(clip) < SHORTEST_SPLIT * 8000:
        return False
    return all(heard.find(half).score > RECOGNISED for half in (clip[: len(clip) // 2], clip[len(clip) // 2 :]))


def hears(call: PjsuaCall, clip: NDArray[np.float32], what: str, *, since: float = 0.0) -> None:
    """Wait until the clip was heard, counting from the monotonic time `since`."""

    def heard(recording: Recording) -> bool:
        return recognises(recording.between(since) if since else recording, clip)

    call.listen_until(heard, what=what, within=PATIENCE)


def hears_text(call: PjsuaCall, speech: Speech, text: str, language: str = "en", *, since: float = 0.0) -> None:
    hears(call, speech.text(text, language), f'"{text}"', since=since)


def hears_phrase(
    call: PjsuaCall, speech: Speech, key: str, /, language: str = "en", *, since: float = 0.0, **arguments: int | str
) -> None:
    hears(call, speech.phrase(key, language, **arguments), f'"{key}"', since=since)


def hears_music(call: PjsuaCall, music: NDArray[np.float32], *, since: float = 0.0) -> None:
    """A second of it at the end of what was heard so far."""

    def heard(recording: Recording) -> bool:
        lately = recording.between(since) if since else recording
        return lately.length > 1 and lately.part(lately.length - 1).position_in(music).score > RECOGNISED

    call.listen_until(heard, what="music", within=PATIENCE)


def talk(call: PjsuaCall, other: PjsuaCall, *, hz: float = 440.0, back: float = 1000.0) -> None:
    """Both are heard by the other, from now on."""
    call.play_tone(hz)
    other.play_tone(back)
    other.listen_for_tone(hz)
    call.listen_for_tone(back)


def sentences(heard: Recording) -> list[NDArray[np.float32]]:
    """What was said between two silences."""
    quiet = heard.silences(longer_than=PAUSE)
    said = [(before.end, after.start) for before, after in itertools.pairwise(quiet)]
    return [heard.part(start, end).samples for start, end in said if end - start > SHORTEST]


def trimmed(clip: Recording) -> NDArray[np.float32]:
    """Without the silence around it."""
    ends = silence(2 * PAUSE)
    (only,) = sentences(Recording(np.concatenate([ends, clip.samples, ends])))
    return only
