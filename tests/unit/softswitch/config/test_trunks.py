"""Trunks in the configuration: what they need to call out, and who may call through them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.nodes import External, Result
from ivr.targets import Target
from softswitch.call.trunks.lines import formatted
from softswitch.config import flows, parse_config
from softswitch.config.errors import ConfigError

KYIV = '[trunk.kyiv]\nhost = "192.0.2.1"\n'


def warnings(text: str) -> list[str]:
    config = parse_config(text.encode(), file="c.toml", folder=Path(), env={})
    return [str(problem) for problem in config.warnings]


def errors(text: str) -> str:
    with pytest.raises(ConfigError) as wrong:
        warnings(text)
    return str(wrong.value)


@pytest.mark.parametrize("callers", ["", 'from = "trunk:*"\n', 'from = ["phone:*", "trunk:kyiv"]\n'])
def test_a_route_that_lets_strangers_choose_the_number_is_warned_of(callers: str) -> None:
    text = f'{KYIV}[[phone]]\nuser = "1"\npassword = "long enough"\n[[route]]\ndid = "+*"\n{callers}'
    assert any("at your cost" in warning for warning in warnings(text + 'to = "external:{did}@kyiv"\n'))
    assert not any("at your cost" in warning for warning in warnings(text + 'to = "external:+3801@kyiv"\n'))


def test_a_route_for_our_own_phones_is_not() -> None:
    text = f'{KYIV}[[phone]]\nuser = "1"\npassword = "long enough"\n'
    assert warnings(text + '[[route]]\ndid = "+*"\nfrom = "phone:*"\nto = "external:{did}@kyiv"\n') == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[[route]]\ndid = "1"\nto = "external:+3801@lviv"', "there is no [trunk.lviv]"),
        ('[[route]]\ndid = "1"\nto = "external:call me"', "is not a number outside"),
        ('[goto.a]\nthen = "external:{did}@kyiv"\n[[route]]\ndid = "1"\nto = "goto:a"', "only in a route"),
        ('[trunk.a]\nsource = ["192.0.2.9"]\nprefix = "9"', "this trunk has no host"),
        ('[trunk.a]\nhost = "192.0.2.9"\npassword = "x"', "is for nobody"),
        ('[trunk.a]\nhost = "192.0.2.9"\nfailover = ["kiev"]', "there is no [trunk.kiev]"),
        ('[trunk.a]\nhost = "192.0.2.9"\nfailover = ["a"]', "is the trunk itself"),
        ('[feature]\ntransfer = "*3"', "begin or end alike"),
    ],
)
def test_what_cannot_be_right_is_an_error(text: str, complaint: str) -> None:
    assert complaint in errors(KYIV + text + "\n")


def test_a_number_rings_as_long_as_its_trunk_says_and_goes_on_from_there() -> None:
    text = KYIV + 'ring_timeout = 9\nwhen_busy = "say:busy"\n[say.busy]\nsay = "Busy."\n'
    flow = flows.flow(parse_config(text.encode(), file="c.toml", folder=Path(), env={}))
    node = flow.find(Target("external", "+3801@kyiv"))
    assert isinstance(node, External)
    assert (node.name, node.ring_timeout) == ("+3801@kyiv", 9)
    assert node.outcomes[Result.BUSY] == Target("say", "busy")
    assert flow.find(Target("external", "+3801")) == External("+3801")


@pytest.mark.parametrize(
    ("number", "form", "sent"),
    [
        ("+380501112233", "as-dialled", "+380501112233"),
        ("+380501112233", "digits", "380501112233"),
        ("+380501112233", "00", "00380501112233"),
        ("00380501112233", "plus", "+380501112233"),
        ("0501112233", "plus", "0501112233"),
        ("112", "digits", "112"),
    ],
)
def test_a_number_takes_the_form_that_the_carrier_wants(number: str, form: str, sent: str) -> None:
    assert formatted(number, form) == sent
