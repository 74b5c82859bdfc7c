"""A new version of a menu for some of the callers: always the same ones, and back at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.effects import VersionChosen
from ivr.events import Started
from ivr.nodes import Flow, Goto, Menu, MenuAction, Prompt, Queue, Version
from ivr.progress import Progress
from ivr.session import Session
from ivr.targets import Target
from ivr.versions import choose
from tests.support.ivr_caller import Caller

if TYPE_CHECKING:
    from collections.abc import Mapping

T = Target.parse
NUMBERS = [f"+38044{number:07d}" for number in range(2000)]
MAIN, NEW = T("menu:main"), T("menu:new")


def flow(percent: float = 100.0) -> Flow:
    nodes = (
        Menu("main", (Prompt("menu.main"),), {"1": T("menu:sub")}, versions=(Version(NEW, percent),)),
        Menu("new", (Prompt("menu.new"),), {"1": T("menu:sub")}),
        Menu("sub", (Prompt("menu.sub"),), {"0": MenuAction.BACK, "1": MAIN, "2": T("queue:sales")}),
        Goto("in", MAIN, language="pl", versions=(Version(T("menu:sub"), percent),)),
        Queue("sales"),
    )
    return Flow({node.target: node for node in nodes})


class Shares:
    """What somebody has set; may change in the middle of a call."""

    def __init__(self, **shares: float) -> None:
        self.shares = {Target("menu", name): percent for name, percent in shares.items()}

    def __call__(self, place: Target) -> Mapping[Target, float]:
        return self.shares


def call(number: str, entry: str = "menu:main", percent: float = 100.0, shares: Shares | None = None) -> Caller:
    caller = Caller(flow(percent))
    caller.session = Session(caller.flow, caller.local_time, rollouts=shares)
    return caller.tell(Started(T(entry), variables={"ani": number}))


def on_new(percent: float, versions: int = 1) -> set[str]:
    found = [Version(T(f"menu:v{number}"), percent) for number in range(versions)]
    return {number for number in NUMBERS if choose(MAIN, found, number, {})[0] == found[0].to}


def test_about_ten_percent_come_to_the_new_version_and_stay_there_as_it_grows() -> None:
    ten, thirty = on_new(10), on_new(30)
    assert 0.08 < len(ten) / len(NUMBERS) < 0.12
    assert ten < thirty
    assert on_new(0) == set()
    assert on_new(100) == set(NUMBERS)


def test_several_versions_divide_the_callers_and_the_last_one_may_grow_alone() -> None:
    versions = [Version(T("menu:a"), 20), Version(T("menu:b"), 30)]

    def shares(b: float) -> dict[str, Target | None]:
        return {number: choose(MAIN, versions, number, {T("menu:b"): b})[0] for number in NUMBERS}

    before, after = shares(30), shares(60)
    assert {number for number in NUMBERS if before[number] == T("menu:a")} == {
        number for number in NUMBERS if after[number] == T("menu:a")
    }
    moved = {(before[number], after[number]) for number in NUMBERS if before[number] != after[number]}
    assert moved == {(None, T("menu:b"))}


def test_each_of_several_versions_has_its_share() -> None:
    versions = [Version(T("menu:a"), 20), Version(T("menu:b"), 30)]
    found = [choose(MAIN, versions, number, {}) for number in NUMBERS]
    for to, percent in ((T("menu:a"), 20), (T("menu:b"), 30), (None, 50)):
        share = sum(1 for one in found if one == (to, percent)) / len(NUMBERS)
        assert percent / 100 - 0.03 < share < percent / 100 + 0.03


@given(st.floats(0, 99.9))
def test_who_withholds_the_number_comes_to_no_version_before_everybody_does(percent: float) -> None:
    assert choose(MAIN, [Version(NEW, percent)], "", {})[0] is None
    assert choose(MAIN, [Version(NEW, 100)], "", {})[0] == NEW


@pytest.mark.parametrize("shares", [(50.0, 50.0), (99.0, 1.0), (0.0, 60.0, 40.0)])
def test_who_withholds_the_number_stays_where_several_versions_divide_everybody(shares: tuple[float, ...]) -> None:
    versions = [Version(T(f"menu:v{number}"), percent) for number, percent in enumerate(shares)]
    assert choose(MAIN, versions, "", {}) == (None, 0.0)
    assert all(choose(MAIN, versions, number, {})[0] is not None for number in NUMBERS)


def test_a_caller_hears_the_version_and_the_record_says_which() -> None:
    caller = call("+380441234567")
    assert caller.path() == ["menu:new"]
    (chosen,) = [record for record in caller.records if isinstance(record, VersionChosen)]
    assert (chosen.node, chosen.to, chosen.percent) == (MAIN, NEW, 100)
    old = call("+380441234567", percent=0)
    assert old.path() == ["menu:main"]
    assert VersionChosen(MAIN, MAIN, 100) in old.records


def test_what_somebody_has_set_counts_and_who_is_inside_stays_where_they_are() -> None:
    shares = Shares(new=100)
    caller = call("+380441234567", percent=0, shares=shares)
    shares.shares = {NEW: 0.0}
    caller.wait(3).press("1").wait(3).press("1")
    assert caller.path() == ["menu:new", "menu:sub", "menu:new"]
    assert call("+380441234567", percent=100, shares=shares).path() == ["menu:main"]
    assert len([record for record in caller.records if isinstance(record, VersionChosen)]) == 1


def test_back_leads_to_the_version_that_the_caller_came_from() -> None:
    assert call("+380441234567").wait(3).press("1").wait(3).press("0").path() == ["menu:new", "menu:sub", "menu:new"]


def test_a_goto_has_versions_of_where_it_leads_and_does_what_it_does() -> None:
    caller = call("+380441234567", "goto:in")
    assert caller.path() == ["goto:in", "menu:sub"]
    assert caller.session.progress.language == "pl"
    assert call("+380441234567", "goto:in", percent=0).path() == ["goto:in", "menu:main"]


def test_the_choice_survives_a_snapshot() -> None:
    caller = call("+380441234567")
    data = json.loads(json.dumps(caller.session.snapshot(caller.now)))
    assert Progress.from_dict(data, caller.now).versions == {"menu:main": "menu:new"}


def test_a_version_that_a_reload_has_removed_is_the_place_itself() -> None:
    caller = call("+380441234567").wait(3).press("1")
    caller.session.flow = Flow({target: node for target, node in caller.flow.nodes.items() if target != NEW})
    caller.wait(3).press("1")
    assert caller.path()[-1] == "menu:main"
