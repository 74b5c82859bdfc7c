"""What callers would hear, as text, and how long it would last."""

from __future__ import annotations

import contextlib
import wave
from typing import TYPE_CHECKING

from softswitch.speech.catalogue import Catalogue, MissingPrompt
from softswitch.speech.resolve import Recorded, Resolver, Spoken, find_recordings
from softswitch.voice import prompt_folders

if TYPE_CHECKING:
    from ivr.nodes import Prompt
    from softswitch.config import Config

_SHORTEST = 0.5  # seconds


class SpokenTexts:
    """Texts of the catalogues and of the configuration; nothing is rendered."""

    def __init__(self, config: Config) -> None:
        places = prompt_folders(config)
        catalogue, fallbacks = Catalogue.load(*places), (config.server.language, "en")
        self._texts = Resolver(catalogue, None, fallbacks)
        self._voice = Resolver(catalogue, find_recordings(*places), fallbacks)
        self._rate = config.tts.rate

    def text(self, prompt: Prompt, language: str) -> tuple[str, str]:
        """What is said to a caller of *language*, and in which; empty when there is nothing to say."""
        with contextlib.suppress(MissingPrompt):
            found = self._texts.resolve(prompt, language)
            return (found.text, found.language) if isinstance(found, Spoken) else (prompt.key, language)
        return "", language

    def unfit(self, prompt: Prompt, language: str) -> tuple[str, ...]:
        """Placeholders whose values cannot be said in their form."""
        with contextlib.suppress(MissingPrompt):
            found = self._texts.resolve(prompt, language)
            return found.unfit if isinstance(found, Spoken) else ()
        return ()

    def recording(self, prompt: Prompt, language: str) -> str:
        """The file that says it, or nothing where it is spoken."""
        with contextlib.suppress(MissingPrompt):
            found = self._voice.resolve(prompt, language)
            return str(found.path) if isinstance(found, Recorded) else ""
        return ""

    def seconds(self, prompt: Prompt, language: str) -> float:
        """Of the recording, or estimated from the words."""
        with contextlib.suppress(OSError, EOFError, wave.Error):
            if (file := self.recording(prompt, language)) and file.endswith(".wav"):
                with wave.open(file) as audio:
                    return float(audio.getnframes() / audio.getframerate())
        return max(_SHORTEST, len(self.text(prompt, language)[0].split()) * 60 / self._rate)
