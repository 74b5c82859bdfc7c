"""Words of callbacks that are offered to those who wait, and what cannot work in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.config import ConfigError, Severity, parse_config
from softswitch.config.acd import acd_config

HOURS = '[hours.office]\nopen = ["mon-fri 09:00-17:00"]\nwhen_open = "hangup"\nwhen_closed = "hangup"\n'


def queue(words: str, offer: str) -> str:
    return f"[queue.s]\n{words}\noffer_callback = {{ {offer} }}\n{HOURS}"


def test_to_whom_it_is_offered_and_what_it_weighs_comes_to_the_distributor() -> None:
    toml = queue("", 'position = 3, priority = -60, closing = "hours:office", closing_within = 600')
    config = parse_config(toml.encode(), file="test.toml", folder=Path(), env={})
    offer = config.queues["s"].offer_callback
    assert offer is not None
    assert (offer.closing, offer.closing_within) == ("hours:office", 600.0)
    (known,) = acd_config(config).queues
    assert known.callback is not None
    assert (known.callback.ahead, known.callback.priority) == (3, -60.0)


@pytest.mark.parametrize(
    ("offer", "complaint"),
    [
        ('closing = "office"', '"office" is no opening; write "hours:name"'),
        ('closing = "hours:ofice"', r"there is no \[hours.ofice\]; did you mean \"hours:office\""),
        ("position = 0", "at least 1"),
    ],
)
def test_what_cannot_work_is_said(offer: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        parse_config(queue("", offer).encode(), file="test.toml", folder=Path(), env={})


@pytest.mark.parametrize(("ageing", "priority", "warned"), [(0, -1, True), (0, 1, False), (1, -1, False)])
def test_who_could_wait_for_ever_is_warned_of(ageing: int, priority: int, warned: bool) -> None:
    toml = queue(f"ageing = {ageing}", f"priority = {priority}")
    config = parse_config(toml.encode(), file="test.toml", folder=Path(), env={})
    said = [str(problem) for problem in config.warnings if problem.severity is Severity.WARNING]
    assert any("may never be called" in one for one in said) is warned


@pytest.mark.parametrize(
    ("section", "where"),
    [
        ("[queue.s]\noffer_callback = true\n", "3:1: warning: queue.s.offer_callback"),
        ('[queue.s]\n[callback.later]\nqueue = "s"\n', "4:1: warning: callback.later.queue"),
        ('[mail]\nhost = "127.0.0.1"\nfrom = "a@b.c"\n' + '[callback.later]\nmail_to = "d@b.c"\n', "callback.later"),
    ],
)
def test_callers_from_outside_whom_no_trunk_leads_to_are_warned_of(section: str, where: str) -> None:
    def told(trunks: str) -> list[str]:
        config = parse_config((trunks + section).encode(), file="c", folder=Path(), env={})
        return [found.render("c") for found in config.warnings if found.code == "no-way-to-call-back"]

    (warning,) = told('trunk = { kyiv = { source = ["192.0.2.1"] } }\n')
    assert f"{where}: callers from outside cannot be called back: no trunk takes calls; give one a host" in warning
    assert told('trunk = { kyiv = { source = ["192.0.2.1"] }, out = { host = "192.0.2.2" } }\n') == []
    assert told("") == [], "who has no trunk has no callers from outside"
