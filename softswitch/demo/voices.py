"""Everything that will be said, rendered before it begins: the switch's prompts and the voices of the people."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import soundfile

from ivr.nodes import Prompt
from rtp.codecs.g711 import SAMPLE_RATE
from softswitch.demo.script import AGENTS, CALLERS, LANGUAGES, MENU
from softswitch.demo.switch import DemoError
from softswitch.paths import prompts_dir
from softswitch.phones.recognition import Clip
from softswitch.speech.catalogue import Catalogue, MissingPrompt
from softswitch.speech.phrases import position
from softswitch.speech.resolve import Joined, Recorded, Resolver, find_recordings
from softswitch.tts.synthesizer import DEFAULT_RATES, DEFAULT_VOICES, SpeechSettings, SynthesisFailed, Synthesizer

if TYPE_CHECKING:
    from pathlib import Path

    from rtp.codecs.g711 import Pcm
    from softswitch.demo.script import Person

#: Positions that callers may be told.
_POSITIONS: Final = 4


class Voices:
    """Sounds by who says them. The cache is the switch's own, so that it has nothing left to render."""

    def __init__(self, cache: Path) -> None:
        folder = prompts_dir()
        self._catalogue = Catalogue.load(folder)
        self._resolver = Resolver(self._catalogue, find_recordings(folder))
        people = {_voice_key(person, language): person for person, language in _speakers()}
        self._synthesizer = Synthesizer(
            SpeechSettings(
                voices=DEFAULT_VOICES | {key: DEFAULT_VOICES[key[:2]] + person.voice for key, person in people.items()},
                rates=DEFAULT_RATES | {key: DEFAULT_RATES[key[:2]] for key in people},
            ),
            cache,
        )
        self._clips: dict[tuple[str, str], Clip] = {}
        self.music = Clip(_read(folder / "music" / "default.wav"))

    async def render(self) -> None:
        """Raises DemoError."""
        await self._synthesizer.start()
        try:
            await asyncio.gather(*(self._render(key, text) for key, text in self._texts()))
            await asyncio.gather(
                *(self._render_prompt(prompt, language) for language in LANGUAGES for prompt in _prompts())
            )
        except (SynthesisFailed, MissingPrompt) as error:
            raise DemoError(f"speech cannot be rendered: {error}") from error
        finally:
            await self._synthesizer.stop()

    def of(self, person: Person, language: str, text: str) -> Clip:
        return self._clips[_voice_key(person, language), text]

    def menu(self, language: str) -> Clip:
        return self._clips[language, MENU[language]]

    def places(self, language: str) -> dict[int, Clip]:
        """The switch telling how many callers are before one, by their number."""
        return {ahead: self.prompt(position(ahead), language) for ahead in range(_POSITIONS)}

    def prompt(self, prompt: Prompt, language: str) -> Clip:
        return self._clips[language, self.text(prompt, language)]

    def text(self, prompt: Prompt, language: str) -> str:
        return self._catalogue.text(prompt.key, language, prompt.args)

    def _texts(self) -> list[tuple[str, str]]:
        texts = [(language, text) for language, text in MENU.items()]
        for caller in CALLERS:
            for turn in caller.talk:
                speakers: list[Person] = (
                    [caller] if turn.who == "caller" else [a for a in AGENTS if a.id == caller.agent]
                )
                texts += [(_voice_key(speaker, caller.language), turn.text) for speaker in speakers]
        return texts

    async def _render(self, voice: str, text: str) -> None:
        self._clips[voice, text] = Clip(_read(await self._synthesizer.render(text, voice)))

    async def _render_prompt(self, prompt: Prompt, language: str) -> None:
        found = self._resolver.resolve(prompt, language)
        if isinstance(found, Recorded):
            self._clips[language, self.text(prompt, language)] = Clip(_read(found.path))
        else:
            spoken = found.instead if isinstance(found, Joined) else found
            await self._render(language, spoken.text)


def _prompts() -> list[Prompt]:
    said = ("agent-logged-in", "invalid-choice")
    return [*(Prompt(key) for key in said), *(position(ahead) for ahead in range(_POSITIONS))]


def _speakers() -> list[tuple[Person, str]]:
    return [(caller, caller.language) for caller in CALLERS] + [
        (agent, language) for agent in AGENTS for language in LANGUAGES if agent.speaks(language)
    ]


def _voice_key(person: Person, language: str) -> str:
    """The name under which the synthesiser knows the voice of *person* speaking *language*."""
    return f"{language}+{person.name}"


def _read(path: Path) -> Pcm:
    try:
        sound, rate = soundfile.read(path, dtype="int16")
    except (OSError, soundfile.LibsndfileError) as error:
        raise DemoError(f"{path} cannot be read: {error}") from error
    if rate != SAMPLE_RATE or sound.ndim != 1:
        raise DemoError(f"{path} is not {SAMPLE_RATE} Hz mono")
    pcm: Pcm = sound
    return pcm
