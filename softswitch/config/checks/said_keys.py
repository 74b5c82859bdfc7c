"""Which keys a text tells callers to press, in four languages."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PRESS = {
    "en": r"press|dial|push",
    "uk": r"натисн\w*|наберіть|оберіть",
    "ru": r"нажм\w*|набер\w*|выбер\w*",
    "pl": r"naciśni\w*|nacisn\w*|wciśni\w*|wybier\w*",
}
#: Words that may stand between the verb and the key.
_FILLER = {
    "en": "the|key|number|button",
    "uk": "клавішу|кнопку|цифру|на",
    "ru": "клавишу|кнопку|цифру|на",
    "pl": "klawisz|przycisk|cyfrę|numer",
}
_WORDS = {
    "en": "zero one two three four five six seven eight nine star hash|pound",
    "uk": "нуль один|одиницю два|двійку три|трійку чотири п[’ʼ']ять шість сім вісім дев[’ʼ']ять зірочку решітку",
    "ru": "ноль один|единицу два|двойку три|тройку четыре пять шесть семь восемь девять зв[ёе]здочку реш[ёе]тку",
    "pl": "zero jeden dwa trzy cztery pięć sześć siedem osiem dziewięć gwiazdkę krzyżyk|hash",
}
_KEYS = "0123456789*#"
_CLAUSE = re.compile(r"[.!?;:]\s")


def said_keys(text: str, language: str) -> Iterator[str]:
    """The keys that *text* says to press, in its order."""
    for found in _pattern(language).finditer(text):
        yield found["key"] or next(_KEYS[n] for n in range(len(_KEYS)) if found[f"word{n}"])


def first_choice(text: str, language: str) -> int | None:
    """The character of *text* at which the sentence of the first choice begins; None: it names no key."""
    found = _pattern(language).search(text)
    if found is None:
        return None
    return max((end.end() for end in _CLAUSE.finditer(text, 0, found.start())), default=0)


@lru_cache(maxsize=8)
def _pattern(language: str) -> re.Pattern[str]:
    language = language if language in _PRESS else "en"
    words = "|".join(f"(?P<word{n}>{word})" for n, word in enumerate(_WORDS[language].split()))
    key = rf"(?:(?P<key>[0-9]+|[*#])|(?:{words})\b)"
    return re.compile(rf"\b(?:{_PRESS[language]}),?\s+(?:(?:{_FILLER[language]})\s+)*{key}", re.IGNORECASE)
