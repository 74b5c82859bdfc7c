from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.entries import Collect, Valid, luhn, pesel, read_amount, read_date


@pytest.mark.parametrize(
    ("figures", "right"),
    [("4539148803436467", True), ("4539148803436468", False), ("79927398713", True), ("0", False), ("18", True)],
)
def test_check_digits_of_cards(figures: str, right: bool) -> None:
    assert luhn(figures) is right


@given(st.text("0123456789", min_size=1, max_size=19))
def test_every_number_has_one_check_digit_and_a_changed_figure_is_noticed(figures: str) -> None:
    complete = [figures + str(check) for check in range(10) if luhn(figures + str(check))]
    assert len(complete) == 1
    for place in range(len(figures)):
        other = str((int(figures[place]) + 1) % 10)
        assert not luhn(complete[0][:place] + other + complete[0][place + 1 :])


@pytest.mark.parametrize(
    ("figures", "right"),
    [
        ("44051401359", True),  # 14 May 1944
        ("02070803628", True),  # 8 July 1902
        ("02270803624", True),  # 8 July 2002: the month has 20 added
        ("44051401358", False),  # check digit
        ("44023001356", False),  # 30 February, with the right check digit
        ("44131401350", False),  # the thirteenth month
        ("00222912349", True),  # 29 February 2000
        ("00022912343", False),  # 29 February 1900
        ("44051401359٠", False),
        ("440514013590", False),
        ("٤٤٠٥١٤٠١٣٥٩", False),  # figures that no telephone has
        ("4405140135", False),
        ("4405140135a", False),
    ],
)
def test_polish_identity_numbers(figures: str, right: bool) -> None:
    assert pesel(figures) is right


@pytest.mark.parametrize(
    ("figures", "form", "value"),
    [
        ("21052026", "DDMMYYYY", "2026-05-21"),
        ("210526", "DDMMYY", "2026-05-21"),
        ("210568", "DDMMYY", "2068-05-21"),
        ("210569", "DDMMYY", "1969-05-21"),
        ("05212026", "MMDDYYYY", "2026-05-21"),
        ("20260521", "YYYYMMDD", "2026-05-21"),
        ("29022023", "DDMMYYYY", None),
        ("29022024", "DDMMYYYY", "2024-02-29"),
        ("00012024", "DDMMYYYY", None),
        ("2105202", "DDMMYYYY", None),
        ("2105*026", "DDMMYYYY", None),
        ("01020050", "DDMMYYYY", "0050-02-01"),  # four figures are the year as it stands
        ("٢١٠٥٢٠٢٦", "DDMMYYYY", None),
    ],
)
def test_dates(figures: str, form: str, value: str | None) -> None:
    assert read_date(figures, form) == value


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        *(("12", "12"), ("12*5", "12.50"), ("012*05", "12.05"), ("0*99", "0.99"), ("12*", None), ("*5", None)),
        *(("1*2*3", None), ("12*345", None), ("", None)),
    ],
)
def test_amounts_have_a_star_for_a_decimal_point(keys: str, value: str | None) -> None:
    assert read_amount(keys) == value


@pytest.mark.parametrize(
    ("node", "keyed", "value"),
    [
        (Collect("c", variable="n", shortest=2, longest=4), "12#", "12"),
        (Collect("c", variable="n", shortest=2, longest=4), "1#", None),
        (Collect("c", variable="n", shortest=2, longest=4), "12345#", None),
        (Collect("c", variable="n", shortest=0, longest=4), "#", ""),
        (Collect("c", variable="n"), "1*2#", None),
        (Collect("c", variable="n", pattern=r"[12]\d{3}"), "1999#", "1999"),
        (Collect("c", variable="n", pattern=r"[12]\d{3}"), "3999#", None),
        (Collect("c", variable="n", pattern=r"[12]\d{3}"), "19990#", None),
        (Collect("c", variable="n", pattern=r"\d+\*\d+"), "1*2#", "1*2"),
        (Collect("c", variable="n", valid=Valid.AMOUNT), "12*5#", "12.50"),
        (Collect("c", variable="n", valid=Valid.DATE, date_format="DDMMYY", end=""), "210526", "2026-05-21"),
        (Collect("c", variable="n", valid=Valid.LUHN), "79927398713#", "79927398713"),
        (Collect("c", variable="n", valid=Valid.LUHN), "79927398714#", None),
        (Collect("c", variable="n", valid=Valid.PESEL, end=""), "44051401359", "44051401359"),
        (Collect("c", variable="n", valid=Valid.PESEL, end=""), "44051401350", None),
    ],
)
def test_an_entry_is_kept_in_its_form_when_it_can_be_right(node: Collect, keyed: str, value: str | None) -> None:
    assert node.read(keyed) == value
