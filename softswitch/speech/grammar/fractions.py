"""Decimal fractions as words: "two point five", "дві цілих п’ять десятих", "dwa i pięć dziesiątych".

The noun after a fraction is in the genitive singular (plural category "other").
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from softswitch.speech.grammar.digits import digits
from softswitch.speech.grammar.numbers import LARGEST, Gender, cardinal
from softswitch.speech.grammar.plurals import category

_MINUS = {"en": "minus", "uk": "мінус", "ru": "минус", "pl": "minus"}
_POINT = {"en": "point", "uk": "кома", "ru": "запятая", "pl": "przecinek"}

#: "Whole", then tenths, hundredths, thousandths: with one, few and many of them.
_PARTS = {
    "uk": ("ціла цілих цілих", "десята десятих десятих", "сота сотих сотих", "тисячна тисячних тисячних"),
    "ru": ("целая целых целых", "десятая десятых десятых", "сотая сотых сотых", "тысячная тысячных тысячных"),
    "pl": ("i i i", "dziesiąta dziesiąte dziesiątych", "setna setne setnych", "tysięczna tysięczne tysięcznych"),
}
_FORM = {"one": 0, "few": 1, "many": 2}


def parse_number(text: str) -> Decimal:
    """A number as people and programs write it, with a point or a comma. Raises ValueError."""
    try:
        value = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        raise ValueError(f'"{text}" is not a number') from None
    if not value.is_finite() or abs(value) >= LARGEST + 1:
        raise ValueError(f'"{text}" is not between -{LARGEST} and {LARGEST}')
    return value


def number(value: Decimal | int, language: str, gender: Gender = Gender.MASCULINE) -> str:
    """Any number of at most 999,999, as it is written: 2.50 is two and fifty hundredths. *gender* is for whole ones."""
    if value < 0:
        return f"{_MINUS[language]} {number(-value, language, gender)}"
    whole = int(value)
    decimals = str(value).partition(".")[2] if isinstance(value, Decimal) else ""
    if not decimals.strip("0"):
        return cardinal(whole, language, gender)
    if language == "en":
        return f"{cardinal(whole, language)} point {digits(decimals, language)}"
    if len(decimals) > 3:
        return f"{cardinal(whole, language)} {_POINT[language]} {digits(decimals, language)}"
    its_gender = Gender.MASCULINE if language == "pl" else Gender.FEMININE
    return " ".join(
        (
            cardinal(whole, language, its_gender),
            _part(0, whole, language),
            cardinal(int(decimals), language, Gender.FEMININE),
            _part(len(decimals), int(decimals), language),
        )
    )


def _part(place: int, n: int, language: str) -> str:
    return _PARTS[language][place].split()[_FORM[category(n, language)]]
