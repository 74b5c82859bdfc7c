"""Which keys a text tells callers to press, in four languages.

It may say so key by key ("press 1, press 2"), in a list after one verb ("press 1 for sales, 2 for support or 3"), or
without a verb ("Sales – 1").
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PRESS = {
    "en": r"press|dial|push",
    "uk": r"натисн\w*|тисн\w*|наберіть|набрати|оберіть|обрати",
    "ru": r"наж(?:м|ат)\w*|набер\w*|набрать|выбер\w*|выбрать",
    "pl": r"naciśni\w*|nacis[nk]\w*|nacisnąć|wciśni\w*|wcis[nk]\w*|wcisnąć|wybier\w*|wybrać",
}
#: Words that may stand between the verb and the key.
_FILLER = {
    "en": "the|key|number|button",
    "uk": "клавішу|кнопку|цифру|на|з|із|цифрою|номером",
    "ru": "клавишу|кнопку|цифру|на|с|цифрой|номером",
    "pl": "klawisz|przycisk|cyfrę|numer|z|cyfrą|numerem",
}
_WORDS = {
    "en": "zero one two three four five six seven eight nine star hash|pound",
    "uk": "нуль один|одиницю два|двійку три|трійку чотири п[’ʼ']ять шість сім вісім дев[’ʼ']ять зірочку решітку",
    "ru": "ноль один|единицу два|двойку три|тройку четыре пять шесть семь восемь девять зв[ёе]здочку реш[ёе]тку",
    "pl": "zero jeden dwa trzy cztery pięć sześć siedem osiem dziewięć gwiazdkę krzyżyk|hash",
}
#: Words after a number that make it "one of the following", which is no key.
_PART = {"en": "of", "uk": "із?з?|зі", "ru": "из|с", "pl": "ze?"}
#: Words between the keys of a list.
_AND = {"en": "and|or", "uk": "і|й|та|або|чи", "ru": "и|или", "pl": "i|lub|albo|oraz|a"}
#: Words after a number that make it an amount, which is no key.
_UNIT = {
    "en": "days?|hours?|minutes?|times?|years?|percent",
    "uk": r"дн\w*|годин\w*|хвилин\w*|раз\w*|рок\w*|відсот\w*",
    "ru": r"дн\w*|час\w*|минут\w*|раз\w*|лет|год\w*|процент\w*",
    "pl": r"dni\w*|godzin\w*|minut\w*|raz\w*|lat\w*|procent\w*",
}
_KEYS = "0123456789*#"
_CLAUSE = re.compile(r"[.!?;:]\s")
_SENTENCE = re.compile(r"[.!?](?:\s|$)")
#: "Sales – 1" and "1 – sales", but not "from 9 – 6".
_DASHED = re.compile(
    r"(?<![\d\s])\s+[–—-]\s+(?P<behind>[0-9*#])(?=\s*(?:[,.;!?]|$))"
    r"|(?:^|[,.;:!?]\s+)(?P<before>[0-9*#])\s+[–—-]\s+(?=[^\W\d])"
)


def said_keys(text: str, language: str) -> Iterator[str]:
    """The keys that *text* says to press, in its order."""
    yield from (key for _, key in _said(text, language if language in _PRESS else "en"))


def first_choice(text: str, language: str) -> int | None:
    """The character of *text* at which the sentence of the first choice begins; None: it names no key."""
    found = next(iter(_said(text, language if language in _PRESS else "en")), None)
    if found is None:
        return None
    return max((end.end() for end in _CLAUSE.finditer(text, 0, found[0])), default=0)


def _said(text: str, language: str) -> list[tuple[int, str]]:
    """Where keys are named, and which."""
    found: dict[int, tuple[int, str]] = {}  # by the place of the key itself
    for verb in _pressed(language).finditer(text):
        at = verb.end()
        found[at] = (verb.start(), verb["key"] or next(_KEYS[n] for n in range(len(_KEYS)) if verb[f"word{n}"]))
        end = _SENTENCE.search(text, at)
        for more in _listed(language).finditer(text, at, end.start() if end else len(text)):
            found.setdefault(more.end(), (more.start("key"), more["key"]))
    for dashed in _DASHED.finditer(text):
        which = dashed.lastgroup or ""
        found.setdefault(dashed.end(which), (dashed.start(), dashed[which]))
    return [found[at] for at in sorted(found)]


@lru_cache(maxsize=8)
def _pressed(language: str) -> re.Pattern[str]:
    words = "|".join(f"(?P<word{n}>{word})" for n, word in enumerate(_WORDS[language].split()))
    key = rf"(?:(?P<key>[0-9]+|[*#])|(?:{words})\b(?!\s+(?:{_PART[language]})\b))"
    return re.compile(rf"\b(?:{_PRESS[language]}),?\s+(?:(?:{_FILLER[language]})\s+)*{key}", re.IGNORECASE)


@lru_cache(maxsize=8)
def _listed(language: str) -> re.Pattern[str]:
    """A key further on in the list: "…, 2 for support", "… or 3"."""
    return re.compile(
        rf"(?:,|\b(?:{_AND[language]}))\s+(?:(?:{_AND[language]})\s+)?(?P<key>[0-9*#])(?![\w–—:.-]\w|\w)"
        rf"(?!\s+(?:{_UNIT[language]})\b)(?!\s+[–—-]\s+\d)",
        re.IGNORECASE,
    )
