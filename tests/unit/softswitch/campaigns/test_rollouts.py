"""Shares of versions, set while the switch runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.targets import Target
from softswitch.campaigns.rollouts import CHANGED, NoSuchPlace, Rollouts, WrongShares
from softswitch.config import Config, ConfigError, parse_config
from tests.support.sim_ports import MemoryJournal, SimClock

T = Target.parse
MAIN, NEW = T("menu:main"), T("menu:new")
CONFIG = """
[menu.main]
say = "Old."
keys = {{ 1 = "echo" }}
versions = [{versions}]

[menu.new]
say = "New."
keys = {{ 1 = "echo" }}

[menu.newer]
say = "Newer."
keys = {{ 1 = "echo" }}

[[route]]
did = "100"
to = "menu:main"
"""
BOTH = '{ to = "menu:new", percent = 10 }, { to = "menu:newer", percent = 0 }'


def config(versions: str = BOTH) -> Config:
    return parse_config(CONFIG.format(versions=versions).encode(), file="c.toml", folder=Path(), env={})


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


@pytest.fixture
def rollouts(journal: MemoryJournal) -> Rollouts:
    return Rollouts(config(), SimClock(), journal)


def test_shares_are_as_configured_until_somebody_sets_them(rollouts: Rollouts, journal: MemoryJournal) -> None:
    assert rollouts.percents(MAIN) == {}
    (state,) = rollouts.shown()
    assert (state["place"], state["percent"], state["set_by"]) == ("menu:main", 90, None)
    rollouts.put(MAIN, {NEW: 50}, 1.0, by="ann")
    assert rollouts.percents(MAIN) == {NEW: 50, T("menu:newer"): 0}
    assert rollouts.state(MAIN)["set_by"] == "ann"
    (line,) = journal.of(CHANGED)
    assert line.data["old"] == {"menu:new": 10, "menu:newer": 0}
    assert line.data["new"] == {"menu:new": 50, "menu:newer": 0}


def test_going_back_is_one_word_and_outlasts_a_restart(rollouts: Rollouts, journal: MemoryJournal) -> None:
    rollouts.put(MAIN, {NEW: 50}, 1.0, by="ann")
    assert rollouts.back(MAIN, 2.0, by="petro")["percent"] == 100
    again = Rollouts(config(), SimClock(), MemoryJournal())
    again.remember(journal.lines)
    assert again.percents(MAIN) == {NEW: 0, T("menu:newer"): 0}
    assert again.state(MAIN)["set_by"] == "petro"


def test_a_file_that_says_something_else_counts_again(rollouts: Rollouts) -> None:
    rollouts.put(MAIN, {NEW: 50}, 1.0, by="ann")
    rollouts.reconfigure(config())
    assert rollouts.percents(MAIN)[NEW] == 50
    rollouts.reconfigure(config('{ to = "menu:new", percent = 100 }'))
    assert rollouts.percents(MAIN) == {}
    rollouts.reconfigure(config(""))
    assert rollouts.shown() == []


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({T("menu:other"): 5}, "menu:main has no version menu:other; it has menu:new, menu:newer"),
        ({NEW: 101}, "101 is no share"),
        ({NEW: -1}, "-1 is no share"),
        ({NEW: 60, T("menu:newer"): 41}, "101 percent of the callers together"),
    ],
)
def test_shares_that_cannot_be_are_refused(rollouts: Rollouts, shares: dict[Target, float], message: str) -> None:
    with pytest.raises(WrongShares, match=message):
        rollouts.put(MAIN, shares, 1.0, by="ann")
    with pytest.raises(NoSuchPlace, match="there are versions of menu:main"):
        rollouts.put(T("menu:new"), shares, 1.0, by="ann")


def test_shares_that_were_set_earlier_count_with_those_of_now(rollouts: Rollouts) -> None:
    rollouts.put(MAIN, {NEW: 60}, 1.0, by="ann")
    with pytest.raises(WrongShares, match="101 percent of the callers together"):
        rollouts.put(MAIN, {T("menu:newer"): 41}, 2.0, by="ann")
    assert rollouts.put(MAIN, {T("menu:newer"): 40}, 3.0, by="ann")["percent"] == 0
    assert rollouts.percents(MAIN) == {NEW: 60, T("menu:newer"): 40}


@pytest.mark.parametrize(
    ("versions", "message"),
    [
        ('{ to = "menu:new", percent = 60 }, { to = "menu:newer", percent = 41 }', "are 101 percent of the callers"),
        ('{ to = "menu:new", percent = 1 }, { to = "menu:new", percent = 2 }', '"menu:new" is there twice'),
        ('{ to = "menu:nwe", percent = 1 }', "there is no [menu.nwe]"),
    ],
)
def test_versions_that_cannot_be_are_errors_of_the_file(versions: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        config(versions)
    assert message in str(error.value)
