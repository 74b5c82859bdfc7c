"""The page on recordings and conferences keeps up with the configuration."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ivr.targets import Target
from softswitch.config.load import parse_config
from softswitch.config.words.rooms import Conference, Record

if TYPE_CHECKING:
    from softswitch.config.words.values import Section

PAGE = (Path(__file__).parents[2] / "docs" / "recording.md").read_text(encoding="utf-8")
CHAPTERS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S))


def written(value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return f"`{str(value).lower()}`"
        case int() | float():
            return f"{value:g}"
    return f'`"{value}"`' if isinstance(value, str | Target) else ""


@pytest.mark.parametrize(
    ("chapter", "section"), [("Something that the caller says", Record), ("Conferences", Conference)]
)
def test_every_word_is_there_with_its_default(chapter: str, section: type[Section]) -> None:
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| (.+?) \|", CHAPTERS[chapter], re.M))
    assert rows == {name: written(field.default) for name, field in section.model_fields.items()}


@pytest.mark.parametrize("example", re.findall(r"```toml\n(.*?)```", PAGE, re.S))
def test_the_examples_are_valid(example: str) -> None:
    say = '[say.thanks]\nsay = "Thank you."\n' if "say:thanks" in example else ""
    config = parse_config((example + say).encode(), file="example", folder=Path(), env={"BOARD_PIN": "471193"})
    assert not config.warnings
