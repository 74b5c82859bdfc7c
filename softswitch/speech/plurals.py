"""Plural categories of whole numbers (CLDR)."""

from __future__ import annotations

from functools import cache

from babel import Locale

LANGUAGES = ("en", "uk", "ru", "pl")


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language)


def category(n: int, language: str) -> str:
    """ "one", "few", "many" or "other": which form of a noun goes with *n*."""
    return _locale(language).plural_form(abs(n))


@cache
def categories(language: str) -> frozenset[str]:
    """All categories that whole numbers have in *language*; the others are for fractions."""
    return frozenset(category(n, language) for n in range(200))
