"""From a prompt to an audio file: a recording, or speech rendered and kept on disk."""

from __future__ import annotations

import logging
from itertools import product
from typing import TYPE_CHECKING

from softswitch.speech.catalogue import Catalogue, MissingPrompt
from softswitch.speech.phrases import position
from softswitch.speech.resolve import Recorded, Resolver, find_recordings
from softswitch.tts.synthesizer import SynthesisFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from ivr.nodes import Prompt
    from softswitch.tts.synthesizer import Synthesizer

log = logging.getLogger(__name__)

#: Positions that are rendered ahead of any caller; longer queues are rendered as they grow.
RENDERED_POSITIONS = 15


class RenderedVoice:
    """`softswitch.ports.Voice` over the catalogues, the recordings and the synthesiser."""

    def __init__(
        self, folders: Iterable[Path], synthesizer: Synthesizer, *, on_ready: Callable[[], None], fallback: str
    ) -> None:
        places = tuple(folders)
        self._resolver = Resolver(Catalogue.load(*places), find_recordings(*places), (fallback, "en"))
        self._synthesizer = synthesizer
        self._on_ready = on_ready
        self._failed: set[tuple[str, str]] = set()

    def find(self, prompt: Prompt, language: str) -> str | None:
        """See `softswitch.ports.Voice.find`. A text that failed is left out once, and tried again the next time."""
        try:
            found = self._resolver.resolve(prompt, language)
        except MissingPrompt as missing:
            log.error("%s", missing)
            return ""
        if isinstance(found, Recorded):
            return str(found.path)
        key = (found.text, found.language)
        if key in self._failed:
            self._failed.discard(key)
            return ""

        def done(outcome: Path | SynthesisFailed) -> None:
            if isinstance(outcome, SynthesisFailed):
                log.warning('prompt "%s" (%s) cannot be spoken: %s', prompt.key, found.language, outcome)
                self._failed.add(key)
            self._on_ready()

        path = self._synthesizer.request(found.text, found.language, done)
        return None if path is None else str(path)

    def prepare(self, prompts: Iterable[Prompt], languages: Iterable[str]) -> int:
        """Render ahead what callers may hear; returns how many are still missing."""
        return self._synthesizer.prerender(self._texts((*prompts, *common_prompts()), tuple(languages)))

    def _texts(self, prompts: Iterable[Prompt], languages: Iterable[str]) -> Iterator[tuple[str, str]]:
        for prompt, language in product(prompts, languages):
            try:
                found = self._resolver.resolve(prompt, language)
            except MissingPrompt:
                continue
            if not isinstance(found, Recorded):
                yield found.text, found.language


def common_prompts() -> Iterator[Prompt]:
    """What queues say."""
    return (position(ahead) for ahead in range(RENDERED_POSITIONS + 1))
