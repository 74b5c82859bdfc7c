"""The tables of `tests/golden/speech/<language>`: what stands in the first column, said in the manner of each other.

The heads of the columns are what stands after the colon of a placeholder; a table of phrases has key, arguments, text.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from softswitch.speech.catalogue import Catalogue
from softswitch.speech.grammar.durations import NOUNS
from softswitch.speech.grammar.nouns import count
from softswitch.speech.grammar.numbers import Case
from softswitch.speech.grammar.plurals import LANGUAGES
from softswitch.speech.template import parse_template
from tests.unit.softswitch.speech.test_phrases import examples

ROOT = Path(__file__).parents[4]
MANNERS = ("numbers", "ordinals", "fractions", "durations", "money", "amounts", "plurals", "times", "dates")
NUMBERS = {0, 1, 2, 4, 5, 11, 12, 14, 21, 22, 25, 101, 111, 112, 1000}
POSITIONS = {*range(26), 31, 101, 111, 112, 1000}


def table(language: str, name: str) -> tuple[list[str], list[list[str]]]:
    text = (ROOT / "tests" / "golden" / "speech" / language / f"{name}.tsv").read_text(encoding="utf-8")
    head, *rows = (line.split("\t") for line in text.splitlines())
    return head, rows


def value(text: str) -> int | str:
    return int(text) if text.isdigit() else text


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return Catalogue.load(ROOT / "prompts")


@pytest.mark.parametrize("name", MANNERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_arguments_are_said_as_in_the_table(language: str, name: str) -> None:
    (argument, *manners), rows = table(language, name)
    specs = ["" if manner == "plain" else f":{manner}" for manner in manners]
    templates = [parse_template(f"{{{argument}{spec}}}") for spec in specs]
    for said, *words in rows:
        assert [template.say({argument: value(said)}, language) for template in templates] == words


@pytest.mark.parametrize("language", LANGUAGES)
def test_things_are_counted_as_in_the_table(language: str) -> None:
    (_, *columns), rows = table(language, "nouns")
    for n, *words in rows:
        nouns = [column.split() for column in columns]
        assert [count(int(n), NOUNS[language][noun], language, Case(case)) for noun, case in nouns] == words


@pytest.mark.parametrize("language", LANGUAGES)
def test_places_and_waits_are_said_as_in_the_table(shipped: Catalogue, language: str) -> None:
    (argument, *keys), rows = table(language, "queue")
    for n, *texts in rows:
        assert [shipped.text(key, language, {argument: int(n)}) for key in keys] == texts


@pytest.mark.parametrize("language", LANGUAGES)
def test_phrases_are_said_as_in_the_table(shipped: Catalogue, language: str) -> None:
    _, rows = table(language, "phrases")
    golden = {(key, arguments): text for key, arguments, text in rows}
    said = {
        (prompt.key, " ".join(f"{k}={v}" for k, v in prompt.args.items())): shipped.text(
            prompt.key, language, prompt.args
        )
        for prompt in examples()
    }
    assert said == golden


@pytest.mark.parametrize("language", LANGUAGES)
def test_instants_around_a_clock_change_are_said_by_the_clock_on_the_wall(language: str) -> None:
    """An hour that is skipped is never said, one that comes twice is said twice."""
    (_, _, template), rows = table(language, "clock_changes")
    for zone, instant, words in rows:
        wall = datetime.fromisoformat(instant).replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
        assert parse_template(template).say({"t": wall.strftime("%Y-%m-%dT%H:%M")}, language) == words


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_tables_have_the_numbers_at_which_grammars_differ(language: str) -> None:
    for name in ("numbers", "ordinals", "nouns", "amounts", "plurals"):
        assert {int(row[0]) for row in table(language, name)[1] if row[0].isdigit()} >= NUMBERS
    assert {int(row[0]) for row in table(language, "queue")[1]} == POSITIONS
    sums = {row[0].split(".")[0] + row[0][-4:] for row in table(language, "money")[1]}
    assert sums >= {f"{n} {currency}" for n in NUMBERS for currency in ("UAH", "PLN", "EUR", "USD", "RUB")}
