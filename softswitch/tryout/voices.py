"""Whether the speech engine speaks, tried before anybody calls: one text in each language that callers may hear."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from softswitch.config import flows
from softswitch.config.load import warning_at
from softswitch.speech.catalogue import MissingPrompt
from softswitch.speech.phrases import announcements
from softswitch.speech.resolve import Resolver, Spoken
from softswitch.tts.trial import silent_languages
from softswitch.voice import find_speech, prompt_folders, speech_settings, spoken_languages
from softswitch.wording import standing_prompts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ivr.nodes import Prompt
    from softswitch.config import Config
    from softswitch.config.errors import Problem
    from softswitch.config.positions import Path

#: What else is said of engines and voices: then there is nothing new to be found by trying them.
_KNOWN = {"no-engine", "no-voice"}
CODE = "no-voice"


def silent_voices(config: Config) -> list[Problem]:
    """Warnings about languages whose texts the engine cannot speak; blocking, for some seconds at most."""
    if CODE in config.lint.ignore or any(found.code in _KNOWN for found in config.warnings):
        return []
    resolver = find_speech(prompt_folders(config), config.server.language)
    prompts = [*standing_prompts(config, flows.flow(config)), *announcements(1)]
    texts = {
        language: text
        for language in spoken_languages(config)
        if (text := next(_spoken(resolver, prompts, language), ""))
    }
    cache = config.server.data_dir / "speech"
    silent = asyncio.run(silent_languages(speech_settings(config.tts), texts, cache))
    alike = list(dict.fromkeys(silent.values()))
    return [_warning(config, [language for language in silent if silent[language] == why], why) for why in alike]


def _spoken(resolver: Resolver, prompts: list[Prompt], language: str) -> Iterator[str]:
    """Texts that the engine is asked for; where all of them are recorded, it need not speak."""
    for prompt in prompts:
        with suppress(MissingPrompt):
            found = resolver.resolve(prompt, language)
            if isinstance(found, Spoken) and found.language == language and any(map(str.isalpha, found.text)):
                yield found.text


def _warning(config: Config, languages: list[str], why: str) -> Problem:
    named = [language for language in languages if language in config.tts.voice]
    path: Path = ("tts", "voice", named[0]) if named else ("tts", "engine")
    what = f"nothing can be spoken in {', '.join(languages)}: {why}"
    right = "callers hear only what is recorded; see docs/speech.md for engines and their voices"
    return warning_at(config, path, what, right, code=CODE)
