"""Entries that nobody can make or that say who calls, and questions that hide each other's answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.config import ConfigError, parse_config

BASE = """
[[phone]]
user = "1001"
password = "secret-1001"
[[route]]
did = "100"
to = "echo"
"""


def told(text: str) -> list[str]:
    """Errors or, without any, warnings that are not about places nobody comes to."""
    try:
        config = parse_config((BASE + text).encode(), file="config.toml", folder=Path(), env={})
    except ConfigError as error:
        return [f"error {problem.where}: {problem.what}" for problem in error.problems]
    return [f"{problem.where}: {problem.what}" for problem in config.warnings if problem.code != "unreachable"]


def collected(word: str) -> list[str]:
    return told(f'[collect.c]\nsay = "Your number, please."\nthen = "echo"\n{word}\n')


@pytest.mark.parametrize("name", ["ani", "call", "did", "name", "verified", "ani_raw"])
def test_callers_cannot_key_what_the_switch_knows_of_their_call(name: str) -> None:
    what = f"callers would say themselves what the switch knows of a call as {{{name}}}"
    assert collected(f'variable = "{name}"') == [f"error collect.c.variable: {what}"]


def test_who_the_customer_is_is_not_keyed_without_being_looked_up() -> None:
    what = "callers would say themselves who they are, with nothing to check it"
    assert collected('variable = "customer_id"') == [f"collect.c.variable: {what}"]
    assert collected('variable = "card"') == []


@pytest.mark.parametrize("pattern", ["[A-F]+", "A[0-9]{3}", "[0-9A-F]{4}", "[0-9]{2}a"])
def test_letters_cannot_be_keyed(pattern: str) -> None:
    (what,) = collected(f"pattern = '{pattern}'")
    assert what.startswith("error collect.c.pattern: ")
    assert what.endswith("cannot be keyed: telephones have 0-9, * and #")


@pytest.mark.parametrize("pattern", [r"\d{4}", "[1-9][0-9]{5}", "(?:12|34)5", "(?P<a>1)2", "[^A-F]", "[0-9*#]{3}"])
def test_what_is_keyed_may_be_written_in_any_way(pattern: str) -> None:
    assert collected(f"pattern = '{pattern}'") == []


def test_a_figure_that_ends_entries_is_in_none_of_them() -> None:
    assert collected('end = "5"') == ["collect.c.end: ends every entry at its first 5: none can have a 5 in it"]
    assert collected('end = "*"') == collected('end = ""') == []


def test_a_currency_is_for_amounts() -> None:
    assert collected('currency = "UAH"') == ["collect.c.currency: is for amounts"]
    assert collected('valid = "amount"\ncurrency = "UAH"') == []


def test_entries_that_services_ask_for_are_looked_at_too() -> None:
    service = '[webservice.w]\nurl = "https://a.example/"\nthen = "echo"\n'
    (what,) = [told for told in told(service + 'collect = { say = "x", variable = "ani" }\n') if "variable" in told]
    assert what.startswith("error webservice.w.collect.variable: ")


def test_questions_of_one_survey_have_ids_of_their_own() -> None:
    def survey(name: str, *ids: str) -> str:
        return f"[survey.{name}]\n" + "".join(
            f'[[survey.{name}.question]]\nid = "{each}"\nsay = "How was it?"\n' for each in ids
        )

    what = 'another question of this survey has the id "a": only one of the answers would be kept'
    assert told(survey("s", "a", "b", "a")) == [f"error survey.s.question[3].id: {what}"]
    assert told(survey("s", "a", "b") + survey("t", "a")) == []
