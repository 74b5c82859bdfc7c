"""When keys are pressed: ahead of places, into texts that insist, too late, once more; and words that change."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from softswitch.config import ConfigError, parse_config
from softswitch.tryout.command import Request, attempt
from softswitch.tryout.walk import walk

if TYPE_CHECKING:
    from softswitch.config import Config
    from softswitch.tryout.walk import Walk

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
#: Ten words are said in four seconds.
TEN = "one two three four five six seven eight nine ten."

CENTRE = f"""
[[phone]]
user = "1001"
password = "a-long-secret"

[menu.main]
say = "First {TEN}"
say_also = ["Second {TEN}", "Third {TEN}"]
barge_in = [false, true]
keys = {{ 1 = "collect:number", 2 = "say:on", 3 = "survey:after", 4 = "verbs:app", 5 = "queue:sales", \
6 = "menu:deaf", 7 = "menu:sub", "*" = "repeat" }}
timeout = 3
retries = 2
say_invalid = ["Wrong once.", "Wrong again."]
say_no_input = ["Silent once.", "Silent again."]
say_again = ["Shorter.", "Shortest."]
when_no_input = "say:bye"

[menu.sub]
say = "Below."
keys = {{ 1 = "menu:deep", "#" = "back", "*" = "repeat" }}

[menu.deep]
say = "Deeper."
keys = {{ 1 = "say:bye", "#" = "back" }}

[menu.deaf]
say = "Deaf."
type_ahead = false
keys = {{ 1 = "say:bye" }}
retries = 0

[say.on]
say = "On."
then = "webservice:parcel"

[say.bye]
say = "Bye."

[collect.number]
say = "Enter it."
digits = "1-6"
then = "webservice:parcel"

[webservice.parcel]
url = "https://erp.example/"
then = "menu:sub"
when_failed = "say:bye"
timeout = 10

[survey.after]
then = "menu:sub"
[[survey.after.question]]
id = "one"
say = "First?"
[[survey.after.question]]
id = "two"
say = "Second?"

[verbs.app]
url = "https://app.example/"
when_failed = "say:bye"

[queue.sales]
needs = "nobody >= 1"
when_timed_out = "menu:sub"

[[route]]
did = "100"
to = "menu:main"
"""
ASKED = "webservice:parcel=ok"


@pytest.fixture(scope="module")
def config() -> Config:
    return parse_config(CENTRE.encode(), file="c", folder=Path("/"), env={})


def tried(config: Config, digits: str, *answers: str, hang_up: float | None = None) -> Walk:
    return walk(
        config, attempt(config, Request("100", phone="1001", digits=digits, answers=answers, hang_up=hang_up), NOW)
    )


def heard(done: Walk) -> list[str]:
    return [said.text.split()[0] for said in done.said]


def at(done: Walk, text: str) -> float:
    return next(step.at for step in done.steps if text in step.text)


@pytest.mark.parametrize(
    ("pressed", "acted", "texts"),
    [
        ("1@0.5", 4.4, ["First"]),  # to the end of the text that insists
        ("1@4.0", 4.4, ["First"]),
        ("1@4.6", 4.6, ["First", "Second", "Third"]),  # the others are cut
        ("1@9.0", 9.0, ["First", "Second", "Third"]),
    ],
)
def test_each_text_of_a_menu_insists_or_does_not(config: Config, pressed: str, acted: float, texts: list[str]) -> None:
    done = tried(config, pressed, hang_up=20)
    assert at(done, "comes to collect:number") == pytest.approx(acted)
    assert heard(done)[: len(texts) + 1] == [*texts, "Enter"]


@pytest.mark.parametrize(
    ("digits", "answers", "path"),
    [
        ("1234#1", (ASKED,), ["collect:number", "webservice:parcel", "menu:sub", "menu:deep"]),
        ("21", (ASKED,), ["say:on", "webservice:parcel", "menu:sub", "menu:deep"]),
        ("3451", (), ["survey:after", "survey:after/2", "menu:sub", "menu:deep"]),
        ("3951", (), ["survey:after"]),  # a wrong key forgets what came after it
        ("711", (), ["menu:sub", "menu:deep", "say:bye"]),
        ("71##", (), ["menu:sub", "menu:deep", "menu:sub", "menu:main"]),
        ("7*1", (), ["menu:sub", "menu:deep"]),
        ("61", (), ["menu:deaf", "hangup"]),
    ],
)
def test_keys_are_pressed_ahead_over_places_of_every_kind(
    config: Config, digits: str, answers: tuple[str, ...], path: list[str]
) -> None:
    done = tried(config, f"{digits}@0.1", *answers, hang_up=15)
    assert done.path[1 : len(path) + 1] == path


def test_keys_are_kept_while_somebody_is_asked_and_verbs_are_carried_out(config: Config) -> None:
    gather = '[{"verb": "gather", "text": "Press.", "variable": "choice", "digits": 1}]'
    go_on = '[{"verb": "redirect", "to": "menu:sub"}]'
    done = tried(config, "471", f"verbs:app={gather}", f"verbs:app={go_on}", hang_up=15)
    assert done.variables["choice"] == "7"
    assert done.path[-2:] == ["menu:sub", "menu:deep"]


def test_keys_pressed_ahead_of_a_queue_are_the_queues_and_not_of_what_follows(config: Config) -> None:
    done = tried(config, "51", "queue:sales=timed-out", hang_up=15)
    assert done.path[1:3] == ["queue:sales", "menu:sub"]
    assert [step.text for step in done.steps if step.kind == "drop"] == ["1 is not acted on: left"]


def test_silence_and_wrong_keys_share_the_retries_and_each_has_words_of_its_own(config: Config) -> None:
    silent = tried(config, "-,-,-")
    assert heard(silent) == ["First", "Second", "Third", "Silent", "Shorter.", "Silent", "Shortest.", "Bye."]
    assert heard(tried(config, "9@14,9,9"))[3:] == ["Wrong", "Shorter.", "Wrong", "Shortest.", "Bye."]
    mixed = tried(config, "-,9,7", hang_up=30)
    assert [said.text for said in mixed.said][3:7] == ["Silent once.", "Shorter.", "Wrong once.", "Shortest."]


def test_to_repeat_costs_nothing(config: Config) -> None:
    done = tried(config, "*@14,*@14,*@14,-,-,-")
    assert heard(done).count("First") == 4
    assert done.path[-2:] == ["say:bye", "hangup"]


def test_the_time_to_the_first_digit_counts_from_the_end_of_the_words(config: Config) -> None:
    done = tried(config, "-,-,-")
    assert at(done, "Silent once.") == pytest.approx(3 * 4.4 + 3)


@pytest.mark.parametrize("wrong", ['"x"', "[]", '[true, "x"]', "1"])
def test_what_is_no_word_for_barging_in_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigError, match="barge_in"):
        parse_config(CENTRE.replace("[false, true]", wrong).encode(), file="c", folder=Path("/"), env={})
