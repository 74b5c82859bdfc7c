"""What the switch should say, as audio to recognise: rendered by the same engine, into a cache of the tests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from softswitch.paths import prompts_dir
from softswitch.speech.catalogue import Catalogue
from softswitch.tts.synthesizer import SpeechSettings, Synthesizer
from tests.support.audio import read_wav

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


class Speech:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._catalogue = Catalogue.load(prompts_dir())

    def phrase(self, key: str, language: str = "en", **arguments: int | str) -> NDArray[np.float32]:
        """A phrase of the shipped catalogue."""
        return self.text(self._catalogue.text(key, language, arguments), language)

    def text(self, text: str, language: str = "en") -> NDArray[np.float32]:
        async def render() -> Path:
            synthesizer = Synthesizer(SpeechSettings(), self._folder)
            await synthesizer.start()
            try:
                return await synthesizer.render(text, language)
            finally:
                await synthesizer.stop()

        return read_wav(asyncio.run(render())).samples
