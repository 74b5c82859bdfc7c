"""Numbers as people and carriers write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.callers.numbers import MAX_LENGTH, NumberKind, NumberPlan

UKRAINE = NumberPlan("UA", internal={"1001", "sales", "*11"})
POLAND = NumberPlan("PL")
NOWHERE = NumberPlan()


@pytest.mark.parametrize(
    ("plan", "written", "read"),
    [
        (UKRAINE, "0501234567", "+380501234567"),
        (UKRAINE, "380501234567", "+380501234567"),
        (UKRAINE, "+380501234567", "+380501234567"),
        (UKRAINE, "00380501234567", "+380501234567"),
        (UKRAINE, "(050) 123-45-67", "+380501234567"),
        (UKRAINE, "050 123\u201145\u201167", "+380501234567"),
        (UKRAINE, "+48221234567", "+48221234567"),
        (UKRAINE, "+380501234567;npdi", "+380501234567"),
        (POLAND, "22 123 45 67", "+48221234567"),
        (POLAND, "48221234567", "+48221234567"),
        (POLAND, "0048221234567", "+48221234567"),
        (NOWHERE, "+380501234567", "+380501234567"),
        (NOWHERE, "00380501234567", "+380501234567"),
        (NOWHERE, "48221234567", "+48221234567"),
    ],
)
def test_every_way_of_writing_a_number_comes_to_its_e164_form(plan: NumberPlan, written: str, read: str) -> None:
    number = plan.read(written)
    assert (number.e164, number.kind, number.raw) == (read, NumberKind.GLOBAL, written)


@pytest.mark.parametrize(
    ("written", "kind", "dialable"),
    [
        ("112", NumberKind.EMERGENCY, "112"),
        ("101", NumberKind.EMERGENCY, "101"),
        ("1001", NumberKind.INTERNAL, "1001"),
        ("sales", NumberKind.INTERNAL, "sales"),
        ("*11", NumberKind.INTERNAL, "*11"),
        ("1234", NumberKind.LOCAL, "1234"),
        ("*77", NumberKind.LOCAL, "*77"),
        ("anonymous", NumberKind.WITHHELD, ""),
        ("Restricted", NumberKind.WITHHELD, ""),
        ("", NumberKind.WITHHELD, ""),
        ("olena", NumberKind.OTHER, "olena"),
        ("١٢٣", NumberKind.OTHER, "١٢٣"),
    ],
)
def test_what_is_no_subscribers_number_is_left_as_it_is(written: str, kind: NumberKind, dialable: str) -> None:
    number = UKRAINE.read(written)
    assert (number.kind, number.dialable, number.e164) == (kind, dialable, "")


def test_an_internal_number_is_ours_even_if_it_is_an_emergency_number_elsewhere() -> None:
    assert NumberPlan("UA", internal={"911"}).read("911").kind is NumberKind.INTERNAL


def test_what_comes_from_a_carrier_is_none_of_ours() -> None:
    assert UKRAINE.read("1001", ours=False).kind is NumberKind.LOCAL
    assert NumberPlan("UA", internal={"0501234567"}).read("0501234567", ours=False).e164 == "+380501234567"
    assert UKRAINE.read("0501234567", ours=False) == UKRAINE.read("0501234567")


@pytest.mark.parametrize(
    ("plan", "written", "beginnings"),
    [
        (UKRAINE, "067", ("067", "+38067")),
        (UKRAINE, "(067) 1", ("0671", "+380671")),
        (UKRAINE, "0044", ("0044", "+44")),
        (UKRAINE, "38067", ("38067", "+38067")),
        (UKRAINE, "+4822", ("+4822",)),
        (UKRAINE, "20", ("20",)),
        (UKRAINE, "0", ("0",)),
        (UKRAINE, "", ("",)),
        (POLAND, "22", ("22", "+4822")),
        (POLAND, "4822", ("4822", "+4822")),
        (POLAND, "00380", ("00380", "+380")),
        (NumberPlan("US"), "01144", ("01144", "+44")),
        (NOWHERE, "0044", ("0044", "+44")),
        (NOWHERE, "067", ("067",)),
    ],
)
def test_a_beginning_is_also_that_of_the_e164_form(plan: NumberPlan, written: str, beginnings: tuple[str, ...]) -> None:
    assert plan.beginnings(written) == beginnings


def test_a_country_without_a_plan_is_refused() -> None:
    with pytest.raises(ValueError, match='"XX" is not a country'):
        NumberPlan("XX")


@given(st.text(max_size=80))
def test_any_text_is_read_and_what_was_read_reads_the_same(text: str) -> None:
    number = UKRAINE.read(text)
    assert number.raw == text[:MAX_LENGTH]
    again = UKRAINE.read(number.dialable)
    assert (again.kind, again.dialable) == (number.kind, number.dialable)
