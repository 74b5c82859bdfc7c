from __future__ import annotations

import inspect
import itertools
import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ivr.nodes import Prompt
from softswitch.speech import phrases
from softswitch.speech.catalogue import Catalogue
from softswitch.speech.grammar.plurals import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return Catalogue.load(ROOT / "prompts")


def examples() -> Iterator[Prompt]:
    """Every phrase, with arguments that take each of its branches."""
    yield from map(phrases.wait, phrases.WAIT_BOXES)
    yield from map(phrases.comfort, range(4))
    yield from map(phrases.position, (0, 3))
    yield from map(phrases.callback_offer, "1*#")
    yield from map(phrases.read_back, ("+380441234567", "112"))
    yield phrases.callback_number("+48 601 234 567")
    yield from map(phrases.callback_greeting, ("", "Acme"))
    yield from (phrases.whisper("Acme", seconds) for seconds in (None, 5, 60, 150, 3600, 3601))
    yield phrases.whisper_callback("Acme")
    yield phrases.confirm_call("1")
    yield phrases.park_place("701")
    yield from map(phrases.peace, (True, False))
    yield from map(phrases.break_started, ("", "Acme"))
    yield from map(phrases.wrap_up_extended, (None, 30, 90))
    yield from filter(None, map(phrases.callback_expected, phrases.WAIT_BOXES))
    for new, old in ((0, 0), (0, 1), (1, 0), (2, 1), (5, 21)):
        yield from phrases.messages(new, old)
    yield from phrases.message_from("+380441234567", datetime(2026, 5, 21, 14, 5))  # noqa: DTZ001
    for day in (20, 21):
        yield phrases.callback_due(datetime(2026, 5, day, 9, 0), datetime(2026, 5, 20))  # noqa: DTZ001
    for state, days in itertools.product(("open", "closed", "special"), (0, 1, 11)):
        yield phrases.hours_forced(state, datetime(2026, 5, 20 + days, 10, 0), datetime(2026, 5, 20))  # noqa: DTZ001
    yield from (phrases.hours_forced(state, None, None) for state in ("open", "closed", "special"))
    yield from (phrases.hours_released(open=is_open) for is_open in (True, False))
    for about_queue in (phrases.queue_left, phrases.queue_joined):
        yield about_queue("Acme")
    for name, function in inspect.getmembers(phrases, inspect.isfunction):
        if not name.startswith("_") and not inspect.signature(function).parameters:
            yield function()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_can_be_said_without_a_figure_left_in_it(shipped: Catalogue, language: str) -> None:
    for prompt in examples():
        text = shipped.text(prompt.key, language, prompt.args)
        assert not any(c.isdigit() or c in "{}*#+" for c in text), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_written_in_capitals_which_engines_would_spell_out(shipped: Catalogue, language: str) -> None:
    """Nor in Latin letters where the language has others: engines change the voice for them."""
    written = (ROOT / "prompts" / language / "catalog.toml").read_text(encoding="utf-8")
    texts = re.sub(r"\{[^}]*\}", "", " ".join(re.findall(r'(?m)^\w+ = "(.*)"$', written)))
    said = [shipped.text(prompt.key, language, prompt.args) for prompt in examples()]
    capitals = [word for word in re.findall(r"\w+", " ".join((texts, *said))) if len(word) > 1 and word.isupper()]
    assert capitals == []
    if language in ("uk", "ru"):
        assert re.findall("[A-Za-z]+", texts) == []


def test_every_function_of_the_module_has_an_example() -> None:
    """The keys that functions name are the keys that examples have."""
    source = inspect.getsource(phrases)
    said = {prompt.key for prompt in examples()}
    assert {key for key in said if f'"{key}"' not in source} == set()
    functions = [f for name, f in inspect.getmembers(phrases, inspect.isfunction) if not name.startswith("_")]
    called = {code for code in (f.__code__.co_consts for f in functions) for code in code if isinstance(code, str)}
    assert {text for text in called if text in Catalogue.load(ROOT / "prompts").keys("en")} <= said


@pytest.mark.parametrize(
    ("seconds", "key"),
    [
        (None, "whisper"),
        (59.9, "whisper-wait-short"),
        (60, "whisper-wait"),
        (3600, "whisper-wait"),
        (3601, "whisper-wait-long"),
    ],
)
def test_an_agent_is_told_the_wait_in_whole_minutes(seconds: float | None, key: str) -> None:
    assert phrases.whisper("Sales", seconds).key == key
    assert phrases.whisper("Sales", 179.9) == Prompt("whisper-wait", args={"label": "Sales", "seconds": 120})


@pytest.mark.parametrize(
    ("until", "key"),
    [
        ("2026-05-20T18:00", "hours-closed-today"),
        ("2026-05-21T00:00", "hours-closed-today"),  # until midnight
        ("2026-05-21T00:01", "hours-closed-tomorrow"),
        ("2026-05-22T00:00", "hours-closed-date"),
    ],
)
def test_the_end_of_what_is_set_by_hand_is_said_as_short_as_is_clear(until: str, key: str) -> None:
    now = datetime.fromisoformat("2026-05-20T17:00")
    assert phrases.hours_forced("closed", datetime.fromisoformat(until), now) == Prompt(key, args={"t": until})


@pytest.mark.parametrize(
    ("opening", "key"),
    [
        ("2026-05-20T18:00", "callback-request-today"),
        ("2026-05-21T09:00", "callback-request-on"),
        ("2026-06-20T09:00", "callback-request-on"),
        ("2027-05-20T09:00", "callback-request-on"),
    ],
)
def test_today_is_said_of_today_alone(opening: str, key: str) -> None:
    now = datetime.fromisoformat("2026-05-20T17:00")
    assert phrases.callback_due(datetime.fromisoformat(opening), now) == Prompt(key, args={"t": opening})


def test_comforts_take_turns() -> None:
    assert [phrases.comfort(turn).key for turn in range(4)] == ["comfort-1", "comfort-2", "comfort-3", "comfort-1"]


def test_a_box_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError):
        phrases.wait("7")


def test_a_callback_is_expected_within_the_box_of_the_wait_or_nothing_is_said() -> None:
    said = {box: phrases.callback_expected(box) for box in phrases.WAIT_BOXES}
    assert {box: prompt and prompt.args for box, prompt in said.items()} == {
        "1": {"seconds": 60},
        "2": {"seconds": 120},
        "5": {"seconds": 300},
        "10": {"seconds": 600},
        "20": {"seconds": 1200},
        "more": None,
    }
