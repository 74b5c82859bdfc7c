"""The voice over the real catalogues and the real speech engine."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import soundfile

from ivr.nodes import Prompt
from softswitch.paths import prompts_dir
from softswitch.speech.phrases import position
from softswitch.tts.synthesizer import SpeechSettings, Synthesizer
from softswitch.voice import RenderedVoice

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.asyncio


async def found(voice: RenderedVoice, prompt: Prompt, language: str, ready: asyncio.Event) -> str:
    """The path, as call control comes by it: asks, and asks again when it is told."""
    while (path := voice.find(prompt, language)) is None:
        await asyncio.wait_for(ready.wait(), 60)
        ready.clear()
    return path


async def test_what_is_not_there_is_rendered_and_then_found_at_once(tmp_path: Path) -> None:
    ready = asyncio.Event()
    synthesizer = Synthesizer(SpeechSettings(), tmp_path)
    await synthesizer.start()
    try:
        voice = RenderedVoice([prompts_dir()], synthesizer, on_ready=ready.set, fallback="en")
        assert voice.find(position(3), "uk") is None
        path = await found(voice, position(3), "uk", ready)
        assert soundfile.info(path).duration > 1
        assert voice.find(position(3), "uk") == path
        assert voice.find(position(4), "uk") != path
    finally:
        await synthesizer.stop()


async def test_a_recording_wins_over_speech(tmp_path: Path) -> None:
    recording = tmp_path / "prompts" / "pl" / "queue-position.5.wav"
    recording.parent.mkdir(parents=True)
    recording.write_bytes(b"RIFF")
    voice = RenderedVoice(
        [prompts_dir(), tmp_path / "prompts"],
        Synthesizer(SpeechSettings(), tmp_path),
        on_ready=lambda: None,
        fallback="en",
    )
    assert voice.find(position(5), "pl") == str(recording)


async def test_what_cannot_be_said_is_left_out_and_tried_again(tmp_path: Path) -> None:
    ready = asyncio.Event()
    synthesizer = Synthesizer(SpeechSettings(voices={"en": "no-such-voice"}), tmp_path)
    await synthesizer.start()
    try:
        voice = RenderedVoice([prompts_dir()], synthesizer, on_ready=ready.set, fallback="en")
        assert await found(voice, Prompt("goodbye"), "en", ready) == ""
        assert voice.find(Prompt("goodbye"), "en") is None
    finally:
        await synthesizer.stop()


async def test_a_prompt_that_exists_nowhere_is_silence(tmp_path: Path) -> None:
    voice = RenderedVoice(
        [prompts_dir()], Synthesizer(SpeechSettings(), tmp_path), on_ready=lambda: None, fallback="en"
    )
    assert voice.find(Prompt("no-such-prompt"), "en") == ""
