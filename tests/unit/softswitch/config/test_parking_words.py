"""Places for callers who are parked, in the configuration and on the page about them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ivr.targets import Target
from softswitch.config import Config, ConfigError, parse_config
from softswitch.config.flows import flow
from softswitch.config.words.rooms import Park

PARK = '[park]\nplaces = "08-11"\n'
PHONE = '[[phone]]\nuser = "{}"\npassword = "long enough to be one"\n'
PAGE = Path(__file__).parents[4] / "docs" / "parking.md"


def load(toml: str) -> Config:
    return parse_config(toml.encode(), file="c.toml", folder=Path(), env={})


def test_places_are_numbers_of_one_length() -> None:
    config = load(PARK)
    assert config.park is not None
    assert config.park.places.numbers == ("08", "09", "10", "11")
    assert config.features.park == "*6"
    assert flow(config).find(Target("park", "10")) is not None
    assert flow(load("")).find(Target("park", "10")) is None


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('[park]\nplaces = "711-701"\n', "the first number is above the last"),
        ('[park]\nplaces = "99-101"\n', "different lengths"),
        ('[park]\nplaces = "1000-1200"\n', "more than 200 numbers"),
        ('[park]\nplaces = "70x"\n', "is not a range of numbers"),
        ("[park]\n", "places"),
        (PARK + PHONE.format("10"), "10 is a parking place, too"),
        (
            PARK + '[queue.sales]\nnumber = "9"\n[[route]]\ndid = "09"\nto = "queue:sales"\n',
            "09 is a parking place, too",
        ),
        (PARK + '[feature]\npark = "*2"\n', "the codes for transfer and park begin or end alike"),
        (PARK + '[feature]\npark = "*1"\n', "is the beginning of the code for"),
    ],
)
def test_what_cannot_be_meant_is_said(toml: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(toml)
    assert said in str(error.value)


def test_without_places_the_code_is_free_for_others() -> None:
    assert load('[feature]\nconsult = "*6"\nlogin = "*61"\n').park is None


def test_the_page_has_every_word_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| (?:`([^`]*)`)? ?\|", PAGE.read_text(encoding="utf-8"), re.M))
    defaults = {name: field.default for name, field in Park.model_fields.items()}
    assert rows == {"places": "", "timeout": f"{defaults['timeout']:g}", "music": f'"{defaults["music"]}"'}
