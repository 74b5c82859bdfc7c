"""Amounts of money as words: "dwanaście złotych pięćdziesiąt groszy", "twelve euros and one cent"."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from softswitch.speech.grammar.fractions import parse_number
from softswitch.speech.grammar.nouns import Noun, count, english, slavic
from softswitch.speech.grammar.numbers import Case, Gender

if TYPE_CHECKING:
    from collections.abc import Mapping

_M, _F, _N = Gender.MASCULINE, Gender.FEMININE, Gender.NEUTER
_MINUS = {"en": "minus", "uk": "мінус", "ru": "минус", "pl": "minus"}
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Currency:
    major: Noun
    minor: Noun


_EURO_PL = slavic(_N, "euro euro euro euro euro euro")
_EURO_RU = slavic(_M, "евро евро евро евро евро евро")
_EURO_UK = slavic(_M, "євро євро євро євро євро євро")
_CENT_PL = slavic(_M, "cent centy centów centa centa centów", "centa")
_CENT_RU = slavic(_M, "цент цента центов цента цента центов")
_CENT_UK = slavic(_M, "цент центи центів цента цента центів")

#: By ISO 4217 code and language.
CURRENCIES: Mapping[str, Mapping[str, Currency]] = {
    "UAH": {
        "en": Currency(english("hryvnia", "hryvnias"), english("kopiyka", "kopiykas")),
        "uk": Currency(
            slavic(_F, "гривня гривні гривень гривні гривні гривень", "гривню"),
            slavic(_F, "копійка копійки копійок копійки копійки копійок", "копійку"),
        ),
        "ru": Currency(
            slavic(_F, "гривна гривны гривен гривны гривны гривен", "гривну"),
            slavic(_F, "копейка копейки копеек копейки копейки копеек", "копейку"),
        ),
        "pl": Currency(
            slavic(_F, "hrywna hrywny hrywien hrywny hrywny hrywien", "hrywnę"),
            slavic(_F, "kopiejka kopiejki kopiejek kopiejki kopiejki kopiejek", "kopiejkę"),
        ),
    },
    "PLN": {
        "en": Currency(english("zloty", "zlotys"), english("grosz", "groszy")),
        "uk": Currency(
            slavic(_M, "злотий злоті злотих злотого злотого злотих"),
            slavic(_M, "грош гроші грошів гроша гроша грошів"),
        ),
        "ru": Currency(
            slavic(_M, "злотый злотых злотых злотого злотого злотых"),
            slavic(_M, "грош гроша грошей гроша гроша грошей"),
        ),
        "pl": Currency(
            slavic(_M, "złoty złote złotych złotego złotego złotych"),
            slavic(_M, "grosz grosze groszy grosza grosza groszy"),
        ),
    },
    "EUR": {
        "en": Currency(english("euro", "euros"), english("cent", "cents")),
        "uk": Currency(_EURO_UK, _CENT_UK),
        "ru": Currency(_EURO_RU, _CENT_RU),
        "pl": Currency(_EURO_PL, _CENT_PL),
    },
    "USD": {
        "en": Currency(english("dollar", "dollars"), english("cent", "cents")),
        "uk": Currency(slavic(_M, "долар долари доларів долара долара доларів"), _CENT_UK),
        "ru": Currency(slavic(_M, "доллар доллара долларов доллара доллара долларов"), _CENT_RU),
        "pl": Currency(slavic(_M, "dolar dolary dolarów dolara dolara dolarów", "dolara"), _CENT_PL),
    },
    "RUB": {
        "en": Currency(english("rouble", "roubles"), english("kopeck", "kopecks")),
        "uk": Currency(
            slavic(_M, "рубль рублі рублів рубля рубля рублів"),
            slavic(_F, "копійка копійки копійок копійки копійки копійок", "копійку"),
        ),
        "ru": Currency(
            slavic(_M, "рубль рубля рублей рубля рубля рублей"),
            slavic(_F, "копейка копейки копеек копейки копейки копеек", "копейку"),
        ),
        "pl": Currency(
            slavic(_M, "rubel ruble rubli rubla rubla rubli", "rubla"),
            slavic(_F, "kopiejka kopiejki kopiejek kopiejki kopiejki kopiejek", "kopiejkę"),
        ),
    },
    "GBP": {
        "en": Currency(english("pound", "pounds"), english("penny", "pence")),
        "uk": Currency(
            slavic(_M, "фунт фунти фунтів фунта фунта фунтів"), slavic(_M, "пенс пенси пенсів пенса пенса пенсів")
        ),
        "ru": Currency(
            slavic(_M, "фунт фунта фунтов фунта фунта фунтов"), slavic(_M, "пенс пенса пенсов пенса пенса пенсов")
        ),
        "pl": Currency(
            slavic(_M, "funt funty funtów funta funta funtów", "funta"),
            slavic(_M, "pens pensy pensów pensa pensa pensów", "pensa"),
        ),
    },
}


def parse_money(text: str, currency: str = "") -> tuple[Decimal, str]:
    """ "12.50 UAH" or "UAH 12.50" → amount, rounded to two places, and code. Raises ValueError.

    *currency*: the code of an amount that is written without one.
    """
    words = text.upper().split()
    if len(words) == 1 and currency:
        words.append(currency)
    codes = [word for word in words if word in CURRENCIES]
    if len(words) != 2 or len(codes) != 1:
        raise ValueError(f'"{text}" is not an amount; write for example "12.50 UAH" ({", ".join(CURRENCIES)})')
    (amount,) = (word for word in words if word not in CURRENCIES)
    return parse_number(amount).quantize(_CENT, ROUND_HALF_UP), codes[0]


def money(amount: Decimal, currency: str, language: str, case: Case = Case.NOMINATIVE) -> str:
    """An amount of at most 999,999 units; minor units that are zero are left out. KeyError: an unknown currency."""
    names = CURRENCIES[currency][language]
    cents = int(abs(amount).quantize(_CENT, ROUND_HALF_UP) * 100)
    major, minor = divmod(cents, 100)
    parts = [count(major, names.major, language, case)] if major or not minor else []
    if minor:
        parts.append(count(minor, names.minor, language, case))
    spoken = (" and " if language == "en" else " ").join(parts)
    return f"{_MINUS[language]} {spoken}" if amount < 0 and cents else spoken
