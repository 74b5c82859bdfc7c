"""The script is one that can be played: a good configuration, and one agent who can serve each caller."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.config import parse_config
from softswitch.demo.script import AGENTS, CALLERS, KEYS, LANGUAGES, MENU, NUMBERS, Caller, configuration

PASSWORDS = {person.number: f"password of {person.number}" for person in (*AGENTS, *CALLERS)}


def test_the_configuration_is_good_and_raises_no_warning() -> None:
    text = configuration(port=5060, rtp_ports=range(20_000, 20_032), passwords=PASSWORDS)
    config = parse_config(text.encode(), file="config.toml", folder=Path("/"), env={})
    assert config.warnings == ()
    assert set(config.phones) == set(PASSWORDS)
    assert str(config.rtp.ports) == "20000-20031"
    assert {route.language for route in config.routes} == set(LANGUAGES)


@pytest.mark.parametrize("caller", CALLERS, ids=lambda caller: caller.name)
def test_exactly_one_agent_can_serve_each_caller(caller: Caller) -> None:
    able = [agent.id for agent in AGENTS if agent.speaks(caller.language) and agent.skills.get(caller.queue, 0) >= 50]
    assert len(able) == 1
    assert caller.agent in (able[0], None)


def test_there_are_six_callers_in_four_languages_and_one_gives_up() -> None:
    assert len(CALLERS) == 6
    assert {caller.language for caller in CALLERS} == set(LANGUAGES) == set(NUMBERS) == set(MENU)
    assert [caller.name for caller in CALLERS if caller.patience is not None] == ["Harry"]
    assert {caller.ahead for caller in CALLERS} >= {0, 1, 2}
    assert {caller.carriage for caller in CALLERS} == {"rfc4733", "info", "inband"}
    assert len({person.number for person in (*AGENTS, *CALLERS)}) == 8


@pytest.mark.parametrize("caller", CALLERS, ids=lambda caller: caller.name)
def test_what_a_caller_does_makes_sense(caller: Caller) -> None:
    assert caller.keys[-1] in KEYS
    assert all(key not in KEYS for key in caller.keys[:-1])
    assert (caller.agent is None) == (caller.patience is not None) == (not caller.talk)
    if caller.talk:
        assert {turn.who for turn in caller.talk} == {"agent", "caller"}
        assert all(turn.meaning for turn in caller.talk) or caller.language == "en"
