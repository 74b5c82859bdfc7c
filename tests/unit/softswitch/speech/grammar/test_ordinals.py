from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from softswitch.speech.grammar.numbers import Gender
from softswitch.speech.grammar.ordinals import LARGEST_ORDINAL, Declined, ordinal
from softswitch.speech.grammar.plurals import LANGUAGES


def plain(text: str) -> str:
    """Without differences in spelling that are not mistakes."""
    for theirs, ours in ((",", ""), ("’", "'"), ("trzysetny", "trzechsetny"), ("czterysetny", "czterechsetny")):
        text = text.replace(theirs, ours)
    return text.removeprefix("одна ")  # years have no "одна" before the thousand


@pytest.mark.parametrize("language", LANGUAGES)
def test_ordinals_agree_with_another_implementation(language: str) -> None:
    """Up to the years people live in; its ten-thousandths are wrong in Ukrainian."""
    numbers = range(1, 3000)
    theirs = [plain(num2words(n, lang=language, to="ordinal")) for n in numbers]
    assert [plain(ordinal(n, language)) for n in numbers] == theirs


@pytest.mark.parametrize(
    ("language", "n", "gender", "case", "words"),
    [
        ("uk", 3, Gender.FEMININE, Declined.LOCATIVE, "третій"),
        ("uk", 23, Gender.FEMININE, Declined.GENITIVE, "двадцять третьої"),
        ("ru", 3, Gender.NEUTER, Declined.GENITIVE, "третьего"),
        ("ru", 43, Gender.FEMININE, Declined.ACCUSATIVE, "сорок третью"),
        ("ru", 3000, Gender.MASCULINE, Declined.GENITIVE, "трёхтысячного"),
        ("pl", 2, Gender.FEMININE, Declined.LOCATIVE, "drugiej"),
        ("pl", 23, Gender.FEMININE, Declined.LOCATIVE, "dwudziestej trzeciej"),
        ("pl", 33, Gender.MASCULINE, Declined.LOCATIVE, "trzydziestym trzecim"),
        ("en", 112, Gender.MASCULINE, Declined.NOMINATIVE, "one hundred and twelfth"),
    ],
)
def test_ordinals_are_declined(language: str, n: int, gender: Gender, case: Declined, words: str) -> None:
    assert ordinal(n, language, gender, case) == words


@pytest.mark.parametrize("n", [-1, LARGEST_ORDINAL + 1])
def test_other_numbers_are_refused(n: int) -> None:
    with pytest.raises(ValueError, match="not between"):
        ordinal(n, "uk")


@given(n=st.integers(0, LARGEST_ORDINAL), gender=st.sampled_from(Gender), case=st.sampled_from(Declined))
def test_every_ordinal_has_every_form(n: int, gender: Gender, case: Declined) -> None:
    for language in LANGUAGES:
        assert ordinal(n, language, gender, case).replace("-", " ").replace("’", "").replace(" ", "").isalpha()
