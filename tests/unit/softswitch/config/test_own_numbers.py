"""Numbers of our own that mean something else besides: codes of two services, numbers of emergency services."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.config import ConfigError, parse_config

ROUTE = '[[route]]\ndid = "100"\nfrom = "trunk:*"\nto = "echo"\n'


def told(text: str) -> list[str]:
    """Errors or, without any, warnings."""
    try:
        config = parse_config((text + ROUTE).encode(), file="config.toml", folder=Path(), env={})
    except ConfigError as error:
        return [f"error {problem.where}: {problem.what}" for problem in error.problems]
    return [f"{problem.where}: {problem.what}" for problem in config.warnings]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ('login = "*30"', 'feature.login: "*30" is also the code for hours'),
        ('hours = "*11"', 'feature.hours: "*11" is also the code for login'),
        ('login = "*301"', 'feature.login: "*301" begins with the code for hours, "*30"'),
        ('login = "*3"', 'feature.login: "*3" is the beginning of the code for hours'),
        ('login = "*81"\nlogout = "*81"', 'feature.login: "*81" is also the code for logout'),
    ],
)
def test_codes_that_cannot_be_told_apart_name_the_other_one(words: str, complaint: str) -> None:
    assert told(f"[feature]\n{words}\n") == [f"error {complaint}"]


@pytest.mark.parametrize("number", ["112", "101", "911"])
def test_a_phone_with_the_number_of_an_emergency_service_hides_it(number: str) -> None:
    phone = f'[[phone]]\nuser = "{number}"\npassword = "long-enough"\n'
    assert told(phone) == [f"phone[1].user: whoever dials the emergency number {number} gets this instead"]
    assert told(phone.replace(number, "1" + number)) == []


def test_a_parking_place_with_such_a_number_hides_it_too() -> None:
    what = "park.places: whoever dials the emergency number 101 gets a parking place instead"
    assert told('[park]\nplaces = "101-110"\n') == [what]
    assert told('[park]\nplaces = "701-710"\n') == []
