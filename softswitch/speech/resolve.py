"""From a prompt to what can be played: recordings where there are any, a text for the synthesiser otherwise.

A recording is `<folder>/<language>/<key>.wav`, and for a prompt with arguments `<key>.<argument>….wav` in the order of
the arguments' names (`queue-position.5.wav`). Without one, recorded words (see `words`) may say the text between them.
Folders are read once: nothing here touches the disk during a call.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from softswitch.speech.catalogue import MissingPrompt
from softswitch.speech.grammar.plurals import LANGUAGES
from softswitch.speech.template import parse_template

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ivr.nodes import Prompt
    from softswitch.speech.catalogue import Catalogue
    from softswitch.speech.words import Parts, RecordedWords

RECORDING_SUFFIX = ".wav"


@dataclass(frozen=True, slots=True)
class Recorded:
    """An audio file to play."""

    path: Path


@dataclass(frozen=True, slots=True)
class Spoken:
    """Words to synthesise; `language` is theirs, and not the one asked for when they are not written in that.

    `unfit`: placeholders whose values could not be said in their form, as "{sum:money}".
    """

    text: str
    language: str
    unfit: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Joined:
    """Recordings to play one after another as one file; numbers are seconds of silence. `instead`: if that fails."""

    parts: Parts
    instead: Spoken


def find_recordings(*folders: Path) -> dict[tuple[str, str], Path]:
    """All recordings by (language, name without suffix); those of later folders replace those of earlier ones."""
    return {
        (file.parent.name, file.name.removesuffix(RECORDING_SUFFIX)): file
        for folder in folders
        for language in LANGUAGES
        for file in sorted((folder / language).glob(f"*{RECORDING_SUFFIX}"))
    }


class Resolver:
    """Finds what to play for a prompt. *fallbacks*: languages tried in turn when a prompt lacks the one asked for."""

    def __init__(
        self,
        catalogue: Catalogue,
        recordings: Mapping[tuple[str, str], Path] | None = None,
        fallbacks: Iterable[str] = ("en",),
        words: Mapping[str, RecordedWords] | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._recordings = dict(recordings or {})
        self._words = dict(words or {})
        self._fallbacks = tuple(fallbacks)

    def resolve(self, prompt: Prompt, language: str) -> Recorded | Joined | Spoken:
        """What to play; raises MissingPrompt when there is nothing in any language."""
        for wanted in dict.fromkeys((language, *self._fallbacks, *prompt.text, *self._catalogue.languages)):
            if recording := self._recordings.get((wanted, recording_name(prompt))):
                return Recorded(recording)
            text, unfit = self._text(prompt, wanted)
            if text:
                words = self._words.get(wanted)
                parts = words.cover(text) if words is not None else None
                spoken = Spoken(text, wanted, unfit)
                return spoken if parts is None else Joined(parts, spoken)
        raise MissingPrompt(f'there is nothing to say for "{prompt.key}"')

    def _text(self, prompt: Prompt, language: str) -> tuple[str, tuple[str, ...]]:
        """The words, and what in them could not be said as it should be."""
        if not prompt.text:
            return self._catalogue.attempt(prompt.key, language, prompt.args)
        text = prompt.text.get(language, "").strip()
        if not prompt.args or not text:
            return text, ()
        # a text of the configuration that was given arguments has placeholders as the catalogue has
        try:
            said, unfit = parse_template(text).attempt(prompt.args, language)
        except ValueError as error:
            raise MissingPrompt(f'prompt "{prompt.key}" cannot be said: {error}') from None
        return said.strip(), unfit


def recording_name(prompt: Prompt) -> str:
    """The name of the file that would say this prompt, without its suffix."""
    return ".".join((prompt.key, *(str(prompt.args[name]) for name in sorted(prompt.args))))
