"""Operators and campaigns: who wants no offers, which menu comes to whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.admin.campaigns import CampaignDesk
from softswitch.admin.protocol import AdminError
from softswitch.campaigns.contacts import Contacts
from softswitch.campaigns.rollouts import Rollouts
from softswitch.config import parse_config
from tests.support.sim_ports import MemoryJournal, SimClock
from tests.unit.softswitch.campaigns.test_rollouts import BOTH, CONFIG

NUMBER = "+380501234567"


@pytest.fixture
def desk() -> CampaignDesk:
    config = parse_config(CONFIG.format(versions=BOTH).encode(), file="c.toml", folder=Path(), env={})
    journal = MemoryJournal()
    return CampaignDesk(Contacts(config, SimClock(), journal), Rollouts(config, SimClock(), journal), lambda: 0.0)


def test_a_wish_is_noted_in_the_name_of_who_typed_it(desk: CampaignDesk) -> None:
    args = {"number": "+38 050 123-45-67", "out": True, "by": "petro"}
    assert desk.verbs()["optouts.change"](args) == {"number": NUMBER, "campaign": "", "out": True, "changed": True}
    assert desk.change_optout(args)["changed"] is False
    (wish,) = desk.optouts({})["optouts"]
    assert (wish["number"], wish["by"]) == (NUMBER, "petro")
    assert desk.optouts({"number": "+380501234568"})["total"] == 0
    assert desk.change_optout({"number": NUMBER, "out": False})["changed"] is True


def test_a_version_is_rolled_out_further_and_back(desk: CampaignDesk) -> None:
    state = desk.change_rollout({"place": "menu:main", "to": "menu:new", "percent": 25.0, "by": "petro"})
    assert (state["percent"], state["set_by"]) == (75, "petro")
    assert desk.change_rollout({"place": "menu:main"})["percent"] == 100
    assert [place["place"] for place in desk.rollouts({})] == ["menu:main"]


@pytest.mark.parametrize(
    ("verb", "args", "message"),
    [
        ("optouts.change", {"number": "nobody", "out": True}, '"nobody" is no number'),
        ("optouts", {"number": "nobody"}, '"nobody" is no number'),
        ("rollouts.change", {"place": "menu:new"}, "menu:new has no versions; there are versions of menu:main"),
        ("rollouts.change", {"place": "menu:main", "to": "menu:new"}, "a version and a percentage, or neither"),
        ("rollouts.change", {"place": "menu:main", "to": "menu:x", "percent": 1.0}, "menu:main has no version menu:x"),
        ("rollouts.change", {"place": "???", "to": "menu:x", "percent": 1.0}, "is no target"),
    ],
)
def test_a_mistake_is_answered_with_what_would_be_right(
    desk: CampaignDesk, verb: str, args: dict[str, object], message: str
) -> None:
    with pytest.raises(AdminError, match=message):
        desk.verbs()[verb](args)
