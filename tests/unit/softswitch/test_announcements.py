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
from softswitch.media.assets import load_pcm, to_frames
from softswitch.paths import prompts_dir
from softswitch.speech import phrases
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
#: What else callers and agents of queues are told, with the arguments that the golden table has.
TOLD = (
    *map(phrases.callback_offer, "1*#"),
    phrases.callback_number("+48 601 234 567"),
    phrases.read_back("+380441234567"),
    phrases.read_back("112"),
    phrases.confirm_number(),
    phrases.enter_callback_number(),
    phrases.callback_confirmed(),
    phrases.callback_duplicate(),
    phrases.callback_greeting("Acme"),
    *(phrases.whisper("Acme", seconds) for seconds in (5, 60, 150, 3600, 3601)),
    phrases.whisper_callback("Acme"),
)


def name_of(prompt: Prompt) -> str:
    return " ".join((prompt.key, *(f"{name}={value}" for name, value in prompt.args.items())))


def golden(language: str) -> dict[str, str]:
    """What is to be heard: place, wait or phrase → sentence."""
    places = {n: place for n, place in table(language, "queue")[1]}
    texts = {f"{key} {arguments}".rstrip(): text for key, arguments, text in table(language, "phrases")[1]}
    told = {name: texts[name] for name in map(name_of, TOLD)}
    return places | {f"wait {box}": texts[key] for box, key in WAIT_BOXES.items()} | told


def prompts(language: str) -> dict[str, Prompt]:
    places = {n: position(int(n)) for n, *_ in table(language, "queue")[1]}
    return places | {f"wait {box}": wait(box) for box in WAIT_BOXES} | {name_of(prompt): prompt for prompt in TOLD}


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
            frames = decode("PCMA", to_frames(load_pcm(path), "PCMA").reshape(-1)).reshape(-1, 160).copy()
            frames[25::50] = 0
            heard[name] = (frames.reshape(-1) / 32768).astype(np.float32)
    finally:
        await synthesizer.stop()
    return heard


@pytest.mark.asyncio
@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_callers_and_agents_of_queues_are_told_is_recognised_in_recorded_audio(
    tmp_path: Path, language: str
) -> None:
    known = await spoken_by_another(tmp_path / "known", language)
    for name, samples in (await on_the_wire(tmp_path / "heard", language)).items():
        found, score = recognise(spectrum(samples), known)
        assert (found, score > RECOGNISED) == (name, True), score
