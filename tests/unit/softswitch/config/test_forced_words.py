from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.config import Config, parse_config
from softswitch.config.errors import ConfigError

FILE = """
[[phone]]
user = "1001"
password = "secret-1001"

[hours.office]
open = ["mon-fri 09:00-17:00"]
when_open = "echo"
when_closed = "hangup"
"""


def config(more: str) -> Config:
    return parse_config((FILE + more).encode(), file="test.toml", folder=Path(), env={})


def test_hours_may_be_set_by_phones_and_agents() -> None:
    hours = config('number = "7"\nforced_by = "1001"').hours["office"]
    assert (hours.number, hours.forced_by) == ("7", ("1001",))
    assert config("").hours["office"].forced_by == ()
    assert config("").features.hours == "*30"
    assert config('[feature]\nhours = ""\n').features.hours == ""


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ('number = "7"\nforced_by = ["1002"]', "there is neither a [[phone]] with the user nor an [[agent]]"),
        ('forced_by = ["1001"]', "has no number to dial"),
        ('number = "7a"', "hours.office.number"),
        (
            'number = "7"\n[hours.shop]\nopen = ["daily"]\nnumber = "7"\nwhen_open = "echo"\nwhen_closed = "echo"',
            '"7" is the number of [hours.office] already',
        ),
        ('[feature]\nhours = "*1"\n', '"*1" is the beginning of the code for'),
    ],
)
def test_mistakes_are_told(more: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as found:
        config(more)
    assert complaint in str(found.value)
