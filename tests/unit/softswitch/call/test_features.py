from __future__ import annotations

from pathlib import Path

import pytest

from acd.events import AgentBreakEnded, AgentBreakStarted, AgentLoggedIn, AgentLoggedOut
from softswitch.call.features import FAILED, NOT_LOGGED_IN, Feature, FeatureCodes
from softswitch.config import parse_config

CONFIG = b"""
[[phone]]
user = "1001"
password = "secret-1001"
[[phone]]
user = "1002"
password = "secret-1002"
[[agent]]
id = "olena"
phone = "1001"
pin = "4711"
"""


def codes(logged_in: dict[str, str] | None = None) -> FeatureCodes:
    config = parse_config(CONFIG, file="test.toml", folder=Path(), env={})
    there = logged_in or {}
    return FeatureCodes(
        config.features,
        config.agents,
        agent_at=lambda phone: there.get(phone or ""),
        is_logged_in=lambda agent: agent in there.values(),
    )


def test_the_code_alone_logs_in_the_agent_whose_phone_it_is() -> None:
    outcome = codes().use(Feature.LOGIN, "", "1001")
    assert outcome.event == AgentLoggedIn("olena", "1001", busy=True)


def test_the_code_alone_does_nothing_at_a_phone_that_is_nobodys() -> None:
    assert codes().use(Feature.LOGIN, "", "1002").phrase == FAILED


@pytest.mark.parametrize("number", ["1001", "olena"])
def test_number_and_pin_log_in_at_any_phone(number: str) -> None:
    assert codes().use(Feature.LOGIN, f"{number}*4711", "1002").event == AgentLoggedIn("olena", "1002", busy=True)


@pytest.mark.parametrize("rest", ["1001*4712", "1001", "1001*", "9999*4711", "*4711"])
def test_a_wrong_pin_and_an_unknown_number_sound_the_same(rest: str) -> None:
    outcome = codes().use(Feature.LOGIN, rest, "1002")
    assert (outcome.phrase, outcome.event) == (FAILED, None)


def test_an_agent_logged_in_elsewhere_uses_the_codes_there() -> None:
    there = codes({"1002": "olena"})
    assert there.use(Feature.BREAK, "", "1002").event == AgentBreakStarted("olena", "dialled")
    assert there.use(Feature.BACK, "", "1002").event == AgentBreakEnded("olena")
    assert there.use(Feature.LOGOUT, "", "1002").event == AgentLoggedOut("olena", "dialled")


@pytest.mark.parametrize(
    ("dialled", "feature"),
    [("*11", (Feature.LOGIN, "")), ("*11*1001*4711", (Feature.LOGIN, "1001*4711")), ("*111", None), ("11", None)],
)
def test_codes_are_recognised_whole(dialled: str, feature: tuple[Feature, str] | None) -> None:
    assert codes().recognise(dialled) == feature


@pytest.mark.parametrize("feature", [Feature.BREAK, Feature.BACK, Feature.LOGOUT])
def test_an_agent_who_is_not_logged_in_is_told_so(feature: Feature) -> None:
    outcome = codes().use(feature, "", "1001")
    assert (outcome.phrase, outcome.event) == (NOT_LOGGED_IN, None)


def test_a_pin_is_never_written_down() -> None:
    assert "4711" not in codes().masked("*11*1001*4711")
    assert codes().masked("*11*1001*4711") == "*11*1001*…"
    assert codes().masked("*11") == "*11"
    assert codes().masked("5551234") == "5551234"
