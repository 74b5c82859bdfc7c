from __future__ import annotations

import pytest

from softswitch.call.model import Caller
from softswitch.call.queues.customers import can_be_called, customer_of, normalised, why_not_called
from softswitch.config import Trunk

TRUNKS = {"kyiv": Trunk(host="192.0.2.1")}


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+38 (050) 123-45-67", "+380501234567"),
        ("00380501234567", "+380501234567"),
        ("0501234567", "0501234567"),
        ("anonymous", ""),
        ("", ""),
        ("+", ""),
        ("12+3", ""),
    ],
)
def test_numbers_are_compared_without_their_punctuation(written: str, number: str) -> None:
    assert normalised(written) == number


def test_callers_are_known_again_by_phone_or_number_and_not_when_they_withhold_it() -> None:
    assert customer_of(Caller("2001", phone="2001")) == "phone:2001"
    assert customer_of(Caller("00380501234567", trunk="kyiv")) == customer_of(Caller("+380501234567", trunk="kyiv"))
    assert customer_of(Caller("anonymous", trunk="kyiv")) == ""


@pytest.mark.parametrize(
    ("number", "patterns", "possible"),
    [
        ("2001", (), True),  # a phone of ours
        ("2001", ("+380*",), True),
        ("+380501234567", (), True),
        ("112", (), False),  # no short codes, whatever a caller enters
        ("+3805012345678901", (), False),
        ("+380501234567", ("+380*",), True),
        ("+79001234567", ("+380*",), False),
        ("0900123456", ("044*", "0900123456"), True),
        ("", (), False),
        ("050#", (), False),
    ],
)
def test_which_numbers_can_be_called_back(number: str, patterns: tuple[str, ...], possible: bool) -> None:
    assert can_be_called(number, patterns, phones={"2001"}, trunks=TRUNKS) is possible


def test_without_a_trunk_only_our_own_phones_can_be_called_back() -> None:
    assert not can_be_called("+380501234567", (), phones={"2001"}, trunks={})
    assert not can_be_called("+380501234567", (), phones={"2001"}, trunks={"in": Trunk(source=())})


@pytest.mark.parametrize(
    ("number", "patterns", "trunks", "why"),
    [
        ("+380501234567", ("+380*",), TRUNKS, ""),
        ("+380501234567", (), {"in": Trunk(source=())}, "there is no trunk with a host"),
        ("+380501234567", (), {}, "there is no trunk with a host"),
        ("call me", (), {}, "is no number"),
        ("112", (), TRUNKS, "outside they have 5 to 15 figures"),
        ("+79001234567", ("+380*",), TRUNKS, "is not among the numbers that may be called back"),
        ("2002", (), TRUNKS, "is one that is never called back"),
    ],
)
def test_why_a_number_is_not_called_back(
    number: str, patterns: tuple[str, ...], trunks: dict[str, Trunk], why: str
) -> None:
    found = why_not_called(number, patterns, phones={"2001", "2002"}, trunks=trunks, never=("2002",))
    assert (why in found) if why else (found == "")
