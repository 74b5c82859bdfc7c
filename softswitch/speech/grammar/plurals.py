"""Plural categories (CLDR)."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from babel import Locale

LANGUAGES = ("en", "uk", "ru", "pl")

#: The category of numbers that are not whole; the noun after them is in the genitive singular.
FRACTION = "other"


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language)


def category(n: int | Decimal, language: str) -> str:
    """ "one", "few", "many" or "other": which form of a noun goes with *n*; fractions that are whole count as such."""
    return _locale(language).plural_form(abs(Decimal(n)) if n % 1 else abs(int(n)))


@cache
def categories(language: str) -> frozenset[str]:
    """All categories that whole numbers have in *language*; the others are for fractions."""
    return frozenset(category(n, language) for n in range(200))
