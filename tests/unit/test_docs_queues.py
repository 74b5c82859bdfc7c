"""The page on queues keeps up with the configuration: every word is there, with the default that it has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ivr.targets import Target
from softswitch.cli.live import To
from softswitch.config.words.centre import Agent, Features, Offers, Queue, ServiceLevel
from softswitch.config.words.waiting import Announce, OfferCallback, Whisper

if TYPE_CHECKING:
    from softswitch.config.words.values import Section

PAGE = Path(__file__).parents[2] / "docs" / "queues.md"
ROW = re.compile(r"^\| `([a-z_.]+)` \| `([^`]*)` \|", re.M)


def toml(value: object) -> str:
    """A default as it would be written in the configuration."""
    match value:
        case None:
            return "—"
        case bool():
            return str(value).lower()
        case int() | float():
            return f"{value:g}"
        case Target():
            return f'"{value}"'
        case str():
            return f'"{value}"'
        case tuple():
            return f"[{', '.join(map(toml, value))}]"
    return "{}"


def chapter(heading: str) -> str:
    page = PAGE.read_text(encoding="utf-8")
    return page.split(f"\n{heading}\n")[1].split("\n#")[0]


@pytest.mark.parametrize(
    ("heading", "model", "prefix"),
    [
        ("## The words of `[queue.NAME]`", Queue, ""),
        ("### `announce`", Announce, ""),
        ("### `offer_callback`", OfferCallback, ""),
        ("### `whisper`, `service_level`", Whisper, "whisper."),
        ("### `whisper`, `service_level`", ServiceLevel, "service_level."),
        ("## The words of `[[agent]]`", Agent, ""),
    ],
)
def test_every_word_is_explained_with_its_default(heading: str, model: type[Section], prefix: str) -> None:
    told = {word.removeprefix(prefix): default for word, default in ROW.findall(chapter(heading)) if prefix in word}
    words = {
        field.alias or name: toml(field.get_default())
        for name, field in model.model_fields.items()
        if not field.is_required()
    }
    assert told == words


def test_every_code_is_explained() -> None:
    told = dict(re.findall(r"^\| `([a-z_]+)` \| `(\*[0-9]+)` \|", chapter("## What agents dial"), re.M))
    codes = {field.alias or name: field.get_default() for name, field in Features.model_fields.items()}
    assert told == {word: code for word, code in codes.items() if str(code).startswith("*")}
    assert all(f"`{word}`" in chapter("## What agents dial") for word in codes)


def test_every_pause_after_an_offer_is_told() -> None:
    page = " ".join(chapter("## The words of `[[agent]]`").split())
    for name, field in Offers.model_fields.items():
        assert re.search(rf"`{name}` \({field.get_default():g}\b", page), name


def test_everything_that_an_agent_may_be_told_to_do_is_there() -> None:
    for to in To:
        assert re.search(rf"softswitch agent \w+ {to}\b|`{to}`", chapter("## Changing it while it runs")), to
