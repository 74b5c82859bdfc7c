"""Ordinals as words, in the gender and case of the noun they belong to: "двадцять першого", "piętnastej"."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from softswitch.speech.grammar.numbers import Gender, cardinal
from softswitch.speech.grammar.ordinal_words import EN_SMALL, EN_TENS, PL, RU, UK

if TYPE_CHECKING:
    from softswitch.speech.grammar.ordinal_words import OrdinalWords

LARGEST_ORDINAL = 9999

_SLAVIC = {"uk": UK, "ru": RU, "pl": PL}


class Declined(StrEnum):
    """The cases ordinals are needed in; the accusative is that of things, and the locative goes with "at"."""

    NOMINATIVE = "nom"
    GENITIVE = "gen"
    ACCUSATIVE = "acc"
    LOCATIVE = "loc"


_M, _F, _N = Gender.MASCULINE, Gender.FEMININE, Gender.NEUTER
_CASES = (Declined.NOMINATIVE, Declined.GENITIVE, Declined.ACCUSATIVE, Declined.LOCATIVE)

#: By language and ending of the masculine nominative: what stands instead of it, in the order of `_CASES`.
_ENDINGS: dict[str, dict[str, dict[Gender, tuple[str, ...]]]] = {
    "uk": {
        "ий": {_M: ("ий", "ого", "ий", "ому"), _F: ("а", "ої", "у", "ій"), _N: ("е", "ого", "е", "ому")},
        "ій": {_M: ("ій", "ього", "ій", "ьому"), _F: ("я", "ьої", "ю", "ій"), _N: ("є", "ього", "є", "ьому")},
    },
    "ru": {
        "ый": {_M: ("ый", "ого", "ый", "ом"), _F: ("ая", "ой", "ую", "ой"), _N: ("ое", "ого", "ое", "ом")},
        "ой": {_M: ("ой", "ого", "ой", "ом"), _F: ("ая", "ой", "ую", "ой"), _N: ("ое", "ого", "ое", "ом")},
        "ий": {_M: ("ий", "ьего", "ий", "ьем"), _F: ("ья", "ьей", "ью", "ьей"), _N: ("ье", "ьего", "ье", "ьем")},
    },
    "pl": {
        "y": {_M: ("y", "ego", "y", "ym"), _F: ("a", "ej", "ą", "ej"), _N: ("e", "ego", "e", "ym")},
        "gi": {_M: ("gi", "giego", "gi", "gim"), _F: ("ga", "giej", "gą", "giej"), _N: ("gie", "giego", "gie", "gim")},
        "ci": {
            _M: ("ci", "ciego", "ci", "cim"),
            _F: ("cia", "ciej", "cią", "ciej"),
            _N: ("cie", "ciego", "cie", "cim"),
        },
    },
}


def ordinal(n: int, language: str, gender: Gender = Gender.MASCULINE, case: Declined = Declined.NOMINATIVE) -> str:
    """*n* (0 to 9,999) as an ordinal: ``ordinal(21, "uk", Gender.NEUTER)`` → ``"двадцять перше"``.

    Raises ValueError for other numbers and KeyError for other languages.
    """
    if not 0 <= n <= LARGEST_ORDINAL:
        raise ValueError(f"{n} is not between 0 and {LARGEST_ORDINAL}")
    if language == "en":
        return _english(n)
    before, ordinals = _parts(n, _SLAVIC[language])
    spoken = [_years_cardinal(before, language)] if before else []
    return " ".join(spoken + [_decline(word, language, gender, case) for word in ordinals])


def _english(n: int) -> str:
    below = n % 100
    if n and not below:
        return f"{cardinal(n, 'en')}th"  # "hundredth", "thousandth"
    before = f"{cardinal(n - below, 'en')} and " if n > 99 else ""
    if below < 20:
        return before + EN_SMALL[below]
    if below % 10:
        return f"{before}{cardinal(below - below % 10, 'en')}-{EN_SMALL[below % 10]}"
    return before + EN_TENS[below // 10]


def _parts(n: int, words: OrdinalWords) -> tuple[int, list[str]]:
    """The part that stays a cardinal, and the ordinal words after it."""
    below = n % 100
    if below or n == 0:
        if below < 20:
            return n - below, [words.small[below]]
        tens, units = words.tens[below // 10], below % 10
        if not units:
            return n - below, [tens]
        if words.tens_are_ordinal:
            return n - below, [tens, words.small[units]]
        return n - units, [words.small[units]]
    if n % 1000:
        return n - n % 1000, [words.hundreds[n % 1000 // 100]]
    return 0, [words.thousands[n // 1000] + words.thousandth]


def _years_cardinal(n: int, language: str) -> str:
    """A thousand is counted only from two on: "тысяча девятьсот девяносто девятый"."""
    if n // 1000 == 1 and language != "pl":
        thousand = cardinal(1000, language).split()[1]
        return f"{thousand} {cardinal(n - 1000, language)}" if n > 1000 else thousand
    return cardinal(n, language)


def _decline(word: str, language: str, gender: Gender, case: Declined) -> str:
    table = _ENDINGS[language]
    ending = next(ending for ending in table if word.endswith(ending))
    return word.removesuffix(ending) + table[ending][gender][_CASES.index(case)]
