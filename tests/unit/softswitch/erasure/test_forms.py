"""A number is found however it is written, and nothing else is taken for it."""

from __future__ import annotations

import pytest

from softswitch.callers.numbers import NumberPlan
from softswitch.erasure.forms import NotErasable, forms_of

UKRAINE = NumberPlan("UA", internal=["2001", "380441110000"])
FORMS = forms_of("+380441234567", UKRAINE)


@pytest.mark.parametrize(
    "written",
    [
        "+380441234567",
        "380441234567",
        "00380441234567",
        "0441234567",
        "441234567",
        "(044) 123-45-67",
        "+38 (044) 123-45-67",
        "+38 044 123.45.67",
        "+380 (0) 44 123 45 67",
        "%2B380441234567",
    ],
)
def test_however_it_is_written(written: str) -> None:
    assert FORMS.are(written)
    assert FORMS.replaced(f"sip:{written}@carrier, {written}.", "nobody") == "sip:nobody@carrier, nobody."
    assert forms_of(written.replace("%2B", "+"), UKRAINE).number == "+380441234567"


@pytest.mark.parametrize("text", ["+3804412345678", "1380441234567", "+1441234567", "44123456", "", "4412345670"])
def test_other_numbers_are_others(text: str) -> None:
    assert not FORMS.inside(text)


def test_inside_of_an_address_of_the_web() -> None:
    assert FORMS.replaced("?from=%20380441234567&to=1", "x") == "?from=%20x&to=1"


@pytest.mark.parametrize(
    ("country", "number", "same"),
    [
        ("PL", "+48221234567", "22 123 45 67"),
        ("RU", "+74951234567", "8 (495) 123-45-67"),
        ("", "+15552368", "15552368"),
    ],
)
def test_in_other_countries(country: str, number: str, same: str) -> None:
    assert forms_of(number, NumberPlan(country)).are(same)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("2001", "one of our own"),
        ("380441110000", "one of our own"),
        ("112", "emergency"),
        ("12345", "too short"),
        ("anonymous", "is no number"),
        ("Olena", "is no number"),
        ("*97", "is no number"),
        ("", "is no number"),
    ],
)
def test_what_is_no_number_of_a_customer_is_refused(written: str, why: str) -> None:
    with pytest.raises(NotErasable, match=why):
        forms_of(written, UKRAINE)
