"""Whole numbers as words, in the gender and case of the noun that follows.

Speech engines read figures, but in one form only: "два хвилини" for "2 хвилини". So numbers reach them as words.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from softswitch.speech.grammar.number_words import EN_SMALL, EN_TENS, PL, RU, UK, Slavic
from softswitch.speech.grammar.plurals import category

if TYPE_CHECKING:
    from softswitch.speech.grammar.number_words import Forms

LARGEST = 999_999

_SLAVIC = {"uk": UK, "ru": RU, "pl": PL}
_THOUSAND_FORM = {"one": 0, "few": 1, "many": 2}


class Gender(StrEnum):
    MASCULINE = "m"
    FEMININE = "f"
    NEUTER = "n"


class Case(StrEnum):
    NOMINATIVE = "nom"
    GENITIVE = "gen"
    ACCUSATIVE = "acc"


def cardinal(
    n: int,
    language: str,
    gender: Gender = Gender.MASCULINE,
    case: Case = Case.NOMINATIVE,
    *,
    person: bool = False,
) -> str:
    """*n* (0 to 999,999) as words: ``cardinal(22, "uk", Gender.FEMININE)`` → ``"двадцять дві"``.

    *person*: the noun is one, which matters in the accusative and for masculine nouns in Polish. Raises ValueError for
    other numbers and KeyError for other languages.
    """
    if not 0 <= n <= LARGEST:
        raise ValueError(f"{n} is not between 0 and {LARGEST}")
    if language == "en":
        return _english(n)
    return " ".join(_slavic(n, _SLAVIC[language], language, gender, case, person=person))


def _english(n: int) -> str:
    if n < 20:
        return EN_SMALL[n]
    if n < 100:
        return EN_TENS[n // 10] + (f"-{EN_SMALL[n % 10]}" if n % 10 else "")
    if n < 1000:
        return f"{EN_SMALL[n // 100]} hundred" + (f" and {_english(n % 100)}" if n % 100 else "")
    thousands, rest = divmod(n, 1000)
    joint = " and " if rest < 100 else " "
    return f"{_english(thousands)} thousand" + (f"{joint}{_english(rest)}" if rest else "")


def _slavic(n: int, words: Slavic, language: str, gender: Gender, case: Case, *, person: bool) -> list[str]:
    thousands, rest = divmod(n, 1000)
    spoken: list[str] = []
    if thousands:
        if thousands > 1 or words.says_one_thousand:
            # "тисяча" is feminine, "tysiąc" masculine; neither is a person.
            its_gender = Gender.FEMININE if words.says_one_thousand else Gender.MASCULINE
            spoken += _hundreds(thousands, words, its_gender, case, person=False)
        form = _THOUSAND_FORM[category(thousands, language)]
        if case is Case.ACCUSATIVE and form == 0:
            spoken.append(words.thousand_accusative)
        else:
            spoken.append(_forms(words, case).thousand[form])
    if rest or not thousands:
        spoken += _hundreds(rest, words, gender, case, person=person and gender is not Gender.NEUTER, compound=n > 999)
    return spoken


def _hundreds(n: int, words: Slavic, gender: Gender, case: Case, *, person: bool, compound: bool = False) -> list[str]:
    """0 to 999. *compound*: thousands go before."""
    if person and words.persons_take_genitive and gender is Gender.MASCULINE and (n > 1 or compound):
        case = Case.GENITIVE
    forms = _forms(words, case)
    spoken = []
    below = n % 100
    if n >= 100:
        spoken.append(forms.hundreds[n // 100])
    if below >= 20:
        spoken.append(forms.tens[below // 10])
        below %= 10
    compound = compound or bool(spoken)
    if below or not spoken:
        spoken.append(_unit(below, words, gender, case, person=person, compound=compound))
    return spoken


def _unit(n: int, words: Slavic, gender: Gender, case: Case, *, person: bool, compound: bool) -> str:
    """0 to 19, the part that agrees with the noun."""
    if n == 1 and compound and words.one_is_invariable:
        return words.nominative.small[1]
    if case is Case.ACCUSATIVE:
        if n == 1 and gender is Gender.FEMININE:
            return words.feminine_one_accusative
        if person and _person_accusative(n, words, gender, compound=compound):
            case = Case.GENITIVE
    forms = _forms(words, case)
    other = {Gender.FEMININE: forms.feminine, Gender.NEUTER: forms.neuter}.get(gender, {})
    return other.get(n, forms.small[n])


def _person_accusative(n: int, words: Slavic, gender: Gender, *, compound: bool) -> bool:
    """Whether people in the accusative sound as in the genitive ("двох операторів", but "двадцять два оператори")."""
    if n == 1:
        return gender is Gender.MASCULINE
    return 2 <= n <= 4 and not compound and not words.persons_take_genitive


def _forms(words: Slavic, case: Case) -> Forms:
    return words.genitive if case is Case.GENITIVE else words.nominative
