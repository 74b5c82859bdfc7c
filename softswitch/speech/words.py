"""Recorded words: whole announcements put together from recordings of single words and of words in a row.

    <folder>/<language>/words/двадцять.wav
    <folder>/<language>/words/перед_вами_в_черзі.wav

The text of an announcement is made first, with its grammar; then it is covered with recordings, as long ones as there
are. A text of which one word is not recorded is left to the synthesiser. Names are compared without regard to case
and punctuation, "_" is a space, and apostrophes of all kinds are one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from softswitch.speech.grammar.plurals import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

FOLDER = "words"
SHORT_PAUSE = 0.2  # seconds, at a comma
LONG_PAUSE = 0.4  # at the end of a sentence

_WORD = re.compile(r"[^\W_]+(?:['’ʼ`][^\W_]+)*")
_APOSTROPHES = str.maketrans("’ʼ`", "'''")

#: Recordings and seconds of silence, in the order of playing.
Parts = tuple["Path | float", ...]


@dataclass(frozen=True, slots=True)
class _Text:
    words: tuple[str, ...]
    pauses: tuple[float, ...]  # after each word


class RecordedWords:
    """The recordings of one language."""

    def __init__(self, recordings: Mapping[tuple[str, ...], Path]) -> None:
        self._recordings = recordings
        self._longest = max(map(len, recordings), default=0)

    def __len__(self) -> int:
        return len(self._recordings)

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(self._recordings.values())

    def cover(self, text: str) -> Parts | None:
        """The fewest recordings that say *text*, with pauses where it has commas and full stops; None: not possible."""
        heard = _parse(text)
        count = len(heard.words)
        if not count:
            return None
        # best[n]: (how many recordings, length of the last one) that say the first n words
        best: list[tuple[int, int] | None] = [(0, 0)] + [None] * count
        for end in range(1, count + 1):
            for length in range(1, min(self._longest, end) + 1):
                before = best[end - length]
                if before is not None and heard.words[end - length : end] in self._recordings:
                    candidate = (before[0] + 1, length)
                    best[end] = min(best[end] or candidate, candidate, key=lambda found: found[0])
        ends: list[int] = []
        at = count
        while at:
            found = best[at]
            if found is None:
                return None
            ends.append(at)
            at -= found[1]
        parts: list[Path | float] = []
        for end in reversed(ends):
            parts.append(self._recordings[heard.words[at:end]])
            if heard.pauses[end - 1] and end < count:
                parts.append(heard.pauses[end - 1])
            at = end
        return tuple(parts)

    def missing(self, texts: Iterable[str]) -> list[str]:
        """The words of *texts* that no recording could say there, each once."""
        missing: dict[str, None] = {}
        for text in texts:
            words = _parse(text).words
            said = set[int]()
            for begin in range(len(words)):
                for end in range(begin + 1, min(begin + self._longest, len(words)) + 1):
                    if words[begin:end] in self._recordings:
                        said.update(range(begin, end))
            missing |= dict.fromkeys(word for at, word in enumerate(words) if at not in said)
        return list(missing)


def find_words(suffix: str, *folders: Path) -> dict[str, RecordedWords]:
    """All recorded words by language; those of later folders replace those of earlier ones."""
    found: dict[str, dict[tuple[str, ...], Path]] = {}
    for folder, language in product(folders, LANGUAGES):
        for file in sorted((folder / language / FOLDER).glob(f"*{suffix}")):
            if words := _parse(file.name.removesuffix(suffix).replace("_", " ")).words:
                found.setdefault(language, {})[words] = file
    return {language: RecordedWords(recordings) for language, recordings in found.items()}


def _parse(text: str) -> _Text:
    words: list[str] = []
    pauses: list[float] = []
    end = 0
    for match in _WORD.finditer(text):
        if words:
            pauses.append(_pause(text[end : match.start()]))
        words.append(match[0].casefold().translate(_APOSTROPHES))
        end = match.end()
    return _Text(tuple(words), (*pauses, 0.0))


def _pause(between: str) -> float:
    if any(c in ".!?" for c in between):
        return LONG_PAUSE
    return SHORT_PAUSE if any(c in ",;:—–" for c in between) else 0.0
