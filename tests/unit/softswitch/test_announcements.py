"""Announcements recognised in what goes out on the wire: the right number, in the right words, in four languages.

What is heard comes all the way from the prompt: catalogue, grammar, the default engine, levelling, coding as A-law.
What it is compared with does not: the golden sentences, spoken by another engine in another process.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rtp.codecs.g711 import decode
from softswitch.media.assets import load_frames
from softswitch.paths import prompts_dir
from softswitch.speech.grammar.plurals import LANGUAGES
from softswitch.speech.phrases import WAIT_BOXES, position, wait
from softswitch.tts.synthesizer import SpeechSettings, Synthesizer
from softswitch.voice import RenderedVoice
from tests.support.audio import read_wav
from tests.support.spectra import recognise, spectrum
from tests.unit.softswitch.speech.test_golden import table

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from ivr.nodes import Prompt

RECOGNISED = 0.9


def golden(language: str) -> dict[str, str]:
    """What is to be heard: place or wait → sentence."""
    places = {n: place for n, place, _ in table(language, "queue")[1]}
    texts = {key: text for key, arguments, text in table(language, "phrases")[1] if not arguments}
    return places | {f"wait {box}": texts[key] for box, key in WAIT_BOXES.items()}


def prompts(language: str) -> dict[str, Prompt]:
    places = {n: position(int(n)) for n, *_ in table(language, "queue")[1]}
    return places | {f"wait {box}": wait(box) for box in WAIT_BOXES}


async def spoken_by_another(folder: Path, language: str) -> dict[str, NDArray[np.float64]]:
    engine = Synthesizer(SpeechSettings(engine="espeak"), folder)
    await engine.start()
    try:
        files = {name: await engine.render(text, language) for name, text in golden(language).items()}
    finally:
        await engine.stop()
    return {name: spectrum(read_wav(file).samples) for name, file in files.items()}


async def on_the_wire(folder: Path, language: str) -> dict[str, NDArray[np.float32]]:
    """As a phone decodes it; every fiftieth packet is lost."""
    ready = asyncio.Event()
    synthesizer = Synthesizer(SpeechSettings(), folder)
    voice = RenderedVoice([prompts_dir()], synthesizer, on_ready=ready.set, fallback="en")
    await synthesizer.start()
    heard: dict[str, NDArray[np.float32]] = {}
    try:
        for name, prompt in prompts(language).items():
            while (path := voice.find(prompt, language)) is None:
                await asyncio.wait_for(ready.wait(), 60)
                ready.clear()
            frames = decode("PCMA", load_frames(path, "PCMA").reshape(-1)).reshape(-1, 160).copy()
            frames[25::50] = 0
            heard[name] = (frames.reshape(-1) / 32768).astype(np.float32)
    finally:
        await synthesizer.stop()
    return heard


@pytest.mark.asyncio
@pytest.mark.parametrize("language", LANGUAGES)
async def test_places_and_waits_are_recognised_in_recorded_audio(tmp_path: Path, language: str) -> None:
    known = await spoken_by_another(tmp_path / "known", language)
    for name, samples in (await on_the_wire(tmp_path / "heard", language)).items():
        found, score = recognise(spectrum(samples), known)
        assert (found, score > RECOGNISED) == (name, True), score
