from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from softswitch.speech.grammar.numbers import LARGEST, Case, Gender, cardinal
from softswitch.speech.grammar.plurals import LANGUAGES, categories, category

M, F, N = Gender.MASCULINE, Gender.FEMININE, Gender.NEUTER
NOM, GEN, ACC = Case.NOMINATIVE, Case.GENITIVE, Case.ACCUSATIVE

SMALL = range(2001)
LARGE = st.integers(0, LARGEST)


def plain(text: str) -> str:
    """Without the differences in spelling between the oracle and us."""
    return text.replace(",", "").replace("’", "'").replace("ё", "е")


Oracle = tuple[Callable[[int], str], Callable[[int], str]]
ORACLES: dict[str, Oracle] = {
    "en": (lambda n: cardinal(n, "en"), lambda n: num2words(n, lang="en")),
    "uk": (lambda n: cardinal(n, "uk"), lambda n: num2words(n, lang="uk")),
    "uk f": (lambda n: cardinal(n, "uk", F), lambda n: num2words(n, lang="uk", gender="feminine")),
    "ru": (lambda n: cardinal(n, "ru"), lambda n: num2words(n, lang="ru")),
    "ru f": (lambda n: cardinal(n, "ru", F), lambda n: num2words(n, lang="ru", gender="f")),
    "ru n": (lambda n: cardinal(n, "ru", N), lambda n: num2words(n, lang="ru", gender="n")),
    "ru gen": (lambda n: cardinal(n, "ru", M, GEN), lambda n: num2words(n, lang="ru", case="g")),
    "ru f gen": (lambda n: cardinal(n, "ru", F, GEN), lambda n: num2words(n, lang="ru", case="g", gender="f")),
    "pl": (lambda n: cardinal(n, "pl"), lambda n: num2words(n, lang="pl")),
}


@pytest.mark.parametrize("form", ORACLES)
def test_small_numbers_agree_with_another_implementation(form: str) -> None:
    ours, theirs = ORACLES[form]
    assert [plain(ours(n)) for n in SMALL] == [plain(theirs(n)) for n in SMALL]


@pytest.mark.parametrize("form", ORACLES)
@given(n=LARGE)
def test_large_numbers_agree_with_another_implementation(form: str, n: int) -> None:
    ours, theirs = ORACLES[form]
    assert plain(ours(n)) == plain(theirs(n))


def test_ukrainian_genitive_agrees_where_the_other_implementation_is_right() -> None:
    """It declines hundreds and compounds with one wrongly ("двохста", "двадцяти одного" is right for both)."""
    for n in range(1, 200):
        assert plain(cardinal(n, "uk", M, GEN)) == plain(num2words(n, lang="uk", case="genitive"))


@pytest.mark.parametrize(
    ("language", "n", "gender", "case", "words"),
    [
        ("uk", 0, F, NOM, "нуль"),
        ("uk", 1, F, ACC, "одну"),
        ("uk", 1, N, NOM, "одне"),
        ("uk", 2, F, ACC, "дві"),
        ("uk", 21, F, ACC, "двадцять одну"),
        ("uk", 21, F, GEN, "двадцяти однієї"),
        ("uk", 200, M, GEN, "двохсот"),
        ("uk", 999, F, GEN, "дев’ятисот дев’яноста дев’яти"),
        ("uk", 1000, M, ACC, "одну тисячу"),
        ("uk", 1000, M, GEN, "однієї тисячі"),
        ("uk", 2002, F, NOM, "дві тисячі дві"),
        ("uk", 21_000, M, ACC, "двадцять одну тисячу"),
        ("uk", 5005, M, GEN, "п’яти тисяч п’яти"),
        ("ru", 1, F, ACC, "одну"),
        ("ru", 41, F, ACC, "сорок одну"),
        ("ru", 1001, N, NOM, "одна тысяча одно"),
        ("ru", 1000, F, ACC, "одну тысячу"),
        ("ru", 2000, M, ACC, "две тысячи"),
        ("ru", 343, M, GEN, "трёхсот сорока трёх"),
        ("pl", 1, F, NOM, "jedna"),
        ("pl", 1, F, ACC, "jedną"),
        ("pl", 1, F, GEN, "jednej"),
        ("pl", 1, N, NOM, "jedno"),
        ("pl", 2, F, NOM, "dwie"),
        ("pl", 21, F, NOM, "dwadzieścia jeden"),
        ("pl", 21, F, ACC, "dwadzieścia jeden"),
        ("pl", 21, F, GEN, "dwudziestu jeden"),
        ("pl", 22, F, ACC, "dwadzieścia dwie"),
        ("pl", 22, F, GEN, "dwudziestu dwóch"),
        ("pl", 562, F, GEN, "pięciuset sześćdziesięciu dwóch"),
        ("pl", 1000, F, GEN, "tysiąca"),
        ("pl", 1001, F, NOM, "tysiąc jeden"),
        ("pl", 2002, F, NOM, "dwa tysiące dwie"),
        ("pl", 5000, F, GEN, "pięciu tysięcy"),
        ("pl", 22_000, F, NOM, "dwadzieścia dwa tysiące"),
    ],
)
def test_forms_that_agree_with_a_noun(language: str, n: int, gender: Gender, case: Case, words: str) -> None:
    assert cardinal(n, language, gender, case) == words


@pytest.mark.parametrize(
    ("language", "n", "gender", "case", "words"),
    [
        ("pl", 1, M, NOM, "jeden"),
        ("pl", 2, M, NOM, "dwóch"),
        ("pl", 5, M, NOM, "pięciu"),
        ("pl", 22, M, ACC, "dwudziestu dwóch"),
        ("pl", 101, M, NOM, "stu jeden"),
        ("pl", 1005, M, NOM, "tysiąc pięciu"),
        ("pl", 1, M, ACC, "jednego"),
        ("pl", 2, F, ACC, "dwie"),
        ("ru", 1, M, ACC, "одного"),
        ("ru", 2, M, ACC, "двух"),
        ("ru", 4, F, ACC, "четырёх"),
        ("ru", 5, M, ACC, "пять"),
        ("ru", 21, M, ACC, "двадцать одного"),
        ("ru", 22, M, ACC, "двадцать два"),
        ("ru", 2, M, NOM, "два"),
        ("uk", 3, M, ACC, "трьох"),
        ("uk", 1, F, ACC, "одну"),
    ],
)
def test_forms_that_count_people(language: str, n: int, gender: Gender, case: Case, words: str) -> None:
    assert cardinal(n, language, gender, case, person=True) == words


@pytest.mark.parametrize("n", [-1, LARGEST + 1])
def test_other_numbers_are_refused(n: int) -> None:
    with pytest.raises(ValueError, match="not between"):
        cardinal(n, "en")


@given(n=LARGE)
def test_plural_categories_follow_the_rules_of_each_language(n: int) -> None:
    tens, units = n % 100 // 10, n % 10
    few = 2 <= units <= 4 and tens != 1
    assert category(n, "en") == ("one" if n == 1 else "other")
    assert category(n, "pl") == ("one" if n == 1 else "few" if few else "many")
    for language in ("uk", "ru"):
        assert category(n, language) == ("one" if units == 1 and tens != 1 else "few" if few else "many")


def test_categories_are_those_of_whole_numbers() -> None:
    assert {language: sorted(categories(language)) for language in LANGUAGES} == {
        "en": ["one", "other"],
        "uk": ["few", "many", "one"],
        "ru": ["few", "many", "one"],
        "pl": ["few", "many", "one"],
    }
