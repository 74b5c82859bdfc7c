from __future__ import annotations

from pathlib import Path

import pytest

from ivr.targets import Target
from softswitch.call.model import Caller
from softswitch.call.routing import Router
from softswitch.config import parse_config

CONFIG = b"""
[[phone]]
user = "1001"
password = "secret-1001"
[trunk.kyiv]
source = ["192.0.2.1"]
[trunk.lviv]
source = ["192.0.2.2"]
[[route]]
did = "100"
from = "trunk:kyiv"
to = "echo"
[[route]]
did = "100"
to = "answer"
[[route]]
did = ["+38044*", "200"]
to = "music:default"
language = "uk"
[[route]]
did = "300"
from = "phone:*"
to = "echo"
"""
PHONE = Caller("1001", phone="1001")
KYIV = Caller("+380501112233", trunk="kyiv")
LVIV = Caller("+380501112233", trunk="lviv")


def router() -> Router:
    config = parse_config(CONFIG, file="test.toml", folder=Path(), env={})
    return Router(config, config.phones)


@pytest.mark.parametrize(
    ("dialled", "caller", "target"),
    [
        ("100", KYIV, Target("echo")),
        ("100", LVIV, Target("answer")),
        ("100", PHONE, Target("answer")),
        ("200", LVIV, Target("music", "default")),
        ("+380441234567", KYIV, Target("music", "default")),
        ("300", PHONE, Target("echo")),
        ("1001", PHONE, Target("phone", "1001")),
    ],
)
def test_the_first_route_that_fits_wins(dialled: str, caller: Caller, target: Target) -> None:
    found = router().find(dialled, caller)
    assert found is not None
    assert found.target == target


@pytest.mark.parametrize(
    ("dialled", "caller"), [("300", KYIV), ("1001", KYIV), ("", PHONE), ("999", PHONE), ("10", PHONE), ("1000", PHONE)]
)
def test_what_a_caller_may_not_dial_does_not_exist_for_them(dialled: str, caller: Caller) -> None:
    assert router().find(dialled, caller) is None


def test_a_route_may_decide_the_language() -> None:
    found = router().find("200", PHONE)
    assert found is not None
    assert found.language == "uk"


@pytest.mark.parametrize(
    ("dialled", "caller", "rule"),
    [
        ("100", KYIV, "route 1 (did 100, from trunk:kyiv)"),
        ("100", LVIV, "route 2 (did 100)"),
        ("+380441234567", KYIV, "route 3 (did +38044* or 200)"),
        ("1001", PHONE, "the number of a phone"),
    ],
)
def test_the_rule_that_decided_can_be_told(dialled: str, caller: Caller, rule: str) -> None:
    found = router().find(dialled, caller)
    assert found is not None
    assert found.rule == rule
