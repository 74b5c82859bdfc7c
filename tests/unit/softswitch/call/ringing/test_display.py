"""What a telephone shows of a caller: label and name in the order that was asked for, in any script, cut to fit."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip.headers import NameAddr
from sip.uri import Uri
from softswitch.call.ringing.display import composed, cut
from softswitch.config.words.centre import Display


@pytest.mark.parametrize(
    ("place", "label", "text"),
    [
        ("prepend", "Рахунки", "Рахунки: Ірина"),
        ("append", "Рахунки", "Ірина (Рахунки)"),
        ("replace", "Рахунки", "Рахунки"),
        ("nothing", "Рахунки", "Ірина"),
        ("prepend", "", "Ірина"),
        ("replace", "", "Ірина"),
    ],
)
def test_the_label_stands_where_it_is_wanted(place: str, label: str, text: str) -> None:
    assert composed(label, "Ірина", Display(label=place)) == text  # type: ignore[arg-type]


def test_what_is_too_long_is_cut_and_no_accent_is_torn_off() -> None:
    assert composed("Sales", "A caller with a long name", Display(max_length=16)) == "Sales: A caller…"
    assert cut("Zoe\N{COMBINING DIAERESIS}xxxxx", 4) == "Zo…"
    assert cut("Zoe\N{COMBINING DIAERESIS}xxxxx", 5) == "Zoe\N{COMBINING DIAERESIS}…"


@given(label=st.text(max_size=80), who=st.text(max_size=80), longest=st.integers(8, 60))
def test_whatever_a_network_tells_is_one_line_that_fits_and_can_be_read_back(
    label: str, who: str, longest: int
) -> None:
    text = composed(label, who, Display(max_length=longest))
    assert len(text) <= longest
    assert all(unicodedata.category(character)[0] != "C" for character in text)
    header = NameAddr(text, Uri("sip", "1", "pbx.test"))
    assert NameAddr.parse(str(header)).display_name == text
