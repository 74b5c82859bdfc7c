"""Nouns that are counted, with the form that each number asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from softswitch.speech.grammar.fractions import number
from softswitch.speech.grammar.numbers import Case, Gender, cardinal
from softswitch.speech.grammar.plurals import category

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Noun:
    """One noun in one language.

    `counted` holds the forms after a number in the nominative, by plural category; "other" goes with fractions.
    `genitive` holds one and several; `accusative_one` is the accusative singular, and the rest of the accusative is as
    the nominative, since nothing here is alive. English has neither gender nor case: both repeat the plain forms.
    """

    gender: Gender
    counted: Mapping[str, str]
    genitive: tuple[str, str]
    accusative_one: str

    def form(self, plural: str, case: Case = Case.NOMINATIVE) -> str:
        """The noun after a number of that plural category."""
        if case is Case.GENITIVE:
            return self.genitive[0 if plural in ("one", "other") else 1]
        if case is Case.ACCUSATIVE and plural == "one":
            return self.accusative_one
        return self.counted[plural]


def english(one: str, several: str) -> Noun:
    return Noun(Gender.MASCULINE, {"one": one, "other": several}, (one, several), one)


def slavic(gender: Gender, forms: str, accusative_one: str = "") -> Noun:
    """*forms*: with 1, with 2, with 5, with a half, and in the genitive singular and plural, parted by spaces."""
    one, few, many, fraction, genitive, genitive_plural = forms.split()
    counted = {"one": one, "few": few, "many": many, "other": fraction}
    return Noun(gender, counted, (genitive, genitive_plural), accusative_one or one)


def count(n: int | Decimal, noun: Noun, language: str, case: Case = Case.NOMINATIVE) -> str:
    """*n* things as words: ``count(22, <хвилина>, "uk")`` → ``"двадцять дві хвилини"``.

    A fraction itself is said in the nominative, whatever the case; the noun after it is in the genitive anyhow.
    """
    plural = category(n, language)
    form = noun.counted[plural] if language == "en" else noun.form(plural, case)
    if n % 1:
        return f"{number(n, language)} {form}"
    # Polish treats dollars and cents as if they lived: "jednego dolara".
    like_person = n == 1 and case is Case.ACCUSATIVE and noun.counted["one"] != noun.accusative_one == noun.genitive[0]
    return f"{cardinal(int(n), language, noun.gender, case, person=like_person)} {form}"
