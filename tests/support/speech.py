"""What the switch should say, as audio to recognise: the very files in its cache of rendered speech.

Rendering the same text again will not do: the engine's consonants are noise, and differ each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from softswitch.paths import prompts_dir
from softswitch.speech.catalogue import Catalogue
from softswitch.tts.synthesizer import SpeechSettings, Synthesizer
from tests.support.audio import read_wav
from tests.support.switch import eventually

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

LANGUAGES = ("en", "uk", "ru", "pl")
AGENT_PHRASES = (
    "agent-logged-in",
    "agent-logged-out",
    "agent-break-started",
    "agent-break-ended",
    "agent-login-failed",
)
#: What callers and agents of queues hear, in English.
WAITING_PHRASES: tuple[tuple[str, dict[str, int | str]], ...] = (
    ("callback-offer", {"key": "2"}),
    ("callback-number", {"number": "2001"}),
    ("number-confirm", {}),
    ("callback-confirmed", {}),
    ("callback-greeting", {"company": "Acme"}),
    ("whisper-wait-short", {"label": "Sales"}),
)


class Speech:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._catalogue = Catalogue.load(prompts_dir())

    def texts(self, own: list[str]) -> list[tuple[str, str]]:
        """What the tests may hear, with its language: `own` in English, what agents are told, the first positions."""
        found = [(text, "en") for text in own]
        found += [(self._catalogue.text(key, "en", {}), "en") for key in AGENT_PHRASES]
        found += [(self._catalogue.text(key, "en", arguments), "en") for key, arguments in WAITING_PHRASES]
        for language in LANGUAGES:
            found.append((self._catalogue.text("queue-next", language, {}), language))
            found += [(self._catalogue.text("queue-position", language, {"n": ahead}), language) for ahead in (1, 2)]
        return found

    def phrase(self, key: str, /, language: str = "en", **arguments: int | str) -> NDArray[np.float32]:
        """A phrase of the shipped catalogue."""
        return self.text(self.wording(key, language, **arguments), language)

    def wording(self, key: str, /, language: str = "en", **arguments: int | str) -> str:
        """What such a phrase says."""
        return self._catalogue.text(key, language, arguments)

    def text(self, text: str, language: str = "en") -> NDArray[np.float32]:
        """What is configured to be said, as the switch has rendered it or is about to."""
        found: list[Path] = []

        def rendered() -> bool:
            path = Synthesizer(SpeechSettings(), self._folder).lookup(text, language)
            found.extend([path] if path else [])
            return path is not None

        eventually(rendered, what=f"rendered speech for {text!r}")
        return read_wav(found[0]).samples
