from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.config import Config, ConfigError, parse_config

QUEUE = '[queue.sales]\nverify = "identity"\n[verification.identity]\nask = "Maiden name?"\n'


def load(toml: str) -> Config:
    return parse_config(toml.encode(), file="c.toml", folder=Path(), env={})


def test_a_question_for_a_queue() -> None:
    config = load(QUEUE)
    assert config.verifications["identity"].ask == {"en": "Maiden name?"}
    assert (config.features.verified, config.features.not_verified) == ("*4", "*5")


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (
            '[queue.sales]\nverify = "idenity"\n[verification.identity]\nask = "x"\n',
            "there is no [verification.idenity]",
        ),
        ('[feature]\nverified = "*2"\n', "the codes for transfer and verified begin or end alike"),
        ('[feature]\nverified = "*45"\nnot_verified = "*4"\n', "the codes for verified and not_verified begin or end"),
        ('[feature]\ntransfer = "*3"\n', "the codes for transfer and consult begin or end alike"),
        ('[feature]\nverified = "1*5"\n', "verified"),
    ],
)
def test_what_cannot_be_meant_is_said(toml: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(toml)
    assert said in str(error.value)


def test_codes_that_are_not_used_are_nobodys_beginning() -> None:
    assert load('[feature]\nverified = ""\nnot_verified = ""\ntransfer = ""\n').features.verified == ""
